"""Pages at the door of a maison: the day's list, scan, hand out, undo; and the addresses of the day's other pages.

A bénévole sees first names and what to hand out; amounts are read for agents and the coordination only, one basket at
a time, behind a second tap.
"""

import re
from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from foyers.portee import atteint, maisons_de
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import MINE, access
from kernel.web.pages import tranche
from kernel.web.words import _
from paniers import retraits
from paniers.guichet import journee, paroles
from paniers.guichet import retrait as guichet_retrait
from paniers.guichet import solidarite as guichet_solidarite
from paniers.guichet.porte import EQUIPE, au_bureau, choisir, guichet, impression, maison_du_scan, panier_de_mes_maisons
from paniers.guichet.recherche import chercher
from paniers.queries import arrivee as queries_arrivee
from paniers.queries import guichet as queries_guichet
from paniers.queries import remise as queries_remise
from paniers.queries.guichet import Attendu
from paniers.queries.remise import PanierVu
from paniers.retraits import Moyen, Verdict

bp = Blueprint("guichet_paniers", __name__)

# A voucher, a card, another QR code, or something far too long to be a name: answered as a scan, the rest is searched.
_CODE = re.compile(r"\s*((PC|CR)\d+:|[a-z]+://)", re.IGNORECASE)
_PLUS_LONG_QU_UN_NOM = 80

# More than one ever scrolls through: who comes is scanned or looked for, and the sheet of the day has them all.
PAR_PAGE = 200
FILTRES = ("attendus", "remis", "dons", "tous")


@bp.get("/retrait")
@access(*EQUIPE, on=MINE)
def jour() -> str:
    with reading() as session:
        door = guichet(session)
        if door.lieu is None:
            return choisir(door)
        liste = queries_guichet.attendus(session, door.jour.semaine_id, door.lieu.id) if door.jour else []
        came = queries_arrivee.arrivee(session, door.jour.semaine_id, door.lieu.id) if door.jour else None
        dossier = door.jour is not None and queries_guichet.dossier_pret(session, door.jour.semaine_id, door.lieu.id)
    cherche = request.args.get("q", "").replace("\0", " ")[:_PLUS_LONG_QU_UN_NOM].strip()
    filtre = request.args.get("etat") if request.args.get("etat") in FILTRES else "attendus"
    page = tranche(chercher(liste, cherche) if cherche else _filtrer(liste, filtre), "page", PAR_PAGE)
    return render_template(
        "paniers/guichet/jour.html",
        guichet=door,
        page=page,
        liste=page.lignes,
        comptes={name: len(_filtrer(liste, name)) for name in FILTRES},
        familles=sum(not line.a_donner for line in liste),
        reste=any(line.reste for line in liste),
        filtre=filtre,
        cherche=cherche,
        dossier=dossier and au_bureau(),
        complet=au_bureau(),
        arrivee=came,
        c_est_le_jour=door.jour is not None and door.jour.retrait_le == today(),
        **impression(door.lieu),
    )


@bp.get("/retrait/maisons")
@access(*EQUIPE, on=MINE)
def maisons() -> str:
    with reading() as session:
        return choisir(guichet(session))


@bp.post("/retrait/scan")
@access(*EQUIPE, on=MINE)
def scanner() -> str | Response:
    """A voucher's or a card's code is answered; a name or a number is searched in the list."""
    typed = request.form.get("code", "")
    if not _CODE.match(typed) and len(typed) <= _PLUS_LONG_QU_UN_NOM:
        searched = typed.replace("\0", " ").strip() or None
        return redirect(url_for(".jour", maison=request.form.get("maison"), q=searched), 303)
    here = maison_du_scan()
    if here is None:
        return maisons()
    with transaction() as session:
        answer = retraits.scanner(
            session,
            typed.strip().upper(),
            par=current_user.compte_id,
            maisons=frozenset({here}),
            jour=today(),
            instant=now(),
        )
        found = _panier_repondu(session, answer, typed)
    return _reponse(answer, found, here)


@bp.get("/retrait/<int:panier_id>")
@access(*EQUIPE, on=panier_de_mes_maisons)
def panier(panier_id: int) -> str:
    return guichet_solidarite.page_du_panier(panier_id)


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
        found = queries_remise.panier(session, panier_id, avec_reste=au_bureau())
    return _reponse(answer, found, found.maison_id)


