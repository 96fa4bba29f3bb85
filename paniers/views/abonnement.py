"""A family's subscription over time: another maison, a pause with dates, leaving."""

from datetime import date

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from foyers.formulaires import sans_refus
from foyers.queries import maisons
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.formats import jour
from kernel.web.access import MINE, Person, Role, access
from kernel.web.words import _
from paniers.abonnements import changer_maison, lever_pause, mettre_en_pause, quitter
from paniers.attente import UNE_SEMAINE
from paniers.formulaires.familles import TOUT_DE_SUITE, DepartForm, MaisonForm, PauseForm
from paniers.models.semaines import Abonnement, Pause
from paniers.queries.familles import (
    AbonnementVu,
    Limite,
    limite,
    maisons_ouvertes,
    paniers_passes,
    pauses_a_venir,
    tarif_du_foyer,
)
from paniers.queries.familles import mon_abonnement as abonnement_du_foyer
from paniers.queries.places import ma_place, terme
from paniers.views.publiques import Page

DERNIERS_PROPOSES = 6


def pause_du_foyer(person: Person, *, pause_id: int, **_view_args: object) -> bool:
    """The pause of the address belongs to the caller's household."""
    with reading() as session:
        owner = session.scalar(
            select(Abonnement.foyer_id).join(Pause, Pause.abonnement_id == Abonnement.id).where(Pause.id == pause_id)
        )
    return owner is not None and owner == person.foyer_id


@access(Role.HABITANT, on=MINE)
def mon_abonnement() -> Page:
    with reading() as session:
        subscription = abonnement_du_foyer(session, current_user.foyer_id, now())
        coming = limite(session, now())
        names = {m.id: m.nom for m in maisons(session, toutes=True)}
        past = paniers_passes(session, current_user.foyer_id, today(), names)
        tarif, known = tarif_du_foyer(session, current_user.foyer_id, now(), coming.retrait_le if coming else today())
        pauses = pauses_a_venir(session, subscription.id, today()) if subscription else []
        waiting = ma_place(session, current_user.foyer_id, coming.retrait_le if coming else today())
        term = (
            terme(session, subscription.id, subscription.fin, coming.retrait_le if coming else None)
            if subscription
            else None
        )
    return render_template(
        "paniers/familles/mon_abonnement.html",
        abonnement=subscription,
        en_cours=_encore_ouvert(subscription, coming),
        limite=coming,
        tarif=tarif,
        quotient_connu=known,
        pauses=pauses,
        passes=past,
        place=waiting,
        terme=term,
    )


@access(Role.HABITANT, on=MINE)
def changer_de_maison() -> Page:
    subscription, coming = _le_mien()
    if subscription is None or coming is None:
        return _sans_abonnement()
    with reading() as session:
        places = maisons_ouvertes(session, coming.retrait_le)
    form = MaisonForm()
    form.proposer([place.maison for place in places if place.maison.id != subscription.maison.id])

    def write() -> None:
        with transaction() as session:
            changer_maison(session, subscription.id, maison_id=form.maison.data, instant=now())

    if form.validate_on_submit() and sans_refus(form, "maison", write):
        flash(_("C’est noté : vous retirez votre panier dans votre nouvelle maison."), "succes")
        return redirect(url_for("paniers.mon_abonnement"))
    page = {"form": form, "maisons": places, "abonnement": subscription, "limite": coming}
    return render_template("paniers/familles/changer_maison.html", **page), 422 if form.errors else 200


@access(Role.HABITANT, on=MINE)
def poser_une_pause() -> Page:
    subscription, coming = _le_mien()
    if subscription is None or coming is None:
        return _sans_abonnement()
    form = PauseForm()

    def write() -> None:
        with transaction() as session:
            mettre_en_pause(session, subscription.id, du=form.du.data, au=form.au.data, instant=now())

    if form.validate_on_submit() and sans_refus(form, "au", write):
        flash(
            _(
                "C’est noté : pas de panier du %(du)s au %(au)s. Il reprend ensuite tout seul.",
                du=jour(form.du.data),
                au=jour(form.au.data),
            ),
            "succes",
        )
        return redirect(url_for("paniers.mon_abonnement"))
    page = {"form": form, "abonnement": subscription, "limite": coming}
    return render_template("paniers/familles/pause.html", **page), 422 if form.errors else 200


@access(Role.HABITANT, on=pause_du_foyer)
def lever_une_pause(pause_id: int) -> Response:
    with transaction() as session:
        lever_pause(session, pause_id, instant=now())
    flash(_("La pause est levée : vos paniers reprennent dès la prochaine semaine ouverte."), "succes")
    return redirect(url_for("paniers.mon_abonnement"))


@access(Role.HABITANT, on=MINE)
def quitter_l_abonnement() -> Page:
    subscription, coming = _le_mien()
    if subscription is None or coming is None:
        return _sans_abonnement()
    form = DepartForm(data={"dernier": TOUT_DE_SUITE})
    form.proposer(derniers_possibles(subscription, coming))
    return render_template("paniers/familles/quitter.html", abonnement=subscription, limite=coming, form=form)


@access(Role.HABITANT, on=MINE)
def confirmer_le_depart() -> Page:
    subscription, coming = _le_mien()
    if subscription is None or coming is None:
        flash(_("Votre abonnement est déjà terminé."), "info")
        return redirect(url_for("paniers.mon_abonnement"))
    form = DepartForm()
    form.proposer(derniers_possibles(subscription, coming))
    if not form.validate():
        page = {"abonnement": subscription, "limite": coming, "form": form}
        return render_template("paniers/familles/quitter.html", **page), 422
    try:
        with transaction() as session:
            last = quitter(session, subscription.id, instant=now(), dernier=form.jour)
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(_au_revoir(last), "succes")
    return redirect(url_for("paniers.mon_abonnement"))


def derniers_possibles(subscription: AbonnementVu, coming: Limite) -> list[date]:
    """The pick-ups after which the household may stop: the next ones, and the last of its term."""
    first = max(coming.retrait_le, subscription.debut)
    count = (subscription.fin - first).days // 7 + 1
    days = [first + UNE_SEMAINE * number for number in range(count)]
    return days if count <= DERNIERS_PROPOSES else [*days[: DERNIERS_PROPOSES - 1], days[-1]]


def _le_mien() -> tuple[AbonnementVu | None, Limite | None]:
    """The subscription that can still be changed, and the next cut-off."""
    with reading() as session:
        coming = limite(session, now())
        subscription = abonnement_du_foyer(session, current_user.foyer_id, now())
    return (subscription if _encore_ouvert(subscription, coming) else None), coming


def _encore_ouvert(subscription: AbonnementVu | None, coming: Limite | None) -> bool:
    return subscription is not None and coming is not None and subscription.fin >= coming.retrait_le


def _sans_abonnement() -> Response:
    flash(_("Vous n’avez pas d’abonnement à modifier en ce moment."), "info")
    return redirect(url_for("paniers.mon_abonnement"))


def _au_revoir(last: date | None) -> str:
    if last is None or last < today():
        return _("C’est noté : vous n’aurez plus de panier. Vous reviendrez quand vous voudrez.")
    return _("C’est noté : votre dernier panier est celui du %(jour)s. À bientôt, quand vous voudrez.", jour=jour(last))
