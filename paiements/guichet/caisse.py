"""The counter's till, on a telephone: take money in three taps, read what to give back, undo, count and close.

An agent acts at one maison at a time, the one of the door's pages (kept in the cookie), where they are mandataires.
"""

import uuid

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Reponse

from foyers.chemins import suite
from foyers.formulaires import sans_refus
from foyers.portee import maisons_de
from foyers.queries import foyer
from kernel import documents
from kernel.clock import today
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.web.access import MINE, Role, access
from kernel.web.files import file_answer
from kernel.web.words import _
from paiements import grand_livre
from paiements.formulaires.caisse import APPOINT, AnnulationForm, ClotureForm, EncaissementForm, ecrit, nom_de_coupure
from paiements.models.regie import ActeRegie, Caisse
from paiements.portee import foyer_encaissable, quittance_a_portee
from paiements.queries import caisse as queries_caisse
from paiements.queries import familles as queries
from paiements.queries.caisse import CaisseVue
from paiements.regie import caisse, quittances
from paiements.regie import cloture as cloture_caisse
from paiements.regie.acte import acte_en_vigueur, est_close
from paiements.regie.caisse import AEncaisser
from paiements.regie.cloture import EcartSansExplication
from paiements.regles.monnaie import AU_GUICHET, COUPURES, MoyenPaiement, en_coupures, total

bp = Blueprint("caisse", __name__, url_prefix="/caisse")

CAISSIERS = (Role.AGENT, Role.REGISSEUR)
BILLETS = (500, 1_000, 2_000, 5_000)
Page = str | Reponse | tuple[str, int]


@bp.get("")
@access(*CAISSIERS, on=MINE)
def jour() -> str:
    """What was taken today, by means, and the receipts one by one."""
    with reading() as session:
        tills = _mes_caisses(session)
        till = _choisie(tills)
        if till is None:
            return render_template("paiements/caisse/choisir.html", caisses=tills)
        receipts = queries_caisse.quittances_du_jour(session, till.maison_id, today())
        closing = queries_caisse.cloture_du(session, till.maison_id, today())
    return render_template(
        "paiements/caisse/jour.html",
        caisse=till,
        caisses=tills,
        quittances=receipts,
        par_moyen=queries_caisse.par_moyen(receipts),
        cloture=closing,
        aujourdhui=today(),
        maison_nom=till.maison,
    )


@bp.route("/foyers/<int:foyer_id>/encaisser", methods=["GET", "POST"])
@access(*CAISSIERS, on=foyer_encaissable)
def encaisser(foyer_id: int) -> Page:
    form = EncaissementForm()
    with reading() as session:
        tills = _mes_caisses(session)
        till = _choisie(tills) or _la_sienne(session, tills, foyer_id)
        if till is None:
            raise Refus(_("Vous n’êtes mandataire d’aucune caisse. Demandez au régisseur de vous nommer."), status=403)
        acte = acte_en_vigueur(session, session.get_one(Caisse, till.maison_id).regie_id, today())
        household = foyer(session, foyer_id)
        owed = grand_livre.solde(session, foyer_id)
        running = queries.en_cours(session, foyer_id)
        closed = est_close(session, till.maison_id, today())
    due = max(owed - running, 0)
    moyen = _moyen(acte)
    if not form.is_submitted():
        form.cle.data, form.montant.data = str(uuid.uuid4()), ecrit(due) if due else ""
    made: list[int] = []

    def write() -> None:
        with transaction() as session:
            made.append(caisse.encaisser(session, _lu(form, moyen, foyer_id, till), par=current_user.compte_id).id)

    if form.validate_on_submit() and sans_refus(form, _champ(form, moyen, acte.especes_max), write):
        return redirect(url_for(".quittance", quittance_id=made[0], suite=suite()), 303)
    page = render_template(
        "paiements/caisse/encaisser.html",
        form=form,
        foyer=household,
        caisse=till,
        caisses=tills,
        acte=acte,
        moyens=[one for one in AU_GUICHET if one in acte.moyens],
        moyen=moyen,
        du=due,
        solde=owed,
        en_cours=running,
        close=closed,
        billets=[(note, note - due) for note in BILLETS if note > due] if acte.rendu_monnaie else [],
        suite=suite(),
    )
    return page, 422 if form.errors else 200


@bp.get("/quittances/<int:quittance_id>")
@access(*CAISSIERS, on=quittance_a_portee)
def quittance(quittance_id: int) -> str:
    """The receipt: what to give back in big figures, then the paper."""
    with reading() as session:
        receipt = queries_caisse.quittance(session, quittance_id)
        left = grand_livre.solde(session, receipt.foyer_id)
    return render_template(
        "paiements/caisse/quittance.html",
        quittance=receipt,
        solde=left,
        coupures=[(count, nom_de_coupure(note)) for note, count in en_coupures(receipt.rendu)],
        suite=suite(),
        maison_nom=receipt.maison,
        aujourdhui=today(),
    )


@bp.get("/quittances/<int:quittance_id>.pdf")
@access(*CAISSIERS, on=quittance_a_portee)
def quittance_pdf(quittance_id: int) -> Response:
    with reading() as session:
        made = documents.find(session, quittances.cle(quittance_id))
    return file_answer(made, _("Ce PDF se prépare encore. Réessayez dans quelques secondes."))


