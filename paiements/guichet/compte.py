"""At the counter: a household's account, line by line, behind a second tap; amounts stand on no other page of it."""

from flask import Blueprint, render_template, request
from flask_login import current_user
from markupsafe import Markup

from foyers.portee import foyer_a_portee
from foyers.queries import foyer
from kernel.db import reading
from kernel.web.access import Role, access
from paiements.queries import aides as queries_aides
from paiements.queries import caisse as queries_caisse
from paiements.queries import familles as queries

bp = Blueprint("guichet_comptes", __name__, url_prefix="/guichet/foyers/<int:foyer_id>/compte")


@bp.get("/lignes")
@access(Role.AGENT, Role.COORDINATION, Role.REGISSEUR, on=foyer_a_portee)
def lignes(foyer_id: int) -> str:
    with reading() as session:
        household = foyer(session, foyer_id)
        compte = queries.compte(session, foyer_id, tout="tout" in request.args)
        receipts = queries_caisse.quittances_du_foyer(session, foyer_id)
        helped = queries_aides.aides(session, foyer_id) if current_user.role == Role.COORDINATION else ()
    return render_template(
        "paiements/guichet_compte.html", foyer=household, compte=compte, quittances=receipts, aides=helped
    )


def volet(foyer_id: int) -> Markup:
    """The way to the account, on the household's page; no amount."""
    with reading() as session:
        mode, invited = queries.moyen(session, foyer_id), queries.invitee_le(session, foyer_id)
    shown = render_template("paiements/_volet.html", foyer_id=foyer_id, mode=mode, invitee_le=invited)
    return Markup(shown)  # noqa: S704  a template of ours, which escapes what it is given
