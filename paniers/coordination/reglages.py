"""Pages of the coordination where a grid or a rhythm is entered: the form, what it changes, then written or corrected.

The preview is an answer to the form, not a page of its own: it sends the same answers again, so that nothing is kept of
a grid that is only tried.
"""

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from foyers.formulaires import sans_refus
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.formats import jour_annee
from kernel.web.access import ALL, Role, access
from kernel.web.words import _
from paniers import reglages
from paniers.coordination.onglets import onglets
from paniers.formulaires.reglages import LineaireForm, RythmeForm, TranchesForm
from paniers.queries import apercu as queries_apercu
from paniers.queries import reglages as queries_reglages

LECTURE = (Role.COORDINATION, Role.ADMINISTRATION)

Page = str | Response | tuple[str, int]
UneGrille = TypeVar("UneGrille", TranchesForm, LineaireForm)


@access(*LECTURE, on=ALL)
def grilles() -> str:
    """The grid in force, those to come and of the past, and who wrote them."""
    with reading() as session:
        grid, coming, past = queries_reglages.grilles(session, today())
        return render_template(
            "paniers/coordination/grilles.html",
            grille=grid,
            a_venir=coming,
            passees=past,
            retirables=queries_reglages.retirables(session, coming, now()),
            traces=queries_apercu.traces(session, "grille"),
            agit=current_user.role == Role.COORDINATION,
            onglets_coordination=onglets(),
        )


@access(Role.COORDINATION, on=ALL)
def grille_par_tranches() -> Page:
    return _grille(TranchesForm)


@access(Role.COORDINATION, on=ALL)
def grille_lineaire() -> Page:
    return _grille(LineaireForm)


@access(Role.COORDINATION, on=ALL)
def rythme() -> Page:
    form = RythmeForm()
    with reading() as session:
        form.proposer(reglages.lundis_d_effet(session, now()))
        current, coming = queries_reglages.rythmes(session, today())
    if request.method == "GET":
        form.remplir(coming[-1] if coming else current)

    def write(session: Session) -> str:
        made = reglages.saisir_rythme(session, form.saisi, instant=now(), par=current_user.compte_id)
        return _("C’est noté : ce rythme compte à partir du %(jour)s.", jour=jour_annee(made.effet_le))

    def preview(session: Session) -> str:
        told = queries_apercu.apercu_rythme(session, form.saisi)
        return render_template("paniers/coordination/rythme_apercu.html", form=form, apercu=told, saisi=form.saisi)

    answer = _en_deux_temps(form, preview, write)
    if answer is not None:
        return answer
    page = render_template("paniers/coordination/rythme.html", form=form, rythme=current)
    return page, 422 if form.errors else 200


@access(Role.COORDINATION, on=ALL)
def retirer_grille(grille_id: int) -> Response:
    return _retirer(reglages.retirer_grille, grille_id, _("La grille est retirée."), "coordination.grilles")


@access(Role.COORDINATION, on=ALL)
def retirer_rythme(calendrier_id: int) -> Response:
    return _retirer(reglages.retirer_rythme, calendrier_id, _("Le rythme est retiré."), "coordination.calendrier")


def brancher(bp: Blueprint) -> None:
    """Put these pages on the coordination's blueprint."""
    both = ["GET", "POST"]
    bp.get("/coordination/grilles")(grilles)
    bp.route("/coordination/grilles/par-tranches", methods=both)(grille_par_tranches)
    bp.route("/coordination/grilles/lineaire", methods=both)(grille_lineaire)
    bp.post("/coordination/grilles/<int:grille_id>/retirer")(retirer_grille)
    bp.route("/coordination/calendrier/rythme", methods=both)(rythme)
    bp.post("/coordination/calendrier/rythmes/<int:calendrier_id>/retirer")(retirer_rythme)


def _grille(kind: type[UneGrille]) -> Page:
    form = kind()
    with reading() as session:
        form.proposer(reglages.jours_d_effet(session, now()))
        present, coming, _past = queries_reglages.grilles(session, today())
    if request.method == "GET":
        form.remplir(coming[-1] if coming else present)

    def write(session: Session) -> str:
        made = reglages.saisir_grille(session, form.saisie, instant=now(), par=current_user.compte_id)
        return _("C’est noté : cette grille compte à partir du retrait du %(jour)s.", jour=jour_annee(made.effet_le))

    def preview(session: Session) -> str:
        told = queries_apercu.apercu_grille(session, form.saisie, now())
        shown = queries_reglages.grille_vue(form.saisie)
        return render_template("paniers/coordination/grille_apercu.html", form=form, grille=shown, comparaison=told)

    answer = _en_deux_temps(form, preview, write)
    if answer is not None:
        return answer
    return render_template("paniers/coordination/grille.html", form=form), 422 if form.errors else 200


def _en_deux_temps(
    form: TranchesForm | LineaireForm | RythmeForm, preview: Callable[[Session], str], write: Callable[[Session], str]
) -> Page | None:
    """The preview of a form in order, then (asked once more) its writing; None: the form is to be shown."""
    if request.method == "GET" or not form.validate() or request.form.get("geste") == "corriger":
        return None
    confirmed = request.form.get("geste") == "enregistrer"
    if confirmed and form.accord.data:
        back = "coordination.calendrier" if isinstance(form, RythmeForm) else "coordination.grilles"
        return redirect(url_for(back), 303) if sans_refus(form, "effet_le", lambda: _ecrire(write)) else None
    if confirmed:
        form.refuser("accord", _("Cochez cette case pour enregistrer."))
    with reading() as session:
        return preview(session), 422 if confirmed else 200


def _ecrire(write: Callable[[Session], str]) -> None:
    """Raises Refus."""
    with transaction() as session:
        said = write(session)
    flash(said, "succes")


def _retirer(take_back: Callable[..., None], key: int, said: str, page: str) -> Response:
    try:
        with transaction() as session:
            take_back(session, key, instant=now(), par=current_user.compte_id)
    except Introuvable:
        raise
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(said, "succes")
    return redirect(url_for(page), 303)
