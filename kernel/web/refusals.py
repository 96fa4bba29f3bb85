"""How a refusal looks: one page, one French sentence, what to do next; never a stack, never a code to copy."""

import structlog
from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from kernel.errors import Refus

log = structlog.get_logger()

SENTENCES = {
    400: "Cette demande n’a pas été comprise. Rien n’a été changé. Revenez à la page précédente et recommencez.",
    403: "Cette page est réservée à d’autres personnes. Si vous pensez y avoir droit, parlez-en à votre maison.",
    404: "Cette page n’existe pas, ou elle ne vous est pas ouverte.",
    405: "Cette adresse ne s’ouvre pas ainsi. Rien n’a été changé. Repartez de l’accueil.",
    413: "Ce que vous envoyez est trop gros. Rien n’a été changé.",
    429: "Trop d’essais en peu de temps. Attendez quelques minutes, puis recommencez.",
    500: "Quelque chose s’est mal passé de notre côté. Rien n’a été enregistré à moitié. Réessayez dans un instant.",
    503: "Le service est interrompu un instant. Rien n’est perdu. Réessayez dans une minute.",
}
STALE_FORM = "Cette page était ouverte depuis longtemps. Rien n’a été changé. Rechargez-la, puis recommencez."


def init_refusals(app: Flask) -> None:
    app.register_error_handler(Refus, _refus)
    app.register_error_handler(CSRFError, lambda error: page(400, STALE_FORM))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DataError, lambda error: page(400))
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(PoolTimeout, _database_away)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(Exception, _bug)


def page(status: int, sentence: str | None = None) -> tuple[str, int]:
    """The refusal; a status without a sentence of its own takes that of its family."""
    said = sentence or SENTENCES.get(status) or SENTENCES[500 if status >= 500 else 400]
    try:
        return render_template("erreur.html", status=status, phrase=said), status
    except SQLAlchemyError:
        g.sans_base = True  # the database is away: the same page, without the reader's name
        return render_template("erreur.html", status=status, phrase=said), status


def _refus(error: Refus) -> tuple[str, int]:
    return page(error.status, error.sentence)


def _http(error: HTTPException) -> HTTPException | Response:
    if error.code is None or error.code < 400:
        return error  # a redirect raised by the router
    answer = make_response(page(error.code))
    for name, value in error.get_headers():
        if name in ("Allow", "Content-Range", "Retry-After"):
            answer.headers[name] = value
    return answer


def _database_away(error: Exception) -> tuple[str, int]:
    g.sans_base = True  # whoever loads the reader for this page must not ask the database again
    log.error("database_away", endpoint=request.endpoint, kind=type(error).__name__)
    return page(503)


def _database(error: DBAPIError) -> tuple[str, int]:
    if error.connection_invalidated:
        return _database_away(error)
    return _bug(error)


def _bug(error: Exception) -> tuple[str, int]:
    log.exception("bug", endpoint=request.endpoint)
    return page(500)
