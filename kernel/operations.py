"""The operator's page: deliveries "en souffrance" in plain words, each with a button, and how the queues stand.

The kernel knows no trade: each trade tells what its actors were doing and on what (`Geste`), and the composition root
gives them here. An error is told by its kind alone, for its text may name somebody; the logs hold the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from kernel import deliveries
from kernel.db import reading, transaction
from kernel.mail import Mail
from kernel.outbox import Delivery, FactRow, State
from kernel.web.access import ALL, Role, access
from kernel.web.words import _

bp = Blueprint("operations", __name__)

MONTREES = 100
WAITING = (State.DUE, State.SENT, State.TAKEN)
_EXTENSION = "operations_gestes"

Payload = Mapping[str, Any]
Objets = Callable[[Session, Sequence[Payload]], Sequence[str]]
"""What each of these facts is about, in words, by a bounded number of queries; "" where there is nothing to say."""


@dataclass(frozen=True, slots=True)
class Geste:
    """What an actor was to do ("Préparer les bons de retrait"), and how to tell on what."""

    libelle: str
    objets: Objets


@dataclass(frozen=True, slots=True)
class EnSouffrance:
    """A delivery that failed at every try."""

    id: int
    geste: str
    objet: str
    depuis: datetime
    essais: int
    cause: str


@dataclass(frozen=True, slots=True)
class File:
    """A queue: how many deliveries wait, and since when the oldest has."""

    nom: str
    en_attente: int
    depuis: datetime | None


@dataclass(frozen=True, slots=True)
class Circulation:
    """How the outbox stands: facts the relay has not seen, how late it is in whole seconds, the queues."""

    faits: int
    retard: int
    files: Sequence[File]


def init_operations(app: Flask, gestes: Mapping[str, Geste]) -> None:
    """Tell the page what the trades' actors do: actor's name → Geste."""
    app.extensions[_EXTENSION] = {"envoyer_courriel": Geste("Envoyer un courriel", _sujets), **gestes}


@bp.get("/operations")
@access(Role.COORDINATION, Role.ADMINISTRATION, on=ALL)
def en_souffrance() -> str:
    with reading() as session:
        total = combien(session)
        lines = parquees(session, current_app.extensions.get(_EXTENSION, {}))
        traffic = circulation(session)
    return render_template("operations/en_souffrance.html", total=total, lignes=lines, circulation=traffic)


@bp.post("/operations/<int:delivery_id>/reessayer")
@access(Role.COORDINATION, Role.ADMINISTRATION, on=ALL)
def reessayer(delivery_id: int) -> Response:
    with transaction() as session:
        again = deliveries.retry(session, delivery_id)
    if again:
        flash(_("C’est reparti. La ligne reviendra ici si cela échoue encore."), "succes")
    else:
        flash(_("Cette ligne n’attend plus : elle a déjà été reprise."), "info")
    return redirect(url_for(".en_souffrance"), 303)


@bp.post("/operations/reessayer")
@access(Role.COORDINATION, Role.ADMINISTRATION, on=ALL)
def tout_reessayer() -> Response:
    with transaction() as session:
        parked = session.scalars(select(Delivery.id).where(Delivery.state == State.PARKED).order_by(Delivery.id))
        again = sum(deliveries.retry(session, delivery_id) for delivery_id in parked.all())
    flash(_("%(nombre)s tâches sont reparties.", nombre=again) if again else _("Rien n’attendait."), "succes")
    return redirect(url_for(".en_souffrance"), 303)


def combien(session: Session) -> int:
    """How many deliveries are parked."""
    return session.scalar(select(func.count()).select_from(Delivery).where(Delivery.state == State.PARKED)) or 0


def parquees(session: Session, gestes: Mapping[str, Geste], limite: int = MONTREES) -> list[EnSouffrance]:
    """The parked deliveries, the oldest first; one query for them, and a few for each kind of actor."""
    rows = session.execute(
        select(Delivery.id, Delivery.actor, Delivery.attempts, Delivery.error, FactRow.payload, FactRow.at)
        .join(FactRow, FactRow.id == Delivery.fact_id)
        .where(Delivery.state == State.PARKED)
        .order_by(Delivery.id)
        .limit(limite)
    ).all()
    told: dict[int, str] = {}
    for actor in {row.actor for row in rows} & gestes.keys():
        of_actor = [row for row in rows if row.actor == actor]
        words = gestes[actor].objets(session, [row.payload for row in of_actor])
        told |= {row.id: text for row, text in zip(of_actor, words, strict=True)}
    return [
        EnSouffrance(
            id=row.id,
            geste=gestes[row.actor].libelle if row.actor in gestes else _("Une tâche de fond"),
            objet=told.get(row.id, ""),
            depuis=row.at,
            essais=row.attempts,
            cause=cause(row.error),
        )
        for row in rows
    ]


def cause(error: str | None) -> str:
    """The last failure in a sentence, from the kind of the error; its text is left out, as it may name somebody."""
    kind = (error or "").partition(":")[0].strip()
    if kind.startswith("the worker died"):
        return _("Le programme s’est arrêté à chaque essai, par manque de mémoire peut-être.")
    for part, sentence in (
        ("Timeout", _("L’autre côté n’a pas répondu à temps.")),
        ("SMTPRecipientsRefused", _("Le serveur de courriel refuse l’adresse du destinataire.")),
        ("SMTP", _("Le serveur de courriel refuse le message.")),
        ("Connection", _("L’autre côté ne répond pas : il est arrêté, ou le réseau est coupé.")),
        ("gaierror", _("L’adresse du serveur est inconnue.")),
        ("Injoignable", _("Stripe ne répond pas.")),
        ("Introuvable", _("Ce dont il s’agit n’existe plus.")),
        ("Template", _("Le modèle du document est incomplet.")),
        ("Undefined", _("Le modèle du document est incomplet.")),
        ("OperationalError", _("La base de données ne répondait pas.")),
    ):
        if part in kind:
            return sentence
    return _("Erreur inattendue (%(genre)s). Les journaux en disent plus.", genre=kind[:60] or "?")


def circulation(session: Session) -> Circulation:
    """Queue depths, the oldest of each, and how late the relay is. Two queries."""
    late = func.extract("epoch", func.clock_timestamp() - func.min(FactRow.at))
    facts, seconds = session.execute(
        select(func.count(), func.coalesce(late, 0)).where(FactRow.expanded_at.is_(None))
    ).one()
    rows = session.execute(
        select(Delivery.queue, func.count(), func.min(FactRow.at))
        .join(FactRow, FactRow.id == Delivery.fact_id)
        .where(Delivery.state.in_(WAITING))
        .group_by(Delivery.queue)
        .order_by(Delivery.queue)
    )
    return Circulation(facts, int(seconds), [File(*row) for row in rows])


def _sujets(session: Session, payloads: Sequence[Payload]) -> list[str]:
    """The subjects of the messages; to whom they go is nobody's business here."""
    keys = [payload.get("mail_id") for payload in payloads]
    subjects = dict(session.execute(select(Mail.id, Mail.subject).where(Mail.id.in_(keys))).all())
    return [subjects.get(key, "") if isinstance(key, int) else "" for key in keys]
