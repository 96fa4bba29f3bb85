"""A producer's offers of one week, by the link of a mail: no password, and opening it changes nothing."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kernel.clock import now
from kernel.db import reading
from kernel.errors import Introuvable, Refus
from kernel.web.access import public
from kernel.web.security import signed_link
from kernel.web.words import _
from paniers.liens import offres_du_jeton
from paniers.producteurs import offres as views_offres
from paniers.queries import producteurs as queries_producteurs
from paniers.queries.producteurs import OffreVue, ProducteurVu, SemaineOfferte

bp = Blueprint("offres_par_lien", __name__, url_prefix="/producteur/semaine")

Page = str | Response | tuple[str, int]


class ParLien:
    """The buttons of the page that a link opens: they stay behind that link, and its week is the only one."""

    def __init__(self, jeton: str) -> None:
        self.jeton = jeton

    def page(self, code: str) -> str:
        return url_for("offres_par_lien.mes_offres", jeton=self.jeton)

    def reprendre(self, code: str) -> str:
        return self.page(code)

    def ajouter(self, code: str) -> str:
        return url_for("offres_par_lien.ajouter", jeton=self.jeton)

    def offre(self, code: str, produit_id: int) -> str:
        return url_for("offres_par_lien.offre", jeton=self.jeton, produit_id=produit_id)

    def retirer(self, code: str, offre: OffreVue) -> str:
        return url_for("offres_par_lien.retirer", jeton=self.jeton, produit_id=offre.produit_id)


@bp.errorhandler(Refus)
def lien_ferme(refus: Refus) -> Response:
    return _a_ne_pas_garder(
        (render_template("paniers/producteurs/lien_ferme.html", phrase=refus.sentence), refus.status)
    )


@bp.route("/<jeton>", methods=["GET", "POST"])
@public("a signed link opens the offers of one producer and week")
@signed_link
def mes_offres(jeton: str) -> Response:
    """The page; its button, which posts back here, repeats the last offers."""
    farm, week = _ouvrir(jeton)
    if request.method == "POST":
        return _a_ne_pas_garder(views_offres.reprise(farm, week, ParLien(jeton), par=None))
    return _a_ne_pas_garder(views_offres.page_des_offres(farm, [week], week, ParLien(jeton)))


@bp.get("/<jeton>/ajouter")
@public("a signed link of offers leads to a product")
@signed_link
def ajouter(jeton: str) -> Response:
    _farm, week = _ouvrir(jeton)
    return _a_ne_pas_garder(views_offres.vers_le_produit(week.code, ParLien(jeton)))


@bp.route("/<jeton>/produit/<int:produit_id>", methods=["GET", "POST"])
@public("a signed link of offers opens one product")
@signed_link
def offre(jeton: str, produit_id: int) -> Response:
    farm, week = _ouvrir(jeton)
    return _a_ne_pas_garder(views_offres.page_d_offre(farm, week, produit_id, ParLien(jeton), par=None))


@bp.post("/<jeton>/produit/<int:produit_id>/retirer")
@public("a signed link of offers withdraws one product")
@signed_link
def retirer(jeton: str, produit_id: int) -> Response:
    farm, week = _ouvrir(jeton)
    with reading() as session:
        offered = queries_producteurs.offres(session, farm.id, week.id)
    for mine in offered:
        if mine.produit_id == produit_id:
            views_offres.retrait(mine.id)
    return _a_ne_pas_garder(redirect(ParLien(jeton).page(week.code), 303))


def _ouvrir(jeton: str) -> tuple[ProducteurVu, SemaineOfferte]:
    """The farm and the week of a link, while its offers are open. Raises Refus."""
    producteur_id, semaine_id = offres_du_jeton(jeton)
    try:
        with reading() as session:
            farm = queries_producteurs.producteur(session, producteur_id)
            week = queries_producteurs.semaine_offerte(session, semaine_id)
            open_weeks = {offered.id for offered in queries_producteurs.semaines_offertes(session, now(), None)}
    except Introuvable:
        raise Refus(_("Ce lien ne mène plus à rien. Appelez la coordination."), status=404) from None
    if week.id not in open_weeks:
        raise Refus(_("Les offres de cette semaine sont closes. Appelez la coordination pour la suivante."), status=410)
    return farm, week


def _a_ne_pas_garder(answer: Page) -> Response:
    """A page behind a link is nobody's to keep: no cache, no search engine."""
    made = make_response(answer)
    made.headers["Cache-Control"] = "no-store, private"
    made.headers["X-Robots-Tag"] = "noindex"
    return made
