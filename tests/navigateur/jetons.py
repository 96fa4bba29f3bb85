"""The ends of the signed links of our mails, for a row of the town that the browser visits."""

from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from culture.liens import jeton_d_avis, jeton_de_places, jeton_du_lieu
from foyers import oubli
from foyers.models import Compte, Foyer
from foyers.models_messages import Sorte
from foyers.preferences import lien_des_messages
from kernel import clock
from kernel.web.access import Role
from paiements.liens import jeton as jeton_de_paiement
from paniers.liens import jeton_d_offres, jeton_de_commande, jeton_de_place, jeton_de_renouvellement
from tests.navigateur.objets import lire


def jeton(endpoint: str, session: Session, role: Role | None, compte_id: int | None) -> str | None:
    """The end of a signed link to that page."""
    by_page = {
        "comptes.mot_de_passe_par_lien": _lien_oublie,
        "messages.lien": _lien_de_messages,
        "paniers.renouveler_par_lien": _terme,
        "culture.avis_par_lien": _lien_d_avis,
    }
    by_part = {"offres_par_lien": _lien_d_offres, "partenaires": _lien_de_lieu}
    made = by_page.get(endpoint) or by_part.get(endpoint.partition(".")[0])
    if made is not None:
        return made(session)
    sign, named = {
        "paiements.lien": (jeton_de_paiement, "impaye"),
        "paniers.place_par_lien": (jeton_de_place, "attente"),
        "culture.places_par_lien": (jeton_de_places, "offre_de_places"),
    }.get(endpoint, (jeton_de_commande, "commande_id"))
    return _signe(sign, lire(session, named, role, compte_id))


def _lien_de_messages(session: Session) -> str | None:
    household = session.scalars(select(Foyer.id).order_by(Foyer.id)).first()
    return lien_des_messages(household, Sorte.RETRAIT).rpartition("/")[2] if household else None


def _lien_d_avis(session: Session) -> str | None:
    """The link of the word of thanks for the last outing that was held."""
    went = session.execute(
        text(
            "SELECT i.sortie_id, i.foyer_id FROM inscription i JOIN sortie s ON s.id = i.sortie_id"
            " WHERE s.etat = 'tenue' AND i.etat = 'confirmee' AND i.foyer_id IS NOT NULL ORDER BY s.debut_le DESC, i.id"
            " LIMIT 1"
        )
    ).first()
    return None if went is None else jeton_d_avis(went.sortie_id, went.foyer_id)


def _lien_oublie(session: Session) -> str | None:
    """The link that a person who has forgotten their password receives."""
    compte = session.scalars(select(Compte).where(Compte.email.is_not(None)).order_by(Compte.id)).first()
    return None if compte is None else oubli.LIEN.sign([compte.id, oubli._empreinte(compte)])


def _terme(session: Session) -> str | None:
    """The link of the first term that ends."""
    found = session.execute(
        text("SELECT abonnement_id, fin FROM abonnement_version WHERE jusqu_a IS NULL ORDER BY fin, id LIMIT 1")
    ).first()
    return None if found is None else jeton_de_renouvellement(found.abonnement_id, found.fin)


def _lien_de_lieu(session: Session) -> str | None:
    """The link of the venue of the outing that has the last group voucher, or else of the next one."""
    found = session.execute(
        text(
            "SELECT s.id, s.lieu_id FROM sortie s LEFT JOIN (contremarque c JOIN document d "
            "ON d.key = 'contremarque:' || c.id) ON c.sortie_id = s.id "
            "WHERE s.etat <> 'brouillon' ORDER BY c.id DESC NULLS LAST, s.debut_le LIMIT 1"
        )
    ).first()
    return None if found is None else jeton_du_lieu(found.id, found.lieu_id)


def _lien_d_offres(session: Session) -> str | None:
    """The link of a mail that asks a producer what it offers, while a week takes offers."""
    query = text(
        "SELECT id FROM semaine WHERE etat = 'ouverte' AND offres_jusqu_a > :now ORDER BY retrait_le DESC LIMIT 1"
    )
    week = session.execute(query, {"now": clock.now()}).scalar()
    farm = session.execute(text("SELECT producteur_id FROM offre ORDER BY id DESC LIMIT 1")).scalar()
    return None if week is None or farm is None else jeton_d_offres(farm, week)


def _signe(sign: Any, key: int | None) -> str | None:
    return None if key is None else str(sign(key))
