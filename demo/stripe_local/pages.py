"""The pages that Stripe hosts: the card form of a Checkout session, and the bank's authentication."""

import contextlib
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug import Response

from demo.stripe_local import objects, sepa, sessions
from demo.stripe_local.cards import CARDS, Card, luhn, said_in_french
from demo.stripe_local.errors import Declined, Json
from demo.stripe_local.intents import confirm_payment, confirm_setup, refuse_authentication
from demo.stripe_local.storage import Store, Tx

Page = Response | str | tuple[str, int]
_AUTHENTICATION_REFUSED = (
    "Votre banque n’a pas pu vous authentifier. Rien n’a été débité : essayez de nouveau ou changez de carte."
)


@dataclass(frozen=True)
class Form:
    """What the person typed, and what is wrong with it, by field."""

    number: str
    expiry: str
    cvc: str
    name: str
    errors: dict[str, str]

    @property
    def card(self) -> Card:
        return CARDS[self.number]

    @property
    def months(self) -> tuple[int, int]:
        month, year = re.findall(r"\d+", self.expiry)
        return int(month), 2000 + int(year) % 100


def read_form(values: dict[str, str], year: int, month: int) -> Form:
    number = re.sub(r"[\s-]", "", values.get("number", ""))[:30]
    expiry, cvc, name = (
        values.get(field, "").strip()[:longest] for field, longest in (("expiry", 9), ("cvc", 9), ("name", 120))
    )
    compact = re.fullmatch(r"(\d\d)(\d\d)", expiry, re.ASCII)
    expiry = f"{compact[1]} / {compact[2]}" if compact else expiry
    errors = {"number": _wrong_number(number), "expiry": _wrong_expiry(expiry, year, month)}
    errors["cvc"] = "" if re.fullmatch(r"\d{3,4}", cvc, re.ASCII) else "Entrez les 3 chiffres au dos de la carte."
    return Form(number, expiry, cvc, name, {field: said for field, said in errors.items() if said})


def _wrong_number(number: str) -> str:
    if number in CARDS:
        return ""
    if not number:
        return "Entrez le numéro de la carte."
    if not re.fullmatch(r"\d{12,19}", number, re.ASCII) or not luhn(number):
        return "Ce numéro de carte n’est pas valide : vérifiez les chiffres."
    return said_in_french("test_mode_live_card")


def _wrong_expiry(expiry: str, year: int, month: int) -> str:
    parts = re.fullmatch(r"(\d{1,2})\s*/\s*(?:20)?(\d\d)", expiry, re.ASCII)
    if parts is None or not 1 <= int(parts[1]) <= 12:
        return "Entrez le mois et l’année, par exemple 12 / 34."
    return "" if (2000 + int(parts[2]), int(parts[1])) >= (year, month) else "Cette carte a expiré."


def hosted_pages(store: Store) -> Blueprint:
    blueprint = Blueprint("pages", __name__)
    _card_pages(blueprint, store)
    _session_bank_pages(blueprint, store)
    _intent_bank_pages(blueprint, store)
    return blueprint


def _card_pages(blueprint: Blueprint, store: Store) -> None:
    @blueprint.get("/c/pay/<id>")
    def pay(id: str) -> Page:
        with store.transaction() as tx:
            session = _session(tx, id)
            if session["status"] != "open":
                return _over(session)
            if _by_account(session):
                return _account_page(tx, session, request.args.get("iban", ""), "")
            card = CARDS.get(request.args.get("carte", ""))
            form = Form(card.number, "12 / 34", "123", "", {}) if card else Form("", "", "", "", {})
            return _card_page(tx, session, form, "")

    @blueprint.post("/c/pay/<id>")
    def submit(id: str) -> Page:
        with store.transaction() as tx:
            session = _session(tx, id)
            if session["status"] != "open":
                return _onward(session) if session["status"] == "complete" else _over(session)
            if _by_account(session):
                return _account_submitted(tx, session)
            year, month = _this_month(tx)
            form = read_form(request.form.to_dict(), year, month)
            if form.errors:
                return _card_page(tx, session, form, ""), 422
            owner = objects.billing(form.name or None, session["customer_email"])
            try:
                intent = sessions.submit_card(tx, session, form.card, form.months, owner)
            except Declined as no:
                said = said_in_french(no.error.get("decline_code", ""))
                return _card_page(tx, session, form, f"{said} Rien n’a été débité."), 402
            return _onward(session) if intent["status"] == "succeeded" else redirect(f"/c/pay/{id}/3ds", 303)


def _by_account(session: Json) -> bool:
    return bool(session["payment_method_types"] == ["sepa_debit"])


def _account_submitted(tx: Tx, session: Json) -> Page:
    iban = sepa.compact(request.form.get("iban", ""))
    name = request.form.get("name", "").strip()[:120]
    account = sepa.ACCOUNTS.get(iban)
    if account is None or not name:
        said = "Entrez le nom du titulaire du compte." if account else "Cet IBAN n’est pas valide : vérifiez-le."
        return _account_page(tx, session, iban, said), 422
    sessions.submit_account(tx, session, account, objects.billing(name, session["customer_email"]))
    return _onward(session)


