"""The folder of messages: one .eml file each, written whole or not at all. A restart reads them again."""

import os
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import TypeVar, cast

T = TypeVar("T")

_NAME = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}")
_NOT_PRINTABLE = re.compile(r"[^!-~]")
# What the standard library raises on headers and bodies that no honest program writes.
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError)


@dataclass(frozen=True)
class Summary:
    """What the list shows of a message. `to` are the addresses that the SMTP envelope named."""

    id: str
    date: datetime
    sender: str
    to: tuple[str, ...]
    subject: str
    attachments: int

    @property
    def recipients(self) -> str:
        return ", ".join(self.to)


@dataclass(frozen=True)
class Attachment:
    """A file that came with a message; `number` is its place among the message's parts."""

    number: int
    name: str
    type: str
    content: bytes
    cid: str


class Mailbox:
    """The messages of `folder`, their list kept in memory."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._lock = threading.Lock()
        self._list = [summary(p.stem, read(p)) for p in sorted(folder.glob("*.eml")) if _NAME.fullmatch(p.stem)]

    def add(self, content: bytes, recipients: list[str]) -> str:
        """Keep a message under a name that sorts by arrival; returns the name."""
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
        marks = "".join(f"Delivered-To: {_NOT_PRINTABLE.sub('', to)}\r\n" for to in recipients)
        scratch, path = self.folder / f"{name}.new", self.folder / f"{name}.eml"
        with scratch.open("wb") as file:
            file.write(f"X-Arrived: {now.isoformat()}\r\n{marks}".encode() + content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
        entry = summary(name, read(path))
        with self._lock:
            self._list.append(entry)
        return name

    def messages(self, recipient: str = "") -> list[Summary]:
        """Newest first; those with a recipient whose address holds `recipient`, whatever the case."""
        wanted = recipient.strip().casefold()
        with self._lock:
            return [message for message in reversed(self._list) if wanted in message.recipients.casefold()]

    def find(self, name: str) -> tuple[Summary, EmailMessage] | None:
        path = self.folder / f"{name}.eml"
        if not _NAME.fullmatch(name) or not path.is_file():
            return None
        message = read(path)
        return summary(name, message), message

    def empty(self) -> None:
        with self._lock:
            for message in self._list:
                (self.folder / f"{message.id}.eml").unlink(missing_ok=True)
            self._list.clear()


def read(path: Path) -> EmailMessage:
    with path.open("rb") as file:
        return BytesParser(policy=policy.default).parse(file)


def summary(name: str, message: EmailMessage) -> Summary:
    delivered = tuple(str(to) for to in message.get_all("Delivered-To", []))
    return Summary(
        id=name,
        date=_date(message),
        sender=_header(message, "From"),
        to=delivered or (_header(message, "To"),),
        subject=_header(message, "Subject"),
        attachments=len(attachments(message)),
    )


def _guarded(reading: Callable[[], T], otherwise: T) -> T:
    try:
        return reading()
    except _MALFORMED:
        return otherwise


def _header(message: EmailMessage, name: str) -> str:
    return _guarded(lambda: str(message.get(name, "")), "")


def _date(message: EmailMessage) -> datetime:
    """When its author says it was written, or else when it arrived."""
    written = _guarded(lambda: cast(datetime, message["Date"].datetime), None)
    if written is None:
        written = datetime.fromisoformat(str(message["X-Arrived"]))
    return written if written.tzinfo else written.replace(tzinfo=UTC)


def body(message: EmailMessage, kind: str) -> str:
    """The message's text ("plain") or page ("html"), empty when it has none."""
    part = _guarded(lambda: message.get_body((kind,)), None)
    return "" if part is None else _guarded(lambda: str(part.get_content()), "")


def attachments(message: EmailMessage) -> list[Attachment]:
    return list(_attachments(message))


def _attachments(message: EmailMessage) -> Iterator[Attachment]:
    for number, part in enumerate(message.walk()):
        name, cid = _guarded(part.get_filename, None), str(part.get("Content-ID", "")).strip("<> ")
        if part.is_multipart() or not (name or cid or part.get_content_disposition() == "attachment"):
            continue
        content = part.get_payload(decode=True)
        yield Attachment(number, name or f"piece-{number}", part.get_content_type(), cast(bytes, content or b""), cid)
