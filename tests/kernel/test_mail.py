"""E-mail: written once with what it tells, sent with what it needs, and nothing that a stranger could slip in."""

import smtplib
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import DataError

from kernel import documents, mail
from kernel.db import reading, transaction
from kernel.mail import Mail
from tests.conftest import forget_settings
from tests.kernel.boite_smtp import Boite, boite_ouverte
from tests.paniers.bourg import compter

CONTEXT: dict[str, Any] = {"lien": "http://127.0.0.1:8000/mot-de-passe/abc", "minutes": 10, "nom": "Samira"}


@pytest.fixture
def boite(base: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Boite]:
    with boite_ouverte() as opened:
        monkeypatch.setenv("SMTP_URL", opened.url)
        forget_settings()
        yield opened


def ecrire(to: str = "samira@exemple.test", key: str = "essai:1", **given: Any) -> int:
    """Queue a message; returns its id."""
    with transaction() as session:
        mail.queue_mail(session, key=key, to=to, template="foyers/mot_de_passe_oublie", context=CONTEXT, **given)
        return session.scalars(select(Mail.id).where(Mail.key == key)).one()


def composer(mail_id: int) -> EmailMessage | None:
    with reading() as session:
        return mail.compose(session, mail_id)


def envoyer(mail_id: int) -> None:
    message = composer(mail_id)
    assert message is not None
    mail.send(message)


def test_a_message_arrives_with_subject_text_and_html(boite: Boite) -> None:
    envoyer(ecrire())
    (message,) = boite.received
    assert boite.recipients == ["samira@exemple.test"]
    assert message["Subject"] == "Choisir un nouveau mot de passe"
    assert message["From"] == "CCAS de Grenoble <paniers@ccas.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert str(CONTEXT["lien"]) in text.get_content()
    assert "Bonjour Samira" in text.get_content()
    assert "<" in html.get_content()


def test_the_same_key_is_written_once_however_many_ask_at_once(base: str) -> None:
    gate = threading.Barrier(8)
    assert compter("SELECT count(*) FROM mail") == 0

    def ask() -> None:
        gate.wait(30)
        ecrire()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert compter("SELECT count(*) FROM mail") == 1
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'MailQueued'") == 1


def test_a_message_and_what_it_tells_are_written_together_or_not_at_all(base: str) -> None:
    def fail() -> None:
        with transaction() as session:
            mail.queue_mail(session, key="k", to="a@b.test", template="foyers/mot_de_passe_oublie", context=CONTEXT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert compter("SELECT count(*) FROM mail") == compter("SELECT count(*) FROM outbox_fact") == 0


def test_a_message_that_was_sent_is_not_composed_again(boite: Boite) -> None:
    mail_id = ecrire()
    with transaction() as session:
        mail.mark_sent(session, mail_id)
    assert composer(mail_id) is None


def test_a_message_sent_again_keeps_its_id_and_another_installations_is_different(base: str) -> None:
    first, again = composer(ecrire()), composer(ecrire())
    assert first is not None
    assert again is not None
    assert first["Message-ID"] == again["Message-ID"]
    with transaction() as session:
        session.execute(delete(Mail))
    other = composer(ecrire(key="essai:2"))
    assert other is not None
    assert other["Message-ID"] != first["Message-ID"]


def test_attachments_arrive_as_they_were_made(boite: Boite) -> None:
    with transaction() as session:
        documents.store(session, "bon:1", "bon-été.pdf", b"%PDF-1.7 essai")
        documents.store(session, "bon:1:csv", "bon.csv", "Légume;3,5\r\n".encode(), "text/csv")
    envoyer(ecrire(attachments=["bon:1", "bon:1:csv"]))
    pdf, csv = boite.received[0].iter_attachments()
    assert (pdf.get_filename(), pdf.get_content_type()) == ("bon-été.pdf", "application/pdf")
    assert pdf.get_payload(decode=True) == b"%PDF-1.7 essai"
    assert csv.get_payload(decode=True) == "Légume;3,5\r\n".encode()


def test_a_message_whose_attachment_is_missing_is_not_sent_without_it(base: str) -> None:
    mail_id = ecrire(attachments=["bon:1"])
    with pytest.raises(LookupError, match="bon:1"):
        composer(mail_id)


@pytest.mark.parametrize(
    "hostile",
    [
        "samira@exemple.test\nBcc: autre@exemple.test",
        "samira@exemple.test\r\n\r\nbonjour",
        "samira@exemple.test, autre@exemple.test",
        "samira@exemple.test>, <autre@exemple.test",
        "Samira <samira@exemple.test>",
        "",
        "samira",
        "samira@exemple.test\0",
    ],
)
def test_a_recipient_who_is_not_one_plain_address_is_refused(boite: Boite, hostile: str) -> None:
    with pytest.raises((ValueError, IndexError, smtplib.SMTPException, DataError)):
        envoyer(ecrire(to=hostile))
    assert boite.received == []


def test_a_subject_cannot_carry_another_header(boite: Boite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "render", lambda *_: "Bonjour\r\nBcc: autre@exemple.test\r\n\r\nsuite")
    envoyer(ecrire())
    assert boite.recipients == ["samira@exemple.test"]
    assert boite.received[0]["Bcc"] is None
    assert boite.received[0]["Subject"] == "Bonjour Bcc: autre@exemple.test suite"


def test_control_a_subject_left_as_rendered_is_refused_by_the_library_alone(base: str) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        EmailMessage()["Subject"] = "Bonjour\r\nBcc: autre@exemple.test"


def test_a_sender_with_a_comma_in_its_name_stays_one_sender(boite: Boite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOM_CCAS", "CCAS, ville de l’Été")
    forget_settings()
    envoyer(ecrire())
    assert [str(one.addr_spec) for one in boite.received[0]["From"].addresses] == ["paniers@ccas.example"]


def test_a_server_that_is_away_is_an_error_for_the_delivery_to_try_again(base: str) -> None:
    mail_id = ecrire()
    with pytest.raises(ConnectionRefusedError):
        envoyer(mail_id)
    assert compter("SELECT count(*) FROM mail WHERE sent_at IS NOT NULL") == 0
