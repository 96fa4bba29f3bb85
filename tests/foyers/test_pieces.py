"""The proof of a quotient: kept sealed, read by whoever checks and never unseen, gone with the answer."""

import io
from datetime import date, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from foyers import avis, effets, pieces
from foyers.models import Compte, JustificatifQF, LectureQF, Motif, PieceQF, Source
from foyers.queries import historique_qf
from foyers.verifications import verifier
from kernel import clock
from kernel.clock import now, paris
from kernel.db import Base, reading, transaction
from kernel.errors import Refus
from kernel.money import Euros
from kernel.sealed import Unsealable, seal_bytes
from kernel.web.access import Role
from tests import fabriques
from tests.foyers.visite import Visite, connecte
from tests.kernel.dessins import pdf, photo

# What an image of ours begins with, then what stands nowhere else.
CANARI = b"\xff\xd8\xff" + b"CANARI-7H2K-ATTESTATION" * 8
OCTOBRE = date(2026, 10, 1)


@pytest.fixture(autouse=True)
def un_mardi(base: str) -> None:
    clock.set_now(paris(date(2026, 11, 17), time(10)))


@pytest.fixture
def ville(base: str) -> dict[str, int]:
    """Capuche, one of its agents, and a household that has declared 640 €."""
    with transaction() as session:
        fabriques.calendrier(session)
        fabriques.grille(session)
        fabriques.semaine(session, date(2026, 11, 26))
        maison_id = fabriques.maison(session, nom="Capuche", code="CAP").id
        foyer_id = fabriques.foyer(session, nom="Benali", maison_id=maison_id).id
        return {
            "maison": maison_id,
            "foyer": foyer_id,
            "agent": fabriques.compte(session, Role.AGENT, maisons=(maison_id,)).id,
            "compte": fabriques.compte(session, foyer_id=foyer_id).id,
            "donne": fabriques.quotient(
                session, foyer_id, 640, verifie=False, declare_le=now(), mois=OCTOBRE
            ).id,
        }  # fmt: skip


def deposer(ville: dict[str, int], pages: list[bytes] | None = None) -> None:
    with transaction() as session:
        pieces.deposer(session, ville["foyer"], pages or [CANARI], par=ville["compte"])


def combien() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(PieceQF)) or 0


def tables_qui_chantent(needle: bytes) -> list[str]:
    """The tables in which these bytes stand, whatever the column: as text, as bytes, or in hexadecimal."""
    told = []
    with reading() as session:
        for name in Base.metadata.tables:
            rows = session.execute(text(f"SELECT t::text FROM {name} t")).scalars()  # noqa: S608
            if any(needle.hex() in row or needle.decode("latin-1") in row for row in rows):
                told.append(name)
    return told


def repondre(session: Session, ville: dict[str, int], how: str) -> None:
    vu = avis.Vu(712 if how == "corriger" else 640, OCTOBRE, Source.CAF)
    if how == "refuser":
        avis.refuser(session, ville["donne"], Motif.ILLISIBLE, agent=ville["agent"])
    else:
        avis.accepter(session, ville["donne"], vu, agent=ville["agent"])


def test_a_proof_is_kept_sealed_and_opens_for_its_row_alone(ville: dict[str, int]) -> None:
    deposer(ville)
    assert tables_qui_chantent(CANARI[3:]) == []
    with transaction() as session:
        assert pieces.lire(session, ville["donne"], agent=ville["agent"]) == [CANARI]
        other = fabriques.quotient(session, ville["foyer"], 700, verifie=False)
        session.execute(update(PieceQF).values(justificatif_id=other.id))
        with pytest.raises(Unsealable):
            pieces.lire(session, other.id, agent=ville["agent"])


def test_control_an_unsealed_proof_would_be_heard(ville: dict[str, int]) -> None:
    deposer(ville)
    with transaction() as session:
        session.execute(update(PieceQF).values(image_scellee=CANARI))
    assert tables_qui_chantent(CANARI[3:]) == ["piece_qf"]


@pytest.mark.parametrize("how", ["accepter", "corriger", "refuser"])
def test_whatever_the_answer_the_proof_is_gone_from_the_database(ville: dict[str, int], how: str) -> None:
    deposer(ville, [CANARI, CANARI])
    with reading() as session:
        sealed = session.scalars(select(PieceQF.image_scellee)).all()
    assert len(sealed) == 2
    assert tables_qui_chantent(sealed[0]) == ["piece_qf"], "control: it is found while it is there"
    with transaction() as session:
        repondre(session, ville, how)
    assert [tables_qui_chantent(page) for page in sealed] == [[], []]
    with reading() as session:
        assert verifier(session) == []


