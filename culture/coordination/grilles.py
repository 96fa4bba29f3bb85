"""The coordination's prices of seats: each grid, a new one, what one costs from a day on (previewed), taken back."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from culture.formulaires.grilles import PrixForm, grille_form, prix_form
from culture.grilles import PrixSaisis, creer_grille, exiger_des_prix, retirer_prix, saisir_prix
from culture.queries import grilles as lire
from culture.queries.grilles import GrilleVue
from culture.regles.tarifs import Forme
from foyers.formulaires import sans_refus
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.formats import jour_annee
from kernel.web.access import ALL, Role, access
from kernel.web.words import _

bp = Blueprint("tarifs_culture", __name__, url_prefix="/coordination/sorties/tarifs")

LECTURE = (Role.COORDINATION, Role.ADMINISTRATION)
FORMES = {
    Forme.UNIQUE: "Un prix pour tous",
    Forme.STATUT: "Selon la carte",
    Forme.QUOTIENT: "Selon le quotient",
}
Page = str | Response | tuple[str, int]


@bp.get("")
@access(*LECTURE, on=ALL)
def tarifs() -> str:
    with reading() as session:
        seen = lire.grilles(session, now())
    acts = current_user.role is Role.COORDINATION
    return render_template("culture/coordination/tarifs.html", grilles=seen, formes=FORMES, agit=acts)


@bp.route("/nouveau", methods=["GET", "POST"])
@access(Role.COORDINATION, on=ALL)
def nouveau() -> Page:
    forme = Forme(request.args["forme"]) if request.args.get("forme") in set(Forme) else Forme.UNIQUE
    form = grille_form(forme)

    def write() -> None:
        with transaction() as session:
            creer_grille(session, nom=form.nom.data, forme=forme, seuils=form.seuils, prix=form.prix)

    if form.validate_on_submit() and sans_refus(form, "nom", write):
        flash(_("Le tarif est dans la liste : les sorties peuvent le choisir."), "succes")
        return redirect(url_for(".tarifs"), 303)
    page = render_template("culture/coordination/tarif.html", form=form, forme=forme, formes=FORMES, grille=None)
    return page, 422 if form.errors else 200


@bp.route("/<int:tarif_id>/prix", methods=["GET", "POST"])
@access(Role.COORDINATION, on=ALL)
def prix(tarif_id: int) -> Page:
    with reading() as session:
        grid = lire.grille(session, tarif_id, now())
    form = prix_form(grid.forme, grid.a_venir[-1].bareme if grid.a_venir else grid.bareme)
    answer = _en_deux_temps(grid, form)
    if answer is not None:
        return answer
    page = render_template("culture/coordination/tarif.html", form=form, forme=grid.forme, formes=FORMES, grille=grid)
    return page, 422 if form.errors else 200


@bp.post("/prix/<int:prix_id>/retirer")
@access(Role.COORDINATION, on=ALL)
def retirer(prix_id: int) -> Response:
    try:
        with transaction() as session:
            retirer_prix(session, prix_id, instant=now(), par=current_user.compte_id)
    except Introuvable:
        raise
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(_("Ces prix sont retirés : ceux d’aujourd’hui continuent."), "succes")
    return redirect(url_for(".tarifs"), 303)


def _en_deux_temps(grid: GrilleVue, form: PrixForm) -> Page | None:
    """The preview of a form in order, then (asked once more) its writing; None: the form is to be shown."""
    if request.method == "GET" or not form.validate() or request.form.get("geste") == "corriger":
        return None
    typed = PrixSaisis(form.effet_le.data, form.seuils, form.prix)

    def write() -> None:
        with transaction() as session:
            saisir_prix(session, grid.id, typed, instant=now(), par=current_user.compte_id)

    confirmed = request.form.get("geste") == "enregistrer"
    if confirmed and form.accord.data:
        if not sans_refus(form, "effet_le", write):
            return None
        flash(_("C’est noté : ces prix comptent à partir du %(jour)s.", jour=jour_annee(typed.effet_le)), "succes")
        return redirect(url_for(".tarifs"), 303)
    if not sans_refus(form, "effet_le", lambda: _essayer(grid.id, typed)):
        return None
    if confirmed:
        form.refuser("accord", _("Cochez cette case pour enregistrer."))
    with reading() as session:
        told = lire.apercu(session, grid.id, typed, now())
    page = render_template("culture/coordination/tarif_apercu.html", form=form, grille=grid, apercu=told)
    return page, 422 if confirmed else 200


def _essayer(grille_id: int, typed: PrixSaisis) -> None:
    """What would be refused is said before anybody reads a preview. Raises Refus."""
    with reading() as session:
        exiger_des_prix(session, grille_id, typed, now())
