"""Pages of money for families, and the door of Stripe's webhooks."""

from typing import TypeVar

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Reponse

from foyers.chemins import chemin_local, suite
from foyers.models import Foyer
from kernel import clock, documents
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.web.access import MINE, Role, access, public
from kernel.web.files import file_answer
from kernel.web.security import csrf, limiter, signed_link
from paiements import passerelle, reglements
from paiements.en_ligne import checkout, evenements
from paiements.en_ligne.checkout import Conclusion, Issue
from paiements.en_ligne.conditions import en_vigueur
from paiements.formulaires.en_ligne import AvanceForm
from paiements.liens import echeance_du_jeton
from paiements.models.en_ligne import Mode, Rythme
from paiements.passerelle import Indisponible, SignatureInvalide
from paiements.portee import ma_quittance
from paiements.queries import caisse as queries_caisse
from paiements.queries import familles as queries
from paiements.regie import quittances

bp = Blueprint("paiements", __name__, url_prefix="/paiements")

Page = str | Reponse | tuple[str, int]
E = TypeVar("E", Mode, Rythme)

PAGE_LA_PLUS_LONGUE = 200
ABSENT = 503


@bp.get("/mon-compte")
@access(Role.HABITANT, on=MINE)
def mon_compte() -> str:
    with reading() as session:
        compte = queries.compte(session, current_user.foyer_id, tout="tout" in request.args)
        receipts = queries_caisse.quittances_du_foyer(session, current_user.foyer_id)
    return render_template(
        "paiements/mon_compte.html",
        compte=compte,
        quittances=receipts,
        aujourd_hui=clock.today(),
        prestataire=passerelle.prestataire().capacites(),
    )


@bp.get("/quittances/<int:quittance_id>.pdf")
@access(Role.HABITANT, on=ma_quittance)
def quittance_pdf(quittance_id: int) -> Response:
    with reading() as session:
        made = documents.find(session, quittances.cle(quittance_id))
    return file_answer(made, _("Ce PDF se prépare encore. Réessayez dans quelques secondes."))


@bp.post("/payer")
@access(Role.HABITANT, on=MINE)
def payer() -> Reponse:
    echeance_id = request.form.get("echeance", type=int)
    return redirect(_page_de_paiement(current_user.foyer_id, echeance_id), 303)


@bp.post("/carte")
@access(Role.HABITANT, on=MINE)
def enregistrer_carte() -> Reponse:
    with reading() as session:
        email = session.get_one(Foyer, current_user.foyer_id).email
    try:
        adresse = checkout.enregistrer_carte(current_user.foyer_id, email, suite() or "")
    except Indisponible:
        raise Refus(_STRIPE_ABSENT, status=ABSENT) from None
    return redirect(adresse, 303)


@bp.post("/mandat")
@access(Role.HABITANT, on=MINE)
def enregistrer_mandat() -> Reponse:
    with reading() as session:
        email = session.get_one(Foyer, current_user.foyer_id).email
    try:
        adresse = checkout.enregistrer_mandat(current_user.foyer_id, email)
    except Indisponible:
        raise Refus(_STRIPE_ABSENT, status=ABSENT) from None
    return redirect(adresse, 303)


@bp.post("/mandat/retirer")
@access(Role.HABITANT, on=MINE)
def retirer_mandat() -> Reponse:
    with transaction() as session:
        reglements.retirer(session, current_user.foyer_id, Mode.SEPA)
    flash(
        _("Votre compte bancaire ne sera plus prélevé. Ce qui reste à payer l’est à votre maison, ou en ligne."),
        "succes",
    )
    return redirect(url_for("paiements.mon_compte"))


@bp.post("/carte/retirer")
@access(Role.HABITANT, on=MINE)
def retirer_carte() -> Reponse:
    with transaction() as session:
        reglements.retirer(session, current_user.foyer_id, Mode.CARTE)
    flash(
        _("Votre carte n’est plus enregistrée ici. Vous payez à votre maison, ou en ligne quand vous voulez."), "succes"
    )
    return redirect(url_for("paiements.mon_compte"))


def _choisi(parmi: type[E], champ: str, phrase: str) -> E:
    """What a page's buttons send in that field; anything else is refused by the sentence."""
    try:
        return parmi(request.form.get(champ, ""))
    except ValueError:
        raise Refus(phrase, status=400) from None


