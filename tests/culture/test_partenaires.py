"""The venue's side: it reads figures, answers once to what it has read, is told each thing once; a voucher replaces
another."""

import re
import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from culture import contremarques, partenaires, sorties
from culture.conditions import Personne
from culture.liens import jeton_du_lieu
from culture.models.inscriptions import PlaceSortie
from culture.models.soiree import ReponseLieu
from culture.models.sorties import Sortie
from culture.partenaires import GenreReponse, Position, Reponse
from culture.queries.partenaires import dossier
from culture.regles.etats import Besoin
from kernel import clock, documents
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import Role
from tests.culture.bourg import MAINTENANT, SOIR, Saison, batir, fautes, habiter, horloge, reserver
from tests.culture.lieu import lien, lignes, saison, theatre
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.bourg import compter as combien

__all__ = ["horloge", "saison", "theatre"]


def lue(page: str) -> str:
    found = re.search(r'name="lue" value="(\w+)"', page)
    assert found is not None
    return found[1]


def position(saison: Saison) -> Position:
    with reading() as session:
        return dossier(session, saison.sortie, clock.now()).position


def confirmer(saison: Saison, marque: str) -> bool:
    with transaction() as session:
        answer = Reponse(genre=GenreReponse.CONFIRMEE)
        return partenaires.repondre(
            session, saison.sortie, answer, lieu_id=saison.lieu, lue=marque, instant=clock.now()
        )


def marque(saison: Saison) -> str:
    with reading() as session:
        return dossier(session, saison.sortie, clock.now()).lue


def test_a_venue_reads_figures_and_confirms_once(saison: Saison, theatre: Visite) -> None:
    who = habiter(saison, [3])[0]
    reserver(saison, who, personnes=[Personne(who.membres[0], besoins=(Besoin.FAUTEUIL,)), Personne(who.membres[1])])
    with transaction() as session:
        partenaires.solliciter(session, saison.sortie, par_courriel=True, instant=MAINTENANT, par=None)
        names = session.scalars(select(PlaceSortie.nom)).all()
    assert position(saison) is Position.DEMANDEE
    page = theatre.lire(lien(saison)).text
    for figure in ("10", "Fauteuil roulant", "Rencontre avec la troupe", "12,00"):
        assert figure in page
    assert not any(name in page for name in names)
    for _again in range(2):
        assert theatre.poster(lien(saison), reponse="confirmer", lue=lue(page)).status_code == 303
    assert combien("SELECT count(*) FROM reponse_lieu") == 1
    assert combien("SELECT count(*) FROM outbox_fact WHERE name = 'LieuARepondu'") == 1
    assert position(saison) is Position.CONFIRMEE
    assert "Vous avez confirmé" in theatre.lire(lien(saison)).text
    assert fautes() == []


def test_it_says_that_it_has_seen_then_what_differs_and_leaves_a_word(
    app: Flask, saison: Saison, theatre: Visite
) -> None:
    page = theatre.lire(lien(saison)).text
    theatre.poster(lien(saison), reponse="vue", lue=lue(page))
    assert position(saison) is Position.VUE
    empty = theatre.poster(lien(saison), reponse="ecart", lue=lue(page), places="10", conditions="")
    assert empty.status_code == 422
    assert "Dites ce qui diffère" in empty.text
    said = {"places": "8", "conditions": "8 places, et pas de rencontre ce soir-là."}
    assert theatre.poster(lien(saison), reponse="ecart", lue=lue(page), **said).status_code == 303
    assert theatre.poster(lien(saison), reponse="mot", message="Entrée par la cour.").status_code == 303
    assert position(saison) is Position.ECART, "a word changes nothing of where it stands"
    elle = connecte_en(app, Role.COORDINATION)
    for path in ("/coordination/sorties/lieux", f"/coordination/sorties/{saison.sortie}/lieu"):
        assert "Entrée par la cour." in elle.lire(path).text
    assert "pas de rencontre" in elle.lire(f"/coordination/sorties/{saison.sortie}/lieu").text
    theatre.poster(lien(saison), reponse="confirmer", lue=lue(theatre.lire(lien(saison)).text))
    assert position(saison) is Position.CONFIRMEE


def test_what_changes_between_reading_and_confirming_is_read_again(saison: Saison, theatre: Visite) -> None:
    read = lue(theatre.lire(lien(saison)).text)
    reserver(saison, habiter(saison, [2])[0])
    answer = theatre.poster(lien(saison), reponse="confirmer", lue=read)
    assert answer.status_code == 422
    assert "ont changé pendant votre lecture" in answer.text
    assert combien("SELECT count(*) FROM reponse_lieu") == 0
    # The page that says so shows the figures of now: its own button confirms them.
    assert theatre.poster(lien(saison), reponse="confirmer", lue=lue(answer.text)).status_code == 303