def test_each_reading_is_written_down_before_a_page_is_opened(ville: dict[str, int]) -> None:
    deposer(ville)
    for times in (1, 2):
        with transaction() as session:
            pieces.lire(session, ville["donne"], agent=ville["agent"])
        with reading() as session:
            kept = session.execute(select(LectureQF.foyer_id, LectureQF.compte_id, LectureQF.motif)).all()
        assert [tuple(row) for row in kept] == [(ville["foyer"], ville["agent"], pieces.MOTIF_DE_LECTURE)] * times


def test_a_second_proof_takes_the_place_of_the_first(ville: dict[str, int]) -> None:
    deposer(ville, [CANARI] * 3)
    deposer(ville, [CANARI])
    assert combien() == 1


def test_a_proof_without_a_quotient_that_waits_proves_nothing(ville: dict[str, int]) -> None:
    with transaction() as session:
        repondre(session, ville, "accepter")
    with pytest.raises(Refus, match="Donnez d’abord"):
        deposer(ville)


def test_what_nobody_reads_for_eight_weeks_is_deleted(ville: dict[str, int]) -> None:
    deposer(ville)
    for ahead, left in ((timedelta(weeks=8) - timedelta(seconds=1), 1), (timedelta(weeks=8), 0)):
        with transaction() as session:
            pieces.purger(session, now() + ahead)
        assert combien() == left


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("UPDATE justificatif_qf SET verifie_le = declare_le, valide_jusqu_au = '2027-10-31'", "gardées après"),
        ("UPDATE piece_qf SET page = 3", "sans leur première page"),
        ("UPDATE piece_qf SET image_scellee = '\\x01'", "Attestations illisibles"),
    ],
)
def test_the_verifier_sees_a_proof_that_should_not_be(ville: dict[str, int], spoil: str, said: str) -> None:
    deposer(ville)
    with reading() as session:
        assert verifier(session) == []
    with transaction() as session:
        session.execute(text(spoil))
    with reading() as session:
        assert any(said in fault for fault in verifier(session))


def test_the_verifier_sees_sealed_bytes_that_are_no_picture(ville: dict[str, int]) -> None:
    deposer(ville)
    place = pieces.place_de_la_page(ville["foyer"], ville["donne"], 1)
    with transaction() as session:
        session.execute(update(PieceQF).values(image_scellee=seal_bytes(b"MZ a program", place)))
    with reading() as session:
        assert any("Attestations illisibles" in fault for fault in verifier(session))


def test_what_the_proof_really_says_becomes_a_quotient_of_its_own(ville: dict[str, int]) -> None:
    clock.set_now(now() + timedelta(days=1))
    with transaction() as session:
        repondre(session, ville, "corriger")
    with reading() as session:
        last, first = historique_qf(session, ville["foyer"])
    assert (last.valeur, last.etat, last.retenu) == (712, "verifie", True)
    assert (first.valeur, first.etat, first.motif) == (640, "refuse", "remplace")


def test_each_answer_tells_its_effect_beforehand(app: Flask, ville: dict[str, int]) -> None:
    with app.app_context(), reading() as session:
        tarif = effets.tarif_a_venir(session)
        assert tarif is not None
        told = effets.effets(historique_qf(session, ville["foyer"]), ville["donne"], tarif, now())
    assert told.retrait_le == date(2026, 11, 26)
    assert (told.maintenant, told.accepte, told.refuse) == (Euros(550), Euros(550), Euros(900))
    clock.set_now(now() + timedelta(days=1))
    late = paris(date(2026, 12, 20), time(10))
    with app.app_context(), reading() as session:
        later = effets.TarifAVenir(date(2026, 12, 24), late, tarif.prix, tarif.paliers)
        told = effets.effets(historique_qf(session, ville["foyer"]), ville["donne"], later, now())
    assert (told.maintenant, told.accepte, told.refuse) == (Euros(900), Euros(550), Euros(900))


# Through the web.


def fichier(content: bytes, name: str = "attestation.jpg") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


@pytest.fixture
def famille(app: Flask, ville: dict[str, int]) -> Visite:
    with reading() as session:
        return connecte(app, session.get_one(Compte, ville["compte"]))


@pytest.fixture
def guichet(app: Flask, ville: dict[str, int]) -> Visite:
    with reading() as session:
        return connecte(app, session.get_one(Compte, ville["agent"]))


@pytest.mark.parametrize("content", [photo(size=(1200, 1600)), pdf(2)], ids=["photo", "pdf"])
def test_a_family_sends_its_proof_and_an_agent_reads_it(
    famille: Visite, guichet: Visite, ville: dict[str, int], content: bytes
) -> None:
    answer = famille.poster("/mon-foyer/attestation", piece=fichier(content, "../../etc/passwd\0.php"))
    assert answer.location == "/mon-foyer"
    assert "attend d’être lue" in famille.lire("/mon-foyer").text
    queue = guichet.lire("/guichet/justificatifs").text
    assert "Lire la plus ancienne attestation" in queue
    assert "data:image" not in queue
    page = guichet.poster(f"/guichet/justificatifs/{ville['donne']}", "/guichet/foyers/ouvrir")
    assert "data:image/jpeg;base64,/9j/" in page.text
    assert "Panier à 5,50\N{NO-BREAK SPACE}€, comme aujourd’hui." in page.text
    assert "au lieu de 5,50\N{NO-BREAK SPACE}€, dès le panier du jeudi 26 novembre." in page.text
    assert page.headers["Cache-Control"] == "no-store, private"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    with reading() as session:
        assert session.scalars(select(LectureQF.motif)).all() == [pieces.MOTIF_DE_LECTURE]


