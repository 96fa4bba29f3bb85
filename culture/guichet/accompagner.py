"""Pages of who accompanies a group: their evenings, the list to tick at the meeting point, one person, the papers."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as Fichier
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from culture import billets, presences
from culture.documents.dossier_soiree import cle_du_dossier, demander
from culture.formulaires.soiree import PREVENU, AbsenceForm, RemplacementForm
from culture.presences import Note
from culture.queries import soiree as lire
from culture.queries.soiree import Attendue
from foyers.folding import plier
from foyers.formulaires import sans_refus
from foyers.portee import maisons_de
from kernel import documents
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.formats import heure
from kernel.web.access import MINE, Person, Role, access
from kernel.web.files import file_answer
from kernel.web.words import _

bp = Blueprint("soirees", __name__)

EQUIPE = (Role.AGENT, Role.COORDINATION)
SCAN_LE_PLUS_COURT = 40

Page = str | Response | tuple[str, int]


def soiree_a_moi(person: Person, *, soiree_id: int, **_args: object) -> bool:
    """The outing of the address is accompanied by this person, or is their maison's."""
    with reading() as session:
        return lire.est_a_la_portee(session, soiree_id, person.compte_id, maisons_de(person))


def place_a_moi(person: Person, *, place_id: int, **_args: object) -> bool:
    """The seat of the address is at such an outing."""
    with reading() as session:
        sortie_id = lire.sortie_de_la_place(session, place_id)
        return lire.est_a_la_portee(session, sortie_id, person.compte_id, maisons_de(person))


@access(*EQUIPE, on=MINE)
def soirees() -> str:
    with reading() as session:
        found = lire.mes_soirees(session, current_user.compte_id, maisons_de(current_user), now())
    instant = now()
    return render_template(
        "culture/soiree/soirees.html",
        ce_soir=[one for one in found if one.joignable(instant) and not one.annulee],
        a_venir=[one for one in found if one.fin_le > instant and not one.joignable(instant)],
        passees=[one for one in reversed(found) if one.fin_le <= instant and not one.joignable(instant)],
    )


@access(*EQUIPE, on=soiree_a_moi)
def soiree(soiree_id: int) -> str:
    """The list; with `q` those of that name, with `etat` those who are there, or missing, or all."""
    wanted = request.args.get("q", "").strip()[:80]
    with reading() as session:
        seen = lire.soiree(session, soiree_id)
        people = lire.attendues(session, seen, now())
        guides = lire.accompagnateurs(session, soiree_id)
        paper = documents.existing(session, [cle_du_dossier(soiree_id)])
        tickets = billets.stock(session, soiree_id)
    shown, kept = _montrees(people, wanted, request.args.get("etat", ""))
    return render_template(
        "culture/soiree/soiree.html",
        s=seen,
        personnes=kept,
        montrees=shown,
        cherche=wanted,
        accompagnateurs=guides,
        accueils=[one for one in people if one.besoins],
        papiers=[one for one in people if one.autorisation is False],
        tous=len(people),
        ouverte=seen.ouverte(now()),
        joignable=seen.joignable(now()),
        dossier=bool(paper),
        billets=tickets,
    )


def _montrees(people: list[Attendue], wanted: str, state: str) -> tuple[str, list[Attendue]]:
    if wanted:
        folded = plier(wanted)
        return "cherche", [one for one in people if folded in plier(f"{one.prenom} {one.nom} {one.avec}")]
    match state:
        case "arrivees":
            return state, [one for one in people if one.arrivee]
        case "toutes":
            return state, people
        case _:
            return "attendues", [one for one in people if one.presence is None]


@access(*EQUIPE, on=soiree_a_moi)
def pointer_un_code(soiree_id: int) -> Response:
    """A card scanned at the meeting point, or a name typed into the same field."""
    typed = request.form.get("code", "").strip()[:400]
    if len(typed) < SCAN_LE_PLUS_COURT:
        return redirect(url_for(".soiree", soiree_id=soiree_id, q=typed), 303)
    try:
        with reading() as session:
            place_id = presences.place_du_pass(session, soiree_id, typed, now())
        _pointer(place_id)
    except Refus as refus:
        flash(refus.sentence, "attention")
    return redirect(url_for(".soiree", soiree_id=soiree_id), 303)


@access(*EQUIPE, on=place_a_moi)
def arrivee(place_id: int) -> Response:
    """One tap: this person is there."""
    try:
        _pointer(place_id)
    except Refus as refus:
        flash(refus.sentence, "attention")
    return _a_la_liste(place_id)


def _pointer(place_id: int) -> None:
    with transaction() as session:
        note = presences.arriver(session, place_id, instant=now(), par=current_user.compte_id)
    with reading() as session:
        _seen, who = lire.attendue(session, place_id, now())
    name = f"{who.prenom} {who.nom}"
    if note is Note.DEJA and who.presence_le is not None:
        flash(
            _(
                "%(nom)s : arrivée déjà notée à %(heure)s par %(par)s. C’est bien la même personne ?",
                nom=name,
                heure=heure(who.presence_le),
                par=who.presence_par or _("quelqu’un d’autre"),
            ),
            "attention",
        )
        return
    flash(_("%(nom)s : arrivée notée.", nom=name), "succes")
    if who.autorisation is False:
        flash(_("Demandez l’autorisation des parents de %(nom)s, puis cochez-la.", nom=name), "attention")


