"""What venues are told by e-mail, and what the coordination is told of them. No message here names a family.

Each message has a key, so it is written once whatever happens twice. A venue without e-mail is called: what it would
read goes to the coordination, with whom to call.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from culture.contremarques import cle, numero
from culture.effectifs import Effectif, compter, differences, lire_detail
from culture.liens import lien_du_lieu
from culture.models.soiree import Contremarque, DemandeLieu, EffectifEnvoye, ReponseLieu
from culture.models.sorties import Lieu, Sortie
from culture.partenaires import GenreReponse, places_demandees
from culture.queries.partenaires import derniers_comptes
from culture.regles.etats import EtatSortie
from foyers.models import Compte, Maison
from kernel.clock import now
from kernel.mail import queue_mail
from kernel.settings import get_settings
from kernel.web.access import Role


def demande(session: Session, demande_id: int) -> None:
    """Ask the venue to confirm; silent when the outing has gone elsewhere, or is cancelled."""
    asked = session.get_one(DemandeLieu, demande_id)
    sortie, lieu = _sortie(session, asked.sortie_id)
    if lieu.id != asked.lieu_id or not lieu.email or sortie.etat == EtatSortie.ANNULEE:
        return
    count = compter(session, sortie.id, now())
    context = _contexte(session, sortie, lieu) | {
        "places": places_demandees(sortie, count),
        "cout_place": sortie.cout_place,
        "privilege": sortie.privilege,
    }
    queue_mail(session, key=f"lieu:demande:{asked.id}", to=lieu.email, template="culture/lieu_demande", context=context)


def effectif(session: Session, effectif_id: int) -> None:
    """Tell how many come, as of the instant at which that was due, and what has changed since what was last told."""
    due = session.get_one(EffectifEnvoye, effectif_id)
    sortie, lieu = _sortie(session, due.sortie_id)
    if sortie.etat == EtatSortie.ANNULEE:
        return
    count = lire_detail(due.detail)
    before = derniers_comptes(session, sortie.id, due.le)
    context = (
        _contexte(session, sortie, lieu)
        | _compte(count)
        | {
            "jalon": due.jalon,
            "le": due.le,
            "changements": differences(before, count) if before is not None and due.jalon == 1 else [],
            "connu": before is not None,
        }
    )
    _au_lieu_ou_a_l_equipe(session, lieu, f"lieu:effectif:{sortie.id}:{due.jalon}", "culture/lieu_effectif", context)


def contremarque(session: Session, contremarque_id: int) -> None:
    """Send the group voucher, or the one that replaces it, with its paper."""
    made = session.get_one(Contremarque, contremarque_id)
    sortie, lieu = _sortie(session, made.sortie_id)
    if sortie.etat == EtatSortie.ANNULEE or now() >= sortie.debut_le or not lieu.email:
        return
    context = (
        _contexte(session, sortie, lieu)
        | _compte(lire_detail(made.detail))
        | {
            "numero": numero(sortie, made.version),
            "remplace": numero(sortie, made.version - 1) if made.version > 1 else None,
        }
    )
    queue_mail(
        session,
        key=f"lieu:contremarque:{made.id}",
        to=lieu.email,
        template="culture/lieu_contremarque",
        context=context,
        attachments=[cle(made.id)],
    )


def annulation(session: Session, sortie_id: int) -> None:
    """Tell a venue that was asked, or told of the group, that it will not come."""
    sortie, lieu = _sortie(session, sortie_id)
    known = any(
        session.scalar(select(table.id).where(table.sortie_id == sortie_id).limit(1))
        for table in (DemandeLieu, EffectifEnvoye, Contremarque)
    )
    if known:
        context = _contexte(session, sortie, lieu)
        _au_lieu_ou_a_l_equipe(session, lieu, f"lieu:annulee:{sortie.id}", "culture/lieu_annulee", context)


def reponse(session: Session, reponse_id: int) -> None:
    """Tell the coordination of a difference or a word; a plain confirmation shows on its page."""
    answer = session.get_one(ReponseLieu, reponse_id)
    if answer.genre not in (GenreReponse.ECART, GenreReponse.MOT):
        return
    sortie, lieu = _sortie(session, answer.sortie_id)
    context = _contexte(session, sortie, lieu) | {
        "ecart": answer.genre == GenreReponse.ECART,
        "places": answer.places,
        "conditions": answer.conditions,
        "message": answer.message,
        "lien_equipe": _page_de_l_equipe(sortie.id),
    }
    for who in _coordination(session):
        queue_mail(
            session,
            key=f"lieu:reponse:{answer.id}:{who.id}",
            to=who.email or "",
            template="culture/lieu_reponse",
            context=context,
        )


def _au_lieu_ou_a_l_equipe(session: Session, lieu: Lieu, key: str, template: str, context: Mapping[str, Any]) -> None:
    """To the venue; without its e-mail to the coordination, who calls it."""
    people = {key: lieu.email} if lieu.email else {f"{key}:{who.id}": who.email for who in _coordination(session)}
    for one, to in people.items():
        queue_mail(session, key=one, to=to or "", template=template, context={**context, "a_appeler": not lieu.email})


def _compte(count: Effectif) -> dict[str, Any]:
    return {
        "nombre": count.nombre,
        "enfants": count.enfants,
        "accompagnateurs": count.accompagnateurs,
        "accueils": count.accueils,
    }


def _contexte(session: Session, sortie: Sortie, lieu: Lieu) -> dict[str, Any]:
    """What every message about an outing and its venue may say, in primitives."""
    maison = session.get_one(Maison, sortie.maison_id)
    return {
        "titre": sortie.titre,
        "lieu": lieu.nom,
        "contact": lieu.contact,
        "lieu_telephone": lieu.telephone or "",
        "debut_le": sortie.debut_le,
        "maison": maison.nom,
        "maison_telephone": maison.telephone,
        "lien": lien_du_lieu(sortie.id, lieu.id),
        "motif": sortie.annulation_motif or "",
        "a_appeler": False,
    }


def _page_de_l_equipe(sortie_id: int) -> str:
    return f"{get_settings().public_url}/coordination/sorties/{sortie_id}/lieu"


def _sortie(session: Session, sortie_id: int) -> tuple[Sortie, Lieu]:
    sortie = session.get_one(Sortie, sortie_id)
    return sortie, session.get_one(Lieu, sortie.lieu_id)


def _coordination(session: Session) -> list[Compte]:
    """Whom the team's alerts go to."""
    return list(
        session.scalars(
            select(Compte)
            .where(Compte.role == Role.COORDINATION, Compte.actif, Compte.email.is_not(None))
            .order_by(Compte.id)
        )
    )
