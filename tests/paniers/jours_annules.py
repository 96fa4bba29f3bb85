"""Hand-outs that are cancelled: a small town, its week closed or ordered, and what must hold afterwards."""

from datetime import datetime, time

import pytest
from sqlalchemy import text

from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from paiements import verifications as verifications_paiements
from paiements.en_ligne.avancement import Encaissement, encaisser, verrouiller
from paiements.models.en_ligne import Carte, Reglement
from paiements.regles.etats import Etat
from paniers import verifications
from paniers.annulations import Annulation, annuler
from paniers.cloture import cloturer
from paniers.commandes import commander
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, batir

HABITANTS = ((0, 1, 300), (0, 2, 700), (0, 1, None), (1, 1, 900))
"""Maison, baskets, quotient."""


NEIGE = "neige, routes fermées"


MATIN = paris(JEUDI, time(8))


def peuple() -> Bourg:
    """Three households here (one pays by card, one takes two baskets), one there; the first week is composed."""
    with transaction() as session:
        made = batir(session)
        for number, (rank, nombre, quotient) in enumerate(HABITANTS):
            place = made.maisons[rank]
            foyer = fabriques.foyer(session, maison_id=place).id
            fabriques.abonnement(session, foyer, place, nombre=nombre)
            if quotient is not None:
                fabriques.quotient(session, foyer, quotient)
            if number == 0:
                session.add(Reglement(foyer_id=foyer, mode="carte", client_stripe="cus_1"))
                session.flush()
                session.add(
                    Carte(
                        foyer_id=foyer, stripe_id="pm_1", marque="visa", derniers_chiffres="4242", expire_mois=1,
                        expire_annee=2034, enregistree_le=fabriques.DEBUT,
                    )
                )  # fmt: skip
        offer = fabriques.offre(session, made.semaine, fabriques.producteur(session).id, fabriques.produit(session).id)
        fabriques.composition(session, made.semaine, {offer.id: 3_500})
    return made


@pytest.fixture
def bourg(base: str) -> Bourg:
    return peuple()


def cloturee(bourg: Bourg) -> None:
    with transaction() as session:
        cloturer(session, bourg.semaine, instant=bourg.apres(minutes=1))


def commandee(bourg: Bourg) -> None:
    cloturee(bourg)
    with transaction() as session:
        commander(session, bourg.semaine, instant=bourg.apres(hours=7))


def fermer(bourg: Bourg, maison: int | None = None, instant: datetime | None = None) -> Annulation:
    clock.set_now(instant or MATIN)
    with transaction() as session:
        return annuler(session, bourg.semaine, maison, motif=NEIGE, instant=instant or MATIN)


def prelever(etat: Etat = Etat.REUSSI) -> None:
    """The card has been charged, or is being so."""
    with transaction() as session:
        (paiement_id,) = session.scalars(text("SELECT id FROM paiement")).all()
        paiement = verrouiller(session, paiement_id)
        paiement.etat, paiement.tente_le = Etat.INCONNU, clock.now()
        session.execute(
            text("INSERT INTO paiement_etape (paiement_id, de, vers, cause) VALUES (:p, 'prepare', 'inconnu', 'x')"),
            {"p": paiement_id},
        )
        if etat is Etat.REUSSI:
            encaisser(session, paiement, Encaissement("pi_1", paiement.montant), "essai")


def tout_tient() -> None:
    clock.set_now(MATIN)
    with reading() as session:
        assert verifications.verifier(session) == []
        assert [f for f in verifications_paiements.verifier(session) if "attend la réponse" not in f] == []
