"""One message to one household: once, by its channel, whoever asks, however often and however many at once."""

import threading
from datetime import date
from email.message import EmailMessage
from typing import Any

import pytest
from jinja2 import TemplateNotFound
from sqlalchemy import event, func, select, update

from foyers.messages import Annonce, dire, dire_a_plusieurs
from foyers.models import Foyer
from foyers.models_messages import Appel, Lettre, Message, Sorte, Voie
from foyers.preferences import regler
from kernel import mail
from kernel.db import get_engine, reading, transaction
from kernel.mail import Mail
from kernel.outbox import FactRow
from tests import fabriques
from tests.paniers.bourg import compter

CONTEXTE: dict[str, Any] = {
    "montant": 550,
    "libelle": "Panier du jeudi 26 novembre",
    "famille": "provision",
    "carte": None,
    "reprise": None,
    "lien": "http://127.0.0.1:8000/payer/abc",
}
PAR_TELEPHONE: dict[str, Any] = {"canal": "sms", "email": None, "telephone": "+33612345678"}
SUR_PAPIER: dict[str, Any] = {"canal": "papier", "email": None}


def foyer(**given: Any) -> int:
    with transaction() as session:
        return fabriques.foyer(session, **given).id


def ecrire(foyer_id: int, cle: str = "essai:1", **given: Any) -> Voie | None:
    with transaction() as session:
        return dire(session, foyer_id, cle=cle, modele="paiements/refus", contexte=CONTEXTE, **given)


def lignes_ecrites() -> tuple[int, int, int]:
    """How many messages, mails and facts there are."""
    with reading() as session:
        message, mails, facts = (
            session.scalar(select(func.count()).select_from(table)) or 0 for table in (Message, Mail, FactRow)
        )
    return message, mails, facts


def test_a_household_that_reads_e_mail_receives_one(base: str) -> None:
    assert ecrire(foyer(email="samira@exemple.test")) is Voie.COURRIEL
    with reading() as session:
        (written,) = session.scalars(select(Mail))
    assert (written.key, written.recipient) == ("essai:1", "samira@exemple.test")
    assert written.subject == "Votre panier vous attend, il reste 5,50 € à payer"
    assert compter("SELECT count(*) FROM lettre") == 0


@pytest.mark.parametrize("reach", [PAR_TELEPHONE, SUR_PAPIER, SUR_PAPIER | {"email": "ancienne@exemple.test"}])
def test_a_household_without_e_mail_receives_a_letter_that_names_no_page(base: str, reach: dict[str, Any]) -> None:
    assert ecrire(foyer(**reach)) is Voie.LETTRE
    with reading() as session:
        (letter,) = session.scalars(select(Lettre))
    assert letter.objet == "Votre panier vous attend, il reste 5,50 € à payer"
    assert letter.texte.startswith("Bonjour Samira,")
    assert "http" not in letter.texte
    assert compter("SELECT count(*) FROM mail") == 0


def test_what_page_and_counter_tell_anyway_is_not_put_on_paper(base: str) -> None:
    assert ecrire(foyer(**SUR_PAPIER), lettre=False) is Voie.AUCUNE
    assert compter("SELECT count(*) FROM lettre") == compter("SELECT count(*) FROM mail") == 0


def test_the_same_key_says_nothing_more_even_when_the_channel_has_changed(base: str) -> None:
    household = foyer()
    assert ecrire(household) is Voie.COURRIEL
    with transaction() as session:
        session.execute(update(Foyer).values(canal="papier", email=None))
    assert ecrire(household) is None
    assert compter("SELECT count(*) FROM message") == 1
    assert compter("SELECT count(*) FROM lettre") == 0


def test_eight_at_once_write_one_message(base: str) -> None:
    household = foyer()
    gate = threading.Barrier(8)

    def ask() -> None:
        gate.wait(30)
        ecrire(household)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert lignes_ecrites() == (1, 1, 1)


def test_control_without_the_unique_key_the_same_message_is_written_again(base: str) -> None:
    """The negative control: the key of the table is what makes a message unique, and its absence is an error."""
    household = foyer()
    ecrire(household)
    with transaction() as session:
        session.connection().exec_driver_sql("ALTER TABLE message DROP CONSTRAINT uq_message_cle")
        session.connection().exec_driver_sql("DELETE FROM mail")
    with pytest.raises(Exception, match="no unique or exclusion constraint"):
        ecrire(household)


