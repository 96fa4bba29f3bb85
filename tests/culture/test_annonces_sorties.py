"""An outing is cancelled while thirty are booked, five wait and two are taking what they were offered."""

import threading
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from culture.attente import accepter
from culture.courriels import annonces as annonces_sorties
from culture.inscriptions import annuler
from culture.sorties import annuler_sortie
from foyers.models_messages import Message
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.mail import Mail
from paiements import grand_livre
from tests.conftest import forget_settings
from tests.culture.bourg import MAINTENANT, Gens, Saison, batir, etat, fautes, habiter, reserver

MOTIF = "La troupe est malade."
PLUS_TARD = MAINTENANT + timedelta(hours=1)


@dataclass(frozen=True)
class Salle:
    saison: Saison
    inscrits: list[Gens]
    attendent: list[Gens]
    parti: Gens
    offertes: list[int]


@pytest.fixture
def salle(base: str, monkeypatch: pytest.MonkeyPatch) -> Salle:
    """Thirty seats booked by fifteen households, five waiting, two offered; one left of itself before."""
    monkeypatch.setenv("DB_POOL_SIZE", "20")
    forget_settings()
    with transaction() as session:
        season = batir(session, places=32)
    booked, gone = habiter(season, [2] * 15), habiter(season, [2])[0]
    for who in booked:
        reserver(season, who)
    left = reserver(season, gone).id
    lists = habiter(season, [1] * 7)
    waiting = [reserver(season, who, attendre=True).id for who in lists]
    with transaction() as session:
        annuler(session, left, instant=MAINTENANT)  # its two seats are offered to the first two that wait
    assert [etat(key) for key in waiting[:3]] == ["offerte", "offerte", "en_attente"]
    return Salle(season, booked, lists, gone, waiting[:2])


def raconter(sortie: int) -> None:
    with transaction() as session:
        annonces_sorties.annulation(session, sortie)


def test_everybody_is_told_once_and_every_centime_is_back(salle: Salle) -> None:
    start, said = threading.Barrier(3), []

    def take(key: int) -> None:
        start.wait()
        try:
            with transaction() as session:
                accepter(session, key, instant=PLUS_TARD)
        except Refus as refus:
            said.append(refus.sentence)

    takers = [threading.Thread(target=take, args=(key,)) for key in salle.offertes]
    for taker in takers:
        taker.start()
    start.wait()
    with transaction() as session:
        ended = annuler_sortie(session, salle.saison.sortie, MOTIF, instant=PLUS_TARD, par=None)
    for taker in takers:
        taker.join()
    for _twice in range(2):
        raconter(salle.saison.sortie)

    assert ended == 15 + 7
    assert set(said) <= {"Cette sortie est annulée. Rien ne vous est demandé."}
    with reading() as session:
        told = Counter(session.scalars(select(Message.foyer_id).where(Message.cle.like("sortie_annulee:%"))))
        everybody = [who.foyer for who in (*salle.inscrits, *salle.attendent)]
        assert told == Counter(everybody)
        assert {grand_livre.solde(session, foyer) for foyer in (*everybody, salle.parti.foyer)} == {0}
    assert fautes(PLUS_TARD) == []


def test_each_reads_what_it_had(salle: Salle) -> None:
    with transaction() as session:
        annuler_sortie(session, salle.saison.sortie, MOTIF, instant=PLUS_TARD, par=None)
    raconter(salle.saison.sortie)
    with reading() as session:
        words = {mail.key.rpartition(":")[2]: mail.text for mail in session.scalars(select(Mail))}
    booked, waits = words[str(salle.inscrits[0].foyer)], words[str(salle.attendent[-1].foyer)]
    assert "Vos 2 places sont annulées." in booked
    assert "8,00" in booked
    assert MOTIF in booked
    assert "Vous n’attendez plus de place" in waits
    assert "€" not in waits


def test_control_without_the_instant_of_the_cancellation_nobody_is_found(salle: Salle) -> None:
    with transaction() as session:
        annuler_sortie(session, salle.saison.sortie, MOTIF, instant=PLUS_TARD, par=None)
        session.execute(text("UPDATE inscription SET close_le = close_le + interval '1 second'"))
    raconter(salle.saison.sortie)
    with reading() as session:
        assert session.scalars(select(Message.id).where(Message.cle.like("sortie_annulee:%"))).all() == []
