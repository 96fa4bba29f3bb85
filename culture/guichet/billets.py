"""The tickets of an outing at its maison référente: counted in, handed out booking by booking, taken back."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from culture import billets as gestes
from culture.formulaires.soiree import BilletsForm
from culture.guichet.accompagner import EQUIPE, soiree_a_moi
from culture.queries.billets import billets as lire
from culture.queries.soiree import soiree
from foyers.formulaires import sans_refus
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.web.access import access
from kernel.web.words import _

bp = Blueprint("billets", __name__, url_prefix="/soirees/<int:soiree_id>/billets")


@bp.route("", methods=["GET", "POST"])
@access(*EQUIPE, on=soiree_a_moi)
def billets(soiree_id: int) -> str | Response | tuple[str, int]:
    """The page; its form counts tickets in, or takes a miscount back."""
    form = BilletsForm()

    def write() -> None:
        with transaction() as session:
            gestes.compter(
                session,
                soiree_id,
                form.compte,
                deja=form.deja_lu,
                instant=now(),
                par=current_user.compte_id,
            )

    if form.validate_on_submit() and sans_refus(form, "nombre", write):
        flash(_("C’est compté."), "succes")
        return redirect(url_for("billets.billets", soiree_id=soiree_id), 303)
    with reading() as session:
        seen = soiree(session, soiree_id)
        held = lire(session, soiree_id)
    form.deja.data, form.deja.raw_data = str(held.stock.recus), None
    page = render_template("culture/soiree/billets.html", s=seen, b=held, form=form)
    return page, 422 if form.errors else 200


@bp.post("/remettre")
@access(*EQUIPE, on=soiree_a_moi)
def remettre(soiree_id: int) -> Response:
    named = _lesquels()

    def act(session: Session) -> str:
        count = gestes.remettre(session, soiree_id, **named, instant=now(), par=current_user.compte_id)
        return _("%(n)d remis. Bonne sortie !", n=count) if count else _("Ces billets étaient déjà remis.")

    return _faire(soiree_id, act)


@bp.post("/reprendre")
@access(*EQUIPE, on=soiree_a_moi)
def reprendre(soiree_id: int) -> Response:
    named = _lesquels()

    def act(session: Session) -> str:
        count = gestes.reprendre(session, soiree_id, **named)
        return _("%(n)d de nouveau à la maison.", n=count) if count else _("Ces billets étaient déjà à la maison.")

    return _faire(soiree_id, act)


def _lesquels() -> dict[str, int | None]:
    """The booking, or the seat, that the pressed button names. Raises Refus (422)."""
    named = {f"{kind}_id": _cle(request.form.get(kind, "")) for kind in ("inscription", "place")}
    if named["inscription_id"] is None and named["place_id"] is None:
        raise Refus(_("Choisissez à qui remettre des billets, sur la liste."), status=422)
    return named


def _cle(written: str) -> int | None:
    return int(written) if written.isascii() and written.isdecimal() and len(written) <= 18 else None


def _faire(soiree_id: int, act: Callable[[Session], str]) -> Response:
    try:
        with transaction() as session:
            said = act(session)
    except Introuvable:
        raise
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(said, "succes")
    if (place_id := _cle(request.form.get("place", ""))) is not None:
        return redirect(url_for("soirees.personne", place_id=place_id), 303)
    return redirect(url_for("billets.billets", soiree_id=soiree_id), 303)
