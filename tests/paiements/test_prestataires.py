"""What docs/prestataires.md asks of every provider, asked of each: Stripe, and one that has pages and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from kernel import clock
from kernel.db import transaction
from kernel.errors import Refus
from paiements import grand_livre, passerelle, reglements, verifications
from paiements.en_ligne import checkout, evenements, prelevements, remboursements
from paiements.en_ligne.checkout import Issue
from paiements.models.en_ligne import ConditionEnLigne, Mode, Paiement
from paiements.passerelle import Encaisse, Evenement, Indisponible, NatureOperation, NonPropose, StatutPage, Sujet
from paiements.regles.etats import Etat
from tests import fabriques
from tests.foyers.visite import Visite, connecte
from tests.paiements.monde import StripeLocal, compter, debiter, faits, foyer_par_carte, lire, page_id, prelevement_du
from tests.paiements.telepaiement import ABANDONNE, PAYE, Guichet, Telepaiement

LUNDI = clock.paris(date(2026, 11, 23)) + timedelta(hours=9)
RETOUR = f"https://paniers.test/retour?page={passerelle.PAGE}"


class Chez(Protocol):
    """A provider's far side, as a person and a bad network act on it."""

    notification: str

    def payer(self, adresse: str) -> None:
        """The person pays on the page."""

    def renoncer(self, adresse: str) -> None:
        """The page is over, unpaid."""

    def perdre(self, *, apres: bool) -> None:
        """The next opening of a page is lost, before or after it is done."""

    def page(self, adresse: str) -> str:
        """The id of the page at that address."""


@dataclass
class ChezStripe:
    local: StripeLocal
    notification = "checkout.session.completed"

    def payer(self, adresse: str) -> None:
        self.local.payer_page(adresse)

    def renoncer(self, adresse: str) -> None:
        self.local.expirer_page(page_id(adresse))

    def perdre(self, *, apres: bool) -> None:
        self.local.panne("drop_after" if apres else "drop_before", "POST /v1/checkout/sessions", times=2)

    def page(self, adresse: str) -> str:
        return page_id(adresse)


@dataclass
class ChezLeTresor:
    guichet: Guichet
    notification = "notification"

    def payer(self, adresse: str) -> None:
        self.guichet.conclure(self.page(adresse), PAYE)

    def renoncer(self, adresse: str) -> None:
        self.guichet.conclure(self.page(adresse), ABANDONNE)

    def perdre(self, *, apres: bool) -> None:
        self.guichet.panne = "apres" if apres else "avant"

    def page(self, adresse: str) -> str:
        return parse_qs(urlsplit(adresse).query)["idop"][0]


@pytest.fixture
def tresor(base: str) -> Iterator[ChezLeTresor]:
    """The second provider in service."""
    clock.set_now(LUNDI)
    far = Guichet()
    before = passerelle.mettre_en_service(Telepaiement(far))
    yield ChezLeTresor(far)
    passerelle.mettre_en_service(before)


@pytest.fixture(params=["stripe", "tresor"])
def chez(request: pytest.FixtureRequest) -> Chez:
    made = request.getfixturevalue(request.param)
    return ChezStripe(made) if isinstance(made, StripeLocal) else made


@pytest.fixture
def foyer_id(chez: Chez) -> int:
    """A household that owes 5,50 €."""
    with transaction() as session:
        made = fabriques.foyer(session).id
    debiter(made)
    return made


def solde(foyer_id: int) -> int:
    with transaction() as session:
        return grand_livre.solde(session, foyer_id)


def sain() -> bool:
    with transaction() as session:
        return verifications.verifier(session) == []


def test_whoever_tells_of_it_a_page_paid_once_is_booked_once(chez: Chez, foyer_id: int) -> None:
    """Rules 1, 4 and 5: return, notification twice, reading again."""
    adresse = checkout.ouvrir_paiement_en_ligne(foyer_id)
    chez.payer(adresse)
    page = chez.page(adresse)
    for number in range(2):
        with transaction() as session:
            evenements.recevoir(session, Evenement(f"nouvelle-{number}", chez.notification, page, {}))
        evenements.conclure_evenement(f"nouvelle-{number}")
        assert checkout.conclure_page(page, "retour").issue is Issue.PAYE
    paid = compter("SELECT id FROM paiement")
    assert (solde(foyer_id), lire(paid).etat, faits("PaiementReussi", paid)) == (0, Etat.REUSSI, 1)
    read = passerelle.prestataire().lire_page(page)
    assert (read.reference, read.recu) == (str(lire(paid).cle), Encaisse(lire(paid).stripe_id or "", 550))
    with pytest.raises(Refus, match="rien à payer"):
        checkout.ouvrir_paiement_en_ligne(foyer_id)
    assert sain()


