"""What everybody may read: what the basket is, what it holds this week, what it would cost."""

from dataclasses import dataclass

from flask import redirect, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from foyers.chemins import accueil as premiere_page
from kernel.clock import now, today
from kernel.db import reading
from kernel.money import Euros
from kernel.web.access import public
from kernel.web.words import _
from paniers.formulaires.familles import SimulateurForm
from paniers.queries.familles import grille_du, limite, maisons_ouvertes, panier_a_montrer
from paniers.regles.tarifs import BaremeLineaire, BaremeTranches, Tarif

Page = str | Response | tuple[str, int]
Bareme = BaremeTranches | BaremeLineaire


@dataclass(frozen=True, slots=True)
class LigneDeGrille:
    """A line of the tariff, in words; `retenue` is the reader's."""

    pour_qui: str
    prix: Euros
    retenue: bool


@public("it says what the scheme is")
def accueil() -> Page:
    if current_user.is_authenticated:
        return redirect(premiere_page(current_user.role))
    with reading() as session:
        coming = limite(session, now())
        day = coming.retrait_le if coming else today()
        shown = panier_a_montrer(session, today())
        places = maisons_ouvertes(session, day)
        scale = grille_du(session, day)
    return render_template(
        "paniers/familles/accueil.html",
        contenu=shown,
        limite=coming,
        maisons=places,
        prix=_fourchette(scale),
        form=SimulateurForm(formdata=None, meta={"csrf": False}),
        aujourdhui=today(),
    )


@public("what the basket holds is told to everybody")
def le_panier() -> str:
    with reading() as session:
        shown = panier_a_montrer(session, today())
    return render_template("paniers/familles/le_panier.html", contenu=shown, aujourdhui=today())


@public("a price for anybody, nothing is kept")
def simulateur() -> Page:
    form = SimulateurForm(formdata=request.args, meta={"csrf": False})
    asked = "qf" in request.args and form.validate()
    with reading() as session:
        coming = limite(session, now())
        scale = grille_du(session, coming.retrait_le if coming else today())
    given = form.qf.euros if asked else None
    found = scale.tarif(given) if asked and scale else None
    return render_template(
        "paniers/familles/mon_prix.html",
        form=form,
        tarif=found,
        quotient=given,
        grille=lignes_de_grille(scale, found) if scale else [],
        premier=coming,
    ), (422 if form.errors else 200)


def lignes_de_grille(scale: Bareme, kept: Tarif | None) -> list[LigneDeGrille]:
    """The tariff as a few lines that anybody can read."""
    if isinstance(scale, BaremeLineaire):
        return [
            LigneDeGrille(_("au moins"), scale.plancher, kept is not None and kept.prix == scale.plancher),
            LigneDeGrille(_("au plus"), scale.plafond, kept is not None and kept.prix == scale.plafond),
        ]
    lines, below = [], -1
    for band in scale.tranches:
        lines.append(
            LigneDeGrille(_tranche(below + 1, band.jusqu_a), band.prix, kept is not None and kept.tranche == band.nom)
        )
        below = band.jusqu_a if band.jusqu_a is not None else below
    return lines


def _tranche(first: int, last: int | None) -> str:
    if last is None:
        return _("%(bas)s € et plus, ou quotient inconnu", bas=_milliers(first))
    if first == 0:
        return _("jusqu’à %(haut)s €", haut=_milliers(last))
    return _("de %(bas)s à %(haut)s €", bas=_milliers(first), haut=_milliers(last))


def _milliers(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _fourchette(scale: Bareme | None) -> tuple[Euros, Euros] | None:
    """The least and the most that a basket costs."""
    if scale is None:
        return None
    if isinstance(scale, BaremeLineaire):
        return scale.plancher, scale.plafond
    return scale.tranches[0].prix, scale.tranches[-1].prix
