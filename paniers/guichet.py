"""Pages at the door of a maison: the day's list, scan, hand out, undo, close the day.

An agent acts at one maison at a time, kept in the cookie once chosen. A bénévole sees first names and what to hand
out; amounts are read for agents and the coordination only, one basket at a time, behind a second tap.
"""

import re
from dataclasses import dataclass

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Reponse

from foyers.portee import atteint, maisons_de
from kernel import documents
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.formats import jour as en_mots
from kernel.web.access import MINE, Person, Role, access
from kernel.web.files import file_answer
from kernel.web.refusals import STALE_FORM
from kernel.web.words import _
from paniers import paroles_guichet as paroles
from paniers import queries_guichet as lire
from paniers import retraits
from paniers.queries_guichet import Attendu, Jour, PanierVu, Place
from paniers.retraits import Moyen, Verdict

bp = Blueprint("guichet_paniers", __name__)

EQUIPE = (Role.AGENT, Role.BENEVOLE, Role.COORDINATION)
BUREAU = (Role.AGENT, Role.COORDINATION)

# A voucher, another QR code, or something far too long to be a name: answered as a scan, the rest is searched.
_CODE = re.compile(r"\s*(PC\d+:|[a-z]+://)", re.IGNORECASE)
_PLUS_LONG_QU_UN_NOM = 80

FILTRES = ("attendus", "remis", "tous")


def panier_de_mes_maisons(person: Person, *, panier_id: int, **_args: object) -> bool:
    """The basket of the address is handed out at a maison where the person works."""
    with reading() as session:
        return atteint(person, lire.maison_du_panier(session, panier_id))


def maison_a_moi(person: Person, *, maison_id: int, **_args: object) -> bool:
    reach = maisons_de(person)
    return reach is None or maison_id in reach


@dataclass(frozen=True, slots=True)
class Guichet:
    """Where the person stands: the maison chosen among theirs, on the day of that week."""

    lieux: list[Place]
    lieu: Place | None
    jour: Jour | None

    def la(self) -> tuple[Place, Jour]:
        """Both, for pages that mean nothing without. Raises Refus."""
        if self.lieu is None:
            raise Refus(_("Choisissez d’abord la maison où vous êtes."))
        if self.jour is None:
            raise Refus(_("Aucune distribution n’est prévue pour le moment."))
        return self.lieu, self.jour


@bp.get("/retrait")
@access(*EQUIPE, on=MINE)
def jour() -> str:
    with reading() as session:
        door = _guichet(session)
        if door.lieu is None:
            return _choisir(door)
        liste = lire.attendus(session, door.jour.semaine_id, door.lieu.id) if door.jour else []
        dossier = door.jour is not None and lire.dossier_pret(session, door.jour.semaine_id, door.lieu.id)
    cherche = request.args.get("q", "").replace("\0", " ")[:_PLUS_LONG_QU_UN_NOM].strip()
    filtre = request.args.get("etat") if request.args.get("etat") in FILTRES else "attendus"
    return render_template(
        "paniers/guichet/jour.html",
        guichet=door,
        liste=lire.chercher(liste, cherche) if cherche else _filtrer(liste, filtre),
        comptes={name: len(_filtrer(liste, name)) for name in FILTRES},
        filtre=filtre,
        cherche=cherche,
        dossier=dossier and _au_bureau(),
        complet=_au_bureau(),
        c_est_le_jour=door.jour is not None and door.jour.retrait_le == today(),
        **_impression(door.lieu),
    )


@bp.get("/retrait/maisons")
@access(*EQUIPE, on=MINE)
def maisons() -> str:
    with reading() as session:
        return _choisir(_guichet(session))


@bp.post("/retrait/scan")
@access(*EQUIPE, on=MINE)
def scanner() -> str | Reponse:
    """A voucher's code is answered; a name or a number is searched in the list."""
    typed = request.form.get("code", "")
    if not _CODE.match(typed) and len(typed) <= _PLUS_LONG_QU_UN_NOM:
        searched = typed.replace("\0", " ").strip() or None
        return redirect(url_for(".jour", maison=request.form.get("maison"), q=searched), 303)
    with transaction() as session:
        door = _guichet(session)
        if door.lieu is None:
            return _choisir(door)
        answer = retraits.scanner(
            session,
            typed.strip().upper(),
            par=current_user.compte_id,
            maisons=frozenset({door.lieu.id}),
            jour=today(),
            instant=now(),
        )
        found = _panier_repondu(session, answer, typed)
        return _reponse(session, answer, found, door.lieu.id)


@bp.get("/retrait/<int:panier_id>")
@access(*EQUIPE, on=panier_de_mes_maisons)
def panier(panier_id: int) -> str:
    with reading() as session:
        found = lire.panier(session, panier_id)
        return render_template(
            "paniers/guichet/panier.html",
            panier=found,
            gestes=lire.gestes(session, panier_id),
            contenu=lire.contenu(session, found.semaine_id),
            reste=_reste(session, found),
            complet=_au_bureau(),
        )


@bp.post("/retrait/<int:panier_id>/remettre")
@access(*EQUIPE, on=panier_de_mes_maisons)
def remettre(panier_id: int) -> str:
    with transaction() as session:
        answer = retraits.remettre(
            session,
            panier_id,
            par=current_user.compte_id,
            moyen=Moyen.LISTE,
            maisons=maisons_de(current_user),
            instant=now(),
        )
        found = lire.panier(session, panier_id)
        return _reponse(session, answer, found, found.maison_id)


