"""A family sends its proof: with its quotient, or later; or takes back what nobody has read yet."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from foyers import pieces
from foyers.dossiers import declarer_qf
from foyers.formulaires import PieceForm, QuotientEtPieceForm, sans_refus
from foyers.queries import historique_qf
from kernel.db import reading, transaction
from kernel.uploads import BYTES_MAX
from kernel.web.access import MINE, Role, access
from kernel.web.security import limiter, takes_file

Page = str | Response | tuple[str, int]

# Each file is drawn anew by a program of its own: nobody needs more, and many at once would slow the others.
ENVOIS = "6/minute;30/hour"


def par_personne() -> str:
    return str(current_user.get_id())


@takes_file(BYTES_MAX)
@access(Role.HABITANT, on=MINE)
@limiter.limit(ENVOIS, key_func=par_personne, methods=["POST"])
def declarer() -> Page:
    form = QuotientEtPieceForm()
    form.proposer()
    if form.validate_on_submit() and donner(form, current_user.foyer_id):
        flash(
            _("Merci. Votre quotient compte dès maintenant, et votre attestation est bien arrivée.")
            if form.piece.pages
            else _("Merci. Votre quotient compte dès maintenant. Pensez à montrer votre attestation."),
            "succes",
        )
        return redirect(url_for("foyers.mon_foyer"))
    return render_template("foyers/declarer_qf.html", form=form), 422 if form.errors else 200


@takes_file(BYTES_MAX)
@access(Role.HABITANT, on=MINE)
@limiter.limit(ENVOIS, key_func=par_personne, methods=["POST"])
def envoyer() -> Page:
    """The proof of the quotient that waits for one; when none does, the page says that the quotient comes first."""
    with reading() as session:
        given = historique_qf(session, current_user.foyer_id)
    waiting = next((q for q in given if not q.verifie_le and not q.refuse_le), None)
    form = PieceForm()

    def write() -> None:
        with transaction() as session:
            pieces.deposer(session, current_user.foyer_id, form.piece.pages, par=current_user.compte_id)

    if form.validate_on_submit() and sans_refus(form, "piece", write):
        flash(_("Merci. Votre attestation est bien arrivée : votre maison la lit, puis l’efface."), "succes")
        return redirect(url_for("foyers.mon_foyer"))
    page = render_template("foyers/attestation.html", form=form, declare=waiting)
    return page, 422 if form.errors else 200


@access(Role.HABITANT, on=MINE)
def retirer() -> Response:
    with transaction() as session:
        pieces.retirer(session, current_user.foyer_id)
    flash(_("Votre attestation est effacée. Vous pouvez en envoyer une autre."), "succes")
    return redirect(url_for("foyers.mon_foyer"))


def donner(form: QuotientEtPieceForm, foyer_id: int) -> bool:
    """Write down the quotient, and its proof if there is one, for a family or by it; False with the reason on it."""

    def write() -> None:
        me = current_user.compte_id
        with transaction() as session:
            declarer_qf(session, foyer_id, form.quotient, form.mois_choisi, me)
            if form.piece.pages:
                pieces.deposer(session, foyer_id, form.piece.pages, par=me)

    return sans_refus(form, "valeur", write)