@bp.post("/retrait/<int:panier_id>/en-personne")
@access(*EQUIPE, on=panier_de_mes_maisons)
def venu_en_personne(panier_id: int) -> Response:
    """The household came itself, though somebody was expected in its place."""
    with reading() as session:
        found = queries_remise.panier(session, panier_id)
    _dire(
        lambda session: retraits.venu_en_personne(session, panier_id, par=current_user.compte_id, instant=now()),
        _("C’est noté : %(prenom)s a son panier en main propre.", prenom=found.prenom or found.court),
    )
    return redirect(url_for(".panier", panier_id=panier_id), 303)


@bp.post("/retrait/<int:panier_id>/annuler")
@access(*EQUIPE, on=panier_de_mes_maisons)
def annuler(panier_id: int) -> Response:
    with reading() as session:
        found = queries_remise.panier(session, panier_id)
    _dire(
        lambda session: retraits.annuler_remise(session, panier_id, par=current_user.compte_id, instant=now()),
        _("C’est défait : le panier de %(prenom)s attend de nouveau.", prenom=found.prenom or found.court),
    )
    return redirect(url_for(".jour", maison=found.maison_id), 303)


def _dire(write: Callable[[Session], None], said: str) -> None:
    """Do it in a transaction and say so; a refusal is said on the same page."""
    try:
        with transaction() as session:
            write(session)
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(said, "succes")


def _filtrer(liste: list[Attendu], filtre: str | None) -> list[Attendu]:
    kept = {
        "attendus": lambda line: line.attendu,
        "remis": lambda line: line.remis,
        "dons": lambda line: line.donne or (line.reste and line.a_donner),
    }
    return list(filter(kept[filtre], liste)) if filtre in kept else liste


def _panier_repondu(session: Session, answer: retraits.Reponse, typed: str) -> PanierVu | None:
    """The basket that an answer is about; for a voucher of another day, the one that it names."""
    if answer.panier_id is not None:
        found = queries_remise.panier(session, answer.panier_id, avec_reste=au_bureau())
        return queries_remise.au_vrai_jour(session, found) if answer.verdict is Verdict.PAS_AUJOURD_HUI else found
    if answer.verdict is Verdict.AUTRE_JOUR:
        return queries_remise.panier_du_bon(session, typed.strip().upper(), today(), avec_reste=au_bureau())
    return None


def _reponse(answer: retraits.Reponse, found: PanierVu | None, maison_id: int) -> str:
    """The full-screen answer: a page, or the answer alone for a script that lays it over the list (js/scan.js).

    A basket of a maison that is not the person's is not named, only its maison.
    """
    sur_place = request.headers.get("X-Requested-With") == "fetch"
    return render_template(
        "paniers/guichet/_reponse.html" if sur_place else "paniers/guichet/reponse.html",
        sur_place=sur_place,
        remis=answer.verdict is Verdict.REMIS,
        verdict=answer.verdict,
        titre=paroles.titre(answer.verdict),
        phrase=paroles.phrase(answer, found),
        panier=found if found is not None and atteint(current_user, found.maison_id) else None,
        complet=au_bureau(),
        maison_id=maison_id,
    )


# The addresses of a maison's day, on one screen.
bp.post("/retrait/livraison")(journee.livraison)
bp.route("/retrait/arrivee", methods=["GET", "POST"])(journee.arrivee)
bp.route("/retrait/clore", methods=["GET", "POST"])(journee.clore)
bp.route("/retrait/feuille", methods=["GET", "POST"])(journee.feuille)
bp.get("/retrait/feuille.pdf")(journee.feuille_pdf)
bp.post("/retrait/<int:panier_id>/donner")(guichet_solidarite.donner)
bp.post("/retrait/<int:panier_id>/reprendre")(guichet_solidarite.reprendre)
bp.get("/retrait/dossier/<int:semaine_id>/<int:maison_id>")(journee.dossier)

# And of who may fetch a household's baskets.
_FOYER = "/guichet/foyers/<int:foyer_id>/retrait"
bp.route(_FOYER, methods=["GET", "POST"])(guichet_retrait.qui_vient)
bp.post(f"{_FOYER}/procurations/<int:procuration_id>/retirer")(guichet_retrait.retirer_un_proche)
bp.post(f"{_FOYER}/carte")(guichet_retrait.faire_une_carte)
bp.get(f"{_FOYER}/carte.pdf")(guichet_retrait.carte_pdf)
bp.post(f"{_FOYER}/cartes/<int:carte_id>/perdue")(guichet_retrait.carte_perdue)