@bp.post("/retrait/<int:panier_id>/annuler")
@access(*EQUIPE, on=panier_de_mes_maisons)
def annuler(panier_id: int) -> Reponse:
    with reading() as session:
        found = lire.panier(session, panier_id)
    try:
        with transaction() as session:
            retraits.annuler_remise(session, panier_id, par=current_user.compte_id, instant=now())
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        who = found.prenom or found.nom
        flash(_("C’est défait : le panier de %(prenom)s attend de nouveau.", prenom=who), "succes")
    return redirect(url_for(".jour", maison=found.maison_id), 303)


@bp.post("/retrait/livraison")
@access(*BUREAU, on=MINE)
def livraison() -> Reponse:
    """ "Tout est là": the goods have arrived."""
    with reading() as session:
        lieu, day = _guichet(session).la()
    _meme_semaine(day)
    try:
        with transaction() as session:
            retraits.livrer(session, day.semaine_id, par=current_user.compte_id, instant=now())
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(_("C’est noté : les paniers sont là. Bonne distribution !"), "succes")
    return redirect(url_for(".jour", maison=lieu.id), 303)


@bp.get("/retrait/clore")
@access(*BUREAU, on=MINE)
def clore() -> str:
    with reading() as session:
        lieu, day = _guichet(session).la()
        liste = lire.attendus(session, day.semaine_id, lieu.id)
    return render_template(
        "paniers/guichet/clore.html",
        lieu=lieu,
        jour=day,
        restants=[line for line in liste if line.reste],
        remis=sum(line.remis for line in liste),
        trop_tot=today() < day.retrait_le,
    )


@bp.post("/retrait/clore")
@access(*BUREAU, on=MINE)
def clore_la_journee() -> Reponse:
    with reading() as session:
        lieu, day = _guichet(session).la()
    _meme_semaine(day)
    if today() < day.retrait_le:
        raise Refus(_("La distribution est %(jour)s : on ne peut pas la clore avant.", jour=en_mots(day.retrait_le)))
    with transaction() as session:
        left = retraits.clore_journee(session, day.semaine_id, lieu.id)
    flash(paroles.cloture(left), "succes")
    return redirect(url_for(".jour", maison=lieu.id, etat="tous"), 303)


@bp.get("/retrait/feuille")
@access(*BUREAU, on=MINE)
def feuille() -> str:
    with reading() as session:
        lieu, day = _guichet(session).la()
        liste = lire.attendus(session, day.semaine_id, lieu.id)
    return render_template("paniers/guichet/feuille.html", lieu=lieu, jour=day, liste=liste, **_impression(lieu))


@bp.get("/retrait/dossier/<int:semaine_id>/<int:maison_id>")
@access(*BUREAU, on=maison_a_moi)
def dossier(semaine_id: int, maison_id: int) -> Response:
    with reading() as session:
        document = documents.find(session, lire.cle_du_dossier(semaine_id, maison_id))
    return file_answer(document, _("Ce dossier n’est pas encore prêt. Il se prépare quand les commandes partent."))


def _guichet(session: Session) -> Guichet:
    """The maison that the request names, else the one of the cookie, else the only one. Raises Introuvable."""
    day = lire.jour_de_retrait(session, today())
    lieux = lire.places(session, day.semaine_id if day else None, maisons_de(current_user))
    asked = request.values.get("maison", "")
    kept = str(cookie.get("maison", ""))
    lieu = next((place for place in lieux if str(place.id) == (asked or kept)), None)
    if asked and lieu is None:
        raise Introuvable
    if lieu is None and len(lieux) == 1:
        lieu = lieux[0]
    if asked and lieu is not None and asked != kept:
        cookie["maison"] = asked
    if lieu is not None and day is not None:
        lieu, day = lire.au_rendez_vous(session, lieu, day)
    return Guichet(lieux, lieu, day)


def _choisir(door: Guichet) -> str:
    return render_template("paniers/guichet/maisons.html", lieux=door.lieux, jour=door.jour)


def _filtrer(liste: list[Attendu], filtre: str | None) -> list[Attendu]:
    if filtre == "tous":
        return liste
    return [line for line in liste if line.remis == (filtre == "remis")]


def _au_bureau() -> bool:
    """Whether the reader may see full names and, at a second tap, amounts."""
    return current_user.role in BUREAU


def _reste(session: Session, found: PanierVu) -> int | None:
    return lire.reste_a_payer(session, found.foyer_id) if _au_bureau() else None


def _panier_repondu(session: Session, answer: retraits.Reponse, typed: str) -> PanierVu | None:
    """The basket that an answer is about; for a voucher of another day, the one that it names."""
    if answer.panier_id is not None:
        return lire.panier(session, answer.panier_id)
    if answer.verdict is Verdict.AUTRE_JOUR:
        return lire.panier_du_bon(session, typed.strip().upper(), today())
    return None


def _reponse(session: Session, answer: retraits.Reponse, found: PanierVu | None, maison_id: int) -> str:
    """The full-screen answer. A basket of a maison that is not the person's is not named, only its maison."""
    mine = found if found is not None and atteint(current_user, found.maison_id) else None
    given = answer.verdict is Verdict.REMIS
    return render_template(
        "paniers/guichet/reponse.html",
        remis=given,
        verdict=answer.verdict,
        titre=paroles.titre(answer.verdict),
        phrase=paroles.phrase(answer, found),
        panier=mine,
        contenu=lire.contenu(session, mine.semaine_id) if mine and given else [],
        reste=_reste(session, mine) if mine else None,
        le=answer.le,
        maison_id=maison_id,
    )


def _meme_semaine(day: Jour) -> None:
    """The page was made for this week. Raises Refus when another one has begun since."""
    if request.form.get("semaine") != day.code:
        raise Refus(STALE_FORM)


def _impression(lieu: Place) -> dict[str, object]:
    return {"maison_nom": lieu.nom, "aujourdhui": today()}
