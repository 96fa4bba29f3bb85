"""PDFs and files that workers made, kept in the database: any web process can hand them out, and a backup has them."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Base, Instant


class Document(Base):
    """A finished file. `key` says what it is (``bon:12``, ``commande:7:1:pdf``); the same key is replaced."""

    __tablename__ = "document"

    key: Mapped[str] = mapped_column(primary_key=True)
    filename: Mapped[str]
    media_type: Mapped[str]
    content: Mapped[bytes]
    made_at: Mapped[Instant] = mapped_column(server_default=func.now())


def store(session: Session, key: str, filename: str, content: bytes, media_type: str = "application/pdf") -> None:
    """Keep the file under its key; a second making of the same document takes the place of the first."""
    made = insert(Document).values(key=key, filename=filename, content=content, media_type=media_type)
    fresh = {c: made.excluded[c] for c in ("filename", "content", "media_type")}
    session.execute(made.on_conflict_do_update(index_elements=["key"], set_=fresh | {"made_at": func.now()}))


def find(session: Session, key: str) -> Document | None:
    return session.get(Document, key)


def existing(session: Session, keys: list[str]) -> set[str]:
    """Those of the keys whose document has been made."""
    return set(session.scalars(select(Document.key).where(Document.key.in_(keys))))
