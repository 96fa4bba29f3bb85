"""Handing out a finished file."""

from flask import Response
from werkzeug.http import dump_options_header

from kernel.documents import Document
from kernel.errors import Introuvable


def file_answer(document: Document | None, missing: str) -> Response:
    """The file, shown in the browser where it can be, under its own name. Raises Introuvable, saying `missing`."""
    if document is None:
        raise Introuvable(missing)
    answer = Response(document.content, content_type=document.media_type)
    kind = "inline" if document.media_type == "application/pdf" else "attachment"
    answer.headers["Content-Disposition"] = dump_options_header(kind, {"filename": document.filename})
    return answer
