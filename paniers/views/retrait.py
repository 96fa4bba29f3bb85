"""Pages of a family: its carte de retrait, and those who fetch its basket in its place."""

from collections.abc import Callable

from flask import Response as Fichier
from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from foyers.formulaires import sans_refus
from kernel import qr
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.documents import Document, find
from kernel.errors import Introuvable
from kernel.web.access import MINE, Person, Role, access
from kernel.web.files import file_answer
from kernel.web.words import _
from paniers import cartes, procurations
from paniers.formulaires.retrait import ProcheForm
from paniers.models.retrait import CarteRetrait, Procuration
from paniers.queries.retrait import ma_carte, proches, retraits_a_venir
from paniers.views.publiques import Page


def procuration_du_foyer(person: Person, *, procuration_id: int, **_view_args: object) -> bool:
    """The procuration of the address was given by the caller's household."""
    with reading() as session:
        owner = session.scalar(select(Procuration.foyer_id).where(Procuration.id == procuration_id))
    return owner is not None and owner == person.foyer_id


def carte_du_foyer(person: Person, *, carte_id: int, **_view_args: object) -> bool:
    """The card of the address is the caller's household's."""
    with reading() as session:
        owner = session.scalar(select(CarteRetrait.foyer_id).where(CarteRetrait.id == carte_id))
    return owner is not None and owner == person.foyer_id


@access(Role.HABITANT, on=MINE)
def carte() -> str:
    with reading() as session:
        card = ma_carte(session, current_user.foyer_id)
    drawn = qr.svg(card.texte, _("Code de votre carte de retrait")) if card else None
    return render_template("paniers/familles/ma_carte.html", carte=card, qr=drawn)


@access(Role.HABITANT, on=MINE)
def faire_ma_carte() -> Response:
    with transaction() as session:
        cartes.faire(session, current_user.foyer_id, par=current_user.compte_id, instant=now())
    flash(_("Votre carte est prête. Elle sert toutes les semaines."), "succes")
    return redirect(url_for("paniers.carte"), 303)


@access(Role.HABITANT, on=carte_du_foyer)
def carte_perdue(carte_id: int) -> Response:
    with transaction() as session:
        cartes.remplacer(session, carte_id, par=current_user.compte_id, instant=now())
    flash(_("L’ancienne carte n’ouvre plus rien. Voici la nouvelle."), "succes")
    return redirect(url_for("paniers.carte"), 303)


@access(Role.HABITANT, on=carte_du_foyer)
def carte_sans_suite(carte_id: int) -> Response:
    with transaction() as session:
        cartes.revoquer(session, carte_id, par=current_user.compte_id, instant=now())
    flash(_("Vous n’avez plus de carte : celle qui existait n’ouvre plus rien."), "succes")
    return redirect(url_for("paniers.carte"), 303)


@access(Role.HABITANT, on=MINE)
def carte_pdf() -> Fichier:
    return fichier_de_la_carte(current_user.foyer_id)


@access(Role.HABITANT, on=MINE)
def un_proche() -> Page:
    form = ProcheForm()
    with reading() as session:
        named = proches(session, current_user.foyer_id, today())
        form.proposer(retraits_a_venir(session, today()))

    if form.validate_on_submit() and sans_refus(form, "quand", nommer(form, current_user.foyer_id)):
        flash(_("C’est noté : %(prenom)s peut retirer votre panier.", prenom=form.prenom.data), "succes")
        return redirect(url_for("paniers.un_proche"))
    return render_template("paniers/familles/un_proche.html", form=form, proches=named), 422 if form.errors else 200


@access(Role.HABITANT, on=procuration_du_foyer)
def retirer_un_proche(procuration_id: int) -> Response:
    with transaction() as session:
        given = procurations.revoquer(session, procuration_id, par=current_user.compte_id, instant=now())
        who = given.prenom
    flash(_("C’est noté : %(prenom)s ne retire plus votre panier.", prenom=who), "succes")
    return redirect(url_for("paniers.un_proche"), 303)


def nommer(form: ProcheForm, foyer_id: int) -> Callable[[], None]:
    """What writes a valid form down, for `sans_refus`."""

    def write() -> None:
        du, au = form.bornes(today())
        with transaction() as session:
            procurations.donner(
                session,
                foyer_id,
                prenom=form.prenom.data,
                nom=form.nom.data,
                du=du,
                au=au,
                par=current_user.compte_id,
                instant=now(),
            )

    return write


def fichier_de_la_carte(foyer_id: int) -> Fichier:
    """The printed card of the household. Raises Introuvable while there is none."""
    with reading() as session:
        return file_answer(_document(session, foyer_id), _("Cette carte se prépare. Revenez dans une minute."))


def _document(session: Session, foyer_id: int) -> Document | None:
    card = cartes.la_bonne(session, foyer_id)
    if card is None:
        raise Introuvable(_("Ce foyer n’a pas de carte de retrait. Faites-en une d’abord."))
    return find(session, cartes.cle(card.id))