def test_control_without_the_mark_it_would_confirm_what_it_has_not_read(
    saison: Saison, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = marque(saison)
    with transaction() as session:
        session.execute(text("UPDATE sortie SET cout_place = 9900 WHERE id = :s"), {"s": saison.sortie})
    with pytest.raises(Refus):
        confirmer(saison, read)
    monkeypatch.setattr(partenaires, "empreinte_lue", lambda *_: read)
    assert confirmer(saison, read)


def test_a_confirmation_holds_for_its_conditions_and_no_more_seats(saison: Saison) -> None:
    confirmer(saison, marque(saison))
    reserver(saison, habiter(saison, [3])[0])
    with transaction() as session:
        sorties.clore(session, saison.sortie, instant=clock.now(), par=None)
    assert position(saison) is Position.CONFIRMEE, "ten were confirmed, three come"
    with transaction() as session:
        session.execute(text("UPDATE sortie SET privilege = 'Visite' WHERE id = :s"), {"s": saison.sortie})
    assert position(saison) is Position.A_RECONFIRMER


def deux_clics(saison: Saison) -> int:
    read, start = marque(saison), threading.Barrier(2)

    def click() -> None:
        start.wait()
        confirmer(saison, read)

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    return combien("SELECT count(*) FROM reponse_lieu")


def test_two_clicks_at_once_confirm_once(saison: Saison) -> None:
    assert deux_clics(saison) == 1


def test_control_without_the_lock_two_clicks_confirm_twice(saison: Saison, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=5)

    def unlocked(session: object, sortie_id: int) -> Sortie:
        found = session.get_one(Sortie, sortie_id)  # type: ignore[attr-defined]
        both.wait()
        return found  # type: ignore[no-any-return]

    monkeypatch.setattr(partenaires, "verrouiller_sortie", unlocked)
    seen = threading.Barrier(2, timeout=5)
    deja = partenaires._deja_dite
    monkeypatch.setattr(partenaires, "_deja_dite", lambda *given: (deja(*given), seen.wait())[0])
    assert deux_clics(saison) == 2


def test_links_of_others_old_cancelled_and_moved(app: Flask, saison: Saison, theatre: Visite) -> None:
    with transaction() as session:
        other = batir(session, titre="Phèdre")
        made = contremarques.etablir(session, other.sortie, instant=MAINTENANT, par=None)
        assert made is not None
        documents.store(session, contremarques.cle(made.id), "contremarque.pdf", b"%PDF-1.7")
    assert "Phèdre" not in theatre.lire(lien(saison)).text
    assert theatre.lire(f"{lien(other)}/contremarque/{made.id}.pdf").status_code == 200
    assert theatre.lire(f"{lien(saison)}/contremarque/{made.id}.pdf").status_code == 404
    assert theatre.lire(f"/lieu/{jeton_du_lieu(saison.sortie, other.lieu)}").status_code == 410
    page = theatre.lire(lien(saison)).text
    with transaction() as session:
        sorties.annuler_sortie(session, saison.sortie, "La troupe est malade.", instant=MAINTENANT, par=None)
    assert "Cette sortie est annulée" in theatre.lire(lien(saison)).text
    theatre.poster(lien(saison), lien(other), reponse="confirmer", lue=lue(page))
    assert combien("SELECT count(*) FROM reponse_lieu") == 0
    clock.set_now(SOIR + timedelta(hours=3))
    assert "Merci d’avoir accueilli le groupe" in theatre.lire(lien(other)).text


@pytest.mark.parametrize("message", ["x" * 10_000, "", " \n\t", "caché\u202eicí", "\x00"])
def test_a_word_that_cannot_be_kept_is_answered_by_a_sentence(saison: Saison, theatre: Visite, message: str) -> None:
    answer = theatre.poster(lien(saison), reponse="mot", message=message)
    assert answer.status_code == 422
    assert "champ__erreur" in answer.text
    assert combien("SELECT count(*) FROM reponse_lieu") == 0


def test_names_only_where_the_door_wants_them_and_once_the_list_is_closed(saison: Saison, theatre: Visite) -> None:
    reserver(saison, habiter(saison, [1])[0])
    with transaction() as session:
        name = session.scalars(select(PlaceSortie.nom)).one()
        session.execute(text("UPDATE sortie SET noms_demandes = true WHERE id = :s"), {"s": saison.sortie})
    assert name not in theatre.lire(lien(saison)).text
    with transaction() as session:
        sorties.clore(session, saison.sortie, instant=clock.now(), par=None)
    assert name in theatre.lire(lien(saison)).text
    with transaction() as session:
        session.execute(text("UPDATE sortie SET noms_demandes = false WHERE id = :s"), {"s": saison.sortie})
    assert name not in theatre.lire(lien(saison)).text


def test_publishing_asks_the_venue_once(saison: Saison) -> None:
    with transaction() as session:
        session.execute(text("UPDATE sortie SET etat = 'brouillon' WHERE id = :s"), {"s": saison.sortie})
        for _again in range(2):
            sorties.publier(session, saison.sortie, instant=MAINTENANT, par=None)
        sorties.clore(session, saison.sortie, instant=MAINTENANT, par=None)
        sorties.publier(session, saison.sortie, instant=MAINTENANT, par=None)
    assert combien("SELECT count(*) FROM demande_lieu") == 1
    assert combien("SELECT count(*) FROM outbox_fact WHERE name = 'LieuSollicite'") == 1


def test_the_coordination_sends_hands_over_and_makes_the_voucher(app: Flask, saison: Saison) -> None:
    elle = connecte_en(app, Role.COORDINATION)
    page = f"/coordination/sorties/{saison.sortie}/lieu"
    assert "/lieu/" in elle.lire(page).text
    for path in ("lieu/demander", "lieu/transmis", "contremarque"):
        assert elle.poster(f"/coordination/sorties/{saison.sortie}/{path}", page).location == page
    assert combien("SELECT count(*) FROM demande_lieu WHERE par IS NOT NULL") == 2
    assert len(lignes(saison)) == 1
    reads = connecte_en(app, Role.ADMINISTRATION).lire(page)
    assert "Adresse à copier" not in reads.text
    with reading() as session:
        assert session.scalars(select(ReponseLieu)).all() == []
