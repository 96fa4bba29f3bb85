"""Actors of e-mail."""

from kernel import mail
from kernel.db import reading, transaction
from kernel.mail import MailQueued
from workers.runtime import COURRIEL, remote


@remote(COURRIEL)
def envoyer_courriel(fact: MailQueued) -> None:
    """Send a message that has not been sent yet, then say so."""
    with reading() as session:
        message = mail.compose(session, fact.mail_id)
    if message is None:
        return
    mail.send(message)
    with transaction() as session:
        mail.mark_sent(session, fact.mail_id)
