"""A family's own file: who lives there, how to write to them, their quotient familial; and the public notices."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from foyers import entree, pieces, views_pieces
from foyers.dossiers import ajouter_membre, corriger_coordonnees, corriger_membre, retirer_membre
from foyers.formulaires import CoordonneesForm, MembreForm, sans_refus
from foyers.models import Canal, Membre
from foyers.queries import foyer, historique_qf, maisons
from kernel.db import reading, transaction
from kernel.errors import Introuvable
from kernel.formats import telephone
from kernel.web.access import MINE, Person, Role, access, public

bp = Blueprint("foyers", __name__)
comptes_bp = entree.bp

Page = str | Response | tuple[str, int]


def membre_du_foyer(person: Person, *, membre_id: int, **_: object) -> bool:
    """The member of the address belongs to the caller's household."""
    with reading() as session:
        found = session.scalar(select(Membre.foyer_id).where(Membre.id == membre_id))
    return found is not None and found == person.foyer_id


@bp.get("/mentions-legales")
@public("everybody may know what is kept, why, and whom to ask")
def mentions() -> str:
    return render_template("foyers/mentions.html")


@bp.get("/accessibilite")
@public("the law asks for it")
def accessibilite() -> str:
    return render_template("foyers/accessibilite.html")


@bp.get("/mon-foyer")
@access(Role.HABITANT, on=MINE)
def mon_foyer() -> str:
    with reading() as session:
        household = foyer(session, current_user.foyer_id)
        quotients = historique_qf(session, current_user.foyer_id)
        sent = pieces.deposee_le(session, current_user.foyer_id)
    kept = next((given for given in quotients if given.retenu), None)
    return render_template(
        "foyers/mon_foyer.html", foyer=household, quotients=quotients, retenu=kept, attestation_le=sent
    )


bp.route("/mon-foyer/quotient", methods=["GET", "POST"], endpoint="declarer_qf")(views_pieces.declarer)
bp.route("/mon-foyer/attestation", methods=["GET", "POST"], endpoint="envoyer_attestation")(views_pieces.envoyer)
bp.post("/mon-foyer/attestation/retirer", endpoint="retirer_attestation")(views_pieces.retirer)


@bp.route("/mon-foyer/coordonnees", methods=["GET", "POST"])
@access(Role.HABITANT, on=MINE)
def coordonnees() -> Page:
    form = coordonnees_form(current_user.foyer_id)
    if form.validate_on_submit() and enregistrer_coordonnees(form, current_user.foyer_id):
        flash(_("C’est noté. Merci."), "succes")
        return redirect(url_for("foyers.mon_foyer"))
    return render_template("foyers/coordonnees.html", form=form), 422 if form.errors else 200


@bp.route("/mon-foyer/membres", methods=["GET", "POST"])
@access(Role.HABITANT, on=MINE)
def ajouter_un_membre() -> Page:
    form = MembreForm()
    if form.validate_on_submit() and enregistrer_membre(form, current_user.foyer_id):
        flash(_("%(prenom)s fait partie de votre foyer.", prenom=form.prenom.data), "succes")
        return redirect(url_for("foyers.mon_foyer"))
    return render_template("foyers/membre.html", form=form), 422 if form.errors else 200


@bp.route("/mon-foyer/membres/<int:membre_id>", methods=["GET", "POST"])
@access(Role.HABITANT, on=membre_du_foyer)
def corriger_un_membre(membre_id: int) -> Page:
    form = membre_form(current_user.foyer_id, membre_id)
    if form.validate_on_submit() and enregistrer_membre(form, current_user.foyer_id, membre_id):
        flash(_("C’est noté. Merci."), "succes")
        return redirect(url_for("foyers.mon_foyer"))
    return render_template("foyers/membre.html", form=form, membre=membre_id), 422 if form.errors else 200


@bp.post("/mon-foyer/membres/<int:membre_id>/retirer")
@access(Role.HABITANT, on=membre_du_foyer)
def retirer_un_membre(membre_id: int) -> Response:
    with transaction() as session:
        retirer_membre(session, current_user.foyer_id, membre_id)
    flash(_("C’est noté. Merci."), "succes")
    return redirect(url_for("foyers.mon_foyer"))


def coordonnees_form(foyer_id: int) -> CoordonneesForm:
    """The form of a household's contact, filled with what is known; also the counter's."""
    with reading() as session:
        household = foyer(session, foyer_id)
        places = maisons(session)
    known = {
        "canal": household.canal,
        "email": household.email,
        "telephone": telephone(household.telephone) if household.telephone else None,
        "maison": household.maison.id,
    }
    form = CoordonneesForm(data=known)
    form.proposer(places if household.maison in places else [household.maison, *places])
    return form


def enregistrer_coordonnees(form: CoordonneesForm, foyer_id: int) -> bool:
    """Write the contact down; False with the reason on the form."""

    def write() -> None:
        with transaction() as session:
            corriger_coordonnees(
                session,
                foyer_id,
                canal=Canal(form.canal.data),
                email=form.email.data,
                telephone=form.telephone.data,
                maison_id=form.maison.data,
            )

    return sans_refus(form, "canal", write)


def membre_form(foyer_id: int, membre_id: int) -> MembreForm:
    """The form of a person of the household, filled with what is known; also the counter's. Raises Introuvable."""
    with reading() as session:
        member = session.get(Membre, membre_id)
    if member is None or member.foyer_id != foyer_id:
        raise Introuvable
    return MembreForm(data={"prenom": member.prenom, "nom": member.nom, "enfant": not member.adulte})


def enregistrer_membre(form: MembreForm, foyer_id: int, membre_id: int | None = None) -> bool:
    """Add the person, or correct the one named; False with the reason on the form."""
    said = {"prenom": form.prenom.data, "nom": form.nom.data, "adulte": not form.enfant.data}

    def write() -> None:
        with transaction() as session:
            if membre_id is None:
                ajouter_membre(session, foyer_id, **said)
            else:
                corriger_membre(session, foyer_id, membre_id, **said)

    return sans_refus(form, "prenom", write)
