"""At the door: a basket given to whom it may serve, and that undone; for agents and the coordination."""

from flask import flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from kernel.clock import now
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import access
from kernel.web.words import _
from paniers import solidarite
from paniers.guichet import paroles
from paniers.guichet.porte import BUREAU, panier_de_mes_maisons
from paniers.queries import remise as queries_remise


@access(*BUREAU, on=panier_de_mes_maisons)
def donner(panier_id: int) -> Response:
    """This basket was given; nothing changes when it has been handed out or given meanwhile."""
    with reading() as session:
        found = queries_remise.panier(session, panier_id)
    try:
        with transaction() as session:
            given = solidarite.donner(
                session, found.semaine_id, found.maison_id, [panier_id], request.form.get("a", ""),
                par=current_user.compte_id, instant=now(),
            )  # fmt: skip
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(*_dit(given))
    return redirect(url_for("guichet_paniers.panier", panier_id=panier_id), 303)


@access(*BUREAU, on=panier_de_mes_maisons)
def reprendre(panier_id: int) -> Response:
    """It was not given after all: it is there, and can be handed out."""
    try:
        with transaction() as session:
            solidarite.reprendre(session, panier_id, par=current_user.compte_id, instant=now())
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(_("C’est défait : ce panier est encore là et peut être remis."), "succes")
    return redirect(url_for("guichet_paniers.panier", panier_id=panier_id), 303)


def _dit(given: int) -> tuple[str, str]:
    if not given:
        return _("Ce panier n’était plus là : il a été remis ou donné entre-temps."), "attention"
    return paroles.donnes(given), "succes"
