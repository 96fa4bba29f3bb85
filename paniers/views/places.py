"""A family's place: waiting for one, answering an offer, one basket or two, three more months; and the links of mails.

A link of a mail opens without a password; reading it changes nothing, only its button does.
"""

from datetime import date, datetime

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from foyers.champs import cle
from foyers.formulaires import sans_refus
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.formats import jour_annee
from kernel.web.access import MINE, Role, access, public
from kernel.web.security import signed_link
from kernel.web.words import _
from paniers.abonnements import changer_nombre
from paniers.attente import accepter_place, quitter_attente, rejoindre_attente
from paniers.formulaires.familles import AttenteForm, NombreForm
from paniers.liens import place_du_jeton, renouvellement_du_jeton
from paniers.queries.familles import Limite, MaisonOuverte, limite, maisons_ouvertes, mon_abonnement, tarif_du_foyer
from paniers.queries.places import MaPlace, TermeVu, ma_place, place, terme
from paniers.renouvellement import renouveler
from paniers.views.publiques import Page


@access(Role.HABITANT, on=MINE)
def voir_ma_place() -> Page:
    """Where the household stands on a list; or the list to join, when it stands on none."""
    with reading() as session:
        coming = limite(session, now())
        mine = ma_place(session, current_user.foyer_id, _jour(coming))
    if mine is not None:
        return render_template("paniers/familles/ma_place.html", place=mine, limite=coming)
    full = _completes(coming)
    form = AttenteForm(data={"nombre": 1, "maison": _maison_demandee()})
    form.proposer([one.maison for one in full])

    def write() -> None:
        with transaction() as session:
            rejoindre_attente(
                session,
                foyer_id=current_user.foyer_id,
                maison_id=form.maison.data,
                nombre=form.nombre.data,
                instant=now(),
            )

    if form.validate_on_submit() and sans_refus(form, "maison", write):
        flash(_("C’est noté. Nous vous écrivons dès qu’une place se libère."), "succes")
        return redirect(url_for("paniers.voir_ma_place"))
    page = {"form": form, "maisons": full, "limite": coming}
    return render_template("paniers/familles/attendre.html", **page), 422 if form.errors else 200


@access(Role.HABITANT, on=MINE)
def accepter_ma_place() -> Response:
    mine = _la_mienne()
    if mine is None:
        flash(_("Cette place n’est plus gardée pour vous."), "attention")
        return redirect(url_for("paniers.voir_ma_place"))
    try:
        with transaction() as session:
            accepter_place(session, mine.id, instant=now())
    except Refus as refus:
        flash(refus.sentence, "attention")
        return redirect(url_for("paniers.voir_ma_place"))
    flash(_("C’est fait : vous retirez désormais à %(maison)s.", maison=mine.maison.nom), "succes")
    return redirect(url_for("paniers.mon_abonnement" if mine.ailleurs else "paniers.choisir_paiement"))


@access(Role.HABITANT, on=MINE)
def quitter_ma_place() -> Response:
    mine = _la_mienne()
    if mine is not None:
        with transaction() as session:
            quitter_attente(session, mine.id, instant=now())
    flash(_("C’est noté : vous n’attendez plus de place. Vous reviendrez quand vous voudrez."), "succes")
    return redirect(url_for("paniers.mon_abonnement"))


@access(Role.HABITANT, on=MINE)
def changer_de_nombre() -> Page:
    with reading() as session:
        coming = limite(session, now())
        subscription = mon_abonnement(session, current_user.foyer_id, now())
        tarif, _known = tarif_du_foyer(session, current_user.foyer_id, now(), _jour(coming))
    if subscription is None or coming is None or subscription.fin < coming.retrait_le:
        flash(_("Vous n’avez pas d’abonnement à modifier en ce moment."), "info")
        return redirect(url_for("paniers.mon_abonnement"))
    form = NombreForm(data={"nombre": subscription.nombre})

    def write() -> None:
        with transaction() as session:
            changer_nombre(session, subscription.id, nombre=form.nombre.data, instant=now())

    if form.validate_on_submit() and sans_refus(form, "nombre", write):
        flash(_("C’est noté, dès le prochain panier qui n’est pas encore en préparation."), "succes")
        return redirect(url_for("paniers.mon_abonnement"))
    page = {"form": form, "abonnement": subscription, "limite": coming, "tarif": tarif}
    return render_template("paniers/familles/nombre.html", **page), 422 if form.errors else 200


