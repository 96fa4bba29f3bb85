"""The régisseur's pages: the tills of all maisons, the founding act, who takes money where. Dense, sortable, summed."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kernel.clock import today
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import ALL, Role, access
from kernel.web.words import _
from paiements import queries_caisse, queries_regie
from paiements.regie import nommer_mandataire, retirer_mandataire

bp = Blueprint("regie", __name__, url_prefix="/regie")

LECTURE = (Role.REGISSEUR, Role.ADMINISTRATION)


@bp.get("")
@access(*LECTURE, on=ALL)
def caisses() -> str:
    with reading() as session:
        tills = queries_caisse.caisses(session, None)
        regie = queries_regie.regie(session)
    return render_template("paiements/regie/caisses.html", caisses=tills, regie=regie)


@bp.get("/acte")
@access(*LECTURE, on=ALL)
def acte() -> str:
    with reading() as session:
        regie = queries_regie.regie(session)
        acts = queries_regie.actes(session, regie.id) if regie else []
        tills = queries_regie.caisses_tenues(session)
    return render_template(
        "paiements/regie/acte.html",
        regie=regie,
        actes=acts,
        acte=queries_regie.acte_du(acts, today()),
        caisses=tills,
    )


@bp.post("/caisses/<int:maison_id>/mandataires")
@access(Role.REGISSEUR, on=ALL)
def nommer(maison_id: int) -> Response:
    person = request.form.get("compte", type=int)
    if person is None:
        raise Refus(_("Choisissez la personne à nommer."), status=400)
    with transaction() as session:
        nommer_mandataire(session, maison_id, person)
    flash(_("C’est noté : cette personne peut encaisser dès maintenant."), "succes")
    return redirect(url_for(".acte"), 303)


@bp.post("/mandataires/<int:mandataire_id>/retirer")
@access(Role.REGISSEUR, on=ALL)
def retirer(mandataire_id: int) -> Response:
    with transaction() as session:
        retirer_mandataire(session, mandataire_id)
    flash(_("C’est noté : cette personne n’encaisse plus ici."), "succes")
    return redirect(url_for(".acte"), 303)