def test_a_message_and_what_it_tells_are_written_together_or_not_at_all(base: str) -> None:
    household = foyer()

    def fail() -> None:
        with transaction() as session:
            dire(session, household, cle="essai", modele="paiements/refus", contexte=CONTEXTE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert lignes_ecrites() == (0, 0, 0)


def test_a_household_does_without_an_optional_message_but_not_without_a_notice(base: str) -> None:
    household = foyer()
    with transaction() as session:
        regler(session, household, Sorte.RETRAIT, recoit=False)
    assert ecrire(household, "essai:retrait", sorte=Sorte.RETRAIT) is Voie.AUCUNE
    assert ecrire(household, "essai:cloture", sorte=Sorte.AVANT_CLOTURE) is Voie.COURRIEL
    assert ecrire(household, "essai:service") is Voie.COURRIEL
    with transaction() as session:
        regler(session, household, Sorte.RETRAIT, recoit=True)
    assert ecrire(household, "essai:retrait", sorte=Sorte.RETRAIT) is None
    assert ecrire(household, "essai:retrait:2", sorte=Sorte.RETRAIT) is Voie.COURRIEL


def test_a_model_without_its_letter_is_noticed_by_the_first_household_whatever_its_channel(base: str) -> None:
    with transaction() as session, pytest.raises(TemplateNotFound, match=r"recu\.lettre"):
        dire(session, fabriques.foyer(session).id, cle="essai", modele="paiements/recu", contexte={})


def test_a_household_that_is_gone_is_told_nothing(base: str) -> None:
    assert ecrire(999_999) is None
    assert compter("SELECT count(*) FROM message") == 0


def test_hundreds_are_told_in_the_same_few_statements(base: str) -> None:
    with transaction() as session:
        place = fabriques.maison(session).id
        ids = [fabriques.foyer(session, maison_id=place).id for _ in range(60)]
        ids += [fabriques.foyer(session, maison_id=place, **SUR_PAPIER).id for _ in range(20)]
    asked: list[str] = []
    event.listen(get_engine(), "before_cursor_execute", lambda *given: asked.append(given[2]))
    with transaction() as session:
        told = dire_a_plusieurs(
            session,
            [Annonce(foyer_id=one, cle=f"essai:{one}", modele="paiements/refus", contexte=CONTEXTE) for one in ids],
        )
    assert len(told) == 80
    assert len(asked) <= 8
    assert compter("SELECT count(*) FROM mail") == compter("SELECT count(*) FROM outbox_fact") == 60
    assert compter("SELECT count(*) FROM lettre") == 20


@pytest.mark.parametrize("hostile", ["Panier\r\nBcc: autre@exemple.test", "Panier\nContent-Type: text/html\n\n<b>"])
def test_what_a_context_holds_cannot_become_a_header(base: str, hostile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction() as session:
        household = fabriques.foyer(session, prenom=hostile).id
        dire(
            session,
            household,
            cle=f"essai:{hostile}",
            modele="paiements/refus",
            contexte=CONTEXTE | {"libelle": hostile, "carte": hostile},
            sorte=Sorte.RETRAIT,
        )
    message = compose()
    assert message["Bcc"] is None
    assert message["Subject"] == "Votre panier vous attend, il reste 5,50 € à payer"
    assert message.get_content_type() == "multipart/alternative"


def test_an_optional_message_carries_a_one_click_address_that_survives_the_journey(base: str) -> None:
    ecrire(foyer(), sorte=Sorte.RETRAIT)
    message = compose()
    told = message.as_bytes().decode()
    assert f"\nList-Unsubscribe: {message['List-Unsubscribe']}\n" in told
    assert str(message["List-Unsubscribe"]).startswith("<http://127.0.0.1:8000/messages/")
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in told


def test_a_notice_offers_no_way_to_do_without_it(base: str) -> None:
    ecrire(foyer())
    assert compose()["List-Unsubscribe"] is None


def test_a_message_is_kept_with_the_day_after_which_it_is_of_no_use(base: str) -> None:
    ecrire(foyer(**SUR_PAPIER), utile_jusqu_au=date(2026, 11, 26))
    with reading() as session:
        assert session.scalars(select(Message.utile_jusqu_au)).one() == date(2026, 11, 26)
        assert session.scalars(select(Appel)).all() == []


def compose() -> EmailMessage:
    with reading() as session:
        message = mail.compose(session, session.scalars(select(Mail.id)).one())
    assert message is not None
    return message