@access(Role.HABITANT, on=MINE)
def renouveler_mon_abonnement() -> Page:
    with reading() as session:
        coming = limite(session, now())
        subscription = mon_abonnement(session, current_user.foyer_id, now())
        seen = terme(session, subscription.id, subscription.fin, _prochain(coming)) if subscription else None
        tarif, _known = tarif_du_foyer(session, current_user.foyer_id, now(), _jour(coming))
    if seen is None:
        flash(_("Vous n’avez pas d’abonnement à renouveler. Vous pouvez en prendre un nouveau."), "info")
        return redirect(url_for("paniers.mon_abonnement"))
    if request.method == "POST":
        _renouveler(seen)
        return redirect(url_for("paniers.mon_abonnement"))
    return render_template("paniers/familles/renouveler.html", terme=seen, tarif=tarif, action=request.path)


@public("a signed link of ours, for one place that is offered; it lets its holder take or leave it, and nothing else")
@signed_link
def place_par_lien(jeton: str) -> Page:
    attente_id = place_du_jeton(jeton)
    with reading() as session:
        coming = limite(session, now())
        offered = place(session, attente_id, _jour(coming))
    if offered is None:
        raise Introuvable
    if request.method == "POST":
        return _repondre(attente_id, jeton)
    return render_template(
        "paniers/familles/place_lien.html", place=offered, limite=coming, jeton=jeton, passee=_passee(offered, now())
    )


@public("a signed link of ours, for one term of one subscription; it lets its holder renew it once, and nothing else")
@signed_link
def renouveler_par_lien(jeton: str) -> Page:
    abonnement_id, fin = renouvellement_du_jeton(jeton)
    with reading() as session:
        seen = terme(session, abonnement_id, fin, _prochain(limite(session, now())))
    if seen is None:
        raise Introuvable
    if request.method == "POST":
        with transaction() as session:
            renouveler(session, abonnement_id, instant=now(), fin=fin)
        return redirect(request.path, 303)
    return render_template("paniers/familles/renouveler_lien.html", terme=seen, action=request.path)


def _repondre(attente_id: int, jeton: str) -> Response:
    """Take the place or leave it, as the pressed button says; then the same page tells what became of it."""
    answer = request.form.get("reponse", "")
    if answer not in ("accepter", "laisser"):
        raise Refus(_("Choisissez entre prendre la place et la laisser."), status=400)
    with transaction() as session:
        (accepter_place if answer == "accepter" else quitter_attente)(session, attente_id, instant=now())
    return redirect(url_for("paniers.place_par_lien", jeton=jeton), 303)


def _renouveler(seen: TermeVu) -> None:
    try:
        with transaction() as session:
            last = renouveler(session, seen.abonnement_id, instant=now(), fin=seen.fin)
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(_("C’est fait : votre abonnement continue jusqu’au %(fin)s.", fin=jour_annee(last)), "succes")


def _la_mienne() -> MaPlace | None:
    with reading() as session:
        return ma_place(session, current_user.foyer_id, _jour(limite(session, now())))


def _completes(coming: Limite | None) -> list[MaisonOuverte]:
    """The maisons with no room for two baskets, but for the one where the household is at home."""
    if coming is None:
        return []
    with reading() as session:
        subscription = mon_abonnement(session, current_user.foyer_id, now())
        own = subscription.maison.id if subscription and subscription.fin >= coming.retrait_le else None
        return [one for one in maisons_ouvertes(session, coming.retrait_le) if one.places < 2 and one.maison.id != own]


def _maison_demandee() -> int | None:
    """The maison of the address, which the page proposes first."""
    asked = request.args.get("maison", "")
    return cle(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else None


def _passee(offered: MaPlace, at: datetime) -> bool:
    return offered.expire_le is not None and at >= offered.expire_le


def _jour(coming: Limite | None) -> date:
    return coming.retrait_le if coming else today()


def _prochain(coming: Limite | None) -> date | None:
    return coming.retrait_le if coming else None