@bp.post("/mode")
@access(Role.HABITANT, on=MINE)
def choisir_mode() -> Reponse:
    mode = _choisi(Mode, "mode", _("Choisissez entre « par carte », « par prélèvement » et « à la maison »."))
    with transaction() as session:
        reglements.choisir_mode(session, current_user.foyer_id, mode)
    flash(_("C’est noté. Cela vaut dès la prochaine échéance."), "succes")
    return redirect(url_for("paiements.mon_compte"))


@bp.post("/rythme")
@access(Role.HABITANT, on=MINE)
def choisir_rythme() -> Reponse:
    rythme = _choisi(Rythme, "rythme", _("Choisissez entre « chaque semaine » et « une fois par mois »."))
    with transaction() as session:
        reglements.choisir_rythme(session, current_user.foyer_id, rythme)
    flash(_("C’est noté. Cela vaut dès votre prochain panier."), "succes")
    return redirect(url_for("paiements.mon_compte"))


@bp.route("/avance", methods=["GET", "POST"])
@access(Role.HABITANT, on=MINE)
def payer_d_avance() -> Page:
    form = AvanceForm()
    if form.validate_on_submit():
        try:
            return redirect(_page_de_paiement(current_user.foyer_id, None, form.montant.centimes), 303)
        except Refus as refus:
            if refus.status == ABSENT:
                raise
            form.refuser("montant", refus.sentence)
    with reading() as session:
        most = en_vigueur(session, clock.today()).avance_max
    return render_template("paiements/avance.html", form=form, plafond=most), 422 if form.errors else 200


@bp.get("/retour")
@public(
    "Stripe sends the family back here; the page's long random id names one payment, and says only what became of it"
)
def retour() -> Page:
    page_id = request.args.get("page", "")[:PAGE_LA_PLUS_LONGUE]
    with reading() as session:
        if "\0" in page_id or not checkout.est_a_nous(session, page_id):
            raise Introuvable
    try:
        conclusion = checkout.conclure_page(page_id, "retour")
    except Indisponible:
        conclusion = Conclusion(Issue.OUVERTE)
    return _retour(conclusion)


@bp.get("/renoncer")
@public("where Stripe's page leads back whoever does not pay; it shows nothing of anybody")
def renoncer() -> str:
    return render_template("paiements/renoncer.html")


@bp.get("/lien/<jeton>")
@public("a signed link of ours, valid for thirty days, for one échéance; reading it changes nothing")
@signed_link
def lien(jeton: str) -> str:
    with reading() as session:
        echeance = queries.echeance(session, echeance_du_jeton(jeton))
    if echeance is None:
        raise Introuvable
    return render_template("paiements/lien.html", echeance=echeance, jeton=jeton)


@bp.post("/lien/<jeton>")
@public("a signed link of ours, valid for thirty days: it lets anyone pay this échéance, and nothing else")
@signed_link
@limiter.limit("30 per hour")
def payer_par_lien(jeton: str) -> Reponse:
    echeance_id = echeance_du_jeton(jeton)
    with reading() as session:
        echeance = queries.echeance(session, echeance_id)
    if echeance is None:
        raise Introuvable
    return redirect(_page_de_paiement(echeance.foyer_id, echeance_id), 303)


@bp.post("/webhook")
@public("Stripe calls it and signs what it sends; the signature is checked before anything is read")
@limiter.exempt
@csrf.exempt  # type: ignore[untyped-decorator]
def webhook() -> Response:
    try:
        evenement = passerelle.prestataire().lire_evenement(request.get_data(), dict(request.headers))
    except SignatureInvalide:
        raise Refus(_("Cet envoi n’est pas signé, ou il est trop ancien. Rien n’a été changé."), status=400) from None
    with transaction() as session:
        evenements.recevoir(session, evenement)
    return Response(status=200)


_STRIPE_ABSENT = (
    "Le service de paiement ne répond pas en ce moment. Rien n’a été prélevé, rien n’est perdu. Réessayez dans quelques"
    " minutes, ou payez à votre maison."
)


def _page_de_paiement(foyer_id: int, echeance_id: int | None, avance: int | None = None) -> str:
    try:
        return checkout.ouvrir_paiement_en_ligne(foyer_id, echeance_id, avance=avance)
    except Indisponible:
        raise Refus(_STRIPE_ABSENT, status=ABSENT) from None


def _retour(conclusion: Conclusion) -> Page:
    """What the family sees when it comes back from Stripe."""
    vers = chemin_local(conclusion.suite)
    if conclusion.issue is Issue.CARTE and vers is not None:
        flash(_("Votre carte est enregistrée. Merci."), "succes")
        return redirect(vers)
    return render_template("paiements/retour.html", conclusion=conclusion, adresse=request.full_path)
