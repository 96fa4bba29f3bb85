"""At the counter: a household's receipts and yearly summaries, to print for whoever has no screen."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Reponse

from foyers.portee import foyer_a_portee
from foyers.queries import foyer
from kernel.db import reading, transaction
from kernel.web.access import Role, access
from kernel.web.files import file_answer
from paiements.documents import recus
from paiements.portee import recu_a_portee
from paiements.queries import recus as queries_recus
from paiements.views.recus import en_preparation

bp = Blueprint("guichet_recus", __name__, url_prefix="/guichet/foyers/<int:foyer_id>/compte")

BUREAU = (Role.AGENT, Role.COORDINATION, Role.REGISSEUR)


@bp.get("/recus")
@access(*BUREAU, on=foyer_a_portee)
def ses_recus(foyer_id: int) -> str:
    with reading() as session:
        household, years = foyer(session, foyer_id), queries_recus.annees(session, foyer_id)
    asked = queries_recus.papier_demande(years, request.args.get("attend", ""))
    return render_template("paiements/ses_recus.html", foyer=household, annees=years, demande=asked)


@bp.post("/recus/<int:recu_id>")
@access(*BUREAU, on=recu_a_portee)
def demander_recu(foyer_id: int, recu_id: int) -> Reponse:
    with transaction() as session:
        recus.demander_recu(session, recu_id)
    return redirect(url_for(".ses_recus", foyer_id=foyer_id, attend=f"recu-{recu_id}"), 303)


@bp.get("/recus/<int:recu_id>.pdf")
@access(*BUREAU, on=recu_a_portee)
def recu_pdf(foyer_id: int, recu_id: int) -> Response:
    with reading() as session:
        return file_answer(recus.recu(session, recu_id), en_preparation())


@bp.post("/attestations/<int:annee>")
@access(*BUREAU, on=foyer_a_portee)
def demander_attestation(foyer_id: int, annee: int) -> Reponse:
    with transaction() as session:
        recus.demander_attestation(session, foyer_id, annee)
    return redirect(url_for(".ses_recus", foyer_id=foyer_id, attend=f"annee-{annee}"), 303)


@bp.get("/attestations/<int:annee>.pdf")
@access(*BUREAU, on=foyer_a_portee)
def attestation_pdf(foyer_id: int, annee: int) -> Response:
    with reading() as session:
        return file_answer(recus.attestation(session, foyer_id, annee), en_preparation())
