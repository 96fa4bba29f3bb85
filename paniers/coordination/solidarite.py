"""Pages of the coordination about what was left at the maisons: given baskets, a price given back, what was missing."""

from itertools import groupby

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from kernel.clock import now
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.web.access import ALL, Role, access
from kernel.web.words import _
from paniers import arrivees, solidarite
from paniers.coordination.onglets import onglets
from paniers.models.semaines import Panier, Semaine
from paniers.queries import coordination as lire
from paniers.queries.arrivee import ManqueVu, manques_a_voir
from paniers.queries.solidarite import dons as lire_les_dons

Page = Response | tuple[str, int]
LECTURE = (Role.COORDINATION, Role.ADMINISTRATION)


@access(*LECTURE, on=ALL)
def dons(code: str) -> str:
    """The week's given baskets, and of each whether its household has its price back."""
    return _page_des_dons(code)


def _page_des_dons(code: str, refuse: tuple[int, str, str] | None = None) -> str:
    """`refuse`: the basket whose price was not given back, the reason as typed, and what was wrong with it."""
    with reading() as session:
        week = lire.semaine_demandee(session, code)
        given = lire_les_dons(session, week.id)
        places = [] if week.ouverte else lire.par_maison(session, week, now())
    return render_template(
        "paniers/coordination/dons.html",
        semaine=week,
        dons=given,
        maisons=places,
        onglets_coordination=onglets(),
        refuse=refuse,
    )


@access(Role.COORDINATION, on=ALL)
def crediter(panier_id: int) -> Page:
    """Give the price of a given basket back, with a reason; a second time changes nothing."""
    with reading() as session:
        code = session.scalar(select(Semaine.code).join(Panier).where(Panier.id == panier_id))
    if code is None:
        raise Introuvable
    why = request.form.get("motif", "")
    try:
        with transaction() as session:
            new = solidarite.crediter(session, panier_id, why, par=current_user.compte_id, instant=now())
    except Refus as refus:
        if refus.status == 422:
            return _page_des_dons(code, (panier_id, why, refus.sentence)), 422
        flash(refus.sentence, "attention")
    else:
        said = _("C’est fait : le prix de ce panier est rendu à la famille.")
        flash(said if new else _("Le prix de ce panier était déjà rendu : rien n’a été fait deux fois."), "succes")
    return redirect(url_for("coordination.dons", code=code), 303)


@access(Role.COORDINATION, on=ALL)
def arrivee_vue(arrivee_id: int) -> Response:
    """What is missing at a maison has been seen: it is no alert any more, until something else is missing."""
    with transaction() as session:
        week = session.get_one(Semaine, arrivees.voir(session, arrivee_id, par=current_user.compte_id, instant=now()))
        code = week.code
    flash(_("C’est noté comme vu. La maison dit toujours à chaque famille ce qui manque."), "succes")
    return redirect(url_for("coordination.semaine", semaine=code), 303)


def manques_en_mots(session: Session, semaine_id: int) -> list[tuple[int, str]]:
    """What maisons lack and nobody has seen: the arrival, and a sentence that names maison, products and baskets."""
    by_place = groupby(manques_a_voir(session, semaine_id), key=lambda line: (line.arrivee_id, line.maison))
    return [
        (arrivee_id, _("%(maison)s : il manque %(quoi)s.", maison=place, quoi=", ".join(map(_en_mots, lines))))
        for (arrivee_id, place), lines in by_place
    ]


def _en_mots(line: ManqueVu) -> str:
    name = line.produit.lower()
    if line.tous:
        return _("%(produit)s dans tous les paniers", produit=name)
    if line.paniers == 1:
        return _("%(produit)s dans 1 panier", produit=name)
    return _("%(produit)s dans %(nombre)s paniers", produit=name, nombre=line.paniers)


def brancher(bp: Blueprint) -> None:
    """The addresses, on one screen."""
    bp.get("/coordination/<code>/dons")(dons)
    bp.post("/coordination/dons/<int:panier_id>/rendre")(crediter)
    bp.post("/coordination/arrivees/<int:arrivee_id>/vue")(arrivee_vue)
