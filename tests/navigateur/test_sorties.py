"""A family books an outing for three and gives one seat back; the evening's guide ticks who arrives: on telephones."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator
from sqlalchemy import text

from kernel.db import reading
from tests.navigateur.ecran import Ecran, NouvelEcran
from tests.navigateur.regard import capturer, examiner
from tests.navigateur.temps import Temps

pytestmark = pytest.mark.navigateur

FAMILLE = text(
    "SELECT c.foyer_id, c.email FROM connexion x JOIN compte c ON c.id = x.compte_id ORDER BY x.ouverte_le DESC LIMIT 1"
)
# What the database says of a household's seats at an outing, and what the ledger has debited for them, by account.
PLACES = text(
    "SELECT i.etat, p.prenom, p.invite, p.prix, p.annulee_le IS NULL AS tenue, p.id FROM place_sortie p "
    "JOIN inscription i ON i.id = p.inscription_id JOIN sortie s ON s.id = i.sortie_id "
    "WHERE s.titre = :titre AND i.foyer_id = :foyer ORDER BY p.id"
)
GRAND_LIVRE = text(
    "SELECT m.compte, sum(m.montant)::int FROM inscription i JOIN sortie s ON s.id = i.sortie_id "
    "JOIN ecriture o ON o.cle = 'sortie:' || i.id OR o.cle LIKE 'sortie:' || i.id || ':%' "
    "JOIN ecriture e ON e.id = o.id OR e.contrepasse_id = o.id JOIN mouvement m ON m.ecriture_id = e.id "
    "WHERE s.titre = :titre AND i.foyer_id = :foyer GROUP BY 1 HAVING sum(m.montant) <> 0"
)
LIBRES = text(
    "SELECT s.places - count(p.id) FROM sortie s LEFT JOIN (place_sortie p JOIN inscription i "
    "ON i.id = p.inscription_id AND i.etat IN ('offerte', 'confirmee')) ON p.sortie_id = s.id AND p.annulee_le IS NULL "
    "WHERE s.titre = :titre GROUP BY s.id"
)


@dataclass(frozen=True, slots=True)
class Compte:
    """A household, as the database has it."""

    foyer: int
    email: str

    def places(self, titre: str) -> list[tuple[str, str, bool, int, bool]]:
        """Of each seat: the inscription's state, whose it is, whether a guest's, its price, whether it is held."""
        with reading() as session:
            rows = session.execute(PLACES, {"titre": titre, "foyer": self.foyer})
            return [(row.etat, row.prenom, row.invite, row.prix, row.tenue) for row in rows]

    def grand_livre(self, titre: str) -> dict[str, int]:
        with reading() as session:
            return dict(session.execute(GRAND_LIVRE, {"titre": titre, "foyer": self.foyer}).all())


def libres(titre: str) -> int:
    with reading() as session:
        return int(session.execute(LIBRES, {"titre": titre}).scalar_one())


def qui_est_entre() -> Compte:
    with reading() as session:
        return Compte(*session.execute(FAMILLE).one())


def cocher_trois(ecran: Ecran) -> list[str]:
    """Tick up to three of the household; who is missing comes as a guest. The first names of the three."""
    boxes = ecran.page.locator("input[name^=membre_]")
    going = []
    for rank in range(min(3, boxes.count())):
        boxes.nth(rank).check()
        going.append(boxes.nth(rank).locator("xpath=ancestor::label").locator("b").inner_text().split()[0])
    if len(going) < 3:
        ecran.page.locator("summary", has_text="Inviter").click()
    for number, name in enumerate(("Mireille", "Isaac")[: 3 - len(going)], start=1):
        ecran.page.locator(f"input[name=invite_{number}_prenom]").fill(name)
        ecran.page.locator(f"input[name=invite_{number}_nom]").fill("Voisin")
        going.append(name)
    return going


PRIX = {"Le Grand Plongeon": (200, 450), "Tango pour débutants": (100, 600)}
"""Outings at one price for all: what a seat costs a household, and the CCAS, in centimes."""


@pytest.mark.parametrize(("titre", "javascript"), [*zip(PRIX, (True, False), strict=True)])
def test_a_family_books_for_three_and_gives_one_seat_back(
    temps: Temps, ouvrir: NouvelEcran, titre: str, javascript: bool
) -> None:
    prix, cout = PRIX[titre]
    ecran = ouvrir("habitante", javascript=javascript)
    us, before, how = qui_est_entre(), libres(titre), "" if javascript else "-sans-js"
    told = len(temps.courriels(us.email))
    ecran.ouvrir("/sorties")
    faults = _regarder(ecran, f"sorties-1-programme{how}")
    ecran.suivre(titre)
    faults += _regarder(ecran, f"sorties-2-affiche{how}")
    ecran.suivre("Réserver des places")
    faults += _regarder(ecran, f"sorties-3-qui-vient{how}")
    going = cocher_trois(ecran)
    capturer(ecran, f"sorties-4-trois{how}")
    ecran.appuyer("Réserver")
    assert f"C’est réservé : « {titre} »" in ecran.texte
    faults += _regarder(ecran, f"sorties-5-reserve{how}")
    assert [row[1] for row in us.places(titre)] == going
    assert {(etat, p, tenue) for etat, _, _, p, tenue in us.places(titre)} == {("confirmee", prix, True)}
    assert us.grand_livre(titre) == _ecrit(3, prix, cout)
    assert libres(titre) == before - 3

    card = ecran.page.locator(".carte", has_text=titre)
    assert f"{3 * prix // 100},00 € en tout" in card.inner_text().replace("\N{NO-BREAK SPACE}", " ")
    card.get_by_role("link", name="Rendre une place").click()
    assert ecran.titre == "Qui ne vient pas ?"
    faults += _regarder(ecran, f"sorties-6-rendre{how}")
    ecran.page.get_by_label(going[-1]).last.check()
    ecran.appuyer("Rendre ces places")
    assert "Ce qui était dû revient sur votre compte" in ecran.texte
    faults += _regarder(ecran, f"sorties-7-deux{how}")
    assert [(row[1], row[4]) for row in us.places(titre)] == [(name, name is not going[-1]) for name in going]
    assert {row[0] for row in us.places(titre)} == {"confirmee"}
    assert us.grand_livre(titre) == _ecrit(2, prix, cout)
    assert libres(titre) == before - 2

    ecran.ouvrir("/paiements/mon-compte")
    assert ecran.texte.count(titre) >= 3, "booked, given back, booked again: each line says for what"
    capturer(ecran, f"sorties-8-compte{how}")
    temps.tout_livre()
    mine = [mail for mail in temps.courriels(us.email)[: -told or None] if titre in mail["text"]]
    assert len(mine) == 2, [mail["subject"] for mail in mine]
    assert faults == []


def _ecrit(nombre: int, prix: int, cout: int) -> dict[str, int]:
    """What the ledger holds for so many seats."""
    return {
        "foyer": nombre * prix,
        "participation_ccas": nombre * (cout - prix),
        "billetterie": -nombre * cout,
    }


# Who is awaited this evening at Le Patio, as its list shows them; what was noted of somebody, and by whom.
CE_SOIR = text(
    "SELECT p.id, p.prenom || ' ' || p.nom AS nom FROM place_sortie p JOIN inscription i ON i.id = p.inscription_id "
    "JOIN sortie s ON s.id = p.sortie_id JOIN maison m ON m.id = s.maison_id WHERE m.nom = 'Le Patio' "
    "AND s.titre = :titre AND i.etat = 'confirmee' AND p.annulee_le IS NULL ORDER BY p.nom, p.prenom, p.id"
)
NOTES = text(
    "SELECT p.presence, n.presence AS note, n.motif, c.role FROM place_sortie p LEFT JOIN pointage n "
    "ON n.place_id = p.id LEFT JOIN compte c ON c.id = n.par WHERE p.id = :id ORDER BY n.id"
)
SOIREE = "Une place au soleil"


def attendus() -> list[tuple[int, str]]:
    with reading() as session:
        return [(row.id, row.nom) for row in session.execute(CE_SOIR, {"titre": SOIREE})]


def notes(place_id: int) -> tuple[str | None, list[tuple[str | None, str | None]]]:
    """How a seat stands, and each note of it with its reason; all by the agent."""
    with reading() as session:
        rows = session.execute(NOTES, {"id": place_id}).all()
    assert {row.role for row in rows if row.role} <= {"agent"}
    return rows[0].presence, [(row.note, row.motif) for row in rows if row.role]


def test_the_guide_ticks_arrivals_with_a_finger(temps: Temps, ouvrir: NouvelEcran) -> None:
    ecran = ouvrir("agente", tactile=True)
    ecran.ouvrir("/soirees")
    faults = _regarder(ecran, "soiree-1-ce-soir")
    ecran.toucher(ecran.page.get_by_role("link", name=f"Ouvrir la liste de {SOIREE}"))
    awaited = attendus()
    assert _chiffres(ecran) == [len(awaited), 0, len(awaited)], "awaited, there, still to come"
    faults += _regarder(ecran, "soiree-2-liste")
    (first, his), (second, hers) = awaited[:2]
    for nom in (his, hers):
        ecran.toucher(_est_la(ecran, nom))
        assert f"{nom} : arrivée notée." in ecran.texte
    assert _chiffres(ecran) == [len(awaited), 2, len(awaited) - 2]
    faults += _regarder(ecran, "soiree-3-deux-la")
    assert notes(first) == notes(second) == ("presente", [("presente", None)])

    ecran.toucher(ecran.page.get_by_role("link", name="Là 2"))
    ecran.toucher(ecran.page.locator(".attendus").get_by_role("link", name=hers, exact=True))
    faults += _regarder(ecran, "soiree-4-personne")
    ecran.toucher(ecran.bouton("Annuler ce qui est noté"))
    assert "C’est annulé" in ecran.texte
    faults += _regarder(ecran, "soiree-5-annule")
    assert notes(second) == (None, [("presente", None), (None, None)])
    assert notes(first)[0] == "presente", "and nobody else is touched"
    assert faults == []


def test_the_guide_ticks_arrivals_and_an_absence_with_the_keyboard_alone(temps: Temps, ouvrir: NouvelEcran) -> None:
    ecran = ouvrir("agente", javascript=False)
    ecran.ouvrir("/soirees")
    ecran.taper_jusqu_a(f"Ouvrir la liste de {SOIREE}")
    waiting = [(key, nom) for key, nom in attendus() if notes(key)[0] is None]
    (there, his), (away, hers) = waiting[-2:]
    ecran.taper_jusqu_a(f"{his} est là")
    assert f"{his} : arrivée notée." in ecran.texte
    assert notes(there) == ("presente", [("presente", None)])

    ecran.taper_jusqu_a(hers)
    ecran.atteindre(ecran.page.locator("summary", has_text="Cette personne ne vient pas"))
    ecran.page.keyboard.press("Enter")
    ecran.atteindre(ecran.page.get_by_role("radio", name="Elle a prévenu"))
    ecran.page.keyboard.press("Space")
    ecran.atteindre(ecran.page.get_by_role("radio", name="Aucune raison donnée"))
    ecran.page.keyboard.press("ArrowDown")
    capturer(ecran, "soiree-6-absence")
    ecran.taper_jusqu_a("Noter l’absence")
    assert "Une absence n’a pas de suite par elle-même" in ecran.texte
    assert notes(away) == ("excusee", [("excusee", "sante")])
    assert _regarder(ecran, "soiree-7-fin") == []


def _est_la(ecran: Ecran, nom: str) -> Locator:
    return ecran.bouton(f"{nom} est là")


def _chiffres(ecran: Ecran) -> list[int]:
    """The large figures of a list."""
    return [int(figure) for figure in ecran.page.locator(".chiffre dd").all_inner_texts()]


def _regarder(ecran: Ecran, nom: str) -> list[str]:
    capturer(ecran, nom)
    return examiner(ecran)
