"""The web side: the API's door, the hosted pages, the control surface and the list of payments."""

import time
from contextlib import suppress
from pathlib import Path
from socket import SHUT_RDWR

from flask import Flask, Response, render_template, request, send_from_directory
from werkzeug.exceptions import HTTPException

from demo.stripe_local import sepa
from demo.stripe_local.api import Answer, Api, Request, as_text
from demo.stripe_local.cards import said_in_french
from demo.stripe_local.control import control
from demo.stripe_local.errors import Json
from demo.stripe_local.intents import settle_debit
from demo.stripe_local.pages import hosted_pages
from demo.stripe_local.payouts import pay_out
from demo.stripe_local.sessions import expire
from demo.stripe_local.storage import Store, Tx
from demo.stripe_local.webhooks import API_VERSION, Webhooks

TEMPLATES = Path(__file__).parent.parent / "templates"
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"


def create_app(store: Store, api: Api, webhooks: Webhooks, public_url: str) -> Flask:
    app = Flask(__name__, template_folder=str(TEMPLATES), static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 32 * 1024 * 1024
    app.jinja_env.filters["euros"] = euros
    app.jinja_env.filters["moment"] = moment
    app.jinja_env.filters["groupes"] = in_fours
    app.jinja_env.filters["motif"] = said_in_french
    app.register_blueprint(hosted_pages(store))
    app.register_blueprint(control(store, api, webhooks))

    @app.route("/v1/<path:rest>", methods=["GET", "POST", "DELETE"])
    def call(rest: str) -> Response:
        return _respond(api.answer(_request(public_url)))

    @app.get("/style.css")
    def style() -> Response:
        return send_from_directory(TEMPLATES, "monde.css")

    @app.get("/")
    def dashboard() -> str:
        after = request.args.get("apres")
        with store.transaction() as tx:
            page = tx.page("payment_intent", limit=100, after=after if tx.find(after or "") else None)
            names = {row["customer"]: (tx.find(row["customer"] or "") or {}).get("name") for row in page.rows}
            methods = {row["id"]: _card_of(tx, row) for row in page.rows}
        return render_template("stripe/tableau.html", page=page, noms=names, cartes=methods, envois=webhooks.counts())

    @app.errorhandler(HTTPException)
    def kind_page(problem: HTTPException) -> tuple[str | Json, int]:
        if request.path.startswith(("/v1/", "/_local/")):
            return {"error": {"type": "api_error", "message": problem.description}}, problem.code or 500
        texte = "Cette page n’existe pas, ou n’attend plus de réponse. Rien n’a été débité."
        return render_template("stripe/fini.html", titre="Rien à voir ici", texte=texte, lien=None), problem.code or 500

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    return app


def _card_of(tx: Tx, intent: Json) -> Json | None:
    """The card that paid, or else the one that was refused last; None for a bank account."""
    refused = (intent["last_payment_error"] or {}).get("payment_method") or {}
    method = tx.find(intent["payment_method"] or "") or refused
    return method.get("card")


def _request(public_url: str) -> Request:
    return Request(
        method=request.method,
        path=request.path,
        query=request.query_string.decode(errors="replace"),
        form=request.get_data(as_text=True) if request.method != "GET" else "",
        authorization=request.headers.get("Authorization", ""),
        key=request.headers.get("Idempotency-Key") if request.method == "POST" else None,
        url_root=public_url,
    )


def _respond(answer: Answer) -> Response:
    if answer.lost:
        _hang(answer.wait_ms)
    response = Response(as_text(answer.reply.body), status=answer.reply.status or 500, mimetype="application/json")
    response.headers["Request-Id"] = answer.id
    response.headers["Stripe-Version"] = API_VERSION
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    if answer.retry is not None:
        response.headers["Stripe-Should-Retry"] = str(answer.retry).lower()
    return response


def _hang(wait_ms: int) -> None:
    """Keep the caller waiting, then close the connection: what is written afterwards goes nowhere."""
    time.sleep(wait_ms / 1000)
    with suppress(OSError):  # the caller may have left already
        request.environ["werkzeug.socket"].shutdown(SHUT_RDWR)


def euros(cents: int) -> str:
    whole, rest = divmod(abs(cents), 100)
    return f"{'−' if cents < 0 else ''}{whole:,}".replace(",", "\u202f") + f",{rest:02d}\u00a0€"


def moment(instant: int) -> str:
    return time.strftime("%d/%m/%Y, %H:%M", time.localtime(instant))


def in_fours(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def sweep(store: Store) -> None:
    """Once a second: sessions whose time is over expire, SEPA debits whose days are over are settled, payouts leave."""
    while True:
        time.sleep(1)
        with store.transaction() as tx:
            for session in tx.sessions_past(tx.now()):
                expire(tx, session)
            for intent in sepa.due(tx):
                settle_debit(tx, intent)
            pay_out(tx)
