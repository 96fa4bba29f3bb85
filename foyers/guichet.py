"""The counter: agents look after the households of their maisons.

A quotient familial is read by a click that is written down, never by merely opening a page.
"""

from collections.abc import Callable, Sequence

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from foyers.comptes import changer_identifiant, changer_mot_de_passe
from foyers.dossiers import declarer_qf, ouvrir_compte_du_foyer, ouvrir_foyer, retirer_membre, verifier_qf
from foyers.formulaires import (
    CompteForm,
    MembreForm,
    OuvertureForm,
    QuotientEtPieceForm,
    QuotientVuForm,
    sans_refus,
)
from foyers.models import Compte, Source
from foyers.phrases_de_passe import nouvelle_phrase
from foyers.portee import foyer_a_portee, maisons_de
from foyers.queries import FoyerVu, MaisonVue, foyer, lectures_qf, lire_qf, maisons
from foyers.recherche import LIMITE, chercher_foyers
from foyers.views import coordonnees_form, enregistrer_coordonnees, enregistrer_membre, membre_form
from foyers.views_pieces import donner, par_personne
from kernel.db import reading, transaction
from kernel.errors import Introuvable
from kernel.formats import telephone
from kernel.uploads import BYTES_MAX
from kernel.web.access import MINE, Role, access
from kernel.web.security import limiter, takes_file

bp = Blueprint("guichet_foyers", __name__, url_prefix="/guichet")

Page = str | Response | tuple[str, int]
EQUIPE = (Role.AGENT, Role.COORDINATION)
Volet = Callable[[int], Markup]
"""A part of a household's page that a trade above draws; it receives the household's key."""
_EXTENSION = "volets_du_foyer"
MOTIF_DE_CONSULTATION = "à la demande de la famille"


def init_volets(app: Flask, volets: Sequence[Volet]) -> None:
    """The composition root tells which trades have something to say on a household's page, the most urgent first."""
    app.extensions[_EXTENSION] = tuple(volets)


@bp.get("/foyers")
@access(*EQUIPE, on=MINE)
def recherche() -> str:
    text = request.args.get("q", "")[:80]
    with reading() as session:
        found = chercher_foyers(session, text.replace("\0", ""), maisons_de(current_user))
        places = _mes_maisons(session)
    return render_template("foyers/guichet_recherche.html", q=text, foyers=found, maisons=places, limite=LIMITE)


@bp.route("/foyers/ouvrir", methods=["GET", "POST"])
@access(*EQUIPE, on=MINE)
def ouvrir() -> Page:
    with reading() as session:
        places = _mes_maisons(session)
    form = OuvertureForm(data={"maison": places[0].id if len(places) == 1 else None})
    form.proposer(places)
    opened: list[tuple[int, str | None]] = []

    def write() -> None:
        phrase = nouvelle_phrase() if form.identifiant.data else None
        with transaction() as session:
            made = ouvrir_foyer(
                session,
                prenom=form.prenom.data,
                nom=form.nom.data,
                maison_id=form.maison.data,
                identifiant=form.identifiant.identifiant,
                mot_de_passe=phrase,
            )
            opened.append((made.foyer.id, phrase))

    if form.validate_on_submit() and sans_refus(form, "identifiant", write):
        foyer_id, phrase = opened[0]
        if phrase is None:
            flash(_("Le foyer est ouvert. Il recevra ses courriers sur papier."), "succes")
            return redirect(url_for("guichet_foyers.fiche", foyer_id=foyer_id))
        return _page_phrase(foyer_id, str(form.identifiant.identifiant), phrase)
    return render_template("foyers/guichet_ouvrir.html", form=form), 422 if form.errors else 200


@bp.get("/foyers/<int:foyer_id>")
@access(*EQUIPE, on=foyer_a_portee)
def fiche(foyer_id: int) -> str:
    with reading() as session:
        household = foyer(session, foyer_id)
        readings = lectures_qf(session, foyer_id)
    leaves = [volet(foyer_id) for volet in current_app.extensions.get(_EXTENSION, ())]
    return render_template("foyers/guichet_fiche.html", foyer=household, lectures=readings, volets=leaves)


