"""The entrance: sign in, sign out, open a family's account."""

import hashlib
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_limiter.util import get_remote_address
from flask_login import current_user
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response as Reponse

from foyers import oubli
from foyers.chemins import accueil, page_ou_accueil, suite
from foyers.comptes import authentifier, changer_identifiant, changer_mot_de_passe, entrer, sortir
from foyers.dossiers import declarer_qf, ouvrir_foyer
from foyers.folding import plier
from foyers.formulaires import (
    ConnexionForm,
    IdentifiantForm,
    InscriptionForm,
    MotDePasseForm,
    NouveauMotDePasseForm,
    OubliForm,
    QuotientForm,
    sans_refus,
)
from foyers.identifiants import lire_identifiant
from foyers.models import Compte
from foyers.mots_de_passe import est_le_bon
from foyers.queries import MaisonVue, maisons
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import MINE, Role, access, public
from kernel.web.refusals import page
from kernel.web.security import limiter, signed_link

bp = Blueprint("comptes", __name__)

ESSAIS = "5/minute;20/hour"
INSCRIPTIONS = "10/minute;60/hour"
OUBLIS = "3/minute;10/hour"
_SIGNES_D_UNE_CLE = 64


def _identifiant_essaye() -> str:
    """What the throttle counts by: a hash, for Redis must hold no address and no number."""
    typed = request.form.get("identifiant", "")
    try:
        named = str(lire_identifiant(typed))
    except Refus:
        named = plier(typed[:_SIGNES_D_UNE_CLE])
    return hashlib.sha256(named.encode()).hexdigest()


def _a_echoue(response: Response) -> bool:
    return response.status_code == 422


@bp.errorhandler(429)
def trop_d_essais(_error: TooManyRequests) -> tuple[str, int]:
    """Guesses were too quick: say kindly how long to wait, at the door itself."""
    if request.endpoint != "comptes.connexion":
        return page(429)
    return _page_connexion(ConnexionForm(), patience=True), 429


@bp.route("/connexion", methods=["GET", "POST"])
@public("it is the door")
@limiter.limit(ESSAIS, key_func=get_remote_address, methods=["POST"], deduct_when=_a_echoue)
@limiter.limit(ESSAIS, key_func=_identifiant_essaye, methods=["POST"], deduct_when=_a_echoue)
def connexion() -> str | Reponse | tuple[str, int]:
    if current_user.is_authenticated and request.method == "GET":
        return redirect(suite() or accueil(current_user.role))
    form = ConnexionForm()
    if form.validate_on_submit():
        with transaction() as session:
            compte = authentifier(session, form.identifiant.data, form.mot_de_passe.data)
            if compte is not None:
                entrer(session, compte)
        if compte is not None:
            return redirect(suite() or accueil(Role(compte.role)))
        return _page_connexion(form, inconnu=True), 422
    return _page_connexion(form), 422 if form.errors else 200


def _page_connexion(form: ConnexionForm, **dits: bool) -> str:
    return render_template("foyers/connexion.html", form=form, suite=suite(), **dits)


@bp.post("/deconnexion")
@public("signing out twice is harmless")
def deconnexion() -> Reponse:
    with transaction() as session:
        sortir(session)
    flash(_("Vous êtes déconnecté. À bientôt !"), "succes")
    return redirect("/")


@bp.route("/inscription", methods=["GET", "POST"])
@public("anybody may open a family's account")
@limiter.limit(INSCRIPTIONS, key_func=get_remote_address, methods=["POST"])
def inscription() -> str | Reponse | tuple[str, int]:
    if current_user.is_authenticated:
        return redirect(suite() or accueil(current_user.role))
    with reading() as session:
        places = maisons(session)
    form = InscriptionForm(data={"maison": _maison_demandee(places)})
    form.proposer(places)
    if form.validate_on_submit() and _inscrire(form):
        return redirect(url_for("comptes.inscription_quotient", suite=suite()))
    return render_template("foyers/inscription.html", form=form, suite=suite(), maisons=places), (
        422 if form.errors else 200
    )


def _inscrire(form: InscriptionForm) -> bool:
    """Open the household and sign its first person in; False with the reason on the form."""

    def write() -> None:
        with transaction() as session:
            made = ouvrir_foyer(
                session,
                prenom=form.prenom.data,
                nom=form.nom.data,
                maison_id=form.maison.data,
                identifiant=form.identifiant.identifiant,
                mot_de_passe=form.mot_de_passe.data,
            )
            assert made.compte is not None
            entrer(session, made.compte)

    return sans_refus(form, "identifiant", write)


def _maison_demandee(places: list[MaisonVue]) -> int | None:
    """The maison that the address names (`?maison=`, by key or code), if there is one."""
    asked = request.args.get("maison", "")
    return next((place.id for place in places if asked in (str(place.id), place.code)), None)


