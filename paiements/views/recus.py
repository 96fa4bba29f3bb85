"""Receipts and yearly summaries, for the family they belong to."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as Reponse

from kernel.db import reading, transaction
from kernel.web.access import MINE, Role, access
from kernel.web.files import file_answer
from kernel.web.words import _
from paiements.documents import recus
from paiements.portee import mon_recu
from paiements.queries import recus as queries_recus

bp = Blueprint("recus", __name__, url_prefix="/paiements")


@bp.get("/recus")
@access(Role.HABITANT, on=MINE)
def mes_recus() -> str:
    with reading() as session:
        years = queries_recus.annees(session, current_user.foyer_id)
    asked = queries_recus.papier_demande(years, request.args.get("attend", ""))
    return render_template("paiements/mes_recus.html", annees=years, demande=asked)


@bp.post("/recus/<int:recu_id>")
@access(Role.HABITANT, on=mon_recu)
def demander_recu(recu_id: int) -> Reponse:
    with transaction() as session:
        recus.demander_recu(session, recu_id)
    return redirect(url_for(".mes_recus", attend=f"recu-{recu_id}"), 303)


@bp.get("/recus/<int:recu_id>.pdf")
@access(Role.HABITANT, on=mon_recu)
def recu_pdf(recu_id: int) -> Response:
    with reading() as session:
        return file_answer(recus.recu(session, recu_id), en_preparation())


@bp.post("/attestations/<int:annee>")
@access(Role.HABITANT, on=MINE)
def demander_attestation(annee: int) -> Reponse:
    with transaction() as session:
        recus.demander_attestation(session, current_user.foyer_id, annee)
    return redirect(url_for(".mes_recus", attend=f"annee-{annee}"), 303)


@bp.get("/attestations/<int:annee>.pdf")
@access(Role.HABITANT, on=MINE)
def attestation_pdf(annee: int) -> Response:
    with reading() as session:
        return file_answer(recus.attestation(session, current_user.foyer_id, annee), en_preparation())


def en_preparation() -> str:
    return _("Ce PDF n’est pas prêt. Demandez-le sur la page des reçus : il s’y ouvre quelques secondes après.")
