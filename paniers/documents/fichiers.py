"""Finished files on their way to the documents: made with no transaction open, kept in one at the end."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from kernel.documents import store

PDF = "application/pdf"
CSV = "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Fichier:
    """A file under the key of its document; the same key takes the place of what was made before."""

    cle: str
    nom: str
    contenu: bytes
    type_mime: str = PDF


def ranger(session: Session, fichiers: Iterable[Fichier]) -> None:
    """Keep the files as documents; harmless to repeat."""
    for fichier in fichiers:
        store(session, fichier.cle, fichier.nom, fichier.contenu, fichier.type_mime)


def nom_de_fichier(*mots: str, extension: str) -> str:
    """``("Bon de retrait", "jeudi 26 novembre"), "pdf"`` → ``bon-de-retrait-jeudi-26-novembre.pdf``."""
    plain = unicodedata.normalize("NFKD", " ".join(mots)).encode("ascii", "ignore").decode().lower()
    return f"{re.sub('[^a-z0-9]+', '-', plain).strip('-')}.{extension}"


def cle_de_commande(commande_id: int, version: int, genre: str) -> str:
    """The key of an order's document; each version keeps its own."""
    return f"commande:{commande_id}:{genre}" if version == 1 else f"commande:{commande_id}:v{version}:{genre}"
