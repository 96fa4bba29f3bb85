"""The yearly pass: free on a notice seen, 12 € without; one a person and season; what is odd is asked, not refused."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from culture.documents import carte_pass
from culture.pass_culture import AConfirmer, AvisVu, annuler_pass, delivrer, empreinte, noter_avis, saisons_ouvertes
from culture.regles.tarifs import saison_de
from kernel import qr
from kernel.db import transaction
from kernel.documents import find
from kernel.errors import Introuvable, Refus
from paiements import grand_livre
from tests.culture.bourg import MAINTENANT, Gens, Saison, batir, fautes, habiter
from tests.paniers.bourg import compter, ensemble

REFERENCE = "26 38 1234567 89"


@pytest.fixture
def saison(base: str) -> Saison:
    with transaction() as session:
        return batir(session)


@pytest.fixture
def famille(saison: Saison) -> Gens:
    return habiter(saison, [2], passes=False)[0]


def donner(
    who: Gens, membres: tuple[int, ...] | None = None, *, avis: int | None = None, saison: int = 2026
) -> list[int]:
    with transaction() as session:
        made = delivrer(
            session, foyer_id=who.foyer, membre_ids=membres or who.membres, avis_id=avis, saison=saison,
            instant=MAINTENANT, par=None,
        )  # fmt: skip
        return [one.id for one in made]


def montrer(who: Gens, **given: object) -> int:
    with transaction() as session:
        nom = session.scalar(text("SELECT nom FROM foyer WHERE id = :f"), {"f": who.foyer})
        values: dict[str, object] = {"reference": REFERENCE, "declarant": f"{str(nom).upper()} Samira", "annee": 2025}
        avis = AvisVu(**(values | given))  # type: ignore[arg-type]
        return noter_avis(session, foyer_id=who.foyer, avis=avis, instant=MAINTENANT, par=None).id


def solde(who: Gens) -> int:
    with transaction() as session:
        return grand_livre.solde(session, who.foyer)


def test_without_a_notice_each_pays_and_with_one_nobody(saison: Saison, famille: Gens) -> None:
    first, second = famille.membres
    donner(famille, (first,))
    assert solde(famille) == 1200
    donner(famille, (second,), avis=montrer(famille))
    assert solde(famille) == 1200
    assert compter("SELECT count(*) FROM pass_culture WHERE du = '2026-09-01' AND au = '2027-08-31'") == 2
    assert fautes() == []


def test_a_pass_issued_by_mistake_is_paid_back_and_can_be_issued_again(saison: Saison, famille: Gens) -> None:
    (made,) = donner(famille, famille.membres[:1])
    for _twice in range(2):
        with transaction() as session:
            annuler_pass(session, made, instant=MAINTENANT, par=None)
    assert solde(famille) == 0
    donner(famille, famille.membres[:1])
    assert solde(famille) == 1200
    assert fautes() == []


def test_two_passes_at_once_for_one_person_are_one(saison: Saison, famille: Gens) -> None:
    def issue(session: Session) -> str:
        delivrer(
            session, foyer_id=famille.foyer, membre_ids=famille.membres[:1], avis_id=None, saison=2026,
            instant=MAINTENANT, par=None,
        )  # fmt: skip
        return "made"

    said = ensemble([issue] * 6)
    assert said.count("made") == 1
    assert all("a déjà sa carte" in str(one) for one in said if one != "made")
    assert solde(famille) == 1200


def test_the_database_refuses_a_second_pass_by_itself(saison: Saison, famille: Gens) -> None:
    donner(famille, famille.membres[:1])
    twin = (
        "INSERT INTO pass_culture (foyer_id, membre_id, saison, du, au, prix, delivre_le)"
        " SELECT foyer_id, membre_id, saison, du, au, prix, delivre_le FROM pass_culture"
    )
    with pytest.raises(IntegrityError, match="uq_pass_culture"), transaction() as session:
        session.execute(text(twin))
    with transaction() as session:  # the control: without the guard, there are two
        session.execute(text("DROP INDEX uq_pass_culture"))
        session.execute(text(twin))
    assert compter("SELECT count(*) FROM pass_culture") == 2


def test_an_odd_notice_is_asked_about_and_not_refused(saison: Saison, famille: Gens) -> None:
    other = habiter(saison, [1], passes=False)[0]
    with pytest.raises(AConfirmer, match="ne porte le nom") as doubt:
        montrer(famille, declarant="MARTIN Paul")
    assert doubt.value.quoi == "nom_confirme"
    assert montrer(famille, declarant="MARTIN Paul", nom_confirme=True) == montrer(famille)
    with pytest.raises(AConfirmer, match="garde partagée") as doubt:
        montrer(other)
    assert doubt.value.quoi == "partage_confirme"
    montrer(other, partage_confirme=True)
    assert compter("SELECT count(*) FROM avis_fiscal WHERE partage_confirme") == 1
    assert compter("SELECT count(*) FROM avis_fiscal WHERE nom_confirme") == 1


def test_nothing_of_a_notice_is_kept_but_a_keyed_hash(
    saison: Saison, famille: Gens, monkeypatch: pytest.MonkeyPatch
) -> None:
    montrer(famille)
    with transaction() as session:
        kept = session.execute(text("SELECT to_jsonb(a)::text FROM avis_fiscal a")).scalar_one()
    assert "1234567" not in kept
    assert empreinte("2638123456789") == empreinte(" 26-38 1234567 89 ")
    assert empreinte("2638123456780") != empreinte("2638123456789")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"reference": "12"}, "treize"),
        ({"reference": "é" * 13}, "treize"),
        ({"declarant": " - "}, "nom du déclarant"),
        ({"annee": 2026}, "trop ancien"),
        ({"annee": 2019}, "trop ancien"),
    ],
)
def test_what_cannot_be_a_notice_is_refused(saison: Saison, famille: Gens, given: dict[str, object], said: str) -> None:
    with pytest.raises(Refus, match=said):
        montrer(famille, **given)
    assert compter("SELECT count(*) FROM avis_fiscal") == 0


def test_whoever_is_not_of_the_household_or_a_season_that_is_closed_is_refused_whole(
    saison: Saison, famille: Gens
) -> None:
    other = habiter(saison, [1], passes=False)[0]
    with pytest.raises(Refus, match="pas de ce foyer"):
        donner(famille, (famille.membres[0], other.membres[0]))
    with pytest.raises(Refus, match="pas ouverte"):
        donner(famille, saison=2027)
    with pytest.raises(Introuvable):
        donner(other, avis=montrer(famille))
    assert compter("SELECT count(*) FROM pass_culture") == 0
    assert [one.annee for one in saisons_ouvertes(datetime(2027, 6, 1, tzinfo=UTC).date())] == [2026, 2027]
    assert saison_de(datetime(2027, 8, 31, tzinfo=UTC).date()).nom == "2026–2027"


def test_the_card_holds_its_season_and_passes_for_no_other_code(saison: Saison, famille: Gens) -> None:
    (made,) = donner(famille, famille.membres[:1])
    carte_pass.preparer(made)
    with transaction() as session:
        document = find(session, f"pass:{made}")
        code, du, au = session.execute(text("SELECT code, du, au FROM pass_culture")).one()
    assert document is not None
    assert document.content.startswith(b"%PDF")
    drawn = qr.sign_pass(code, du, au)
    assert qr.verify_pass(drawn, MAINTENANT.date()).id == code
    with pytest.raises(qr.Expired):
        qr.verify_pass(drawn, datetime(2027, 9, 1, tzinfo=UTC).date())
    for other in (qr.verify, qr.verify_pass):
        with pytest.raises(qr.BadVoucher):
            other(drawn.replace("PA1:", "PC1:") if other is qr.verify else qr.sign(code, du, au), MAINTENANT.date())
    with transaction() as session:
        annuler_pass(session, made, instant=MAINTENANT, par=None)
        session.execute(text("DELETE FROM document"))
    carte_pass.preparer(made)
    assert compter("SELECT count(*) FROM document") == 0
