"""The mailbox in a browser. A message's own HTML is shown in a sandbox: no script, no request to anywhere."""

import re
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, abort, jsonify, render_template, request, send_from_directory
from markupsafe import Markup, escape

from demo.courrier_local.mailbox import Attachment, Mailbox, Summary, attachments, body

TEMPLATES = Path(__file__).parent.parent / "templates"
PARIS = ZoneInfo("Europe/Paris")
PAGE = 50
_LINK = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]")
_OURS = "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
# The links of a message open beside the mailbox; its pictures are those it brought.
_THEIRS = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src 'self' data:;"
    " style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'"
)
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
_SHORT_MONTHS = "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc."


def in_words(instant: datetime) -> str:
    """« lundi 23 novembre à 6 h 05 », at Paris time."""
    local = instant.astimezone(PARIS)
    day = "1er" if local.day == 1 else local.day
    minutes = f" {local:%M}" if local.minute else ""
    return f"{_DAYS[local.weekday()]} {day} {_MONTHS.split()[local.month - 1]} à {local.hour} h{minutes}"


def short(instant: datetime) -> str:
    local = instant.astimezone(PARIS)
    return f"{local.day} {_SHORT_MONTHS.split()[local.month - 1]}, {local.hour}\u00a0h\u00a0{local:%M}"


def size(count: int) -> str:
    return f"{max(1, round(count / 1024))} ko" if count < 1_000_000 else f"{count / 1_048_576:.1f} Mo".replace(".", ",")


def with_links(text: str) -> Markup:
    """The text escaped, its addresses made into links."""
    out, end = Markup(), 0
    for found in _LINK.finditer(text):
        url = found.group()
        link = Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>').format(url)
        out += escape(text[end : found.start()]) + link
        end = found.end()
    return out + escape(text[end:])


def create_app(mailbox: Mailbox) -> Flask:
    app = Flask(__name__, template_folder=str(TEMPLATES), static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.jinja_env.filters.update(en_lettres=in_words, court=short, taille=size, avec_liens=with_links)
    _pages(app, mailbox)
    _contents(app, mailbox)
    _machine(app, mailbox)

    @app.get("/style.css")
    def style() -> Response:
        return send_from_directory(TEMPLATES, "monde.css")

    @app.errorhandler(404)
    def missing(problem: Exception) -> tuple[str, int]:
        return render_template("courrier/absent.html"), 404

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _OURS)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    return app


def _found(mailbox: Mailbox, name: str) -> tuple[Summary, EmailMessage]:
    found = mailbox.find(name)
    if found is None:
        abort(404)
    return found


def _pages(app: Flask, mailbox: Mailbox) -> None:
    @app.get("/")
    def index() -> str:
        recipient = request.args.get("pour", "")[:200]
        found = mailbox.messages(recipient)
        page = max(1, request.args.get("page", 1, type=int))
        shown = found[(page - 1) * PAGE : page * PAGE]
        more = len(found) > page * PAGE
        return render_template(
            "courrier/liste.html", messages=shown, total=len(found), pour=recipient, page=page, plus=more
        )

    @app.get("/messages/<name>")
    def message(name: str) -> str:
        entry, content = _found(mailbox, name)
        text, page = body(content, "plain"), body(content, "html")
        wants_text = request.args.get("forme") == "texte" or not page
        # Pictures that the HTML shows in place are not listed again.
        files = [file for file in attachments(content) if not (file.cid and f"cid:{file.cid}" in page)]
        facts: dict[str, Any] = {"texte": text, "html": bool(page), "en_texte": wants_text, "pieces": files}
        return render_template("courrier/message.html", message=entry, **facts)


def _contents(app: Flask, mailbox: Mailbox) -> None:
    @app.get("/messages/<name>/html")
    def html(name: str) -> Response:
        _, content = _found(mailbox, name)
        page = body(content, "html")
        for file in attachments(content):
            if file.cid:
                page = page.replace(f"cid:{file.cid}", f"/messages/{name}/pieces/{file.number}")
        response = Response('<base target="_blank">' + page, mimetype="text/html")
        response.headers["Content-Security-Policy"] = _THEIRS
        return response

    @app.get("/messages/<name>/pieces/<int:number>")
    def attachment(name: str, number: int) -> Response:
        _, content = _found(mailbox, name)
        file = next((file for file in attachments(content) if file.number == number), None)
        if file is None:
            abort(404)
        response = Response(file.content, mimetype=file.type)
        shown = file.type in _PICTURES and file.cid
        response.headers.set("Content-Disposition", "inline" if shown else "attachment", filename=_safe(file.name))
        return response

    @app.get("/messages/<name>.eml")
    def source(name: str) -> Response:
        _found(mailbox, name)
        return send_from_directory(mailbox.folder, f"{name}.eml", as_attachment=True, mimetype="message/rfc822")


def _safe(name: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f/\\]", "_", name)[:150].encode("ascii", "replace").decode()


def _machine(app: Flask, mailbox: Mailbox) -> None:
    @app.get("/sante")
    def health() -> dict[str, Any]:
        return {"status": "ok", "messages": len(mailbox.messages())}

    @app.get("/messages.json")
    def messages_as_json() -> Response:
        """Newest first; `?pour=` filters by recipient, `?corps=1` adds texts, pages and attachments."""
        found = mailbox.messages(request.args.get("pour", ""))
        full = request.args.get("corps") == "1"
        return jsonify([_full(mailbox, entry.id) if full else _as_json(entry) for entry in found])

    @app.get("/messages/<name>.json")
    def message_as_json(name: str) -> dict[str, Any]:
        return _full(mailbox, name)

    @app.delete("/messages.json")
    def empty() -> dict[str, Any]:
        mailbox.empty()
        return {"messages": 0}


def _as_json(entry: Summary) -> dict[str, Any]:
    plain = {"id": entry.id, "date": entry.date.isoformat(), "from": entry.sender, "to": list(entry.to)}
    return {**plain, "subject": entry.subject, "attachment_count": entry.attachments}


def _full(mailbox: Mailbox, name: str) -> dict[str, Any]:
    entry, content = _found(mailbox, name)
    files = [_file_as_json(name, file) for file in attachments(content)]
    headers = [[key, str(value)] for key, value in content.items()]
    texts = {"text": body(content, "plain"), "html": body(content, "html")}
    return _as_json(entry) | texts | {"headers": headers, "attachments": files}


def _file_as_json(name: str, file: Attachment) -> dict[str, Any]:
    url = f"/messages/{name}/pieces/{file.number}"
    return {"name": file.name, "type": file.type, "size": len(file.content), "url": url}
