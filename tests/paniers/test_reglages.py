"""A grid or a rhythm entered ahead: what is accepted, what is refused, who did it, and what never changes."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from sqlalchemy import select, text

from kernel import clock
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from paniers import reglages
from paniers.cloture import cloturer
from paniers.models.semaines import Calendrier, Grille
from paniers.reglages import GrilleSaisie, RythmeSaisi
from paniers.semaines import ouvrir_semaines
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, batir, compter, ensemble

REGLE = {"forme": "tranches", "tranches": [{"nom": "A", "jusqu_a": 500, "prix": 450}, {"nom": "B", "prix": 900}]}
DEUXIEME = JEUDI + timedelta(weeks=1)
GRILLE = GrilleSaisie("Grille 2027", DEUXIEME, REGLE, 800)
LUNDI = date(2026, 12, 14)
"""The Monday after the last open week."""
RYTHME = RythmeSaisi(LUNDI, 3, 3, time(12), 4, time(17), 6, time(20), 1, time(7))


@pytest.fixture
def bourg(base: str) -> Bourg:
    """Three open weeks, some days before the first cut-off; one household without proof."""
    with transaction() as session:
        made = batir(session)
        foyer = fabriques.foyer(session, maison_id=made.maisons[0]).id
        fabriques.abonnement(session, foyer, made.maisons[0])
    clock.set_now(made.avant(days=3))
    return made


def saisir(saisie: GrilleSaisie = GRILLE, par: int | None = None) -> int:
    with transaction() as session:
        made = reglages.saisir_grille(session, saisie, instant=clock.now(), par=par)
        session.flush()
        return made.id


def rythmer(saisi: RythmeSaisi = RYTHME) -> int:
    with transaction() as session:
        made = reglages.saisir_rythme(session, saisi, instant=clock.now(), par=None)
        session.flush()
        return made.id


def prix(semaine: int) -> int:
    return compter("SELECT prix FROM panier WHERE semaine_id = :s", s=semaine)


# Grids.


def test_a_grid_prices_the_weeks_from_its_day_on_and_none_before(bourg: Bourg) -> None:
    plain = replace(GRILLE, regle={"forme": "tranches", "tranches": [{"nom": "A", "prix": 500}]})
    saisir(plain)
    with transaction() as session:
        cloturer(session, bourg.semaines[0], instant=bourg.apres(minutes=1))
        cloturer(session, bourg.semaines[1], instant=bourg.apres(days=7, minutes=1))
    assert (prix(bourg.semaines[0]), prix(bourg.semaines[1])) == (900, 500)
    assert compter("SELECT cout FROM panier WHERE semaine_id = :s", s=bourg.semaines[1]) == 800


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"effet_le": DEUXIEME + timedelta(days=1)}, "un jour de retrait"),
        ({"effet_le": JEUDI - timedelta(weeks=8)}, "un jour de retrait"),
        ({"regle": {"forme": "tranches", "tranches": [{"nom": "A", "jusqu_a": 9, "prix": 500}]}}, "ne font pas"),
        ({"regle": {"forme": "lineaire", "taux": "0.01", "plancher": 300, "plafond": 900}}, "ne font pas"),
        ({"cout_reference": 0}, "coût de référence"),
    ],
)
def test_what_is_no_grid_is_refused_whoever_asks(bourg: Bourg, change: dict[str, object], said: str) -> None:
    with pytest.raises(Refus, match=said):
        saisir(replace(GRILLE, **change))  # type: ignore[arg-type]
    assert compter("SELECT count(*) FROM reglage_ecrit") == 0


def test_a_day_whose_cut_off_has_passed_is_neither_proposed_nor_accepted(bourg: Bourg) -> None:
    first = replace(GRILLE, effet_le=JEUDI)
    with reading() as session:
        assert reglages.jours_d_effet(session, bourg.avant(seconds=1))[0] == JEUDI
        assert reglages.jours_d_effet(session, bourg.apres(seconds=0))[0] == DEUXIEME
    clock.set_now(bourg.apres(seconds=0))
    with pytest.raises(Refus, match="clôture est passée"):
        saisir(first)


def test_without_the_guard_a_late_grid_would_reprice_a_week_past_its_cut_off(
    bourg: Bourg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    monkeypatch.setattr("paniers.reglages.exiger_grille_a_venir", lambda *_: None)
    monkeypatch.setattr("paniers.reglages.jours_d_effet", lambda *_: [JEUDI])
    clock.set_now(bourg.apres(seconds=30))
    saisir(replace(GRILLE, effet_le=JEUDI, regle={"forme": "tranches", "tranches": [{"nom": "A", "prix": 500}]}))
    with transaction() as session:
        cloturer(session, bourg.semaine, instant=bourg.apres(minutes=1))
    assert prix(bourg.semaine) == 500


def test_a_week_skipped_before_its_cut_off_holds_no_grid_back(bourg: Bourg) -> None:
    with transaction() as session:
        session.execute(text("UPDATE semaine SET etat = 'annulee' WHERE id = :s"), {"s": bourg.semaines[2]})
    saisir()
    with reading() as session:
        assert JEUDI + timedelta(weeks=2) not in reglages.jours_d_effet(session, clock.now())


def test_the_days_proposed_go_on_by_the_rhythm_where_no_week_is_open_yet(bourg: Bourg) -> None:
    with reading() as session:
        days = reglages.jours_d_effet(session, clock.now())
    assert days[:4] == [JEUDI + timedelta(weeks=n) for n in range(4)]
    assert len(days) >= 50


def test_two_who_enter_a_grid_for_the_same_day_at_once_make_one(bourg: Bourg) -> None:
    at = clock.now()
    done = ensemble([lambda s: reglages.saisir_grille(s, GRILLE, instant=at, par=None)] * 3)
    refused = [one for one in done if isinstance(one, Refus)]
    assert len(refused) == 2
    assert all("commence déjà" in refusal.sentence for refusal in refused)
    assert compter("SELECT count(*) FROM grille WHERE effet_le = :j", j=DEUXIEME) == 1


def test_a_grid_is_withdrawn_until_its_first_cut_off_and_not_after(bourg: Bourg) -> None:
    key = saisir()
    clock.set_now(bourg.apres(days=7))
    with pytest.raises(Refus, match="ne se retire plus"), transaction() as session:
        reglages.retirer_grille(session, key, instant=clock.now(), par=None)
    clock.set_now(bourg.apres(days=6))
    with transaction() as session:
        reglages.retirer_grille(session, key, instant=clock.now(), par=None)
    with pytest.raises(Introuvable), transaction() as session:
        reglages.retirer_grille(session, key, instant=clock.now(), par=None)
    with reading() as session:
        assert [grid.nom for grid in session.scalars(select(Grille))] == ["Grille d’essai"]


def test_the_grid_in_force_is_never_withdrawn(bourg: Bourg) -> None:
    with pytest.raises(Refus, match="ne se retire plus"), transaction() as session:
        reglages.retirer_grille(session, compter("SELECT id FROM grille"), instant=clock.now(), par=None)


def test_who_did_what_is_kept_with_all_that_it_said(bourg: Bourg) -> None:
    with transaction() as session:
        who = fabriques.compte(session).id
    key = saisir(par=who)
    with transaction() as session:
        reglages.retirer_grille(session, key, instant=clock.now(), par=None)
    with reading() as session:
        kept = session.execute(text("SELECT geste, par, contenu, effet_le FROM reglage_ecrit ORDER BY id")).all()
    said = {"nom": "Grille 2027", "effet_le": "2026-12-03", "regle": REGLE, "cout_reference": 800}
    assert [tuple(row) for row in kept] == [("saisi", who, said, DEUXIEME), ("retire", None, said, DEUXIEME)]


# Rhythms.


def test_a_rhythm_dates_the_weeks_from_its_monday_on(bourg: Bourg) -> None:
    rythmer()
    with transaction() as session:
        ouvrir_semaines(session, JEUDI, 4)
    days = [JEUDI + timedelta(weeks=n) for n in range(3)] + [date(2026, 12, 16)]
    with reading() as session:
        assert list(session.scalars(text("SELECT retrait_le FROM semaine ORDER BY 1"))) == days


def test_a_rhythm_over_open_weeks_is_refused(bourg: Bourg) -> None:
    for monday in (LUNDI - timedelta(weeks=1), date(2026, 11, 23)):
        with pytest.raises(Refus, match="jeudi 10 décembre 2026"):
            rythmer(replace(RYTHME, effet_le=monday))
    with pytest.raises(Refus, match="un lundi"):
        rythmer(replace(RYTHME, effet_le=LUNDI + timedelta(days=1)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"publication_jour": 3, "publication_heure": time(12)}, "après la fin des offres"),
        ({"cloture_jour": 4, "cloture_heure": time(16)}, "après la publication"),
        ({"retrait_jour": 1}, "après les commandes"),
    ],
)
def test_steps_that_do_not_follow_one_another_are_refused(bourg: Bourg, change: dict[str, object], said: str) -> None:
    with pytest.raises(Refus, match=said):
        rythmer(replace(RYTHME, **change))  # type: ignore[arg-type]


def test_a_rhythm_waits_for_whoever_opens_weeks_by_the_old_one(bourg: Bourg) -> None:
    """Either the weeks are opened first and the rhythm is refused, or they are opened by the new rhythm."""
    at = clock.now()
    opened, written = ensemble(
        [
            lambda s: ouvrir_semaines(s, JEUDI, 6),
            lambda s: reglages.saisir_rythme(s, RYTHME, instant=at, par=None).retrait_jour,
        ]
    )
    days = {compter("SELECT extract(isodow FROM max(retrait_le))::int FROM semaine")}
    assert isinstance(opened, list)
    assert days == ({4} if isinstance(written, Refus) else {3})


def test_a_rhythm_is_withdrawn_until_a_week_is_opened_by_it(bourg: Bourg) -> None:
    key = rythmer()
    with transaction() as session:
        reglages.retirer_rythme(session, key, instant=clock.now(), par=None)
    key = rythmer()
    with transaction() as session:
        ouvrir_semaines(session, JEUDI, 4)
    with pytest.raises(Refus, match="ne se retire plus"), transaction() as session:
        reglages.retirer_rythme(session, key, instant=clock.now(), par=None)
    with reading() as session:
        assert session.get(Calendrier, key) is not None
