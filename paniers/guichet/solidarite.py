"""At the door: a basket given to whom it may serve, and that undone; for agents and the coordination."""

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import access
from kernel.web.words import _
from paniers import solidarite
from paniers.guichet import paroles
from paniers.guichet.porte import BUREAU, au_bureau, panier_de_mes_maisons
from paniers.queries import remise as queries_remise
from paniers.queries import solidarite as queries_solidarite
from paniers.views.publiques import Page


def page_du_panier(panier_id: int, *, a: str = "", faute: str = "") -> str:
    """One basket at the door; `faute` is what was wrong with `a`, to whom it was said to go."""
    with reading() as session:
        found = queries_remise.panier(session, panier_id, avec_reste=au_bureau())
        return render_template(
            "paniers/guichet/panier.html",
            panier=found,
            gestes=queries_remise.gestes(session, panier_id),
            connus=queries_solidarite.a_qui(session, found.maison_id) if au_bureau() else [],
            ouverte_aux_dons=queries_remise.au_vrai_jour(session, found).retrait_le <= today(),
            complet=au_bureau(),
            a=a,
            faute=faute,
        )


@access(*BUREAU, on=panier_de_mes_maisons)
def donner(panier_id: int) -> Page:
    """This basket was given; nothing changes when it has been handed out or given meanwhile."""
    with reading() as session:
        found = queries_remise.panier(session, panier_id)
    to_whom = request.form.get("a", "")
    try:
        with transaction() as session:
            given = solidarite.donner(
                session, found.semaine_id, found.maison_id, [panier_id], to_whom,
                par=current_user.compte_id, instant=now(),
            )  # fmt: skip
    except Refus as refus:
        if refus.status == 422:
            return page_du_panier(panier_id, a=to_whom, faute=refus.sentence), 422
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