@access(*EQUIPE, on=place_a_moi)
def personne(place_id: int) -> Page:
    """Everything about one person of the list; the forms below are its."""
    return _page(place_id)


@access(*EQUIPE, on=place_a_moi)
def absence(place_id: int) -> Page:
    form = AbsenceForm()

    def write() -> None:
        with transaction() as session:
            presences.manquer(
                session,
                place_id,
                prevenu=form.comment.data == PREVENU,
                motif=form.raison,
                instant=now(),
                par=current_user.compte_id,
            )

    if form.validate_on_submit() and sans_refus(form, "comment", write):
        flash(_("C’est noté. Une absence n’a pas de suite par elle-même."), "succes")
        return _a_la_liste(place_id)
    return _page(place_id, absence=form)


@access(*EQUIPE, on=place_a_moi)
def remplacement(place_id: int) -> Page:
    form = RemplacementForm()

    def write() -> None:
        with transaction() as session:
            presences.remplacer(
                session,
                place_id,
                prenom=form.prenom.data,
                nom=form.nom.data,
                enfant=bool(form.enfant.data),
                instant=now(),
                par=current_user.compte_id,
            )

    if form.validate_on_submit() and sans_refus(form, "prenom", write):
        flash(_("%(prenom)s prend cette place, et ne paie rien de plus.", prenom=form.prenom.data), "succes")
        return _a_la_liste(place_id)
    return _page(place_id, remplacement=form)


@access(*EQUIPE, on=place_a_moi)
def defaire(place_id: int) -> Response:
    return _noter(
        place_id,
        lambda session: presences.defaire(session, place_id, instant=now(), par=current_user.compte_id),
        _("C’est annulé. Ce qui avait été noté reste dans l’historique."),
    )


@access(*EQUIPE, on=place_a_moi)
def autorisation(place_id: int) -> Response:
    seen = request.form.get("vue") != "non"
    return _noter(
        place_id,
        lambda session: presences.autoriser(session, place_id, vue=seen, instant=now(), par=current_user.compte_id),
        _("Autorisation des parents notée.") if seen else _("Autorisation annulée : demandez-la de nouveau."),
    )


@access(*EQUIPE, on=soiree_a_moi)
def preparer_les_papiers(soiree_id: int) -> Response:
    with transaction() as session:
        demander(session, soiree_id)
    flash(_("Les papiers se préparent : ils sont là dans quelques secondes."), "succes")
    return redirect(url_for(".soiree", soiree_id=soiree_id), 303)


@access(*EQUIPE, on=soiree_a_moi)
def papiers(soiree_id: int) -> Fichier:
    with reading() as session:
        document = documents.find(session, cle_du_dossier(soiree_id))
    return file_answer(
        document, _("Ces papiers ne sont pas prêts, ou la soirée est passée. Demandez-les sur la liste.")
    )


def _noter(place_id: int, write: Callable[[Session], None], sentence: str) -> Response:
    try:
        with transaction() as session:
            write(session)
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(sentence, "succes")
    return redirect(url_for(".personne", place_id=place_id), 303)


def _a_la_liste(place_id: int) -> Response:
    with reading() as session:
        sortie_id = lire.sortie_de_la_place(session, place_id)
    return redirect(url_for(".soiree", soiree_id=sortie_id), 303)


def _page(
    place_id: int, *, absence: AbsenceForm | None = None, remplacement: RemplacementForm | None = None
) -> tuple[str, int]:
    with reading() as session:
        seen, who = lire.attendue(session, place_id, now())
        missed = lire.absences(session, who.membre_id, now()) if who.membre_id else (0, 0)
        notes = lire.pointages(session, place_id)
        tickets = billets.stock(session, seen.id)
    faulty = bool((absence and absence.errors) or (remplacement and remplacement.errors))
    return render_template(
        "culture/soiree/personne.html",
        s=seen,
        p=who,
        absences=missed,
        pointages=notes,
        billets=tickets,
        ouverte=seen.ouverte(now()),
        absence=absence or AbsenceForm(formdata=None),
        remplacement=remplacement or RemplacementForm(formdata=None),
        quoi="absence" if absence else ("remplacement" if remplacement else ""),
    ), 422 if faulty else 200


# The addresses, on one screen.
bp.get("/soirees")(soirees)
bp.get("/soirees/<int:soiree_id>")(soiree)
bp.post("/soirees/<int:soiree_id>/scan")(pointer_un_code)
bp.post("/soirees/<int:soiree_id>/papiers")(preparer_les_papiers)
bp.get("/soirees/<int:soiree_id>/papiers.pdf")(papiers)
bp.get("/soirees/personnes/<int:place_id>")(personne)
bp.post("/soirees/personnes/<int:place_id>/arrivee")(arrivee)
bp.post("/soirees/personnes/<int:place_id>/absence")(absence)
bp.post("/soirees/personnes/<int:place_id>/remplacement")(remplacement)
bp.post("/soirees/personnes/<int:place_id>/defaire")(defaire)
bp.post("/soirees/personnes/<int:place_id>/autorisation")(autorisation)