def test_a_page_left_alone_books_nothing_and_another_is_paid(chez: Chez, foyer_id: int) -> None:
    first = checkout.ouvrir_paiement_en_ligne(foyer_id)
    chez.renoncer(first)
    assert checkout.conclure_page(chez.page(first), "retour").issue is Issue.FERMEE
    assert solde(foyer_id) == 550
    second = checkout.ouvrir_paiement_en_ligne(foyer_id)
    assert chez.page(second) != chez.page(first)
    chez.payer(second)
    checkout.conclure_page(chez.page(second), "retour")
    assert solde(foyer_id) == 0
    assert sain()


@pytest.mark.parametrize("apres", [False, True])
def test_an_unknown_outcome_is_said_and_the_next_click_opens_the_only_page_that_can_be_paid(
    chez: Chez, foyer_id: int, apres: bool
) -> None:
    """Rules 1 and 2."""
    chez.perdre(apres=apres)
    with pytest.raises(Indisponible):
        checkout.ouvrir_paiement_en_ligne(foyer_id)
    adresse = checkout.ouvrir_paiement_en_ligne(foyer_id)
    assert checkout.ouvrir_paiement_en_ligne(foyer_id) == adresse
    assert compter("SELECT count(*) FROM paiement") == 1
    chez.payer(adresse)
    checkout.conclure_page(chez.page(adresse), "retour")
    assert solde(foyer_id) == 0


def test_one_key_is_one_page_and_never_two_sums(chez: Chez, foyer_id: int) -> None:
    provider, renoncer = passerelle.prestataire(), "https://paniers.test/renoncer"
    key = f"essai-{foyer_id}-{clock.now().timestamp()}"
    pages = [provider.ouvrir_page_paiement(key, 550, "Paniers", retour=RETOUR, renoncer=renoncer) for _ in range(2)]
    assert (pages[0].id, pages[0].statut) == (pages[1].id, StatutPage.OUVERTE)
    with pytest.raises(Indisponible):
        provider.ouvrir_page_paiement(key, 551, "Paniers", retour=RETOUR, renoncer=renoncer)


def test_two_pages_of_one_household_can_never_both_be_paid(chez: Chez, foyer_id: int) -> None:
    """Where a page cannot be closed, the household waits for its end, and is told so."""
    first = checkout.ouvrir_paiement_en_ligne(foyer_id)
    debiter(foyer_id, 700, "2026-W49")
    if passerelle.prestataire().capacites().fermeture:
        checkout.ouvrir_paiement_en_ligne(foyer_id)
        chez.payer(first)
        assert solde(foyer_id) == 1_250, "the page that no longer fits takes no money"
        return
    with pytest.raises(Refus, match="quart d’heure"):
        checkout.ouvrir_paiement_en_ligne(foyer_id)
    clock.set_now(LUNDI + timedelta(minutes=16))
    second = checkout.ouvrir_paiement_en_ligne(foyer_id)
    chez.payer(first)
    chez.payer(second)
    checkout.conclure_page(chez.page(second), "retour")
    assert (solde(foyer_id), sain()) == (0, True)


def test_all_that_moved_is_told_gross_under_the_same_name(chez: Chez, foyer_id: int) -> None:
    """Rule 7."""
    adresse = checkout.ouvrir_paiement_en_ligne(foyer_id)
    chez.payer(adresse)
    checkout.conclure_page(chez.page(adresse), "retour")
    with transaction() as session:
        intent = session.query(Paiement).one().stripe_id
    read = [one for _ in range(2) for one in passerelle.prestataire().lire_operations(None) if one.intention == intent]
    assert len({one.id for one in read}) == 1
    assert [(one.nature, one.montant) for one in read] == [(NatureOperation.PAIEMENT, 550)] * 2


ENVOIS = (b"", b"{}", b"idop=inconnu", b"idop=", b"idop=a&idop=b", b"\xff\x00", b"idop=%00")


def test_news_of_nobody_is_refused(chez: Chez, app: Flask) -> None:
    """Rule 4: who sends it must be known, or it must name one of ours and nothing else."""
    visitor = app.test_client()
    assert [visitor.post("/paiements/webhook", data=sent).status_code for sent in ENVOIS] == [400] * len(ENVOIS)
    assert compter("SELECT count(*) FROM evenement_stripe") == 0