def test_an_agent_corrects_what_the_proof_says_otherwise(guichet: Visite, ville: dict[str, int]) -> None:
    deposer(ville)
    seen = {"valeur": "1 410 €", "mois": "2026-11", "source": "msa", "jusqu_au": "2027-02-28"}
    path = f"/guichet/justificatifs/{ville['donne']}/accepter"
    assert guichet.poster(path, "/guichet/foyers/ouvrir", **seen).location == "/guichet/justificatifs"
    with reading() as session:
        kept = session.scalars(select(JustificatifQF).where(JustificatifQF.verifie_le.is_not(None))).one()
    assert (kept.source, kept.valide_jusqu_au, kept.declare_par) == ("msa", date(2027, 2, 28), ville["agent"])
    assert combien() == 0


def test_the_reason_of_a_refusal_is_told_kindly(famille: Visite, guichet: Visite, ville: dict[str, int]) -> None:
    deposer(ville)
    path = f"/guichet/justificatifs/{ville['donne']}/refuser"
    guichet.poster(path, "/guichet/foyers/ouvrir", motif="autre_document")
    page = famille.lire("/mon-foyer").text
    assert "C’est un autre papier. Il nous faut l’attestation de quotient familial." in page
    assert combien() == 0


def test_a_quotient_and_its_proof_go_in_one_form(famille: Visite, ville: dict[str, int]) -> None:
    sent = {"valeur": "500", "mois": "2026-11", "piece": fichier(photo("PNG"))}
    assert famille.poster("/mon-foyer/quotient", **sent).location == "/mon-foyer"
    assert combien() == 1
    with reading() as session:
        assert session.scalars(select(PieceQF.justificatif_id)).one() != ville["donne"]
    famille.poster("/mon-foyer/attestation/retirer", "/mon-foyer")
    assert combien() == 0


@pytest.mark.parametrize("content", [b"MZ\x90\0 a program", b"\0\0\0\x18ftypheic" + b"\0" * 64, b"%PDF-1.4 cut"])
def test_a_file_that_is_no_proof_is_told_so_beside_its_field(
    famille: Visite, ville: dict[str, int], content: bytes
) -> None:
    for path, more in (("/mon-foyer/attestation", {}), ("/mon-foyer/quotient", {"valeur": "5", "mois": "2026-11"})):
        answer = famille.poster(path, piece=fichier(content), **more)
        assert answer.status_code == 422
        assert 'id="piece-erreur"' in answer.text
    assert combien() == 0
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(JustificatifQF)) == 1


def test_a_file_that_is_too_big_is_refused_before_it_is_read(famille: Visite, ville: dict[str, int]) -> None:
    token = famille.jeton("/mon-foyer/attestation")
    part = b'--b\r\nContent-Disposition: form-data; name="piece"; filename="a.jpg"\r\n\r\n'
    for path, size in (("/mon-foyer/attestation", 11 * 1024 * 1024), ("/mon-foyer/membres", 300_000)):
        body = part + bytes(size) + b"\r\n--b--\r\n"
        answer = famille.client.post(path, data=body, content_type="multipart/form-data; boundary=b")
        assert answer.status_code == 413
    beside = {"csrf_token": token, "piece": fichier(photo()), "note": "x" * 300_000}
    assert famille.client.post("/mon-foyer/attestation", data=beside).status_code == 413
    assert combien() == 0


def test_an_agent_joins_a_proof_to_be_checked_later(guichet: Visite, ville: dict[str, int]) -> None:
    path = f"/guichet/foyers/{ville['foyer']}/attestation"
    sent = {"valeur": "500", "mois": "2026-11", "piece": fichier(pdf())}
    assert guichet.poster(path, **sent).location == f"/guichet/foyers/{ville['foyer']}"
    with reading() as session:
        assert session.scalars(select(PieceQF.deposee_par)).all() == [ville["agent"]]


def test_an_agent_elsewhere_reads_nothing(app: Flask, ville: dict[str, int]) -> None:
    deposer(ville)
    with transaction() as session:
        stranger = fabriques.compte(session, Role.AGENT, maisons=(fabriques.maison(session).id,))
    visit = connecte(app, stranger)
    assert visit.poster(f"/guichet/justificatifs/{ville['donne']}", "/guichet/foyers/ouvrir").status_code == 404
    with reading() as session:
        assert session.scalars(select(LectureQF.id)).all() == []
