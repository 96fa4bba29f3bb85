"""Pages of the coordination about contracts: who is under contract until when, and the prices that are agreed."""

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from foyers.formulaires import sans_refus
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.web.access import ALL, Role, access
from kernel.web.words import _
from paniers import contrats
from paniers.coordination.onglets import onglets
from paniers.formulaires.contrats import (
    ContratForm,
    FinForm,
    ListeForm,
    PrixSaisis,
    champ_prix,
    deja_convenus,
    lire_prix,
)
from paniers.queries import contrats as queries_contrats
from paniers.queries import reglages as queries_reglages
from paniers.queries.contrats import ContratDetail

LECTURE = (Role.COORDINATION, Role.ADMINISTRATION)

Page = str | Response | tuple[str, int]


@access(*LECTURE, on=ALL)
def liste() -> str:
    form = ContratForm(formdata=None, data={"producteur": request.args.get("producteur", "")[:20]})
    _lister(form)
    return _page_des_contrats(form)


@access(Role.COORDINATION, on=ALL)
def ouvrir() -> Page:
    """Open a contract, and go on to its prices."""
    form = ContratForm()
    _lister(form)
    made: list[int] = []

    def write() -> None:
        with transaction() as session:
            contract = contrats.ouvrir(
                session,
                producteur_id=form.producteur.data,
                numero=form.numero.data,
                debut=form.debut.data,
                fin=form.fin.data,
                instant=now(),
                par=current_user.compte_id,
            )
            made.append(contract.id)

    if form.validate_on_submit() and sans_refus(form, "numero", write):
        flash(_("Le contrat est noté. Écrivez maintenant ses prix."), "succes")
        return redirect(url_for("coordination.contrat", contrat_id=made[0]), 303)
    return _page_des_contrats(form), 422


@access(*LECTURE, on=ALL)
def contrat(contrat_id: int) -> str:
    with reading() as session:
        seen = queries_contrats.contrat(session, contrat_id, today())
    form = ListeForm(formdata=None, data={"effet_le": _premier_jour_utile(seen)})
    last = seen.derniere
    return _page_du_contrat(seen, form, _fin(seen), deja_convenus(last.prix if last else {}))


@access(Role.COORDINATION, on=ALL)
def convenir(contrat_id: int) -> Page:
    """Agree on a list of prices; nothing is written while one of them cannot be read."""
    with reading() as session:
        seen = queries_contrats.contrat(session, contrat_id, today())
    form = ListeForm()
    typed = lire_prix(request.form, [product.id for product in seen.produits])

    def write() -> None:
        with transaction() as session:
            contrats.convenir(session, contrat_id, form.effet_le.data, typed.prix)

    if form.validate_on_submit() and not typed.erreurs and sans_refus(form, "effet_le", write):
        flash(_("Les prix sont convenus. Les producteurs les voient sur leur page."), "succes")
        return redirect(url_for("coordination.contrat", contrat_id=contrat_id), 303)
    return _page_du_contrat(seen, form, _fin(seen), typed), 422


@access(Role.COORDINATION, on=ALL)
def finir(contrat_id: int) -> Page:
    with reading() as session:
        seen = queries_contrats.contrat(session, contrat_id, today())
    form = FinForm()

    def write() -> None:
        with transaction() as session:
            contrats.finir(session, contrat_id, form.fin.data)

    if form.validate_on_submit() and sans_refus(form, "fin", write):
        flash(_("C’est noté : le contrat finit ce jour-là."), "succes")
        return redirect(url_for("coordination.contrat", contrat_id=contrat_id), 303)
    last = seen.derniere
    prices = ListeForm(formdata=None, data={"effet_le": _premier_jour_utile(seen)})
    return _page_du_contrat(seen, prices, form, deja_convenus(last.prix if last else {})), 422


def brancher(bp: Blueprint) -> None:
    """Put these pages on the coordination's blueprint."""
    bp.get("/coordination/contrats", endpoint="contrats")(liste)
    bp.post("/coordination/contrats", endpoint="ouvrir_un_contrat")(ouvrir)
    bp.get("/coordination/contrats/<int:contrat_id>")(contrat)
    bp.post("/coordination/contrats/<int:contrat_id>/prix")(convenir)
    bp.post("/coordination/contrats/<int:contrat_id>/fin", endpoint="finir_un_contrat")(finir)


def _lister(form: ContratForm) -> None:
    with reading() as session:
        form.proposer(queries_reglages.producteurs(session))


def _page_des_contrats(form: ContratForm) -> str:
    with reading() as session:
        farms = queries_contrats.fermes(session, today())
    return render_template(
        "paniers/coordination/contrats.html",
        fermes=farms,
        form=form,
        agit=current_user.role == Role.COORDINATION,
        onglets_coordination=onglets(),
    )


def _page_du_contrat(seen: ContratDetail, form: ListeForm, fin: FinForm, saisie: PrixSaisis) -> str:
    return render_template(
        "paniers/coordination/contrat.html",
        vu=seen,
        contrat=seen.contrat,
        form=form,
        fin=fin,
        saisie=saisie,
        champ_prix=champ_prix,
        agit=current_user.role == Role.COORDINATION,
    )


def _fin(seen: ContratDetail) -> FinForm:
    return FinForm(formdata=None, data={"fin": seen.contrat.fin})


def _premier_jour_utile(seen: ContratDetail) -> date:
    """A first list counts from the contract's first day on, the next ones from today on."""
    if not seen.listes:
        return seen.contrat.debut
    return min(max(today(), seen.contrat.debut), seen.contrat.fin)
