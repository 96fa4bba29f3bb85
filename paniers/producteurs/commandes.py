"""Pages of producers: their orders, by account or by a signed link, and what they offer for the next weeks.

No page here reads a household: maisons and quantities are all that a producer sees.
"""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from foyers.formulaires import sans_refus
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.settings import get_settings
from kernel.web.access import MINE, Person, Role, access, public
from kernel.web.files import file_answer
from kernel.web.security import signed_link
from kernel.web.words import _
from paniers.commandes import repondre
from paniers.documents.bon_commande import tableaux
from paniers.formulaires.familles import ReponseForm
from paniers.formulaires.penuries import Disponibles, champ_disponible, connus, il_manque, lire_disponibles
from paniers.liens import commande_du_jeton
from paniers.models.producteurs import Commande, EtatCommande, Producteur
from paniers.producteurs import offres as views_offres
from paniers.queries import producteurs as queries_producteurs
from paniers.queries.producteurs import ReponseVue, producteur_du_compte

bp = Blueprint("producteurs", __name__)

Page = str | Response | tuple[str, int]


def commande_du_producteur(person: Person, *, commande_id: int, **_view_args: object) -> bool:
    """The order of the address was sent to the caller's farm."""
    with reading() as session:
        owner = session.scalar(
            select(Producteur.compte_id)
            .join(Commande, Commande.producteur_id == Producteur.id)
            .where(Commande.id == commande_id)
        )
    return owner is not None and owner == person.compte_id


# Orders, signed in.


@bp.get("/producteur/commandes")
@access(Role.PRODUCTEUR, on=MINE)
def mes_commandes() -> str:
    with reading() as session:
        farm = producteur_du_compte(session, current_user.compte_id)
        orders = queries_producteurs.commandes(session, farm.id) if farm else []
        totals = queries_producteurs.totaux_par_annee(session, farm.id) if farm else []
    return render_template("paniers/producteurs/commandes.html", producteur=farm, commandes=orders, totaux=totals)


@bp.route("/producteur/commandes/<int:commande_id>", methods=["GET", "POST"])
@access(Role.PRODUCTEUR, on=commande_du_producteur)
def commande(commande_id: int) -> Page:
    here = url_for("producteurs.commande", commande_id=commande_id)
    files = {kind: url_for("producteurs.fichier", commande_id=commande_id, genre=kind) for kind in ("pdf", "csv")}
    return _page_de_commande(commande_id, here, files)


@bp.get("/producteur/commandes/<int:commande_id>/bon.<any(pdf, csv):genre>")
@access(Role.PRODUCTEUR, on=commande_du_producteur)
def fichier(commande_id: int, genre: str) -> Response:
    return _fichier(commande_id, genre, url_for("producteurs.commande", commande_id=commande_id))


# Orders, by the link of the mail: opening it changes nothing, its button does.


@bp.route("/producteur/commande/<jeton>", methods=["GET", "POST"])
@public("a signed link of one order opens it")
@signed_link
def commande_par_lien(jeton: str) -> Page:
    try:
        commande_id = commande_du_jeton(jeton)
        here = url_for("producteurs.commande_par_lien", jeton=jeton)
        files = {kind: url_for("producteurs.fichier_par_lien", jeton=jeton, genre=kind) for kind in ("pdf", "csv")}
        return _a_ne_pas_garder(_page_de_commande(commande_id, here, files))
    except Refus as refus:
        return _lien_ferme(refus)


@bp.get("/producteur/commande/<jeton>/bon.<any(pdf, csv):genre>")
@public("a signed link of one order opens its files")
@signed_link
def fichier_par_lien(jeton: str, genre: str) -> Response:
    try:
        commande_id = commande_du_jeton(jeton)
        return _a_ne_pas_garder(_fichier(commande_id, genre, url_for("producteurs.commande_par_lien", jeton=jeton)))
    except Refus as refus:
        return _lien_ferme(refus)


def _page_de_commande(commande_id: int, here: str, files: dict[str, str]) -> Page:
    """The order and its two answers. A press of either button comes back here, so that a reload asks nothing."""
    form = ReponseForm()
    with reading() as session:
        seen = queries_producteurs.commande(session, commande_id, now())
    typed = connus(seen.bon.articles, seen.disponibles)
    if request.method == "POST":
        typed = lire_disponibles(request.form, seen.bon.articles)
        if form.validate_on_submit() and _repondre(form, seen, typed):
            return redirect(here, code=303)
    else:
        form.message.data = seen.message
    page = {"vue": seen, "form": form, "ici": here, "fichiers": files, "tableaux": tableaux(seen.bon.articles)}
    return render_template(
        "paniers/producteurs/commande.html",
        depot=get_settings().adresse_depot,
        saisie=typed,
        champ_disponible=champ_disponible,
        **page,
    ), (422 if form.errors or typed.erreurs else 200)


def _repondre(form: ReponseForm, seen: ReponseVue, typed: Disponibles) -> bool:
    """Write the answer and say so; False with the reason on the form."""
    if form.reponse.data not in ("confirmer", "manque"):
        form.refuser("message", _("Choisissez : « Je confirme », ou dites ce qui manque."))
        return False
    short = form.reponse.data == "manque"
    if short and typed.erreurs:
        return False
    if short and not il_manque(typed, seen.bon.articles) and not form.message.data:
        form.refuser("message", _("Dites ce qui manque : changez une quantité, ou écrivez un mot."))
        return False

    def write() -> None:
        with transaction() as session:
            repondre(
                session,
                seen.bon.commande_id,
                message=form.message.data if short else None,
                disponibles=typed.quantites if short else None,
                version=form.version_lue,
                instant=now(),
            )

    if not sans_refus(form, "message", write):
        return False
    flash(_dit(seen, short=short), "succes")
    return True


def _dit(seen: ReponseVue, *, short: bool) -> str:
    if short:
        return _("Merci. La coordination est prévenue et vous rappelle si besoin.")
    if seen.etat is EtatCommande.CONFIRMEE:
        return _("Cette commande était déjà confirmée. Rien n’a changé.")
    return _("Merci, votre commande est confirmée. Rien d’autre à faire.")


def _fichier(commande_id: int, kind: str, back: str) -> Response:
    with reading() as session:
        document = queries_producteurs.document(session, commande_id, kind)
    if document is None:
        flash(_("Ce document est en préparation. Il sera prêt dans quelques minutes."), "info")
        return redirect(back)
    return file_answer(document, "")


def _lien_ferme(refus: Refus) -> Response:
    page = render_template("paniers/producteurs/lien_ferme.html", phrase=refus.sentence)
    return _a_ne_pas_garder((page, refus.status))


def _a_ne_pas_garder(answer: Page) -> Response:
    """A page behind a link is nobody's to keep: no cache, no search engine."""
    made = make_response(answer)
    made.headers["Cache-Control"] = "no-store, private"
    made.headers["X-Robots-Tag"] = "noindex"
    return made


# Offers.
bp.get("/producteur/offres")(views_offres.mes_offres)
bp.post("/producteur/offres/<code>/reprendre")(views_offres.reprendre_mes_offres)
bp.get("/producteur/offres/<code>/ajouter")(views_offres.ajouter_une_offre)
bp.route("/producteur/offres/<code>/<int:produit_id>", methods=["GET", "POST"])(views_offres.offre)
bp.post("/producteur/offres/<int:offre_id>/retirer")(views_offres.retirer_une_offre)
