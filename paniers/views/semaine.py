"""A family's week: what it holds, where it waits, "je ne viens pas"; and the addresses of all pages of families."""

import re
from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from foyers.formulaires import sans_refus
from kernel import qr
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.documents import find
from kernel.errors import Introuvable, Refus
from kernel.formats import jour
from kernel.web.access import MINE, Person, Role, access
from kernel.web.files import file_answer
from kernel.web.words import _
from paiements.en_ligne.checkout import reste_a_payer
from paniers.agenda import agenda, distribue, rendez_vous
from paniers.choix import choisir
from paniers.formulaires.familles import MaisonForm
from paniers.models.semaines import NatureChoix, Panier, Semaine
from paniers.queries.familles import AbonnementVu, contenu, maisons_ouvertes, mon_abonnement
from paniers.queries.places import a_reponse
from paniers.queries.retrait import proche_attendu
from paniers.queries.semaines import EtatVu, SemaineVue, mes_semaines
from paniers.semaines import par_code
from paniers.views import abonnement as views_abonnement
from paniers.views import places as views_places
from paniers.views import publiques as views_publiques
from paniers.views import retrait as views_retrait
from paniers.views import souscription as views_souscription
from paniers.views.publiques import Page

bp = Blueprint("paniers", __name__)

CHANGEABLES = (EtatVu.PREVU, EtatVu.ANNULE)
"""States in which another maison may be chosen: where it was expected, or where its maison does not hand out."""

_CODE = re.compile(r"[0-9]{4}-W[0-9]{2}", re.ASCII)


def panier_du_foyer(person: Person, *, panier_id: int, **_view_args: object) -> bool:
    """The basket of the address belongs to the caller's household."""
    with reading() as session:
        owner = session.scalar(select(Panier.foyer_id).where(Panier.id == panier_id))
    return owner is not None and owner == person.foyer_id


@access(Role.HABITANT, on=MINE)
def accueil_famille() -> str:
    with reading() as session:
        weeks = mes_semaines(session, current_user.foyer_id, now())
        following = weeks[0] if weeks else None
        held = contenu(session, following.id) if following else None
        due = reste_a_payer(session, current_user.foyer_id)
        proxy = proche_attendu(session, current_user.foyer_id, following.id) if following else None
        asked = a_reponse(session, current_user.foyer_id, now())
    return render_template(
        "paniers/familles/ma_semaine.html",
        semaine=following,
        suivantes=weeks[1:],
        contenu=held,
        reste=due,
        proche=proxy,
        a_reponse=asked,
        qr=_qr(following),
    )


@access(Role.HABITANT, on=MINE)
def ne_pas_venir(code: str) -> Response:
    return _choisir(
        code,
        NatureChoix.PAS_CETTE_SEMAINE,
        lambda day: _("C’est noté : pas de panier pour vous %(jour)s. Vous pouvez encore changer d’avis.", jour=day),
    )


@access(Role.HABITANT, on=MINE)
def donner_mon_panier(code: str) -> Response:
    return _choisir(
        code,
        NatureChoix.SOLIDARITE,
        lambda day: _("C’est noté, merci : votre panier du %(jour)s ira à qui en a besoin.", jour=day),
    )


@access(Role.HABITANT, on=MINE)
def comme_d_habitude(code: str) -> Response:
    return _choisir(
        code, NatureChoix.COMME_D_HABITUDE, lambda day: _("C’est noté : votre panier vous attend %(jour)s.", jour=day)
    )


@access(Role.HABITANT, on=MINE)
def autre_maison(code: str) -> Page:
    week = _ma_semaine(code)
    subscription = _abonnement()
    if week is None or subscription is None or not week.modifiable or week.etat not in CHANGEABLES:
        flash(_("Cette semaine ne se change plus. Vous pouvez changer la suivante."), "attention")
        return redirect(url_for("paniers.accueil_famille"))
    with reading() as session:
        known = agenda(session, [week.id])
        elsewhere = {subscription.maison.id, week.maison.id}
        places = [
            place
            for place in maisons_ouvertes(session, week.retrait_le, une_semaine=True)
            if place.maison.id not in elsewhere and distribue(known, week, place.maison.id)
        ]
    form = MaisonForm()
    form.proposer([place.maison for place in places])

    def write() -> None:
        with transaction() as session:
            choisir(
                session,
                subscription.id,
                week.id,
                NatureChoix.AUTRE_MAISON,
                instant=now(),
                maison_id=form.maison.data,
            )

    if form.validate_on_submit() and sans_refus(form, "maison", write):
        flash(_("C’est noté, pour %(jour)s seulement.", jour=jour(week.rdv.jour)), "succes")
        return redirect(url_for("paniers.accueil_famille"))
    return render_template(
        "paniers/familles/autre_maison.html", form=form, semaine=week, maisons=places, abonnement=subscription
    ), (422 if form.errors else 200)


