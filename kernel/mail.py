"""E-mail: written in the transaction of what it tells, sent once by a worker.

`queue_mail` renders the message and stores it under a key that says why it is sent (``commande:12:1``); the same key
is never written twice. `send` is the remote call: a crash between the server's "250" and our commit sends the same
message again, with the same Message-ID, so that a mailbox shows it once: a lost order would be worse.
"""

import smtplib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.headerregistry import Address, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
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
from kernel.formats import LOCALE
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
    unsubscribe: Mapped[str | None]
    at: Mapped[Instant]
    sent_at: Mapped[Instant | None]
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())


class _Whole(UniqueUnstructuredHeader):
    """A header that holds one address: folded, the library would write a long one as an encoded word."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]  # BaseHeader is mixed in below


_headers = HeaderRegistry()
_headers.map_to_type("list-unsubscribe", _Whole)  # type: ignore[arg-type]
POLICY = EmailPolicy(header_factory=_headers)


@dataclass(frozen=True, slots=True)
class MailQueued(Fact):
    mail_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to be sent once; a key already used writes nothing.

    `template` names three files of templates/courriels/ (.subject.txt, .txt, .html), which receive `context`
    (primitives only). `attachments` are keys of documents. `unsubscribe` is the address at which its reader can do
    without such messages: it stands in the headers (RFC 8058) and at the foot.
    """

    key: str
    to: str
    template: str
    context: Mapping[str, Any]
    attachments: Sequence[str] = ()
    langue: str = LOCALE
    unsubscribe: str | None = None


def queue_mail(
    session: Session,
    *,
    key: str,
    to: str,
    template: str,
    context: Mapping[str, Any],
    attachments: Sequence[str] = (),
) -> None:
    """Write one message to be sent once, as `Outgoing` describes it."""
    queue_mails(session, [Outgoing(key=key, to=to, template=template, context=context, attachments=attachments)])


def queue_mails(session: Session, messages: Sequence[Outgoing]) -> None:
    """Write messages to be sent once, in two statements however many there are (some hundreds)."""
    if not messages:
        return
    rows = [_row(message) for message in sorted(messages, key=lambda message: message.key)]
    made = insert(Mail).values(rows).on_conflict_do_nothing(index_elements=["key"]).returning(Mail.id)
    publish(session, *(MailQueued(mail_id) for mail_id in session.scalars(made)))


def _row(message: Outgoing) -> dict[str, object]:
    context = {"desabonnement": message.unsubscribe, **message.context}
    subject, text, html = (
        render(f"courriels/{message.template}.{kind}", context, message.langue)
        for kind in ("subject.txt", "txt", "html")
    )
    return {
        "key": message.key,
        "recipient": message.to,
        "subject": " ".join(subject.split()),
        "text": text,
        "html": html,
        "attachments": list(message.attachments),
        "unsubscribe": message.unsubscribe,
        "at": clock.now(),
    }


def compose(session: Session, mail_id: int) -> EmailMessage | None:
    """The message to send, or None when it has been sent already.

    Raises ValueError when the recipient is not one plain address, LookupError when an attachment is missing.
    """
    mail = session.get_one(Mail, mail_id)
    if mail.sent_at is not None:
        return None
    settings = get_settings()
    message = EmailMessage(POLICY)
    message["From"] = Address(settings.nom_ccas, addr_spec=settings.mail_from)
    message["To"] = Address(addr_spec=mail.recipient)  # exactly one: a comma adds nobody
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.at)
    # The same at each sending of this message, and no other installation's: a mailbox shows an id once.
    written = int(mail.created_at.timestamp() * 1_000_000)
    message["Message-ID"] = f"<mail-{mail.id}-{written:x}@{settings.mail_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe is not None:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
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
