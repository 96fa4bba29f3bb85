"""The queue of quotients to check, the oldest first: what the family says and what its proof says, side by side.

Opening one is a click that is written down. What each answer changes for the family is said before it is given.
"""

from base64 import b64encode

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from foyers import avis, pieces
from foyers.effets import effets, tarif_a_venir
from foyers.formulaires import UN_AN, AvisForm, RefusForm, sans_refus
from foyers.models import JustificatifQF, Motif, Source
from foyers.portee import justificatif_a_portee, maisons_de
from foyers.queries import QFVu, foyer, historique_qf, qf_a_verifier
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.web.access import MINE, Role, access

bp = Blueprint("justificatifs", __name__, url_prefix="/guichet/justificatifs")

Page = str | Response | tuple[str, int]
EQUIPE = (Role.AGENT, Role.COORDINATION)


@bp.get("")
@access(*EQUIPE, on=MINE)
def file() -> str:
    with reading() as session:
        waiting = qf_a_verifier(session, maisons_de(current_user))
    first = next((q for q in waiting if q.avec_piece), None)
    return render_template("foyers/guichet_a_verifier.html", file=waiting, premiere=first)


@bp.post("/<int:justificatif_id>")
@access(*EQUIPE, on=justificatif_a_portee)
def lire(justificatif_id: int) -> Page:
    return _page(justificatif_id)


@bp.post("/<int:justificatif_id>/accepter")
@access(*EQUIPE, on=justificatif_a_portee)
def accepter(justificatif_id: int) -> Page:
    form = AvisForm()
    form.proposer()
    corrected: list[bool] = []

    def write() -> None:
        me = current_user.compte_id
        seen = avis.Vu(form.quotient, form.mois_choisi, Source(form.source.data), form.fin)
        with transaction() as session:
            tarif = tarif_a_venir(session)
            kept = avis.accepter(session, justificatif_id, seen, agent=me, tarif=tarif)
            corrected.append(kept.id != justificatif_id)

    if form.validate_on_submit() and sans_refus(form, "valeur", write):
        flash(
            _("C’est corrigé et vérifié. La famille en est prévenue.")
            if corrected[0]
            else _("Le quotient est vérifié, la famille en est prévenue. L’attestation est effacée."),
            "succes",
        )
        return redirect(url_for("justificatifs.file"))
    return _page(justificatif_id, form=form)


@bp.post("/<int:justificatif_id>/refuser")
@access(*EQUIPE, on=justificatif_a_portee)
def refuser(justificatif_id: int) -> Page:
    form = RefusForm()

    def write() -> None:
        with transaction() as session:
            avis.refuser(
                session,
                justificatif_id,
                Motif(form.motif.data),
                agent=current_user.compte_id,
                tarif=tarif_a_venir(session),
            )

    if form.validate_on_submit() and sans_refus(form, "motif", write):
        flash(_("Ce quotient ne compte plus. L’attestation est effacée, et la famille en lit la raison."), "succes")
        return redirect(url_for("justificatifs.file"))
    return _page(justificatif_id, refus=form)


def _page(justificatif_id: int, *, form: AvisForm | None = None, refus: RefusForm | None = None) -> Page:
    """The proof beside what was declared; opening them is written down. An answered one leads back to the queue."""
    with transaction() as session:
        given = session.get_one(JustificatifQF, justificatif_id)
        if given.verifie_le is not None or given.refuse_le is not None:
            flash(_("Ce quotient a déjà été traité. Rien n’a été changé."), "info")
            return redirect(url_for("justificatifs.file"))
        images = pieces.lire(session, justificatif_id, agent=current_user.compte_id)
        household = foyer(session, given.foyer_id)
        quotients = historique_qf(session, given.foyer_id)
        tarif = tarif_a_venir(session)
    declared = next(q for q in quotients if q.id == justificatif_id)
    page = render_template(
        "foyers/guichet_justificatif.html",
        foyer=household,
        declare=declared,
        images=[b64encode(image).decode() for image in images],
        effets=effets(quotients, justificatif_id, tarif, now()) if tarif else None,
        form=form or _prerempli(declared),
        refus=refus or RefusForm(formdata=None),
    )
    return page, 422 if (form and form.errors) or (refus and refus.errors) else 200


def _prerempli(declared: QFVu) -> AvisForm:
    """What the family has declared, to be compared with the proof and corrected where it says otherwise."""
    form = AvisForm(formdata=None, valeur=str(declared.valeur), mois=f"{declared.mois:%Y-%m}", jusqu_au=UN_AN)
    form.proposer()
    return form
