"""At the counter, for the coordination alone: aid that settles what a household owes, and undoing it."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from foyers.formulaires import sans_refus
from foyers.portee import foyer_a_portee
from foyers.queries import foyer
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.formats import euros
from kernel.web.access import Role, access
from kernel.web.words import _
from paiements import aides
from paiements.formulaires.caisse import ecrit
from paiements.formulaires.en_ligne import AideForm, AnnulationAideForm
from paiements.portee import aide_a_portee
from paiements.queries import aides as queries_aides
from paiements.queries import familles as queries

bp = Blueprint("guichet_aides", __name__, url_prefix="/guichet/foyers/<int:foyer_id>/compte")


@bp.route("/aide", methods=["GET", "POST"])
@access(Role.COORDINATION, on=foyer_a_portee)
def aider(foyer_id: int) -> str | Response | tuple[str, int]:
    form = AideForm()
    if form.validate_on_submit():
        given = form.montant.centimes or 0
        try:
            with transaction() as session:
                aides.accorder(session, foyer_id, montant=given, motif=form.motif.data, par=current_user.compte_id)
        except Refus as refus:
            form.refuser("montant", refus.sentence)
        else:
            flash(
                _("Le CCAS prend en charge %(montant)s. Un message le dit à la famille.", montant=euros(given)),
                "succes",
            )
            return redirect(url_for("guichet_comptes.lignes", foyer_id=foyer_id), 303)
    with reading() as session:
        household, compte = foyer(session, foyer_id), queries.compte(session, foyer_id)
    if not form.is_submitted() and compte.a_payer:
        form.montant.data = ecrit(compte.a_payer)
    page = render_template("paiements/aide.html", form=form, foyer=household, compte=compte)
    return page, 422 if form.errors else 200


@bp.route("/aides/<int:aide_id>/annuler", methods=["GET", "POST"])
@access(Role.COORDINATION, on=aide_a_portee)
def annuler(foyer_id: int, aide_id: int) -> str | Response | tuple[str, int]:
    form = AnnulationAideForm()

    def write() -> None:
        with transaction() as session:
            aides.annuler(session, aide_id, motif=form.motif.data, par=current_user.compte_id)

    if form.validate_on_submit() and sans_refus(form, "motif", write):
        flash(_("L’aide est annulée. Un message dit à la famille ce qui reste à payer."), "succes")
        return redirect(url_for("guichet_comptes.lignes", foyer_id=foyer_id), 303)
    with reading() as session:
        household, given = foyer(session, foyer_id), queries_aides.aide(session, aide_id)
    page = render_template("paiements/aide_annuler.html", form=form, foyer=household, aide=given)
    return page, 422 if form.errors else 200
