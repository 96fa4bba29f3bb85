"""At the counter, in a household's name: its carte de retrait, and those who fetch its basket in its place."""

from flask import Response as Fichier
from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from foyers.formulaires import sans_refus
from foyers.portee import foyer_a_portee
from foyers.queries import foyer
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.errors import Introuvable
from kernel.web.access import access
from kernel.web.words import _
from paniers import cartes, procurations
from paniers.formulaires.retrait import ProcheForm
from paniers.guichet.porte import BUREAU
from paniers.models.retrait import CarteRetrait, Procuration
from paniers.queries.retrait import ma_carte, proches, retraits_a_venir
from paniers.views.publiques import Page
from paniers.views.retrait import fichier_de_la_carte, nommer


@access(*BUREAU, on=foyer_a_portee)
def qui_vient(foyer_id: int) -> Page:
    """Who may fetch this household's baskets; its form names one more."""
    form = ProcheForm()
    with reading() as session:
        household = foyer(session, foyer_id)
        card = ma_carte(session, foyer_id)
        named = proches(session, foyer_id, today())
        form.proposer(retraits_a_venir(session, today()))
    if form.validate_on_submit() and sans_refus(form, "quand", nommer(form, foyer_id)):
        flash(_("C’est noté : %(prenom)s peut retirer le panier de ce foyer.", prenom=form.prenom.data), "succes")
        return _retour(foyer_id)
    page = {"form": form, "foyer": household, "carte": card, "proches": named}
    return render_template("paniers/guichet/qui_vient.html", **page), 422 if form.errors else 200


@access(*BUREAU, on=foyer_a_portee)
def retirer_un_proche(foyer_id: int, procuration_id: int) -> Response:
    with transaction() as session:
        _exiger(session.scalar(select(Procuration.foyer_id).where(Procuration.id == procuration_id)), foyer_id)
        procurations.revoquer(session, procuration_id, par=current_user.compte_id, instant=now())
    flash(_("C’est noté : cette procuration ne compte plus."), "succes")
    return _retour(foyer_id)


@access(*BUREAU, on=foyer_a_portee)
def faire_une_carte(foyer_id: int) -> Response:
    with transaction() as session:
        cartes.faire(session, foyer_id, par=current_user.compte_id, instant=now())
    flash(_("La carte est faite. Sa version à imprimer arrive dans quelques secondes."), "succes")
    return _retour(foyer_id)


@access(*BUREAU, on=foyer_a_portee)
def carte_perdue(foyer_id: int, carte_id: int) -> Response:
    with transaction() as session:
        _exiger(session.scalar(select(CarteRetrait.foyer_id).where(CarteRetrait.id == carte_id)), foyer_id)
        cartes.remplacer(session, carte_id, par=current_user.compte_id, instant=now())
    flash(_("L’ancienne carte n’ouvre plus rien. La nouvelle arrive dans quelques secondes."), "succes")
    return _retour(foyer_id)


@access(*BUREAU, on=foyer_a_portee)
def carte_pdf(foyer_id: int) -> Fichier:
    return fichier_de_la_carte(foyer_id)


def _exiger(owner: int | None, foyer_id: int) -> None:
    """What the address names is this household's. Raises Introuvable."""
    if owner != foyer_id:
        raise Introuvable


def _retour(foyer_id: int) -> Response:
    return redirect(url_for("guichet_paniers.qui_vient", foyer_id=foyer_id), 303)
