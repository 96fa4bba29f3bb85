"""Baskets grouped by month: one charge takes what its weeks leave due; switching never pays twice nor loses a week."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from kernel import clock
from kernel.db import transaction
from paiements import avoirs, grand_livre, reglements, verifications
from paiements.echeances import MINIMUM
from paiements.en_ligne import avancement, prelevements, regroupement
from paiements.en_ligne.avancement import Encaissement
from paiements.grand_livre import Ligne
from paiements.models.en_ligne import PARMI_EN_ROUTE, Carte, Mandat, Mode, Paiement, Reglement, Rythme
from paiements.models.grand_livre import CompteGL
from paiements.passerelle import Refuse
from paiements.regles.etats import Etat
from tests import fabriques
from tests.paiements.monde import StripeLocal, compter, debiter, foyer_par_carte, lire, prelevement_du

DEBUT = clock.paris(date(2026, 11, 9)) + timedelta(hours=1)
CINQ = clock.paris(date(2026, 12, 5)) + timedelta(hours=8)


def regrouper() -> int:
    with transaction() as session:
        return regroupement.regrouper(session, clock.now())


def semaines(foyer_id: int, *montants: int) -> None:
    """So many weeks are closed, one after the other."""
    for number, montant in enumerate(montants):
        clock.set_now(DEBUT + timedelta(weeks=number))
        debiter(foyer_id, montant, f"2026-W{46 + number}")


def par_mois(stripe: StripeLocal) -> int:
    foyer_id, _ = foyer_par_carte(stripe)
    with transaction() as session:
        reglements.choisir_rythme(session, foyer_id, Rythme.MOIS)
    return foyer_id


def test_a_month_of_baskets_is_one_charge_on_its_day(stripe: StripeLocal) -> None:
    foyer_id = par_mois(stripe)
    semaines(foyer_id, 550, 550, 1100)
    assert compter("SELECT count(*) FROM paiement") == 0, "nothing is taken week by week"
    clock.set_now(CINQ - timedelta(days=1))
    assert regrouper() == 0
    clock.set_now(CINQ + timedelta(days=3))  # an outage
    debiter(foyer_id, 700, "2026-W50")
    assert [regrouper(), regrouper()] == [1, 0]
    paiement_id = prelevement_du(foyer_id)
    prelevements.prelever(paiement_id)
    assert (lire(paiement_id).montant, lire(paiement_id).etat) == (2200, Etat.REUSSI)
    assert compter("SELECT count(*) FROM echeance WHERE reglee_le IS NULL") == 1, "the week closed after its day"
    with transaction() as session:
        assert grand_livre.solde(session, foyer_id) == 700
        assert verifications.verifier(session) == []
    clock.set_now(CINQ + timedelta(days=32))
    assert regrouper() == 1
    assert lire(prelevement_du(foyer_id)).montant == 700


def test_less_than_a_card_takes_waits_for_the_month_that_has_more(stripe: StripeLocal) -> None:
    foyer_id = par_mois(stripe)
    semaines(foyer_id, 400)
    with transaction() as session:
        _au_comptoir(session, foyer_id, 88, 0)
        assert grand_livre.solde(session, foyer_id) == MINIMUM - 2
    clock.set_now(CINQ)
    assert regrouper() == 0
    debiter(foyer_id, 400, "2026-W50")
    clock.set_now(CINQ + timedelta(days=31))
    assert regrouper() == 1
    assert lire(prelevement_du(foyer_id)).montant == 448


def test_a_refused_month_is_never_swept_into_the_next(stripe: StripeLocal) -> None:
    foyer_id = par_mois(stripe)
    semaines(foyer_id, 550, 550)
    clock.set_now(CINQ)
    regrouper()
    with transaction() as session:
        paiement = avancement.verrouiller(session, prelevement_du(foyer_id))
        avancement.refuser(session, paiement, Etat.REFUSE, Refuse("expired_card", "pi_1"), cause="essai")
    debiter(foyer_id, 700, "2026-W50")
    clock.set_now(CINQ + timedelta(days=31))
    assert regrouper() == 1
    assert lire(prelevement_du(foyer_id)).montant == 700


def test_a_week_cancelled_after_it_was_grouped_lowers_the_month(stripe: StripeLocal) -> None:
    foyer_id = par_mois(stripe)
    semaines(foyer_id, 550, 700)
    clock.set_now(CINQ)
    regrouper()
    with transaction() as session:
        last = grand_livre.lignes_du_compte(session, foyer_id)[-1]
        grand_livre.contrepasser(session, last.ecriture_id, "Panier annulé : neige")
        avoirs.alleger(session, cle="2026-W47", montants={foyer_id: 700}, instant=clock.now())
    assert lire(prelevement_du(foyer_id)).montant == 550
    prelevements.prelever(prelevement_du(foyer_id))
    with transaction() as session:
        assert grand_livre.solde(session, foyer_id) == 0
        assert verifications.verifier(session) == []


def test_paying_at_the_maison_from_now_on_takes_nothing_more_from_the_card(stripe: StripeLocal) -> None:
    foyer_id = par_mois(stripe)
    semaines(foyer_id, 550)
    with transaction() as session:
        reglements.choisir_mode(session, foyer_id, Mode.MAISON)
        reglements.choisir_mode(session, foyer_id, Mode.CARTE)
    clock.set_now(CINQ)
    assert regrouper() == 0
    with transaction() as session:
        assert verifications.verifier(session) == []


def test_weeks_that_do_not_follow_their_month_are_named(stripe: StripeLocal) -> None:
    foyer_id = par_mois(stripe)
    semaines(foyer_id, 550, 550)
    clock.set_now(CINQ)
    regrouper()
    with transaction() as session:
        session.execute(text("UPDATE echeance SET reglee_le = now() WHERE groupe_id IS NOT NULL"))
        assert any("L’échéance du mois" in fault for fault in verifications.verifier(session))
        session.rollback()


# Switching, paying, being refused, in any order.

GESTES = st.lists(
    st.one_of(
        st.tuples(st.just("panier"), st.sampled_from([400, 550, 900])),
        st.tuples(st.just("rythme"), st.sampled_from(Rythme)),
        st.tuples(st.just("mode"), st.sampled_from(Mode)),
        st.tuples(st.just("accepter"), st.just(0)),
        st.tuples(st.just("refuser"), st.just(0)),
        st.tuples(st.just("payer"), st.integers(1, 100)),
        st.tuples(st.just("mois"), st.just(0)),
    ),
    min_size=4,
    max_size=14,
)


def foyer_sans_stripe() -> int:
    with transaction() as session:
        made = fabriques.foyer(session).id
        session.add(Reglement(foyer_id=made, mode=Mode.CARTE, client_stripe=f"cus_{made}"))
        session.flush()
        shown = {"marque": "visa", "derniers_chiffres": "4242", "expire_mois": 12, "expire_annee": 2034}
        session.add(Carte(foyer_id=made, stripe_id=f"pm_{made}", enregistree_le=clock.now(), **shown))
        account = {"mandat_stripe": "mandate_1", "reference": "ABCD", "derniers_chiffres": "2606"}
        session.add(Mandat(foyer_id=made, stripe_id=f"pm_sepa_{made}", signe_le=clock.now(), **account))
    return made


def faire(foyer_id: int, geste: str, valeur: object, numero: int) -> None:
    clock.set_now(DEBUT + timedelta(days=7 * numero))
    if geste == "panier":
        debiter(foyer_id, int(str(valeur)), f"semaine-{numero}")
    elif geste == "mois":
        regrouper()
    with transaction() as session:
        if geste == "rythme":
            reglements.choisir_rythme(session, foyer_id, Rythme(str(valeur)))
        elif geste == "mode":
            reglements.choisir_mode(session, foyer_id, Mode(str(valeur)))
        elif geste == "payer":
            _au_comptoir(session, foyer_id, int(str(valeur)), numero)
        elif geste in ("accepter", "refuser"):
            _conclure(session, foyer_id, geste)


def _au_comptoir(session, foyer_id: int, part: int, numero: int) -> None:  # type: ignore[no-untyped-def]
    owed = grand_livre.solde(session, foyer_id) - _pris(session, foyer_id)
    if owed <= 0:
        return
    paid = max(1, owed * part // 100)
    lines = [Ligne(CompteGL.STRIPE, paid), Ligne(CompteGL.FOYER, -paid, foyer_id=foyer_id)]
    grand_livre.passer(session, cle=f"essai:{foyer_id}:{numero}", jour=clock.today(), libelle="Payé", mouvements=lines)
    avancement.solder(session, foyer_id)


def _pris(session, foyer_id: int) -> int:  # type: ignore[no-untyped-def]
    waiting = select(Paiement.montant).where(Paiement.foyer_id == foyer_id, Paiement.etat == Etat.PREPARE)
    return sum(session.scalars(waiting))


def _conclure(session, foyer_id: int, geste: str) -> None:  # type: ignore[no-untyped-def]
    waiting = select(Paiement.id).where(Paiement.foyer_id == foyer_id, Paiement.etat == Etat.PREPARE)
    found = session.scalars(waiting.order_by(Paiement.id)).first()
    if found is None:
        return
    paiement = avancement.verrouiller(session, found)
    avancement.avancer(session, paiement, Etat.INCONNU, "essai")
    if geste == "accepter":
        avancement.encaisser(session, paiement, Encaissement(f"pi_{found}", paiement.montant), "essai")
    else:
        non = Refuse("expired_card", f"pi_{found}", f"ch_{found}")
        avancement.refuser(session, paiement, Etat.REFUSE, non, cause="essai")


def tenir(foyer_id: int) -> None:
    """What holds at any moment: nothing paid twice, and each centime due stands in an open échéance."""
    with transaction() as session:
        owed = grand_livre.solde(session, foyer_id)
        assert owed >= 0, "paid twice"
        opened = session.execute(
            text(
                "SELECT coalesce(sum(montant), 0) FROM echeance"
                " WHERE foyer_id = :foyer AND reglee_le IS NULL AND groupe_id IS NULL"
            ),
            {"foyer": foyer_id},
        ).scalar_one()
        assert opened >= owed, "a week is lost"
        assert _pris(session, foyer_id) <= owed, "more is being taken than is due"


def test_a_charge_refused_after_other_money_came_leaves_its_week_due(base: str) -> None:
    """Paid at the counter, the week whose charge was under way was settled, and the month's charge lowered."""
    clock.set_now(DEBUT)
    foyer_id = foyer_sans_stripe()
    weeks = [("panier", 400), ("rythme", Rythme.MOIS), ("panier", 400), ("panier", 400), ("payer", 50), ("mois", 0)]
    for numero, (geste, valeur) in enumerate(weeks):
        faire(foyer_id, geste, valeur, numero)
    first = "SELECT count(*) FROM echeance WHERE foyer_id = :foyer AND cle = 'semaine-0' AND reglee_le IS NULL"
    assert compter(first, foyer=foyer_id) == 0
    faire(foyer_id, "refuser", 0, 6)
    assert compter(first, foyer=foyer_id) == 1
    faire(foyer_id, "accepter", 0, 7)
    with transaction() as session:
        assert grand_livre.solde(session, foyer_id) == 400
    assert compter(first, foyer=foyer_id) == 1, "what the month took was of other weeks"
    tenir(foyer_id)