@bp.route("/quittances/<int:quittance_id>/annuler", methods=["GET", "POST"])
@access(*CAISSIERS, on=quittance_a_portee)
def annuler(quittance_id: int) -> Page:
    form = AnnulationForm()
    with reading() as session:
        receipt = queries_caisse.quittance(session, quittance_id)
    made: list[int] = []

    def write() -> None:
        with transaction() as session:
            made.append(caisse.annuler(session, quittance_id, form.motif.data, par=current_user.compte_id).id)

    if form.validate_on_submit() and sans_refus(form, "motif", write):
        flash(_("La quittance est annulée. Le foyer doit de nouveau cette somme."), "succes")
        return redirect(url_for(".quittance", quittance_id=made[0]), 303)
    page = render_template("paiements/caisse/annuler.html", form=form, quittance=receipt)
    return page, 422 if form.errors else 200


@bp.route("/cloture", methods=["GET", "POST"])
@access(*CAISSIERS, on=MINE)
def cloture() -> Page:
    form = ClotureForm()
    with reading() as session:
        tills = _mes_caisses(session)
        till = _choisie(tills)
        if till is None:
            return render_template("paiements/caisse/choisir.html", caisses=tills)
        closing = queries_caisse.cloture_du(session, till.maison_id, today())
        receipts = queries_caisse.quittances_du_jour(session, till.maison_id, today())
    here, gap = till.maison_id, ""

    def write() -> None:
        nonlocal gap
        try:
            with transaction() as session:
                words = form.explication.data
                cloture_caisse.clore(session, here, form.comptage, explication=words, par=current_user.compte_id)
        except EcartSansExplication as refus:
            gap = refus.sentence

    if form.validate_on_submit() and sans_refus(form, "explication", write) and not gap:
        flash(_("La caisse est close pour aujourd’hui. Merci."), "succes")
        return redirect(url_for(".jour", maison=here), 303)
    form.explication.flags.required = bool(gap)  # a gap is never closed without a word
    page = render_template(
        "paiements/caisse/cloture.html",
        form=form,
        caisse=till,
        cloture=closing,
        coupures=COUPURES,
        ecart=gap,
        compte=total(form.comptage) if form.is_submitted() else 0,
        par_moyen=queries_caisse.par_moyen(receipts),
        quittances=receipts,
        aujourdhui=today(),
        maison_nom=till.maison,
    )
    return page, 422 if gap or form.errors else 200


def _mes_caisses(session: Session) -> list[CaisseVue]:
    return queries_caisse.mes_caisses(session, current_user.compte_id, maisons_de(current_user))


def _choisie(tills: list[CaisseVue]) -> CaisseVue | None:
    """The till that the request names, else the one of the cookie, else the only one. Raises Introuvable."""
    asked = request.values.get("maison", "")
    found = {str(till.maison_id): till for till in tills}
    if asked and asked not in found:
        raise Introuvable(_("Vous n’êtes pas mandataire de cette caisse. Demandez au régisseur de vous nommer."))
    if asked:
        cookie["maison"] = asked
        return found[asked]
    return found.get(str(cookie.get("maison", ""))) or (tills[0] if len(tills) == 1 else None)


def _la_sienne(session: Session, tills: list[CaisseVue], foyer_id: int) -> CaisseVue | None:
    """The till of the household's own maison, else any."""
    own = foyer(session, foyer_id).maison.id
    return next((till for till in tills if till.maison_id == own), tills[0] if tills else None)


def _moyen(acte: ActeRegie) -> MoyenPaiement:
    """The means that the request names, cash unless told otherwise."""
    asked = request.values.get("moyen", "")
    allowed = [one for one in AU_GUICHET if one in acte.moyens]
    if not allowed:
        raise Refus(_("L’acte de la régie ne permet aucun encaissement au guichet."))
    return next((one for one in allowed if one == asked), allowed[0])


def _lu(form: EncaissementForm, moyen: MoyenPaiement, foyer_id: int, till: CaisseVue) -> AEncaisser:
    """What the form says. Raises Refus."""
    key = form.cle_lue
    if key is None:
        raise Refus(_("Cette page était incomplète. Rien n’a été encaissé. Rechargez-la, puis recommencez."))
    amount = form.montant.centimes or 0
    return AEncaisser(
        foyer_id=foyer_id,
        maison_id=till.maison_id,
        moyen=moyen,
        montant=amount,
        donne=_donne(form, amount) if moyen is MoyenPaiement.ESPECES else amount,
        cle=key,
        reference=form.reference.data or None,
        derogation=form.derogation.data or None,
    )


def _donne(form: EncaissementForm, amount: int) -> int:
    """The note that was tapped, the exact sum, or what was written. Raises Refus."""
    note = request.form.get("billet", "")
    if note == APPOINT:
        return amount
    if note in {str(one) for one in BILLETS}:
        return int(note)
    if form.donne.centimes is None:
        raise Refus(_("Touchez le billet donné, ou écrivez la somme donnée."))
    return form.donne.centimes


def _champ(form: EncaissementForm, moyen: MoyenPaiement, plafond: int) -> str:
    """The field on which a refusal is shown: the one that mends it."""
    amount = form.montant.centimes or 0
    if moyen in (MoyenPaiement.CHEQUE, MoyenPaiement.CARTE) and not form.reference.data:
        return "reference"
    if moyen is MoyenPaiement.ESPECES and request.form.get("billet") != APPOINT and form.donne.centimes is None:
        return "donne"
    beyond = moyen is MoyenPaiement.ESPECES and amount > plafond and not form.derogation.data
    return "derogation" if beyond else "montant"