@access(Role.HABITANT, on=panier_du_foyer)
def bon_pdf(panier_id: int) -> Response:
    with reading() as session:
        document = find(session, f"bon:{panier_id}")
    if document is None:
        flash(_("Votre bon est en préparation. Il sera prêt dans quelques minutes."), "info")
        return redirect(url_for("paniers.accueil_famille"))
    return file_answer(document, "")


def _choisir(code: str, nature: NatureChoix, said: Callable[[str], str]) -> Response:
    """Write the wish for the week of the address, and say so; a refusal is said on the same page."""
    try:
        with transaction() as session:
            week, subscription = _semaine(session, code), _le_mien(session)
            choisir(session, subscription.id, week.id, nature, instant=now())
            day = rendez_vous(session, week, subscription.maison.id).jour
    except Introuvable:
        raise
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(said(jour(day)), "succes")
    return redirect(url_for("paniers.accueil_famille"))


def _le_mien(session: Session) -> AbonnementVu:
    """Raises Refus without a subscription."""
    subscription = mon_abonnement(session, current_user.foyer_id, now())
    if subscription is None:
        raise Refus(_("Vous n’avez pas d’abonnement en ce moment."))
    return subscription


def _semaine(session: Session, code: str) -> Semaine:
    """Raises Introuvable."""
    if not _CODE.fullmatch(code):
        raise Introuvable
    return par_code(session, code)


def _ma_semaine(code: str) -> SemaineVue | None:
    """The household's week of that code; None when it has nothing to do with it. Raises Introuvable."""
    with reading() as session:
        _semaine(session, code)
        return next((w for w in mes_semaines(session, current_user.foyer_id, now()) if w.code == code), None)


def _abonnement() -> AbonnementVu | None:
    with reading() as session:
        return mon_abonnement(session, current_user.foyer_id, now())


def _qr(week: SemaineVue | None) -> object:
    """The drawn voucher of a basket that waits; it is not shown once the basket has been fetched."""
    if week is None or week.bon is None or week.etat is not EtatVu.A_RETIRER:
        return None
    return qr.svg(week.bon.texte, _("Code de votre bon de retrait"))


# The addresses, on one screen.
bp.get("/")(views_publiques.accueil)
bp.get("/le-panier")(views_publiques.le_panier)
bp.get("/mon-prix")(views_publiques.simulateur)
bp.route("/s-abonner", methods=["GET", "POST"])(views_souscription.s_abonner)
bp.route("/s-abonner/paiement", methods=["GET", "POST"])(views_souscription.choisir_paiement)
bp.get("/s-abonner/confirmation")(views_souscription.abonnement_confirme)
bp.get("/ma-semaine")(accueil_famille)
bp.post("/ma-semaine/<code>/je-ne-viens-pas")(ne_pas_venir)
bp.post("/ma-semaine/<code>/je-donne-mon-panier")(donner_mon_panier)
bp.post("/ma-semaine/<code>/comme-d-habitude")(comme_d_habitude)
bp.route("/ma-semaine/<code>/autre-maison", methods=["GET", "POST"])(autre_maison)
bp.get("/bon/<int:panier_id>.pdf")(bon_pdf)
bp.get("/mon-abonnement")(views_abonnement.mon_abonnement)
bp.route("/mon-abonnement/maison", methods=["GET", "POST"])(views_abonnement.changer_de_maison)
bp.route("/mon-abonnement/pause", methods=["GET", "POST"])(views_abonnement.poser_une_pause)
bp.post("/mon-abonnement/pauses/<int:pause_id>/lever")(views_abonnement.lever_une_pause)
bp.get("/mon-abonnement/quitter")(views_abonnement.quitter_l_abonnement)
bp.post("/mon-abonnement/quitter")(views_abonnement.confirmer_le_depart)
bp.get("/ma-carte")(views_retrait.carte)
bp.post("/ma-carte")(views_retrait.faire_ma_carte)
bp.get("/ma-carte.pdf")(views_retrait.carte_pdf)
bp.post("/ma-carte/<int:carte_id>/perdue")(views_retrait.carte_perdue)
bp.post("/ma-carte/<int:carte_id>/sans-suite")(views_retrait.carte_sans_suite)
bp.route("/un-proche", methods=["GET", "POST"])(views_retrait.un_proche)
bp.post("/un-proche/<int:procuration_id>/retirer")(views_retrait.retirer_un_proche)
bp.route("/mon-abonnement/nombre", methods=["GET", "POST"])(views_places.changer_de_nombre)
bp.route("/mon-abonnement/renouveler", methods=["GET", "POST"])(views_places.renouveler_mon_abonnement)
bp.route("/ma-place", methods=["GET", "POST"])(views_places.voir_ma_place)
bp.post("/ma-place/accepter")(views_places.accepter_ma_place)
bp.post("/ma-place/quitter")(views_places.quitter_ma_place)
bp.route("/place/<jeton>", methods=["GET", "POST"])(views_places.place_par_lien)
bp.route("/renouveler/<jeton>", methods=["GET", "POST"])(views_places.renouveler_par_lien)
