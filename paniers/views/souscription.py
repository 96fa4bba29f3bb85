"""A family subscribes: one page to choose, Stripe's page if it pays by card, one page that says what happens next."""

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from foyers.formulaires import sans_refus
from foyers.queries import foyer, historique_qf
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import MINE, Role, access, public
from kernel.web.words import _
from paiements.en_ligne.checkout import enregistrer_carte
from paiements.models.en_ligne import Mode
from paiements.passerelle import Indisponible, prestataire
from paiements.reglements import carte_en_usage, choisir_mode
from paniers.abonnements import souscrire
from paniers.formulaires.familles import AbonnementForm, PaiementForm
from paniers.queries.familles import limite, maisons_ouvertes, mon_abonnement, tarif_du_foyer
from paniers.queries.semaines import EtatVu, mes_semaines
from paniers.views.publiques import Page


@public("who has no account yet is led to open one; only a family goes further")
def s_abonner() -> Page:
    if not current_user.is_authenticated:
        return redirect(url_for("comptes.inscription", suite=url_for("paniers.s_abonner")))
    if current_user.role != Role.HABITANT:
        raise Forbidden
    known = _reponses_connues()
    form = AbonnementForm(data=known)
    form.proposer_paiement(carte=prestataire().capacites().carte)
    page = _proposer(form)
    if page["limite"] is not None and form.validate_on_submit() and (page["abonne"] or _souscrire(form)):
        return _regler(Mode(form.paiement.data))
    if page["abonne"]:
        return redirect(url_for("paniers.mon_abonnement"))
    page["chez_soi"] = known["maison"]
    return render_template("paniers/familles/s_abonner.html", form=form, **page), 422 if form.errors else 200


@access(Role.HABITANT, on=MINE)
def choisir_paiement() -> Page:
    form = PaiementForm()
    form.proposer_paiement(carte=prestataire().capacites().carte)
    if form.validate_on_submit():
        return _regler(Mode(form.paiement.data))
    return render_template("paniers/familles/paiement.html", form=form), 422 if form.errors else 200


@access(Role.HABITANT, on=MINE)
def abonnement_confirme() -> Page:
    with reading() as session:
        subscription = mon_abonnement(session, current_user.foyer_id, now())
        coming = limite(session, now())
        if subscription is None:
            return redirect(url_for("paniers.s_abonner"))
        tarif, _known = tarif_du_foyer(
            session, current_user.foyer_id, now(), coming.retrait_le if coming else subscription.debut
        )
        weeks = mes_semaines(session, current_user.foyer_id, now())
        card = carte_en_usage(session, current_user.foyer_id)
        quotients = historique_qf(session, current_user.foyer_id)
        household = foyer(session, current_user.foyer_id)
    return render_template(
        "paniers/familles/abonnement_confirme.html",
        abonnement=subscription,
        limite=coming,
        premier=next((week.rdv for week in weeks if week.etat is EtatVu.PREVU), None),
        total=tarif.prix * subscription.nombre if tarif else None,
        carte=card is not None,
        retenu=next((q for q in quotients if q.retenu), None),
        canal=household.canal,
    )


def _reponses_connues() -> dict[str, object]:
    """What the family has said already: its maison, if there is still room; one basket unless it asks for two."""
    with reading() as session:
        coming = limite(session, now())
        usual = foyer(session, current_user.foyer_id).maison.id
        room = {p.maison.id for p in maisons_ouvertes(session, coming.retrait_le) if p.places} if coming else set()
    return {"maison": usual if usual in room else None, "nombre": 1}


def _proposer(form: AbonnementForm) -> dict[str, object]:
    """Fill the form's maisons; returns what the page says around it."""
    with reading() as session:
        coming = limite(session, now())
        subscription = mon_abonnement(session, current_user.foyer_id, now())
        if coming is None:
            form.ouvertes([])
            return {"limite": None, "abonne": False}
        places = maisons_ouvertes(session, coming.retrait_le)
        tarif, known = tarif_du_foyer(session, current_user.foyer_id, now(), coming.retrait_le)
    form.ouvertes(places)
    return {
        "limite": coming,
        "abonne": subscription is not None and subscription.fin >= coming.retrait_le,
        "maisons": places,
        "tarif": tarif,
        "quotient_connu": known,
    }


def _souscrire(form: AbonnementForm) -> bool:
    """Write the subscription. False: the reason is shown, unless a second press of the button finds it written."""

    def write() -> None:
        with transaction() as session:
            souscrire(
                session,
                foyer_id=current_user.foyer_id,
                maison_id=form.maison.data,
                nombre=form.nombre.data,
                instant=now(),
            )

    return sans_refus(form, "maison", write) or bool(_proposer(form)["abonne"])


def _regler(mode: Mode) -> Response:
    """Go on with the way to pay that was chosen: to Stripe's page for a card, else to what happens next."""
    following = url_for("paniers.abonnement_confirme")
    with transaction() as session:
        saved = carte_en_usage(session, current_user.foyer_id)
        if mode is Mode.MAISON or saved is not None:
            choisir_mode(session, current_user.foyer_id, mode)
            return redirect(following)
    with reading() as session:
        email = foyer(session, current_user.foyer_id).email
    try:
        return redirect(enregistrer_carte(current_user.foyer_id, email, following), code=303)
    except (Indisponible, Refus):
        flash(
            _(
                "La page de paiement ne répond pas. Votre abonnement est bien enregistré : "
                "ajoutez votre carte plus tard, sur la page « Mon compte »."
            ),
            "attention",
        )
        return redirect(following)