def test_a_charge_refused_after_all_was_paid_otherwise_leaves_nothing_due(base: str) -> None:
    clock.set_now(DEBUT)
    foyer_id = foyer_sans_stripe()
    faire(foyer_id, "panier", 400, 0)
    with transaction() as session:
        lines = [Ligne(CompteGL.STRIPE, 400), Ligne(CompteGL.FOYER, -400, foyer_id=foyer_id)]
        grand_livre.passer(session, cle="essai", jour=clock.today(), libelle="Payé", mouvements=lines)
        avancement.solder(session, foyer_id)
    faire(foyer_id, "refuser", 0, 1)
    assert compter("SELECT count(*) FROM echeance WHERE reglee_le IS NULL") == 0


@settings(max_examples=14, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gestes=GESTES)
@example(
    gestes=[
        *[("panier", 400)] * 3,
        ("rythme", Rythme.MOIS),
        ("accepter", 0),
        *[("panier", 400)] * 3,
        ("payer", 34),
        ("mois", 0),
        ("refuser", 0),
    ]
)
@example(gestes=[("rythme", Rythme.MOIS), ("accepter", 0), ("panier", 400), ("payer", 88)])
def test_switching_at_any_time_pays_no_week_twice_and_loses_none(base: str, gestes: list[tuple[str, object]]) -> None:
    clock.set_now(DEBUT)
    foyer_id = foyer_sans_stripe()
    for numero, (geste, valeur) in enumerate(gestes):
        faire(foyer_id, geste, valeur, numero)
        tenir(foyer_id)
    # In the end the family goes on by card, and each charge is let through: only what it was refused, or had
    # said that it pays at its maison, is left.
    with transaction() as session:
        reglements.choisir_mode(session, foyer_id, Mode.CARTE)
    for turn in range(2):
        for attempt in range(len(gestes) + 2):
            faire(foyer_id, "accepter", attempt, len(gestes))
        faire(foyer_id, "mois", 0, len(gestes) + 6 + 6 * turn)
    faire(foyer_id, "accepter", 0, len(gestes) + 13)
    faire(foyer_id, "accepter", 0, len(gestes) + 13)
    tenir(foyer_id)
    with transaction() as session:
        left = session.execute(
            text(
                "SELECT count(*) FROM echeance e WHERE foyer_id = :foyer AND reglee_le IS NULL AND groupe_id IS NULL"
                " AND mode <> 'maison' AND NOT EXISTS (SELECT FROM paiement p WHERE p.echeance_id = e.id"
                " AND p.etat IN ('refuse', 'abandonne'))"
            ),
            {"foyer": foyer_id},
        ).scalar_one()
        owed = grand_livre.solde(session, foyer_id)
        assert left == 0 or owed < MINIMUM, "a week that nothing will ever charge"


def test_control_a_month_that_forgets_what_it_took_pays_twice(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the link from a week to its month, the next month takes it again."""
    unlinked = regroupement._REGROUPER.text.replace("SET groupe_id = o.id", "SET groupe_id = NULL")
    monkeypatch.setattr(regroupement, "_REGROUPER", text(unlinked).bindparams(PARMI_EN_ROUTE))
    clock.set_now(DEBUT)
    foyer_id = foyer_sans_stripe()
    faire(foyer_id, "rythme", Rythme.MOIS, 0)
    faire(foyer_id, "panier", 550, 1)
    faire(foyer_id, "mois", 0, 4)
    faire(foyer_id, "refuser", 0, 4)
    faire(foyer_id, "mois", 0, 9)
    assert compter("SELECT count(*) FROM paiement WHERE montant = 550") == 2