def _account_page(tx: Tx, session: Json, iban: str, fault: str) -> str:
    buyer = tx.find(session["customer"] or "") or {}
    return render_template(
        "stripe/iban.html",
        session=session,
        pour=buyer.get("name") or buyer.get("email") or session["customer_email"],
        iban=iban,
        nom=request.form.get("name", ""),
        faute=fault,
        comptes=sepa.ACCOUNTS.values(),
    )


def _session_bank_pages(blueprint: Blueprint, store: Store) -> None:
    @blueprint.get("/c/pay/<id>/3ds")
    def ask_session(id: str) -> Page:
        with store.transaction() as tx:
            session = _session(tx, id)
            intent = _waiting_intent(tx, session)
            if session["status"] != "open" or intent is None:
                return redirect(f"/c/pay/{id}", 303)
            return _bank_page(tx, intent)

    @blueprint.post("/c/pay/<id>/3ds")
    def answer_session(id: str) -> Page:
        with store.transaction() as tx:
            session = _session(tx, id)
            intent = _waiting_intent(tx, session)
            if session["status"] != "open" or intent is None:
                return _onward(session) if session["status"] == "complete" else redirect(f"/c/pay/{id}", 303)
            if request.form.get("reponse") == "authentifier":
                return _authenticated(tx, session, intent)
            refuse_authentication(tx, intent)
            return _card_page(tx, session, Form("", "", "", "", {}), _AUTHENTICATION_REFUSED), 402


def _intent_bank_pages(blueprint: Blueprint, store: Store) -> None:
    @blueprint.get("/3ds/<id>")
    def ask_intent(id: str) -> Page:
        with store.transaction() as tx:
            return _bank_page(tx, _intent(tx, id))

    @blueprint.post("/3ds/<id>")
    def answer_intent(id: str) -> Page:
        with store.transaction() as tx:
            return _intent_answered(tx, _intent(tx, id), yes=request.form.get("reponse") == "authentifier")


def _session(tx: Tx, id: str) -> Json:
    session = tx.find(id, "checkout.session")
    if session is None:
        abort(404)
    if session["status"] == "open" and session["expires_at"] <= tx.now():
        sessions.expire(tx, session)
    return session


def _intent(tx: Tx, id: str) -> Json:
    intent = tx.find(id)
    if intent is None or intent["object"] not in ("payment_intent", "setup_intent"):
        abort(404)
    if intent["status"] != "requires_action":
        abort(410)
    return intent


def _waiting_intent(tx: Tx, session: Json) -> Json | None:
    intent = tx.find(session["setup_intent"] or session["payment_intent"] or "")
    return intent if intent is not None and intent["status"] == "requires_action" else None


def _authenticated(tx: Tx, session: Json, intent: Json) -> Page:
    method = tx.find(intent["payment_method"]) or {}
    try:
        sessions.carry_on(tx, session, method, authenticated=True)
    except Declined as no:
        said = said_in_french(no.error.get("decline_code", ""))
        return _card_page(tx, session, Form("", "", "", "", {}), f"{said} Rien n’a été débité."), 402
    return _onward(session)


def _intent_answered(tx: Tx, intent: Json, *, yes: bool) -> Page:
    method = tx.find(intent["payment_method"]) or {}
    confirm = confirm_setup if intent["object"] == "setup_intent" else confirm_payment
    outcome = "failed"
    if yes:
        with contextlib.suppress(Declined):
            outcome = confirm(tx, intent, method, authenticated=True)["status"]
    else:
        refuse_authentication(tx, intent)
    back = tx.private(intent["id"]).get("return_url")
    if not back:
        return render_template(
            "stripe/fini.html", titre="C’est noté", texte="Vous pouvez fermer cette page.", lien=None
        )
    kind = intent["object"]
    facts = {kind: intent["id"], f"{kind}_client_secret": intent["client_secret"], "redirect_status": outcome}
    return redirect(f"{back}{'&' if '?' in back else '?'}{urlencode(facts)}", 303)


def _onward(session: Json) -> Response:
    return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]), 303)


def _over(session: Json) -> Page:
    if session["status"] == "complete":
        return _onward(session)
    texte = "Cette page a expiré. Rien n’a été débité. Revenez sur le site pour recommencer."
    page = render_template("stripe/fini.html", titre="Page expirée", texte=texte, lien=session["cancel_url"])
    return page, 410


def _card_page(tx: Tx, session: Json, form: Form, refused: str) -> str:
    private = tx.private(session["id"])
    buyer = tx.find(session["customer"] or "") or {}
    return render_template(
        "stripe/carte.html",
        session=session,
        lignes=private["line_items"],
        message=private["shown"],
        pour=buyer.get("name") or buyer.get("email") or session["customer_email"],
        form=form,
        refus=refused,
        cartes=CARDS.values(),
    )


def _bank_page(tx: Tx, intent: Json) -> str:
    method = tx.find(intent["payment_method"]) or {}
    return render_template("stripe/banque.html", intent=intent, carte=method["card"])


def _this_month(tx: Tx) -> tuple[int, int]:
    moment = tx.clock.civil()
    return moment.year, moment.month
