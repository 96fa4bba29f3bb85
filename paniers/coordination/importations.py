"""Pages of the coordination: a spreadsheet deposited, its trial read, corrected, confirmed, followed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Reponse

from foyers.importation.fautes import Faute
from foyers.models import Compte
from kernel import spreadsheet
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.tables import MAX_BYTES
from kernel.web.access import ALL, Role, access
from kernel.web.pages import tranche
from kernel.web.security import takes_file
from paniers.formulaires.importation import FichierForm, choix_des_colonnes, decisions_lues
from paniers.importation import depot, paroles
from paniers.importation.fichiers import propositions_csv, remarques_csv
from paniers.importation.rapport import Proposition, Rapport
from paniers.importation.reprise import COLONNES
from paniers.models.importation import Importation

bp = Blueprint("importations", __name__)
QUI = (Role.COORDINATION, Role.ADMINISTRATION)
REMARQUES_PAR_PAGE = 50
DOUBLONS_PAR_PAGE = 10
RECENTES = 20

Page = str | Reponse | tuple[str, int]
NON_ECRITS = {
    "a_essayer": "essai en cours",
    "essayee": "à confirmer",
    "confirmee": "importation en cours",
    "faite": "importé",
    "illisible": "pas lu",
    "abandonnee": "abandonné",
}


@dataclass(frozen=True, slots=True)
class Saisie:
    """A form of the page that is sent back: its section's name, and the columns (place → key) that were chosen."""

    partie: str
    colonnes: Mapping[int, str] = field(default_factory=dict)


@bp.get("/coordination/importations")
@access(*QUI, on=ALL)
def liste() -> str:
    return _accueil(FichierForm(formdata=None))


@bp.post("/coordination/importations")
@access(*QUI, on=ALL)
@takes_file(MAX_BYTES)
def deposer() -> Page:
    form = FichierForm()
    if not form.validate_on_submit():
        return _accueil(form), 422
    content = form.depose.stream.read(MAX_BYTES + 1)
    try:
        with transaction() as session:
            deposited = depot.deposer(
                session, content, form.depose.filename or "", par=current_user.compte_id, instant=now()
            )
    except Refus as refus:
        form.refuser("fichier", refus.sentence)
        return _accueil(form), 422
    return redirect(url_for(".suivre", importation_id=deposited.id), 303)


@bp.get("/coordination/importations/<int:importation_id>")
@access(*QUI, on=ALL)
def suivre(importation_id: int) -> str:
    """Where the import stands. While a worker has it, the page asks again by itself, or by its button."""
    return _suivie(importation_id)


@bp.post("/coordination/importations/<int:importation_id>/colonnes")
@access(*QUI, on=ALL)
def colonnes(importation_id: int) -> Page:
    chosen: dict[int, str] = {}

    def change(session: Session) -> None:
        headers = depot.rapport_de(_lue(session, importation_id)).colonnes.entetes
        chosen.update(choix_des_colonnes(request.form, len(headers)))
        depot.corriger_colonnes(session, importation_id, chosen)

    return _repondre(importation_id, change, Saisie("colonnes", chosen))


@bp.post("/coordination/importations/<int:importation_id>/doublons")
@access(*QUI, on=ALL)
def doublons(importation_id: int) -> Page:
    def change(session: Session) -> None:
        proposed = depot.rapport_de(_lue(session, importation_id)).propositions
        decided = decisions_lues(request.form, proposed)
        depot.decider(session, importation_id, decided, pour_toutes=request.form.get("toutes"))

    return _repondre(importation_id, change, Saisie("doublons"))


@bp.post("/coordination/importations/<int:importation_id>/confirmer")
@access(*QUI, on=ALL)
def confirmer(importation_id: int) -> Reponse:
    return _agir(importation_id, lambda session: depot.confirmer(session, importation_id))


@bp.post("/coordination/importations/<int:importation_id>/abandonner")
@access(*QUI, on=ALL)
def abandonner(importation_id: int) -> Reponse:
    return _agir(importation_id, lambda session: depot.abandonner(session, importation_id, instant=now()))


