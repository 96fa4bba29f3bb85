"""The coordination's pages of contracts: noted, priced, and offers outside of them accepted by one tap."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from kernel.db import reading, transaction
from kernel.web.access import Role
from paniers.models.contrats import Contrat, PrixConvenu
from paniers.models.producteurs import Offre
from tests import fabriques
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.bureau import CODE, elle, ids_des_offres, semaine_id

__all__ = ["elle", "semaine_id"]


def test_a_contract_is_noted_priced_and_read_back(elle: Visite, semaine_id: int) -> None:
    with reading() as session:
        offer = session.get_one(Offre, ids_des_offres(semaine_id)[0])
        farm, product = offer.producteur_id, offer.produit_id
    assert "sans contrat" in elle.lire("/coordination/contrats").text
    opened = elle.poster(
        "/coordination/contrats", producteur=str(farm), numero="2026-PAN-7", debut="2026-01-01", fin="2026-12-18"
    )
    assert opened.status_code == 303
    assert "n’a pas encore de prix" in elle.lire(opened.location).text
    agreed = elle.poster(
        f"{opened.location}/prix", opened.location, effet_le="2026-01-01", **{f"p{product}": "1,90 €", "p999999": "1"}
    )
    assert agreed.status_code == 303
    assert "1,90" in elle.lire(opened.location).text
    page = elle.lire("/coordination/contrats").text
    assert "2026-PAN-7" in page
    assert "finit bientôt" in page
    home = elle.lire("/coordination").text.replace("\xa0", " ")
    assert "Le contrat de Jardins du Drac finit le vendredi 18 décembre" in home


@pytest.mark.parametrize(
    ("champs", "dit"),
    [
        ({"producteur": "", "numero": "A", "debut": "2026-01-01", "fin": "2026-02-01"}, "Choisissez le producteur"),
        ({"numero": "", "debut": "2026-01-01", "fin": "2026-02-01"}, "Écrivez le numéro"),
        ({"numero": "A", "debut": "hier", "fin": "2026-02-01"}, "Choisissez un jour"),
        ({"numero": "A", "debut": "2026-03-01", "fin": "2026-02-01"}, "avant de commencer"),
        ({"numero": "x" * 41, "debut": "2026-01-01", "fin": "2026-02-01"}, "quarante signes"),
    ],
)
def test_a_contract_that_cannot_be_is_answered_in_french(
    elle: Visite, semaine_id: int, champs: dict[str, str], dit: str
) -> None:
    with reading() as session:
        farm = session.get_one(Offre, ids_des_offres(semaine_id)[0]).producteur_id
    answer = elle.poster("/coordination/contrats", **({"producteur": str(farm)} | champs))
    assert answer.status_code == 422
    assert dit in answer.text
    with reading() as session:
        assert session.scalar(select(func.count(Contrat.id))) == 0


def test_a_price_that_cannot_be_read_keeps_nothing(elle: Visite, semaine_id: int) -> None:
    with transaction() as session:
        offer = session.get_one(Offre, ids_des_offres(semaine_id)[0])
        contract = fabriques.contrat(session, offer.producteur_id).id
        product = offer.produit_id
    path = f"/coordination/contrats/{contract}"
    for value in ("beaucoup", "-1", "0", "200,01", "1,999", "9" * 50, "\0", "<b>1</b>"):
        answer = elle.poster(f"{path}/prix", path, effet_le="2026-01-01", **{f"p{product}": value})
        assert answer.status_code == 422, value
        assert "Exemple : 1,80" in answer.text.replace("\xa0", " ")
        assert "<b>1</b>" not in answer.text
    assert elle.poster(f"{path}/prix", path, effet_le="2026-01-01").status_code == 422
    assert elle.poster(f"{path}/fin", path, fin="2025-01-01").status_code == 422
    assert elle.lire(f"/coordination/contrats/{10**12}").status_code == 404
    with reading() as session:
        assert session.scalar(select(func.count(PrixConvenu.id))) == 0


def test_an_offer_outside_of_its_contract_is_marked_and_accepted_by_one_tap(elle: Visite, semaine_id: int) -> None:
    key = ids_des_offres(semaine_id)[1]
    with transaction() as session:
        session.get_one(Offre, key).acceptee_le = None
    assert "Une offre est hors contrat" in elle.lire("/coordination").text
    page = elle.lire("/coordination/composition").text
    assert f'name="q{key}"' not in page, "nothing can be typed for it"
    assert "Hors contrat" in page
    path = f"/coordination/offres/{CODE}/{key}/accepter"
    for wrong in ("179", "", "1e3", "-180"):
        elle.poster(path, "/coordination/offres", prix=wrong)
        with reading() as session:
            assert session.get_one(Offre, key).acceptee_le is None, wrong
    back = elle.poster(path, "/coordination/offres", prix="180", suite="composition")
    assert back.location == f"/coordination/composition?semaine={CODE}"
    assert f'name="q{key}"' in elle.lire(back.location).text
    with reading() as session:
        assert session.get_one(Offre, key).acceptee_par is not None
    assert elle.poster(f"/coordination/offres/{CODE}/{10**12}/accepter", "/coordination/offres").status_code == 404


def test_the_administration_reads_contracts_and_accepts_nothing(app: Flask, semaine_id: int) -> None:
    visit = connecte_en(app, Role.ADMINISTRATION)
    assert "Noter un contrat" not in visit.lire("/coordination/contrats").text
    for path in ("/coordination/contrats", f"/coordination/offres/{CODE}/{ids_des_offres(semaine_id)[1]}/accepter"):
        answer = visit.client.post(path, data={"csrf_token": visit.jeton("/coordination/abonnements")})
        assert answer.status_code == 403, path
