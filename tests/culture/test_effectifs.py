"""Head-counts go out to a venue a week ahead and on the eve, once each, as of their time."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from culture import horaires_partenaires, inscriptions, partenaires
from culture.courriels.partenaires import effectif as dire_l_effectif
from culture.effectifs import Effectif, compter, differences
from culture.models.inscriptions import PlaceSortie
from culture.models.soiree import EffectifEnvoye
from culture.models.sorties import Lieu
from kernel import clock
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import Role
from tests import fabriques
from tests.culture.bourg import MAINTENANT, Saison, habiter, horloge, reserver
from tests.culture.lieu import J_1, J_7, courriels, passer, saison
from tests.paniers.bourg import compter as combien

__all__ = ["horloge", "saison"]


def envoyes() -> list[tuple[int, int]]:
    with reading() as session:
        rows = session.execute(select(EffectifEnvoye.jalon, EffectifEnvoye.nombre).order_by(EffectifEnvoye.id))
        return [(jalon, nombre) for jalon, nombre in rows]


def test_head_counts_go_out_a_week_ahead_and_on_the_eve_once_as_of_their_time(saison: Saison) -> None:
    reserver(saison, habiter(saison, [3])[0])
    passer(J_7 - timedelta(minutes=1))
    assert envoyes() == []
    reserver(saison, habiter(saison, [1])[0], instant=J_7 + timedelta(hours=1))
    # The timetable was away for a day: it tells how many came on that morning.
    for _turn in range(2):
        passer(J_7 + timedelta(days=1))
    assert envoyes() == [(7, 3)]
    turns = [threading.Thread(target=passer, args=(J_1,)) for _ in range(2)]
    for turn in turns:
        turn.start()
    for turn in turns:
        turn.join()
    assert envoyes() == [(7, 3), (1, 4)]
    assert combien("SELECT count(*) FROM outbox_fact WHERE name = 'EffectifArrete'") == 2


def test_on_the_eve_the_week_before_is_not_told_any_more(saison: Saison) -> None:
    passer(J_1 + timedelta(hours=2))
    passer(J_1 + timedelta(hours=3))
    assert envoyes() == [(1, 0)]


UNIQUE = "uq_effectif_envoye_sortie_id_jalon"


def test_control_without_the_unique_row_two_timetables_would_tell_twice(saison: Saison) -> None:
    with transaction() as session:
        session.execute(text(f"ALTER TABLE effectif_envoye DROP CONSTRAINT {UNIQUE}"))
        for _turn in range(2):
            horaires_partenaires._arreter(session, saison.sortie, 7, J_7)
    try:
        assert len(envoyes()) == 2
    finally:
        with transaction() as session:
            session.execute(text("TRUNCATE effectif_envoye"))
            session.execute(text(f"ALTER TABLE effectif_envoye ADD CONSTRAINT {UNIQUE} UNIQUE (sortie_id, jalon)"))


def test_the_eves_mail_says_what_has_changed(saison: Saison) -> None:
    who = habiter(saison, [3])[0]
    booked = reserver(saison, who)
    passer(J_7)
    with transaction() as session:
        seats = session.scalars(select(PlaceSortie.id).order_by(PlaceSortie.id)).all()
        inscriptions.annuler(session, booked.id, places=seats[:1], instant=J_7 + timedelta(hours=2))
    passer(J_1)
    with transaction() as session:
        for row in session.scalars(select(EffectifEnvoye).order_by(EffectifEnvoye.id)).all():
            for _again in range(2):
                dire_l_effectif(session, row.id)
    week, eve = courriels()
    assert week.recipient == "theatre@exemple.test"
    assert "3 personnes" in week.subject
    assert "a changé" not in week.text
    assert "2 personnes" in eve.subject
    assert "2, au lieu de 3" in eve.text
    assert "/lieu/" in eve.html


def test_what_a_venue_without_e_mail_would_read_goes_to_the_coordination(saison: Saison) -> None:
    with transaction() as session:
        session.get_one(Lieu, saison.lieu).email = None
        fabriques.compte(session, Role.COORDINATION)
    passer(J_7)
    with transaction() as session:
        dire_l_effectif(session, session.scalars(select(EffectifEnvoye.id)).one())
    (mail,) = courriels()
    assert "appelez-le" in mail.text
    with pytest.raises(Refus, match="pas d’adresse e-mail"), transaction() as session:
        partenaires.solliciter(session, saison.sortie, par_courriel=True, instant=clock.now(), par=None)


def test_differences_tell_every_figure() -> None:
    before = Effectif(adultes=5, enfants=2, accompagnateurs=1, besoins=(("fauteuil", 1),))
    after = Effectif(adultes=5, enfants=1, accompagnateurs=1, besoins=(("fauteuil", 2), ("lsf", 1)))
    assert [(was, now) for _what, was, now in differences(before, after)] == [(7, 6), (2, 1), (1, 2), (0, 1)]
    assert differences(after, after) == []


def test_a_count_is_as_of_its_instant(saison: Saison) -> None:
    booked = reserver(saison, habiter(saison, [2])[0])
    gone = MAINTENANT + timedelta(hours=2)
    with transaction() as session:
        inscriptions.annuler(session, booked.id, places=session.scalars(select(PlaceSortie.id)).all(), instant=gone)
        before, after = (compter(session, saison.sortie, at) for at in (gone - timedelta(seconds=1), gone))
    assert (before.nombre, after.nombre) == (2, 0)
