"""What a producer offers for the next weeks, by account."""

from decimal import Decimal
from typing import Protocol

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from kernel.clock import now
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.web.access import MINE, Person, Role, access
from kernel.web.words import _
from paniers import offres
from paniers.formulaires.familles import OffreForm
from paniers.models.producteurs import Offre, Producteur
from paniers.offres import Proposition
from paniers.prix_convenus import prix_convenus
from paniers.queries import producteurs as queries_producteurs
from paniers.queries.producteurs import OffreVue, ProducteurVu, ProduitPropose, SemaineOfferte, producteur_du_compte

MILLE = Decimal(1000)


def offre_du_producteur(person: Person, *, offre_id: int, **_view_args: object) -> bool:
    """The offer of the address is the caller's farm's."""
    with reading() as session:
        owner = session.scalar(
            select(Producteur.compte_id).join(Offre, Offre.producteur_id == Producteur.id).where(Offre.id == offre_id)
        )
    return owner is not None and owner == person.compte_id


class Chemins(Protocol):
    """Where the buttons of a page of offers lead: by account, or by the link of a mail."""

    def page(self, code: str) -> str: ...
    def reprendre(self, code: str) -> str: ...
    def ajouter(self, code: str) -> str: ...
    def offre(self, code: str, produit_id: int) -> str: ...
    def retirer(self, code: str, offre: OffreVue) -> str: ...


class ParCompte:
    def page(self, code: str) -> str:
        return url_for("producteurs.mes_offres", semaine=code)

    def reprendre(self, code: str) -> str:
        return url_for("producteurs.reprendre_mes_offres", code=code)

    def ajouter(self, code: str) -> str:
        return url_for("producteurs.ajouter_une_offre", code=code)

    def offre(self, code: str, produit_id: int) -> str:
        return url_for("producteurs.offre", code=code, produit_id=produit_id)

    def retirer(self, code: str, offre: OffreVue) -> str:
        return url_for("producteurs.retirer_une_offre", offre_id=offre.id, semaine=code)


@access(Role.PRODUCTEUR, on=MINE)
def mes_offres() -> str:
    with reading() as session:
        farm = producteur_du_compte(session, current_user.compte_id)
        weeks = queries_producteurs.semaines_offertes(session, now())
    return page_des_offres(farm, weeks, _choisie(weeks, request.args.get("semaine", "")), ParCompte())


def page_des_offres(
    farm: ProducteurVu | None, weeks: list[SemaineOfferte], week: SemaineOfferte | None, chemins: Chemins
) -> str:
    """What a farm offers for a week, and the baskets to come."""
    with reading() as session:
        offered = queries_producteurs.offres(session, farm.id, week.id) if farm and week else []
        before = queries_producteurs.a_reprendre(session, farm.id, week.retrait_le) if farm and week else 0
        products = queries_producteurs.catalogue(session) if farm and week else []
        forecast = queries_producteurs.previsions(session, now()) if farm else []
    known = {offer.produit_id for offer in offered}
    return render_template(
        "paniers/producteurs/offres.html",
        producteur=farm,
        semaines=weeks,
        semaine=week,
        offres=offered,
        a_reprendre=before,
        produits=[product for product in products if product.id not in known],
        previsions=forecast,
        chemins=chemins,
    )


@access(Role.PRODUCTEUR, on=MINE)
def reprendre_mes_offres(code: str) -> Response:
    farm, week = _ma_ferme_et(code)
    return reprise(farm, week, ParCompte(), par=current_user.compte_id)


def reprise(farm: ProducteurVu, week: SemaineOfferte, chemins: Chemins, *, par: int | None) -> Response:
    """Offer again what was offered the last time, say so, and go back to the page."""
    try:
        with transaction() as session:
            added = offres.reprendre(session, semaine_id=week.id, producteur_id=farm.id, instant=now(), par=par)
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(
            _("Vos offres sont reprises. Vérifiez les quantités et les prix.")
            if added
            else _("Ces produits étaient déjà proposés. Rien n’a changé."),
            "succes",
        )
    return redirect(chemins.page(week.code))


@access(Role.PRODUCTEUR, on=MINE)
def ajouter_une_offre(code: str) -> Response:
    """From the list of products to the page of the one that was chosen."""
    _ma_ferme_et(code)
    return vers_le_produit(code, ParCompte())


