"""The régisseur's pages: the tills of all maisons, the founding act, who takes money where. Dense, sortable, summed."""

from datetime import date
from decimal import Decimal

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as Fichier
from flask_login import current_user
from werkzeug.http import dump_options_header
from werkzeug.wrappers import Response

from kernel import documents
from kernel.clock import today
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.formats import euros
from kernel.spreadsheet import MEDIA_TYPE, Cell, csv_file
from kernel.web.access import ALL, Role, access
from kernel.web.files import file_answer
from kernel.web.words import _
from paiements.documents import bordereaux
from paiements.documents import journal as journal_papier
from paiements.formulaires.caisse import VersementForm
from paiements.queries import caisse as queries_caisse
from paiements.queries import journal as queries_journal
from paiements.queries import regie as queries_regie
from paiements.queries.journal import LigneDeJournal
from paiements.regie.acte import nommer_mandataire, retirer_mandataire
from paiements.regie.versements import verser as deposer

bp = Blueprint("regie", __name__, url_prefix="/regie")

LECTURE = (Role.REGISSEUR, Role.ADMINISTRATION)
PAGE_MAX = 10_000
COLONNES = ("date", "ecriture", "piece", "libelle", "compte", "maison", "debit", "credit")


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


@bp.get("/quittances")
@access(*LECTURE, on=ALL)
def quittances() -> str:
    searched = request.args.get("q", "").replace("\0", " ")[:80].strip()
    page = min(max(request.args.get("page", 1, type=int), 1), PAGE_MAX)
    with reading() as session:
        found, more = queries_regie.chercher_quittances(session, searched, page)
    return render_template("paiements/regie/quittances.html", quittances=found, encore=more, page=page, q=searched)


@bp.get("/versements")
@access(*LECTURE, on=ALL)
def versements() -> str:
    with reading() as session:
        tills = queries_caisse.caisses(session, None)
        made = queries_regie.versements(session)
        last = queries_regie.derniers_versements(session)
    return render_template("paiements/regie/versements.html", caisses=tills, versements=made, derniers=last)


@bp.post("/caisses/<int:maison_id>/versements")
@access(Role.REGISSEUR, on=ALL)
def verser(maison_id: int) -> Response:
    form = VersementForm()
    if not form.validate_on_submit() or form.especes.centimes is None:
        raise Refus(_("Écrivez les espèces à verser, en chiffres. Exemple : 120,50"), status=422)
    with transaction() as session:
        deposit = deposer(session, maison_id, form.especes.centimes, par=current_user.compte_id)
        total = deposit.especes + deposit.cheques + deposit.cap
    flash(_("%(montant)s sont versés. Le bordereau est prêt dans quelques secondes.", montant=euros(total)), "succes")
    return redirect(url_for(".versements"), 303)


@bp.get("/versements/<int:versement_id>.pdf")
@access(*LECTURE, on=ALL)
def bordereau(versement_id: int) -> Fichier:
    with reading() as session:
        made = documents.find(session, bordereaux.cle(versement_id))
    return file_answer(made, _("Ce PDF se prépare encore. Réessayez dans quelques secondes."))


@bp.get("/journal")
@access(*LECTURE, on=ALL)
def journal() -> str:
    """The entries of the régie between two days, and where its accounts stand; by default this month."""
    start, end = _periode()
    with reading() as session:
        lines = queries_journal.journal(session, start, end, queries_journal.LIGNES_MONTREES + 1)
        accounts = queries_journal.balance(session, start, end)
        printed = journal_papier.tirages(session)
        tills = queries_caisse.caisses(session, None)
    return render_template(
        "paiements/regie/journal.html",
        du=start,
        au=end,
        lignes=lines[: queries_journal.LIGNES_MONTREES],
        coupe=len(lines) > queries_journal.LIGNES_MONTREES,
        balance=accounts,
        tirages=printed,
        caisses=tills,
        aujourdhui=today(),
    )


@bp.post("/journal")
@access(*LECTURE, on=ALL)
def imprimer_journal() -> Response:
    days = [_jour(request.form.get(name, "")) for name in ("du", "au")]
    if days[0] is None or days[1] is None:
        raise Refus(_("Écrivez les deux dates du journal à imprimer."), status=422)
    maison_id = request.form.get("maison", type=int)
    with transaction() as session:
        start, end = min(days[0], days[1]), max(days[0], days[1])
        journal_papier.demander(session, start, end, maison_id, par=current_user.compte_id)
    flash(_("Le journal se met en page. Il est prêt dans quelques secondes, dans « Les derniers PDF »."), "succes")
    return redirect(url_for(".journal", du=days[0].isoformat(), au=days[1].isoformat()), 303)


@bp.get("/journal/<int:tirage_id>.pdf")
@access(*LECTURE, on=ALL)
def journal_pdf(tirage_id: int) -> Fichier:
    with reading() as session:
        made = documents.find(session, journal_papier.cle(tirage_id))
    return file_answer(made, _("Ce PDF se prépare encore. Réessayez dans quelques secondes."))


@bp.get("/journal.csv")
@access(*LECTURE, on=ALL)
def journal_csv() -> Fichier:
    """For the Treasury: one line a movement, as docs/exports.md describes."""
    start, end = _periode()
    with reading() as session:
        lines = queries_journal.journal(session, start, end)
    content = csv_file(COLONNES, [_ligne(line) for line in lines])
    answer = Fichier(content, content_type=MEDIA_TYPE)
    named = f"journal-regie-{start:%Y%m%d}-{end:%Y%m%d}.csv"
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": named})
    return answer


def _ligne(line: LigneDeJournal) -> list[Cell]:
    debit, credit = max(line.montant, 0), max(-line.montant, 0)
    sums = [Decimal(one) / 100 if one else None for one in (debit, credit)]
    return [line.jour, line.ecriture, line.piece, line.libelle, line.compte, line.maison, *sums]


def _periode() -> tuple[date, date]:
    """The two days that the address names, in order; else from the first of this month to today."""
    days = [_jour(request.args.get(name, "")) for name in ("du", "au")]
    start, end = days[0] or today().replace(day=1), days[1] or today()
    return min(start, end), max(start, end)


def _jour(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


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
