"""Any file that a person may send as a table → its rows. What it is shows in its first bytes, not in its name."""

from kernel.errors import Refus
from kernel.tables import MAX_BYTES, Table
from kernel.tables_csv import read_csv
from kernel.tables_xlsx import read_xlsx
from kernel.web.words import _


def read_table(content: bytes) -> Table:
    """The table in this file. Raises Refus with what to do when there is none, or it is too big."""
    if not content.strip(b"\0 \r\n\t"):
        raise Refus(_("Ce fichier est vide. Choisissez celui qui contient les foyers."), status=422)
    if len(content) > MAX_BYTES:
        raise Refus(_("Ce fichier dépasse 10 Mo. Gardez la seule feuille des foyers, sans images."), status=422)
    if content.startswith(b"PK"):
        return read_xlsx(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Refus(
            _(
                "Ce classeur est d’un ancien format (.xls), ou protégé par un mot de passe. Enregistrez-le en .xlsx, "
                "sans mot de passe, puis renvoyez-le."
            ),
            status=422,
        )
    start = content[:1_000].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if start.startswith((b"<!doctype", b"<html", b"<table", b"<?xml", b"<meta", b"<head")):
        raise Refus(
            _(
                "C’est une page web, même si son nom finit par .xls. Ouvrez-la dans votre tableur et enregistrez-la en "
                ".xlsx, puis renvoyez-la."
            ),
            status=422,
        )
    if start.startswith((b"%pdf", b"{\\rtf")):
        raise Refus(_("C’est un document, pas un tableau. Envoyez le fichier .xlsx ou .csv."), status=422)
    return read_csv(content)