@bp.route("/inscription/quotient", methods=["GET", "POST"])
@access(Role.HABITANT, on=MINE)
def inscription_quotient() -> str | Reponse | tuple[str, int]:
    form = QuotientForm()
    form.proposer()
    following = suite() or page_ou_accueil("paniers.s_abonner")
    if form.validate_on_submit() and declarer(form):
        return redirect(following)
    shown: dict[str, Any] = {"form": form, "suite": suite(), "plus_tard": following}
    return render_template("foyers/inscription_quotient.html", **shown), 422 if form.errors else 200


def declarer(form: QuotientForm) -> bool:
    """Write down the quotient that the signed-in family gives; False with the reason on the form."""

    def write() -> None:
        with transaction() as session:
            declarer_qf(session, current_user.foyer_id, form.quotient, form.mois_choisi, current_user.compte_id)

    return sans_refus(form, "valeur", write)


@bp.route("/mon-compte/mot-de-passe", methods=["GET", "POST"])
@access(*Role, on=MINE)
@limiter.limit(ESSAIS, key_func=lambda: str(current_user.compte_id), methods=["POST"], deduct_when=_a_echoue)
def mot_de_passe() -> str | Reponse | tuple[str, int]:
    form = MotDePasseForm()
    if form.validate_on_submit() and _changer(form):
        flash(_("Votre mot de passe est changé. Vos autres appareils sont déconnectés."), "succes")
        return redirect(accueil(current_user.role))
    return render_template("foyers/mot_de_passe.html", form=form), 422 if form.errors else 200


@bp.route("/mon-compte/identifiant", methods=["GET", "POST"])
@access(Role.HABITANT, on=MINE)
@limiter.limit(ESSAIS, key_func=lambda: str(current_user.compte_id), methods=["POST"], deduct_when=_a_echoue)
def identifiant() -> str | Reponse | tuple[str, int]:
    form = IdentifiantForm()

    def write() -> None:
        with transaction() as session:
            compte = session.get_one(Compte, current_user.compte_id)
            if not est_le_bon(compte.mot_de_passe, form.actuel.data):
                raise Refus(_("Ce n’est pas votre mot de passe. Rien n’a été changé."))
            changer_identifiant(session, compte.id, form.identifiant.identifiant, sauf=current_user.jeton)

    if form.validate_on_submit() and sans_refus(form, "identifiant", write):
        flash(_("C’est noté : vous vous connectez désormais ainsi. Vos autres appareils sont déconnectés."), "succes")
        return redirect(accueil(current_user.role))
    return render_template("foyers/identifiant.html", form=form), 422 if form.errors else 200


@bp.route("/mot-de-passe-oublie", methods=["GET", "POST"])
@public("whoever has forgotten a password is not signed in")
@limiter.limit(OUBLIS, key_func=get_remote_address, methods=["POST"])
@limiter.limit(OUBLIS, key_func=_identifiant_essaye, methods=["POST"])
def mot_de_passe_oublie() -> str | Reponse | tuple[str, int]:
    form = OubliForm()
    if form.validate_on_submit():
        with transaction() as session:
            oubli.demander(session, form.identifiant.data)
        return render_template("foyers/oubli.html", form=form, envoye=True)
    return render_template("foyers/oubli.html", form=form, envoye=False), 422 if form.errors else 200


@bp.route("/mot-de-passe/<jeton>", methods=["GET", "POST"])
@public("a signed link of ten minutes opens it, once")
@signed_link
@limiter.limit(ESSAIS, key_func=get_remote_address, methods=["POST"], deduct_when=_a_echoue)
def mot_de_passe_par_lien(jeton: str) -> str | Reponse | tuple[str, int]:
    """Opening the link changes nothing (mail programs open links by themselves); the button does, once."""
    with transaction() as session:
        oubli.verifier(session, jeton)
    form = NouveauMotDePasseForm()

    def write() -> None:
        with transaction() as session:
            oubli.remplacer(session, jeton, form.nouveau.data)

    if form.validate_on_submit() and sans_refus(form, "nouveau", write):
        flash(_("Votre mot de passe est changé. Connectez-vous avec le nouveau."), "succes")
        return redirect(url_for("comptes.connexion"))
    return render_template("foyers/oubli_nouveau.html", form=form), 422 if form.errors else 200


def _changer(form: MotDePasseForm) -> bool:
    def write() -> None:
        with transaction() as session:
            compte = session.get_one(Compte, current_user.compte_id)
            if not est_le_bon(compte.mot_de_passe, form.actuel.data):
                raise Refus(_("Ce n’est pas votre mot de passe actuel. Rien n’a été changé."))
            changer_mot_de_passe(session, compte.id, form.nouveau.data, sauf=current_user.jeton)

    return sans_refus(form, "actuel", write)
