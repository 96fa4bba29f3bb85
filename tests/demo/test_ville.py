"""The demo town: drawn from a seed, alike each time, and standing on whatever day it is installed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

import app
from demo import passe
from demo.commandes import demo
from demo.installer import Installation, installer
from kernel import clock
from kernel.clock import paris
from kernel.db import transaction
from paniers.verifications import places as verifications_places
from tests.conftest import Engines, environment_of, forget_settings

VENDREDI = date(2026, 11, 20)
FOYERS = 30


@pytest.fixture
def vide(base: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database, and a Stripe that is not a local one: it is told nothing."""
    monkeypatch.setenv("STRIPE_API_BASE", "https://stripe.example")
    forget_settings()
    return base


@contextmanager
def autre_base(engines: Engines, folder: Path) -> Iterator[None]:
    """Another empty database, that this process's settings name."""
    name = engines.databases.lend()
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in environment_of(engines, name, folder).items():
            patch.setenv(variable, value)
        patch.setenv("STRIPE_API_BASE", "https://stripe.example")
        forget_settings()
        yield
        clock.set_now(None)
    forget_settings()
    engines.databases.give_back(name)


def planter(engines: Engines, folder: Path, *, graine: int = 7, jour: date = VENDREDI) -> str | None:
    with autre_base(engines, folder):
        return installer(foyers=FOYERS, graine=graine, jour=jour).empreinte


def lire(query: str) -> list[tuple[object, ...]]:
    with transaction() as session:
        return [tuple(row) for row in session.execute(text(query))]


def fautes() -> list[str]:
    with transaction() as session:
        return [fault for check in app.VERIFICATIONS for fault in check(session)]


def test_the_same_seed_and_day_give_the_same_town_another_seed_or_day_another(engines: Engines, tmp_path: Path) -> None:
    first = planter(engines, tmp_path)
    assert first is not None
    assert planter(engines, tmp_path) == first
    assert planter(engines, tmp_path, graine=8) != first
    assert planter(engines, tmp_path, jour=VENDREDI + timedelta(days=1)) != first