@bp.get("/coordination/importations/<int:importation_id>/<any(remarques, doublons):quoi>.csv")
@access(*QUI, on=ALL)
def fichier(importation_id: int, quoi: str) -> Response:
    with reading() as session:
        told = depot.rapport_de(_lue(session, importation_id))
    content = remarques_csv(told) if quoi == "remarques" else propositions_csv(told)
    answer = Response(content, content_type=spreadsheet.MEDIA_TYPE)
    answer.headers["Content-Disposition"] = f"attachment; filename={quoi}-{importation_id}.csv"
    return answer


def _accueil(form: FichierForm) -> str:
    with reading() as session:
        rows = session.execute(
            select(Importation, Compte.nom)
            .join(Compte, Compte.id == Importation.par, isouter=True)
            .order_by(Importation.id.desc())
            .limit(RECENTES)
        ).all()
    recent = [(found, name or "", NON_ECRITS[found.etat]) for found, name in rows]
    return render_template("paniers/coordination/importations.html", form=form, recentes=recent)


def _suivie(importation_id: int, saisie: Saisie | None = None, faute: str = "") -> str:
    """The import's page; `faute` is what was wrong with `saisie`, which is shown again."""
    with reading() as session:
        found = _lue(session, importation_id)
    told = depot.rapport_de(found) if found.rapport is not None else None
    return render_template(
        "paniers/coordination/importation.html",
        importation=found,
        libelle=NON_ECRITS[found.etat],
        rapport=told,
        bilan=_chiffres(told),
        motifs=paroles.MOTIFS,
        colonnes=COLONNES,
        graves_seules=request.args.get("montrer") != "toutes",
        remarques=tranche(_fautes(told), "page", REMARQUES_PAR_PAGE),
        doublons=tranche(_doublons(told), "doublons", DOUBLONS_PAR_PAGE),
        saisie=saisie,
        faute=faute,
    )


def _repondre(importation_id: int, change: Callable[[Session], None], saisie: Saisie) -> Page:
    """Do it, or show what is missing beside what was answered."""
    try:
        with transaction() as session:
            change(session)
    except Refus as refus:
        if refus.status == 422:
            return _suivie(importation_id, saisie, refus.sentence), 422
        return _refuse(importation_id, refus)
    return redirect(url_for(".suivre", importation_id=importation_id), 303)


def _agir(importation_id: int, change: Callable[[Session], None]) -> Reponse:
    """Do it, or show why not on the import's page."""
    try:
        with transaction() as session:
            change(session)
    except Refus as refus:
        return _refuse(importation_id, refus)
    return redirect(url_for(".suivre", importation_id=importation_id), 303)


def _refuse(importation_id: int, refus: Refus) -> Reponse:
    if refus.status == 404:
        raise refus
    flash(refus.sentence, "attention")
    return redirect(url_for(".suivre", importation_id=importation_id), 303)


def _lue(session: Session, importation_id: int) -> Importation:
    found = session.get(Importation, importation_id)
    if found is None:
        raise Introuvable
    return found


def _chiffres(told: Rapport | None) -> list[tuple[str, int]]:
    """The figures to show: lines, new households and subscriptions always, the others when there is something."""
    figures = paroles.bilan(told) if told else []
    return [(name, count) for rank, (name, count) in enumerate(figures) if count or rank in (0, 1, 4)]


def _fautes(told: Rapport | None) -> list[Faute]:
    """The remarks to show; the grave ones alone, unless all are asked for or none is grave."""
    if told is None:
        return []
    grave = [fault for fault in told.fautes if fault.grave]
    return list(told.fautes) if request.args.get("montrer") == "toutes" or not grave else grave


def _doublons(told: Rapport | None) -> list[Proposition]:
    """Those that are not decided come first."""
    return [] if told is None else sorted(told.propositions, key=lambda p: (p.decision is not None, p.ligne))