@bp.route("/foyers/<int:foyer_id>/coordonnees", methods=["GET", "POST"])
@access(*EQUIPE, on=foyer_a_portee)
def coordonnees(foyer_id: int) -> Page:
    form = coordonnees_form(foyer_id)
    if form.validate_on_submit() and enregistrer_coordonnees(form, foyer_id):
        flash(_("C’est noté."), "succes")
        reached = maisons_de(current_user)
        if reached is not None and form.maison.data not in reached:
            flash(_("Le foyer est maintenant suivi par son autre maison."), "info")
            return redirect(url_for("guichet_foyers.recherche"))
        return redirect(url_for("guichet_foyers.fiche", foyer_id=foyer_id))
    page = render_template("foyers/coordonnees.html", form=form, foyer=_foyer(foyer_id))
    return page, 422 if form.errors else 200


@bp.route("/foyers/<int:foyer_id>/membres", methods=["GET", "POST"])
@access(*EQUIPE, on=foyer_a_portee)
def ajouter_un_membre(foyer_id: int) -> Page:
    form = MembreForm()
    if form.validate_on_submit() and enregistrer_membre(form, foyer_id):
        flash(_("%(prenom)s fait partie du foyer.", prenom=form.prenom.data), "succes")
        return redirect(url_for("guichet_foyers.fiche", foyer_id=foyer_id))
    return render_template("foyers/membre.html", form=form, foyer=_foyer(foyer_id)), 422 if form.errors else 200


@bp.route("/foyers/<int:foyer_id>/membres/<int:membre_id>", methods=["GET", "POST"])
@access(*EQUIPE, on=foyer_a_portee)
def corriger_un_membre(foyer_id: int, membre_id: int) -> Page:
    form = membre_form(foyer_id, membre_id)
    if form.validate_on_submit() and enregistrer_membre(form, foyer_id, membre_id):
        flash(_("C’est noté."), "succes")
        return redirect(url_for("guichet_foyers.fiche", foyer_id=foyer_id))
    page = render_template("foyers/membre.html", form=form, foyer=_foyer(foyer_id), membre=membre_id)
    return page, 422 if form.errors else 200


@bp.post("/foyers/<int:foyer_id>/membres/<int:membre_id>/retirer")
@access(*EQUIPE, on=foyer_a_portee)
def retirer_un_membre(foyer_id: int, membre_id: int) -> Response:
    with transaction() as session:
        retirer_membre(session, foyer_id, membre_id)
    flash(_("C’est noté."), "succes")
    return redirect(url_for("guichet_foyers.fiche", foyer_id=foyer_id))


@bp.route("/foyers/<int:foyer_id>/compte", methods=["GET", "POST"])
@access(*EQUIPE, on=foyer_a_portee)
def ouvrir_compte(foyer_id: int) -> Page:
    """Open an account for a household that has none; its password is shown once, to be handed over."""
    household = _foyer(foyer_id)
    form = CompteForm(data={"identifiant": household.email or household.telephone})
    phrase = nouvelle_phrase()

    def write() -> None:
        name = f"{household.referent.prenom} {household.referent.nom}"
        with transaction() as session:
            ouvrir_compte_du_foyer(session, foyer_id, name, form.identifiant.identifiant, phrase)

    if form.validate_on_submit() and sans_refus(form, "identifiant", write):
        return _page_phrase(foyer_id, str(form.identifiant.identifiant), phrase)
    return render_template("foyers/guichet_compte.html", form=form, foyer=household), 422 if form.errors else 200


@bp.route("/foyers/<int:foyer_id>/comptes/<int:compte_id>/identifiant", methods=["GET", "POST"])
@access(*EQUIPE, on=foyer_a_portee)
def corriger_identifiant(foyer_id: int, compte_id: int) -> Page:
    """What an account signs in with, when the family has changed its number or lost its mailbox."""
    household = _foyer(foyer_id)
    compte = next((one for one in household.comptes if one.id == compte_id), None)
    if compte is None:
        raise Introuvable
    form = CompteForm(data={"identifiant": compte.email or telephone(compte.telephone or "")})

    def write() -> None:
        with transaction() as session:
            changer_identifiant(session, compte_id, form.identifiant.identifiant)

    if form.validate_on_submit() and sans_refus(form, "identifiant", write):
        flash(_("C’est noté : la famille se connecte désormais ainsi, avec le même mot de passe."), "succes")
        return redirect(url_for("guichet_foyers.fiche", foyer_id=foyer_id))
    page = render_template("foyers/guichet_compte.html", form=form, foyer=household, compte=compte)
    return page, 422 if form.errors else 200