def test_a_single_changed_row_changes_the_digest(
    engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above: a digest that saw nothing would always be the same."""
    first = planter(engines, tmp_path)
    monkeypatch.setattr(passe, "PART_DES_REFUS", 0.5)
    assert planter(engines, tmp_path) != first


# A moment of each day of a week, and the awkward ones: just after the cut-off, in the middle of the pick-up.
MOMENTS = {
    "monday at noon": paris(VENDREDI - timedelta(days=4), time(12)),
    "tuesday at noon": paris(VENDREDI - timedelta(days=3), time(12)),
    "wednesday at noon": paris(VENDREDI - timedelta(days=2), time(12)),
    "thursday at noon": paris(VENDREDI - timedelta(days=1), time(12)),
    "thursday during the pick-up": paris(VENDREDI - timedelta(days=1), time(17, 45)),
    "thursday at night": paris(VENDREDI - timedelta(days=1), time(23, 30)),
    "friday just after midnight": paris(VENDREDI, time(0, 6)),
    "friday at noon": paris(VENDREDI, time(12)),
    "saturday at noon": paris(VENDREDI + timedelta(days=1), time(12)),
    "sunday at noon": paris(VENDREDI + timedelta(days=2), time(12)),
    "sunday after the cut-off": paris(VENDREDI + timedelta(days=2), time(23, 59, 30)),
    "monday before the orders": paris(VENDREDI + timedelta(days=3), time(0, 30)),
    "the night when clocks go back": paris(date(2026, 10, 25), time(2, 30)),
    "the day when clocks went forward": paris(date(2027, 3, 28), time(3, 30)),
    "over new year": paris(date(2027, 1, 1), time(12)),
}


RARES = {"friday just after midnight", "thursday at night", "over new year", "monday before the orders"}
ALIKE = {"monday at noon", "tuesday at noon", "wednesday at noon", "friday at noon", "saturday at noon"}
"""Days on which the town stands as on the one after."""


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(moment, id=name, marks=[pytest.mark.long] if name in RARES | ALIKE else [])
        for name, moment in MOMENTS.items()
    ],
)
def test_a_town_installed_at_any_moment_stands(vide: str, moment: datetime) -> None:
    clock.set_now(moment)
    assert installer(foyers=12, graine=3, jour=None).empreinte
    clock.set_now(moment)
    assert fautes() == []
    assert lire("SELECT count(*) FROM semaine WHERE etat = 'terminee'") == [(12,)]
    latest = lire(
        "SELECT max(t) FROM (SELECT max(le) AS t FROM retrait UNION ALL SELECT max(conclu_le) FROM paiement"
        " UNION ALL SELECT max(le) FROM semaine_etape UNION ALL SELECT max(saisie_le) FROM offre"
        " UNION ALL SELECT max(fait_le) FROM choix UNION ALL SELECT max(publiee_le) FROM composition) AS instants"
    )
    assert latest[0][0] <= moment, "nothing has happened in the future"  # type: ignore[operator]
    waiting = lire(
        "SELECT DISTINCT h.nom, f.canal FROM lettre l JOIN message m ON m.id = l.message_id JOIN foyer f"
        " ON f.id = m.foyer_id JOIN maison h ON h.id = f.maison_id WHERE m.modele = 'paniers/non_retire'"
    )
    assert ("Le Patio", "papier") in waiting, "the counter has a letter to print, whatever the day"


def test_every_week_moves_on_from_where_the_town_stands(vide: str) -> None:
    """Each state of the week in progress, as the moments of a week show it."""
    clock.set_now(MOMENTS["thursday during the pick-up"])
    installer(foyers=40, graine=3, jour=None)
    states = lire("SELECT etat, count(*) FROM semaine GROUP BY 1 ORDER BY 1")
    assert states == [("livree", 1), ("ouverte", 5), ("terminee", 12)]
    baskets = lire(
        "SELECT DISTINCT p.etat FROM panier p JOIN semaine s ON s.id = p.semaine_id WHERE s.etat = 'livree' ORDER BY 1"
    )
    assert baskets == [("a_remettre",), ("remis",)], "the pick-up is in full swing"
    assert lire("SELECT DISTINCT name FROM outbox_fact WHERE name IN ('CommandeEmise', 'PrelevementDemande')") == [
        ("CommandeEmise",)
    ], "cards were charged on Monday, documents are left to the workers"


def test_the_mix_of_bands_is_near_that_of_the_scheme(vide: str) -> None:
    installer(foyers=200, graine=7, jour=VENDREDI)
    rows = lire("SELECT tranche, count(*) FROM panier GROUP BY 1")
    total = sum(int(str(count)) for _, count in rows)
    shares = {str(band): 100 * int(str(count)) / total for band, count in rows}
    for band, share in {"A": 27, "B": 36, "C": 18, "D": 20}.items():
        assert abs(shares[band] - share) < 5, shares
    ((mean,),) = lire("SELECT avg(prix) FROM panier")
    assert 580 < float(str(mean)) < 640


def test_two_maisons_are_full_families_wait_there_and_one_of_each_is_offered_a_place(vide: str) -> None:
    installer(foyers=60, graine=3, jour=VENDREDI)
    lists = lire(
        "SELECT m.nom, array_agg(a.etat ORDER BY a.depuis, a.id) FROM attente a JOIN maison m"
        " ON m.id = a.maison_id GROUP BY 1 ORDER BY 1"
    )
    assert [name for name, _ in lists] == ["Bois d’Artas", "Centre-ville"]
    assert [(states[0], set(states[1:])) for _, states in lists] == [("offerte", {"en_attente"})] * 2  # type: ignore[index]
    with transaction() as session:
        clock.set_now(paris(VENDREDI, time(12)))
        assert verifications_places.verifier(session) == []


def test_the_town_is_lived_in(vide: str) -> None:
    installer(foyers=120, graine=7, jour=VENDREDI)
    tables = ("procuration", "carte_retrait", "preference_message", "piece_qf", "message", "lettre", "fermeture")
    assert [table for table in tables if lire(f"SELECT count(*) FROM {table}") == [(0,)]] == []  # noqa: S608
    assert lire(
        "SELECT count(*), min(c.version), max(c.version) FROM commande c JOIN correction k USING (semaine_id)"
        " WHERE c.corrigee_le IS NOT NULL"
    ) != [(0, None, None)]
    moved = lire(
        "SELECT m.nom, d.jour - s.retrait_le FROM distribution d JOIN semaine s ON s.id = d.semaine_id"
        " JOIN maison m ON m.id = d.maison_id WHERE s.etat = 'ouverte'"
    )
    assert moved == [("Capuche", 1)]
    assert lire("SELECT DISTINCT name FROM outbox_fact WHERE name = 'DistributionDecidee'"), "told when the town starts"
    clock.set_now(paris(VENDREDI, time(12)))
    assert fautes() == []


def test_baskets_are_good_baskets(vide: str) -> None:
    installer(foyers=FOYERS, graine=7, jour=VENDREDI)
    for weight, cost, kinds in lire(
        "SELECT c.poids, c.cout, count(*) FROM composition c JOIN composition_ligne l ON l.composition_id = c.id"
        " WHERE c.publiee_le IS NOT NULL GROUP BY c.id"
    ):
        assert 3_150 <= int(str(weight)) <= 3_850
        assert int(str(cost)) <= 780
        assert int(str(kinds)) >= 5


def test_a_second_installation_is_refused_kindly_and_changes_nothing(vide: str) -> None:
    installer(foyers=5, graine=7, jour=VENDREDI)
    before = lire("SELECT count(*), max(id) FROM foyer")
    assert installer(foyers=5, graine=8, jour=VENDREDI) == Installation(0, None)
    said = CliRunner().invoke(demo, ["installer", "--foyers", "5"])
    assert said.exit_code == 1
    assert "Cette base contient déjà des foyers : rien n’a été changé." in said.output
    quiet = CliRunner().invoke(demo, ["installer", "--foyers", "5", "--si-vide"])
    assert (quiet.exit_code, quiet.output) == (0, "")
    assert lire("SELECT count(*), max(id) FROM foyer") == before


def test_who_can_sign_in_is_written_for_make_run(vide: str, tmp_path: Path) -> None:
    said = CliRunner().invoke(demo, ["installer", "--foyers", "5", "--jour", "2026-11-20"])
    assert said.exit_code == 0, said.output
    assert "5 foyers installés. Empreinte : " in said.output
    accounts = json.loads((tmp_path / "comptes.json").read_text())
    assert [account["role"].split(",")[0] for account in accounts] == [
        "habitante",
        "agente",
        "bénévole",
        "coordination",
        "administration",
        "régisseuse",
        "producteur",
    ]


@pytest.mark.parametrize("fails", ["passe._la_suite", "installer._semer"])
def test_half_a_town_is_no_town(vide: str, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    def power_cut(*given: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(f"demo.{fails}", power_cut)
    with pytest.raises(RuntimeError, match="power cut"):
        installer(foyers=5, graine=7, jour=VENDREDI)
    assert lire("SELECT count(*) FROM foyer") == [(0,)]
    assert clock._set is None, "the clock runs again"


def test_the_town_has_a_season_of_outings(vide: str) -> None:
    """Thirty over, with who came and who did not; twenty to come: one full, whose list waits, one cancelled."""
    installer(foyers=40, graine=7, jour=VENDREDI)
    assert lire("SELECT etat, count(*) FROM sortie GROUP BY 1 ORDER BY 1") == [
        ("annulee", 1),
        ("brouillon", 1),
        ("close", 1),
        ("publiee", 18),
        ("tenue", 30),
    ]
    assert lire("SELECT count(DISTINCT genre), count(DISTINCT maison_id), count(DISTINCT lieu_id) FROM sortie") == [
        (8, 11, 6)
    ]
    assert lire("SELECT DISTINCT presence FROM place_sortie WHERE presence IS NOT NULL ORDER BY 1") == [
        ("absente",),
        ("excusee",),
        ("presente",),
        ("retard",),
    ]
    assert lire("SELECT DISTINCT etat FROM inscription WHERE etat IN ('en_attente', 'offerte') ORDER BY 1") == [
        ("en_attente",),
        ("offerte",),
    ]
    ((left,),) = lire("SELECT count(*) FROM place_sortie WHERE remplace_id IS NOT NULL")
    ((groups,),) = lire("SELECT count(*) FROM inscription WHERE foyer_id IS NULL")
    ((receipts,),) = lire("SELECT count(*) FROM quittance WHERE foyer_id = (SELECT min(id) FROM foyer)")
    assert min(int(str(left)), int(str(groups)), int(str(receipts))) > 0
    clock.set_now(paris(VENDREDI, time(12)))
    assert fautes() == []
