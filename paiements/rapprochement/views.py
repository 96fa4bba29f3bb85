"""The page of the reconciliation, and a person's word on a difference."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.web.access import ALL, Role, access
from kernel.web.words import _
from paiements.formulaires.en_ligne import ResolutionForm
from paiements.rapprochement import nuit, queries

bp = Blueprint("rapprochement", __name__, url_prefix="/regie/rapprochement")

LECTURE = (Role.REGISSEUR, Role.COORDINATION, Role.ADMINISTRATION)


@bp.get("")
@access(*LECTURE, on=ALL)
def page() -> str:
    with reading() as session:
        return render_template(
            "paiements/rapprochement/page.html",
            etat=queries.etat(session),
            ecarts=queries.ecarts(session),
            resolus=queries.resolus(session),
            noms=queries.NOMS,
        )


@bp.route("/ecarts/<int:ecart_id>", methods=["GET", "POST"])
@access(Role.REGISSEUR, on=ALL)
def resoudre(ecart_id: int) -> str | Response | tuple[str, int]:
    form = ResolutionForm()
    if form.validate_on_submit():
        try:
            with transaction() as session:
                nuit.resoudre(session, ecart_id, motif=form.motif.data, par=current_user.compte_id)
        except Introuvable:
            raise
        except Refus as refus:
            form.refuser("motif", refus.sentence)
        else:
            flash(_("C’est noté : l’écart reste lisible, avec votre nom et ce que vous en dites."), "succes")
            return redirect(url_for(".page"), 303)
    with reading() as session:
        shown = queries.ecart(session, ecart_id)
    if shown is None:
        raise Introuvable
    answer = render_template("paiements/rapprochement/ecart.html", form=form, ecart=shown, noms=queries.NOMS)
    return answer, 422 if form.errors else 200