@bp.post("/foyers/<int:foyer_id>/comptes/<int:compte_id>/mot-de-passe")
@access(*EQUIPE, on=foyer_a_portee)
def nouveau_mot_de_passe(foyer_id: int, compte_id: int) -> Page:
    """Replace a forgotten password at the counter; the old one and all signed-in browsers are dead at once."""
    phrase = nouvelle_phrase()
    with transaction() as session:
        compte = session.scalars(
            select(Compte).where(Compte.id == compte_id, Compte.foyer_id == foyer_id)
        ).one_or_none()
        if compte is None:
            raise Introuvable
        changer_mot_de_passe(session, compte_id, phrase)
    return _page_phrase(foyer_id, compte.email or compte.telephone or "", phrase)


@bp.post("/foyers/<int:foyer_id>/quotient")
@access(*EQUIPE, on=foyer_a_portee)
def lire_quotient(foyer_id: int) -> Page:
    """Show the household's quotients; the reading is written down."""
    with transaction() as session:
        household = foyer(session, foyer_id)
        quotients = lire_qf(session, foyer_id, agent=current_user.compte_id, motif=MOTIF_DE_CONSULTATION)
    return render_template("foyers/guichet_quotient.html", foyer=household, quotients=quotients)


@bp.route("/foyers/<int:foyer_id>/quotient/noter", methods=["GET", "POST"])
@access(*EQUIPE, on=foyer_a_portee)
def noter_quotient(foyer_id: int) -> Page:
    """Write down a quotient that the agent reads on the family's paper: given and checked at once."""
    form = QuotientVuForm()
    form.proposer()

    def write() -> None:
        me = current_user.compte_id
        with transaction() as session:
            given = declarer_qf(session, foyer_id, form.quotient, form.mois_choisi, me)
            verifier_qf(session, given.id, agent=me, source=Source(form.source.data))

    if form.validate_on_submit() and sans_refus(form, "valeur", write):
        flash(_("Le quotient est noté et vérifié. Il compte dès la prochaine clôture."), "succes")
        return redirect(url_for("guichet_foyers.fiche", foyer_id=foyer_id))
    return render_template(
        "foyers/guichet_noter_qf.html", form=form, foyer=_foyer(foyer_id)
    ), 422 if form.errors else 200


@bp.route("/foyers/<int:foyer_id>/attestation", methods=["GET", "POST"])
@takes_file(BYTES_MAX)
@access(*EQUIPE, on=foyer_a_portee)
@limiter.limit("20/minute", key_func=par_personne, methods=["POST"])
def joindre_attestation(foyer_id: int) -> Page:
    """A quotient with a proof that is checked later: a family has sent it by mail, or the queue at the door is long."""
    form = QuotientEtPieceForm()
    form.proposer()
    if form.validate_on_submit() and donner(form, foyer_id):
        flash(_("C’est noté. Le quotient compte dès maintenant, et attend d’être vérifié."), "succes")
        return redirect(url_for("guichet_foyers.fiche", foyer_id=foyer_id))
    return render_template("foyers/declarer_qf.html", form=form, foyer=_foyer(foyer_id)), 422 if form.errors else 200


def _page_phrase(foyer_id: int, identifiant: str, phrase: str) -> Page:
    return render_template("foyers/guichet_phrase.html", foyer=_foyer(foyer_id), identifiant=identifiant, phrase=phrase)


def _foyer(foyer_id: int) -> FoyerVu:
    with reading() as session:
        return foyer(session, foyer_id)


def _mes_maisons(session: Session) -> list[MaisonVue]:
    reached = maisons_de(current_user)
    return [place for place in maisons(session) if reached is None or place.id in reached]