def test_an_unsigned_notification_of_ours_is_only_a_reason_to_read(app: Flask, tresor: ChezLeTresor) -> None:
    with transaction() as session:
        made = fabriques.foyer(session).id
    debiter(made)
    idop = tresor.page(checkout.ouvrir_paiement_en_ligne(made))
    visitor = app.test_client()
    assert visitor.post("/paiements/webhook", data=f"idop={idop}".encode()).status_code == 200
    evenements.conclure_evenement(f"notification:{idop}")
    assert solde(made) == 550, "the far side says that nobody has paid"


# What the second one does not have.


@pytest.fixture
def famille(stripe: StripeLocal, app: Flask) -> tuple[int, Visite]:
    """A household that pays by a card saved at Stripe, and its browser."""
    clock.set_now(LUNDI)
    made, _ = foyer_par_carte(stripe, email="samira@exemple.test", canal="email")
    with transaction() as session:
        account = fabriques.compte(session, foyer_id=made)
        given = {"jour_du_mois": 5, "avance_max": 10_000, "reprises": {}, "remboursement": True}
        session.add(ConditionEnLigne(effet_le=date(2026, 1, 1), **given))
    return made, connecte(app, account)


CACHES = ("Changer de carte", "Payer par prélèvement bancaire")


def test_what_a_provider_does_not_have_is_not_shown_and_refused_in_french(
    famille: tuple[int, Visite], request: pytest.FixtureRequest
) -> None:
    foyer_id, visit = famille
    account = "/paiements/mon-compte"
    shown = visit.lire(account).text
    assert [word in shown for word in (*CACHES, "reste chez Stripe")] == [True] * 3, "control: Stripe has all of it"
    request.getfixturevalue("tresor")
    shown = visit.lire(account).text
    assert [word in shown for word in (*CACHES, "Stripe")] == [False] * 3
    assert "page de Télépaiement" in shown
    for path, sentence in (("carte", "aucune carte n’est gardée"), ("mandat", "pas de prélèvement")):
        refused = visit.poster(f"/paiements/{path}", account)
        assert (refused.status_code < 500, sentence in refused.text) == (True, True)
    for mode in (Mode.CARTE, Mode.SEPA):
        with pytest.raises(Refus, match="à votre maison"), transaction() as session:
            reglements.choisir_mode(session, foyer_id, mode)
    refused = visit.poster("/paiements/avance", montant="0,60")
    assert (refused.status_code, "commence à 1,00" in refused.text) == (422, True)


def test_a_card_saved_with_the_provider_before_is_not_charged_and_the_family_is_told(
    famille: tuple[int, Visite], request: pytest.FixtureRequest
) -> None:
    foyer_id, _ = famille
    request.getfixturevalue("tresor")
    debiter(foyer_id)
    paid = prelevement_du(foyer_id)
    prelevements.prelever(paid)
    assert (lire(paid).etat, lire(paid).code_refus) == (Etat.REFUSE, prelevements.SANS_CARTE)
    assert faits("PaiementRefuse", paid) == 1
    assert checkout.ouvrir_paiement_en_ligne(foyer_id).startswith("https://telepaiement.test/")
    assert sain()


def test_money_taken_before_is_not_given_back_through_another(
    famille: tuple[int, Visite], request: pytest.FixtureRequest
) -> None:
    foyer_id, _ = famille
    debiter(foyer_id)
    paid = prelevement_du(foyer_id)
    prelevements.prelever(paid)
    with transaction() as session:
        debit = next(one for one in grand_livre.lignes_du_compte(session, foyer_id) if one.cle.startswith("panier:"))
        grand_livre.contrepasser(session, debit.ecriture_id, "Panier annulé")
        assert remboursements.remboursable(session, session.get_one(Paiement, paid)) == 550
    request.getfixturevalue("tresor")
    with transaction() as session:
        assert remboursements.remboursable(session, session.get_one(Paiement, paid)) == 0
    with pytest.raises(Refus, match="ne rend pas l’argent"), transaction() as session:
        remboursements.demander(session, paid, montant=100, motif="Panier annulé", par=None)


def test_control_who_asks_for_it_all_the_same_is_told_that_it_is_a_fault(tresor: ChezLeTresor) -> None:
    with pytest.raises(NonPropose):
        passerelle.prestataire().creer_client("essai", None)


def test_every_kind_of_news_that_stripe_sends_here_is_about_something(stripe: StripeLocal) -> None:
    known = passerelle.prestataire().sujet
    assert {name: known(name) for name in ("refund.failed", "charge.refunded", "charge.dispute.closed")} == {
        "refund.failed": Sujet.RETOUR, "charge.refunded": Sujet.RENDU, "charge.dispute.closed": Sujet.LITIGE,
    }  # fmt: skip
    assert (known("payment_intent.succeeded"), known("customer.created")) == (Sujet.PAIEMENT, None)
