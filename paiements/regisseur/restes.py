"""The régisseur's pages of what has long been owed: who, handed to the Treasury, taken back."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as Fichier
from flask_login import current_user
from werkzeug.http import dump_options_header
from werkzeug.wrappers import Response

from kernel import documents
from kernel.clock import today
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.formats import euros
from kernel.spreadsheet import MEDIA_TYPE, csv_file
from kernel.web.access import ALL, Role, access
from kernel.web.files import file_answer
from kernel.web.words import _
from paiements.documents import restes as restes_papier
from paiements.formulaires.caisse import RepriseForm
from paiements.queries import regie as queries_regie
from paiements.queries import restes as queries_restes
from paiements.regie import restes

bp = Blueprint("restes", __name__, url_prefix="/regie/restes")

LECTURE = (Role.REGISSEUR, Role.ADMINISTRATION)


@bp.get("")
@access(*LECTURE, on=ALL)
def a_recouvrer() -> str:
    return _page()


@bp.post("")
@access(Role.REGISSEUR, on=ALL)
def arreter() -> Response | tuple[str, int]:
    chosen = {int(one) for one in request.form.getlist("foyers") if one.isascii() and one.isdigit() and len(one) < 10}
    if not chosen:
        return _page(_("Cochez au moins une famille.")), 422
    with transaction() as session:
        made = restes.arreter(session, chosen, par=current_user.compte_id)
    flash(_("L’état est arrêté. Chaque famille reçoit un message ; la liste se prépare."), "succes")
    return redirect(url_for(".etat", etat_id=made.id), 303)


def _page(faute: str | None = None) -> str:
    with reading() as session:
        regie = queries_regie.regie(session)
        act = queries_regie.acte_du(queries_regie.actes(session, regie.id), today()) if regie else None
        owed = queries_restes.a_recouvrer(session, act, today()) if act else []
        made = queries_restes.etats(session)
    return render_template("paiements/regie/restes.html", acte=act, dus=owed, etats=made, faute=faute)


@bp.get("/<int:etat_id>")
@access(*LECTURE, on=ALL)
def etat(etat_id: int) -> str:
    with reading() as session:
        made, debts = queries_restes.etat(session, etat_id), queries_restes.restes(session, etat_id)
    return render_template("paiements/regie/etat_restes.html", etat=made, restes=debts)


@bp.get("/<int:etat_id>.csv")
@access(*LECTURE, on=ALL)
def etat_csv(etat_id: int) -> Fichier:
    """For who writes the titres de recette: one line a debt, as docs/exports.md describes."""
    with reading() as session:
        made, debts = queries_restes.etat(session, etat_id), queries_restes.restes(session, etat_id)
    answer = Fichier(csv_file(restes_papier.COLONNES, restes_papier.lignes(made, debts)), content_type=MEDIA_TYPE)
    named = f"restes-{made.numero}.csv"
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": named})
    return answer


@bp.get("/<int:etat_id>.pdf")
@access(*LECTURE, on=ALL)
def etat_pdf(etat_id: int) -> Fichier:
    with reading() as session:
        queries_restes.etat(session, etat_id)
        made = documents.find(session, restes_papier.cle(etat_id))
    return file_answer(made, _("Ce PDF se prépare encore. Réessayez dans quelques secondes."))


@bp.post("/<int:etat_id>/prise-en-charge")
@access(Role.REGISSEUR, on=ALL)
def prendre_en_charge(etat_id: int) -> Response:
    with transaction() as session:
        restes.prendre_en_charge(session, etat_id)
    flash(_("C’est noté : le Trésor a pris cet état en charge."), "succes")
    return redirect(url_for(".etat", etat_id=etat_id), 303)


@bp.route("/lignes/<int:reste_id>/reprendre", methods=["GET", "POST"])
@access(Role.REGISSEUR, on=ALL)
def reprendre(reste_id: int) -> str | Response | tuple[str, int]:
    form = RepriseForm()
    if form.validate_on_submit():
        try:
            with transaction() as session:
                back = restes.reprendre(session, reste_id, form.motif.data, par=current_user.compte_id)
                amount, list_id = back.montant, back.etat_id
        except Introuvable:
            raise
        except Refus as refus:
            form.refuser("motif", refus.sentence)
        else:
            told = _("%(montant)s se paient de nouveau ici. Un message le dit à la famille.", montant=euros(amount))
            flash(told, "succes")
            return redirect(url_for(".etat", etat_id=list_id), 303)
    with reading() as session:
        made, debt = queries_restes.reste(session, reste_id)
    page = render_template("paiements/regie/reprendre.html", form=form, etat=made, reste=debt)
    return page, 422 if form.errors else 200
