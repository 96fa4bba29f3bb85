"""Contracts: one at a time for a farm, lists of prices each from a day on, and what that means for an offer."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select, text

from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from paniers import contrats, prix_convenus, verifications
from paniers.composition import composer, publier
from paniers.models.contrats import Contrat
from paniers.models.producteurs import Composition, Offre
from paniers.models.semaines import Semaine
from paniers.offres import PrixRefuse, Proposition, accepter, proposer, reprendre
from paniers.queries import composition as queries_composition
from paniers.queries import contrats as queries_contrats
from paniers.queries import penuries as queries_penuries
from tests import fabriques
from tests.paniers.bourg import ensemble

pytestmark = pytest.mark.usefixtures("base")

JEUDI = date(2026, 11, 26)
MERCREDI = paris(date(2026, 11, 18), time(10))
ANNEE = (date(2026, 1, 1), date(2026, 12, 31))


class Ferme:
    """A farm under contract for carrots at 1,80 € the kilogram, not for leeks, and an open week."""

    def __init__(self) -> None:
        with transaction() as session:
            self.avant = fabriques.semaine(session, JEUDI - timedelta(weeks=1)).id
            self.semaine = fabriques.semaine(session, JEUDI).id
            self.id = fabriques.producteur(session, nom="La ferme").id
            self.carotte = fabriques.produit(session, "Carotte").id
            self.poireau = fabriques.produit(session, "Poireau").id
            self.contrat = fabriques.contrat(session, self.id, {self.carotte: 180}).id

    def offrir(self, prix: int, produit: int | None = None, semaine: int | None = None) -> int:
        week, product = semaine or self.semaine, produit or self.carotte
        instant = MERCREDI if week == self.semaine else MERCREDI - timedelta(weeks=1)
        with transaction() as session:
            proposer(
                session, semaine_id=week, producteur_id=self.id, produit_id=product,
                proposition=Proposition(50_000, 5_000, prix), instant=instant, par=None,
            )  # fmt: skip
            offers = select(Offre.id).where(Offre.semaine_id == week, Offre.produit_id == product)
            return session.scalars(offers).one()

    def accepter(self, offre: int, prix: int) -> None:
        with transaction() as session:
            accepter(session, offre, prix=prix, instant=MERCREDI, par=None)

    def composer(self, offre: int, *, publier_aussi: bool = False) -> None:
        with transaction() as session:
            composer(session, self.semaine, {offre: 800})
            if publier_aussi:
                publier(session, self.semaine, par=None, instant=MERCREDI)

    def convenir(self, effet_le: date, prix: int) -> None:
        with transaction() as session:
            contrats.convenir(session, self.contrat, effet_le, {self.carotte: prix})

    def vue(self, offre: int) -> tuple[int | None, bool, bool]:
        """(agreed price, hors contrat, waits for the coordination), by the page and by the query alike."""
        with reading() as session:
            seen = next(o for o in queries_composition.offres(session, self.semaine) if o.id == offre)
            waits = session.scalars(
                select(prix_convenus.a_accepter()).join(Semaine, Semaine.id == Offre.semaine_id)
                .select_from(Offre).where(Offre.id == offre)
            ).one()  # fmt: skip
        assert waits == seen.a_accepter
        return seen.convenu, seen.hors_contrat, seen.a_accepter


def ouvrir(ferme: int, numero: str = "M-1", debut: date = ANNEE[0], fin: date = ANNEE[1]) -> int:
    with transaction() as session:
        return contrats.ouvrir(
            session, producteur_id=ferme, numero=numero, debut=debut, fin=fin, instant=MERCREDI, par=None
        ).id


def une_ferme() -> int:
    with transaction() as session:
        return fabriques.producteur(session).id


def fautes() -> list[str]:
    with reading() as session:
        return verifications.verifier(session)


# Contracts.


def test_two_contracts_of_a_farm_never_hold_the_same_day() -> None:
    farm = une_ferme()
    ouvrir(farm)
    for debut, fin in ((date(2026, 12, 31), date(2027, 3, 1)), (date(2025, 6, 1), ANNEE[0]), ANNEE):
        with pytest.raises(Refus, match="va déjà du"):
            ouvrir(farm, "M-2", debut, fin)
    ouvrir(farm, "M-2", date(2027, 1, 1), date(2027, 12, 31))
    ouvrir(une_ferme(), "M-3")


@pytest.mark.parametrize(
    ("numero", "debut", "fin", "dit"),
    [
        ("M-9", date(2026, 2, 2), date(2026, 2, 1), "avant de commencer"),
        ("M-9", date(2026, 1, 1), date(2030, 1, 1), "quatre ans"),
        (" m-1 ", date(2028, 1, 1), date(2028, 2, 1), "existe déjà"),
        ("x" * 41, date(2028, 1, 1), date(2028, 2, 1), "quarante"),
    ],
)
def test_a_contract_that_cannot_be_is_refused_with_its_reason(numero: str, debut: date, fin: date, dit: str) -> None:
    farm = une_ferme()
    ouvrir(farm)
    with pytest.raises(Refus, match=dit):
        ouvrir(farm, numero, debut, fin)


def test_four_years_less_a_day_is_allowed_and_an_unknown_farm_is_not() -> None:
    ouvrir(une_ferme(), fin=date(2029, 12, 31))
    with pytest.raises(Introuvable):
        ouvrir(10**9, "M-2")


def test_of_two_who_open_the_same_days_at_once_one_is_told() -> None:
    farm = une_ferme()

    def open_as(numero: str):  # type: ignore[no-untyped-def]
        def run(session):  # type: ignore[no-untyped-def]
            return contrats.ouvrir(
                session, producteur_id=farm, numero=numero, debut=ANNEE[0], fin=ANNEE[1], instant=MERCREDI, par=None
            ).id

        return run

    outcomes = ensemble([open_as(f"M-{n}") for n in range(4)])
    assert sum(isinstance(one, int) for one in outcomes) == 1
    assert sum(isinstance(one, Refus) for one in outcomes) == 3
    assert fautes() == []


def test_without_its_check_two_contracts_overlap_and_the_verifier_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contrats, "_exiger_seul", lambda *given, **named: None)
    farm = une_ferme()
    ouvrir(farm)
    ouvrir(farm, "M-2")
    assert any("M-1" in fault and "couvre aussi" in fault for fault in fautes())


# Prices and offers.


def test_an_offer_within_the_agreed_price_is_under_contract_and_one_above_is_refused_with_it() -> None:
    ferme = Ferme()
    with pytest.raises(PrixRefuse, match="1,80"):
        ferme.offrir(181)
    offer = ferme.offrir(180)
    assert ferme.vue(offer) == (180, False, False)
    ferme.composer(offer, publier_aussi=True)
    assert fautes() == []


def test_without_the_check_an_offer_above_the_price_would_enter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paniers.offres.prix_convenus", lambda *given: {})
    assert Ferme().offrir(999)


def test_the_list_in_force_on_the_pick_up_day_decides() -> None:
    ferme = Ferme()
    ferme.convenir(JEUDI, 150)
    with pytest.raises(PrixRefuse, match="1,50"):
        ferme.offrir(151)
    assert ferme.vue(ferme.offrir(150))[0] == 150
    with reading() as session:
        agreed = [
            prix_convenus.prix_convenus(session, ferme.id, JEUDI + timedelta(days=days)).get(ferme.carotte)
            for days in (-1, 0, 35, 36)
        ]
    assert agreed == [180, 150, 150, None], "the day before, the day, the contract's last day, the day after"


def test_a_later_list_replaces_the_whole_of_the_one_before() -> None:
    ferme = Ferme()
    with transaction() as session:
        contrats.convenir(session, ferme.contrat, JEUDI, {ferme.poireau: 200})
    assert ferme.vue(ferme.offrir(100)) == (None, True, True)


def test_an_offer_outside_of_the_contract_waits_for_the_coordination() -> None:
    ferme = Ferme()
    offer = ferme.offrir(250, ferme.poireau)
    assert ferme.vue(offer) == (None, True, True)
    with pytest.raises(Refus, match="« Poireau » de La ferme est hors contrat"):
        ferme.composer(offer)
    with reading() as session:
        assert queries_contrats.combien_a_accepter(session, ferme.semaine) == 1
        assert queries_penuries.possibles(session, ferme.semaine) == [], "it replaces nothing that falls short"
    for _twice in range(2):
        ferme.accepter(offer, 250)
    assert ferme.vue(offer) == (None, True, False)
    ferme.composer(offer, publier_aussi=True)
    assert fautes() == []


def test_an_acceptance_is_of_the_price_that_was_read_and_goes_when_it_changes() -> None:
    ferme = Ferme()
    offer = ferme.offrir(250, ferme.poireau)
    with pytest.raises(Refus, match="vient de changer"):
        ferme.accepter(offer, 240)
    ferme.accepter(offer, 250)
    assert ferme.offrir(250, ferme.poireau) == offer
    assert ferme.vue(offer)[2] is False, "another quantity at the same price stays accepted"
    ferme.offrir(260, ferme.poireau)
    assert ferme.vue(offer)[2] is True


def test_a_price_raised_after_the_draft_is_found_when_it_is_published() -> None:
    ferme = Ferme()
    offer = ferme.offrir(250, ferme.poireau)
    ferme.accepter(offer, 250)
    ferme.composer(offer)
    ferme.offrir(300, ferme.poireau)
    with pytest.raises(Refus, match="hors contrat"), transaction() as session:
        publier(session, ferme.semaine, par=None, instant=MERCREDI)
    with reading() as session:
        assert session.scalars(select(Composition.publiee_le)).one() is None


def test_without_the_guard_a_basket_is_made_outside_of_the_contract_and_the_verifier_finds_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("paniers.composition.exiger_accord", lambda *given: None)
    ferme = Ferme()
    ferme.composer(ferme.offrir(250, ferme.poireau), publier_aussi=True)
    assert any("Poireau de La ferme" in fault for fault in fautes())


def test_a_list_or_an_end_that_a_published_basket_would_break_is_refused() -> None:
    ferme = Ferme()
    ferme.composer(ferme.offrir(180), publier_aussi=True)
    with pytest.raises(Refus, match="jeudi 26 novembre 2026"):
        ferme.convenir(date(2026, 11, 1), 170)
    ferme.convenir(date(2026, 11, 1), 190)
    ferme.convenir(JEUDI + timedelta(days=1), 120)
    with pytest.raises(Refus, match="panier publié"), transaction() as session:
        contrats.finir(session, ferme.contrat, JEUDI - timedelta(days=1))
    with transaction() as session:
        contrats.finir(session, ferme.contrat, JEUDI)
    assert fautes() == []


def test_without_that_guard_the_verifier_finds_the_basket_that_lost_its_price(monkeypatch: pytest.MonkeyPatch) -> None:
    ferme = Ferme()
    ferme.composer(ferme.offrir(180), publier_aussi=True)
    monkeypatch.setattr(contrats, "_exiger_paniers_tenus", lambda *given: None)
    ferme.convenir(date(2026, 11, 1), 170)
    assert any("Carotte de La ferme" in fault for fault in fautes())


@pytest.mark.parametrize(
    ("effet_le", "prix", "dit"),
    [
        (date(2025, 12, 31), {"carotte": 100}, "entre les deux"),
        (date(2027, 1, 1), {"carotte": 100}, "entre les deux"),
        (JEUDI, {}, "au moins un prix"),
        (JEUDI, {"carotte": 0}, "0,01"),
        (JEUDI, {"carotte": 20_001}, "200,00"),
        (JEUDI, {"inconnu": 100}, "pas dans la liste"),
    ],
)
def test_a_list_that_cannot_be_is_refused_with_its_reason(effet_le: date, prix: dict[str, int], dit: str) -> None:
    ferme = Ferme()
    keys = {"carotte": ferme.carotte, "inconnu": 10**9}
    with pytest.raises(Refus, match=dit), transaction() as session:
        contrats.convenir(session, ferme.contrat, effet_le, {keys[name]: price for name, price in prix.items()})


def test_a_list_loses_its_first_day_and_the_verifier_says_so() -> None:
    Ferme()
    with transaction() as session:
        session.execute(text("UPDATE contrat SET debut = '2026-02-01'"))
    assert any("avant son premier jour" in fault for fault in fautes())


def test_last_offers_are_repeated_at_the_agreed_price_where_it_has_come_down() -> None:
    ferme = Ferme()
    ferme.offrir(180, semaine=ferme.avant)
    ferme.convenir(JEUDI, 150)
    with transaction() as session:
        reprendre(session, semaine_id=ferme.semaine, producteur_id=ferme.id, instant=MERCREDI, par=None)
        repeated = select(Offre.prix).where(Offre.semaine_id == ferme.semaine)
        assert session.scalars(repeated).all() == [150]


def test_a_contract_that_ends_is_told_until_another_follows() -> None:
    ferme = Ferme()

    def told(jour: date) -> list[date]:
        with reading() as session:
            return [ending.fin for ending in queries_contrats.echeances(session, jour)]

    end = ANNEE[1]
    assert told(end - timedelta(days=29)) == []
    assert told(end - timedelta(days=28)) == told(end + timedelta(days=28)) == [end]
    assert told(end + timedelta(days=29)) == []
    ouvrir(ferme.id, "M-SUITE", date(2027, 1, 1), date(2027, 12, 31))
    assert told(end) == []


def test_offers_and_a_new_list_at_once_leave_no_basket_above_it() -> None:
    """The list waits for whoever composes, or the other way round: never both."""
    ferme = Ferme()
    offer = ferme.offrir(180)

    def publish_it(session):  # type: ignore[no-untyped-def]
        composer(session, ferme.semaine, {offer: 800})
        publier(session, ferme.semaine, par=None, instant=MERCREDI)

    def lower_it(session):  # type: ignore[no-untyped-def]
        contrats.convenir(session, ferme.contrat, date(2026, 11, 1), {ferme.carotte: 150})

    outcomes = ensemble([publish_it, lower_it])
    assert sum(isinstance(one, Refus) for one in outcomes) == 1
    assert fautes() == []
    with reading() as session:
        assert session.scalars(select(Contrat.id)).one() == ferme.contrat
