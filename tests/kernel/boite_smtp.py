"""A real SMTP server that keeps what it receives."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.demo.outside_world import free_port


@dataclass
class Boite:
    """The mailbox behind the server at `url`."""

    url: str
    received: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append(message)
        self.recipients += envelope.rcpt_tos
        return "250 OK"


@contextmanager
def boite_ouverte(port: int | None = None) -> Iterator[Boite]:
    port = port or free_port()
    kept = Boite(f"smtp://127.0.0.1:{port}")
    controller = Controller(kept, hostname="127.0.0.1", port=port, ready_timeout=30)
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()
