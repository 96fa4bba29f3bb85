"""The régisseur's page of online money that asks for a person, and giving money back."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.formats import euros
from kernel.web.access import ALL, Role, access
from kernel.web.words import _
from paiements.en_ligne import remboursements
from paiements.formulaires.caisse import ecrit
from paiements.formulaires.en_ligne import RemboursementForm
from paiements.queries import retours as queries_retours

bp = Blueprint("en_ligne", __name__, url_prefix="/regie/en-ligne")

LECTURE = (Role.REGISSEUR, Role.ADMINISTRATION)


@bp.get("")
@access(*LECTURE, on=ALL)
def a_regarder() -> str:
    with reading() as session:
        return render_template(
            "paiements/regie/en_ligne.html",
            en_trop=queries_retours.en_trop(session),
            repris=queries_retours.repris(session),
            rendus=queries_retours.rendus(session),
            incompris=queries_retours.incompris(session),
        )


@bp.route("/paiements/<int:paiement_id>/rembourser", methods=["GET", "POST"])
@access(Role.REGISSEUR, on=ALL)
def rembourser(paiement_id: int) -> str | Response | tuple[str, int]:
    form = RemboursementForm()
    if form.validate_on_submit():
        try:
            with transaction() as session:
                given = form.montant.centimes or 0
                remboursements.demander(
                    session, paiement_id, montant=given, motif=form.motif.data, par=current_user.compte_id
                )
        except Introuvable:
            raise
        except Refus as refus:
            form.refuser("montant", refus.sentence)
        else:
            flash(_("%(montant)s repartent vers la famille. Un message le lui dit.", montant=euros(given)), "succes")
            return redirect(url_for("en_ligne.a_regarder"), 303)
    with reading() as session:
        paid = queries_retours.paiement(session, paiement_id)
    if paid is None:
        raise Introuvable
    if not form.is_submitted() and paid.rendable:
        form.montant.data = ecrit(paid.rendable)
    page = render_template("paiements/regie/rembourser.html", form=form, paiement=paid)
    return page, 422 if form.errors else 200
