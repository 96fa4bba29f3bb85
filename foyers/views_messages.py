"""Which messages a family wants: its page « Mes messages », and the link at the foot of each optional message."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from foyers.models_messages import Sorte
from foyers.preferences import AU_CHOIX, lire_lien, preferences, regler
from foyers.queries import foyer
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import MINE, Role, access, public
from kernel.web.security import csrf, signed_link

bp = Blueprint("messages", __name__)


@bp.get("/mon-foyer/messages")
@access(Role.HABITANT, on=MINE)
def mes_messages() -> str:
    with reading() as session:
        household = foyer(session, current_user.foyer_id)
        wanted = preferences(session, current_user.foyer_id)
    return render_template("foyers/mes_messages.html", foyer=household, preferences=wanted)


@bp.post("/mon-foyer/messages")
@access(Role.HABITANT, on=MINE)
def regler_mes_messages() -> Response:
    said = request.form.get("sorte", "")
    if said not in list(AU_CHOIX):
        raise Refus(_("Choisissez un des messages de la page : les autres partent toujours."))
    wanted = request.form.get("recoit") == "oui"
    with transaction() as session:
        regler(session, current_user.foyer_id, Sorte(said), recoit=wanted)
    flash(
        _("C’est noté : vous recevez ces messages.") if wanted else _("C’est noté : nous n’en envoyons plus."), "succes"
    )
    return redirect(url_for(".mes_messages"))


@bp.get("/messages/<jeton>")
@public("the link is signed for one household and one kind of message, and opening it changes nothing")
@signed_link
def lien(jeton: str) -> str:
    with reading() as session:
        foyer_id, sorte = lire_lien(session, jeton)
        wanted = preferences(session, foyer_id)[sorte]
    return render_template("foyers/messages_lien.html", jeton=jeton, sorte=sorte, recoit=wanted)


@bp.post("/messages/<jeton>")
@public("the link is signed; mail programs call it in one click (RFC 8058), with no cookie and no token of a page")
@csrf.exempt  # type: ignore[untyped-decorator]
@signed_link
def regler_par_lien(jeton: str) -> str:
    """Whoever holds the link may turn that one kind of message off, or on again by the page's button."""
    wanted = request.form.get("recoit") == "oui"
    with transaction() as session:
        foyer_id, sorte = lire_lien(session, jeton)
        regler(session, foyer_id, sorte, recoit=wanted)
    return render_template("foyers/messages_lien.html", jeton=jeton, sorte=sorte, recoit=wanted, fait=True)
