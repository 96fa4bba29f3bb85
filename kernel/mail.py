"""E-mail: written in the transaction of what it tells, sent once by a worker.

`queue_mail` renders the message and stores it under a key that says why it is sent (``commande:12:1``); the same key
is never written twice. `send` is the remote call: a crash between the server's "250" and our commit sends the same
message again, with the same Message-ID, so that a mailbox shows it once: a lost order would be worse.
"""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import Text

from kernel import clock
from kernel.db import Base, Instant, Key
from kernel.documents import Document
from kernel.outbox import Fact, publish
from kernel.settings import get_settings
from kernel.templating import render

TIMEOUT_SECONDS = 8


class Mail(Base):
    __tablename__ = "mail"

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(unique=True)
    recipient: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    attachments: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    at: Mapped[Instant]
    sent_at: Mapped[Instant | None]
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())


@dataclass(frozen=True, slots=True)
class MailQueued(Fact):
    mail_id: int


def queue_mail(
    session: Session, *, key: str, to: str, template: str, context: dict[str, Any], attachments: Sequence[str] = ()
) -> None:
    """Write a message to be sent once; a key already used writes nothing.

    `template` names three files of templates/courriels/ (.subject.txt, .txt, .html), which receive `context`
    (primitives only). `attachments` are keys of documents.
    """
    row = {
        "key": key,
        "recipient": to,
        "subject": " ".join(render(f"courriels/{template}.subject.txt", context).split()),
        "text": render(f"courriels/{template}.txt", context),
        "html": render(f"courriels/{template}.html", context),
        "attachments": list(attachments),
        "at": clock.now(),
    }
    made = session.execute(insert(Mail).values(row).on_conflict_do_nothing(index_elements=["key"]).returning(Mail.id))
    mail_id = made.scalar_one_or_none()
    if mail_id is not None:
        publish(session, MailQueued(mail_id))


def compose(session: Session, mail_id: int) -> EmailMessage | None:
    """The message to send, or None when it has been sent already.

    Raises ValueError when the recipient is not one plain address, LookupError when an attachment is missing.
    """
    mail = session.get_one(Mail, mail_id)
    if mail.sent_at is not None:
        return None
    settings = get_settings()
    message = EmailMessage()
    message["From"] = Address(settings.nom_ccas, addr_spec=settings.mail_from)
    message["To"] = Address(addr_spec=mail.recipient)  # exactly one: a comma adds nobody
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.at)
    # The same at each sending of this message, and no other installation's: a mailbox shows an id once.
    written = int(mail.created_at.timestamp() * 1_000_000)
    message["Message-ID"] = f"<mail-{mail.id}-{written:x}@{settings.mail_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    attached = session.scalars(select(Document).where(Document.key.in_(mail.attachments)).order_by(Document.key)).all()
    if missing := set(mail.attachments) - {document.key for document in attached}:
        raise LookupError(f"not made yet: {', '.join(sorted(missing))}")
    for document in attached:
        main, _, sub = document.media_type.partition("/")
        message.add_attachment(document.content, maintype=main, subtype=sub, filename=document.filename)
    return message


def send(message: EmailMessage) -> None:
    """Hand the message to the SMTP server at SMTP_URL (smtp://, smtps://, or smtp+starttls://user:password@host)."""
    url = urlsplit(get_settings().smtp_url)
    kind = smtplib.SMTP_SSL if url.scheme == "smtps" else smtplib.SMTP
    with kind(url.hostname or "localhost", url.port or 0, timeout=TIMEOUT_SECONDS) as server:
        if url.scheme == "smtp+starttls":
            server.starttls()
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        server.send_message(message)


def mark_sent(session: Session, mail_id: int) -> None:
    session.get_one(Mail, mail_id).sent_at = clock.now()
