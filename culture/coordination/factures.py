"""The coordination enters what a venue has invoiced for an outing, and takes back what was entered by mistake."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from culture.factures import FINIES, reprendre_facture, saisir_facture
from culture.formulaires.factures import FactureForm, RepriseForm
from culture.queries.factures import cout_de_la_sortie, factures
from culture.queries.sorties import sortie_vue
from foyers.formulaires import sans_refus
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.web.access import ALL, Role, access
from kernel.web.words import _

bp = Blueprint("factures_culture", __name__, url_prefix="/coordination/sorties")

LECTURE = (Role.COORDINATION, Role.ADMINISTRATION)
Page = Response | tuple[str, int]


@bp.get("/<int:sortie_id>/factures")
@access(*LECTURE, on=ALL)
def lire(sortie_id: int) -> Page:
    return _page(sortie_id)


@bp.post("/<int:sortie_id>/factures")
@access(Role.COORDINATION, on=ALL)
def saisir(sortie_id: int) -> Page:
    form = FactureForm()

    def write() -> None:
        with transaction() as session:
            saisir_facture(session, sortie_id, form.saisie, instant=now(), par=current_user.compte_id)

    if form.validate_on_submit() and sans_refus(form, "reference", write):
        flash(_("La facture est saisie : le coût de la sortie est maintenant celui que le lieu demande."), "succes")
        return redirect(url_for(".lire", sortie_id=sortie_id), 303)
    return _page(sortie_id, saisie=form)


@bp.post("/<int:sortie_id>/factures/reprendre")
@access(Role.COORDINATION, on=ALL)
def reprendre(sortie_id: int) -> Page:
    form = RepriseForm()
    with reading() as session:
        form.proposer(factures(session, sortie_id))

    def write() -> None:
        with transaction() as session:
            who, why = current_user.compte_id, form.motif.data
            reprendre_facture(session, sortie_id, form.facture.data, why, instant=now(), par=who)

    if form.validate_on_submit() and sans_refus(form, "motif", write):
        flash(_("La facture est reprise. Elle reste dans l’historique, avec sa raison."), "succes")
        return redirect(url_for(".lire", sortie_id=sortie_id), 303)
    return _page(sortie_id, reprise=form)


def _page(sortie_id: int, *, saisie: FactureForm | None = None, reprise: RepriseForm | None = None) -> tuple[str, int]:
    with reading() as session:
        seen = sortie_vue(session, sortie_id, brouillon=True)
        cost = cout_de_la_sortie(session, sortie_id)
        entered = factures(session, sortie_id)
    again = reprise or RepriseForm(formdata=None)
    again.proposer(entered)
    page = render_template(
        "culture/coordination/factures.html",
        s=seen,
        cout=cost,
        factures=[one for one in entered if one.vaut],
        reprises=[one for one in entered if not one.vaut],
        ouverte=seen.etat in FINIES,
        agit=current_user.role is Role.COORDINATION,
        saisie=saisie or FactureForm(formdata=None),
        saisit=saisie is not None,
        reprise=again,
        reprend=reprise is not None,
    )
    return page, 422 if saisie or reprise else 200