def vers_le_produit(code: str, chemins: Chemins) -> Response:
    chosen = request.args.get("produit", "")
    if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 10):
        flash(_("Choisissez un produit dans la liste."), "attention")
        return redirect(chemins.page(code))
    return redirect(chemins.offre(code, int(chosen)))


@access(Role.PRODUCTEUR, on=MINE)
def offre(code: str, produit_id: int) -> str | tuple[str, int] | Response:
    farm, week = _ma_ferme_et(code)
    return page_d_offre(farm, week, produit_id, ParCompte(), par=current_user.compte_id)


def page_d_offre(
    farm: ProducteurVu, week: SemaineOfferte, produit_id: int, chemins: Chemins, *, par: int | None
) -> str | tuple[str, int] | Response:
    """One product's offer: entered, or changed."""
    with reading() as session:
        product = queries_producteurs.produit(session, produit_id)
        before = queries_producteurs.derniere_offre(session, farm.id, produit_id, week.id)
        agreed = prix_convenus(session, farm.id, week.retrait_le).get(produit_id)
    form = OffreForm(data=_reponses_connues(product, before, agreed))
    form.compter_en(product.unite)

    def write() -> None:
        with transaction() as session:
            offres.proposer(
                session,
                semaine_id=week.id,
                producteur_id=farm.id,
                produit_id=produit_id,
                proposition=_proposition(form, product),
                instant=now(),
                par=par,
            )

    if form.validate_on_submit() and form.noter(write):
        flash(_("%(produit)s : votre offre est notée.", produit=product.nom), "succes")
        return redirect(chemins.page(week.code), code=303)
    page = render_template(
        "paniers/producteurs/offre.html", form=form, semaine=week, produit=product, convenu=agreed, chemins=chemins
    )
    return page, 422 if form.errors else 200


@access(Role.PRODUCTEUR, on=offre_du_producteur)
def retirer_une_offre(offre_id: int) -> Response:
    retrait(offre_id)
    return redirect(url_for("producteurs.mes_offres", semaine=request.args.get("semaine")))


def retrait(offre_id: int) -> None:
    """Withdraw an offer and say so."""
    try:
        with transaction() as session:
            offres.retirer(session, offre_id, instant=now())
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(_("L’offre est retirée."), "succes")


def _choisie(weeks: list[SemaineOfferte], code: str) -> SemaineOfferte | None:
    """The week that the address asks for, else the next one."""
    return next((week for week in weeks if week.code == code), weeks[0] if weeks else None)


def _ma_ferme_et(code: str) -> tuple[ProducteurVu, SemaineOfferte]:
    """The caller's farm and the open week of that code. Raises Introuvable, Refus."""
    with reading() as session:
        farm = producteur_du_compte(session, current_user.compte_id)
        weeks = queries_producteurs.semaines_offertes(session, now())
    if farm is None:
        raise Introuvable
    week = next((week for week in weeks if week.code == code), None)
    if week is None:
        raise Refus(_("Cette semaine ne prend plus d’offres. Proposez pour une autre, ou appelez la coordination."))
    return farm, week


def _reponses_connues(product: ProduitPropose, before: OffreVue | None, agreed: int | None) -> dict[str, object]:
    """What the fields start with; the agreed price where there was none before, or a higher one."""
    if before is None:
        return {"prix": Decimal(agreed or product.prix_indicatif) / 100}
    unit = 1 if product.en_pieces else MILLE
    return {
        "variete": before.variete,
        "quantite": Decimal(before.quantite) / unit,
        "lot": Decimal(before.lot) / unit,
        "prix": Decimal(min(before.prix, agreed or before.prix)) / 100,
    }


def _proposition(form: OffreForm, product: ProduitPropose) -> Proposition:
    """The answers in grams or pieces, and centimes. Raises Refus for a fraction of a centime."""
    unit = 1 if product.en_pieces else MILLE
    cents = form.prix.data * 100
    if cents != cents.to_integral_value():
        raise Refus(_("Écrivez le prix avec deux chiffres après la virgule. Exemple : 1,80"), status=422)
    return Proposition(
        quantite=int(form.quantite.data * unit),
        lot=int(form.lot.data * unit),
        prix=int(cents),
        variete=form.variete.data or "",
    )
