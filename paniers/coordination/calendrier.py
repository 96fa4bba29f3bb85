"""Pages of the coordination about the calendar: the weeks to come, which are in doubt, and the closing days."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from foyers.formulaires import sans_refus
from foyers.queries import maisons
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import ALL, Role, access
from kernel.web.words import _
from paniers import distributions, fermetures, semaines
from paniers.coordination.onglets import onglets
from paniers.formulaires.semaine import FermetureForm
from paniers.queries import apercu as queries_apercu
from paniers.queries import fermetures as queries_fermetures
from paniers.queries import reglages as queries_reglages

LECTURE = (Role.COORDINATION, Role.ADMINISTRATION)

Page = str | Response | tuple[str, int]


@access(*LECTURE, on=ALL)
def calendrier() -> str:
    return _page(FermetureForm(formdata=None))


@access(Role.COORDINATION, on=ALL)
def fermer() -> Page:
    """Note closing days; what falls on them is then in doubt, and shown."""
    form = FermetureForm()
    with reading() as session:
        form.proposer(maisons(session))

    def write() -> None:
        with transaction() as session:
            fermetures.fermer(
                session,
                maison_id=form.maison.data or None,
                du=form.du.data,
                au=form.au.data,
                motif=form.motif.data,
                instant=now(),
                par=current_user.compte_id,
            )

    if form.validate_on_submit() and sans_refus(form, "au", write):
        flash(_("C’est noté. Les distributions de ces jours-là sont à décider, ci-dessous."), "succes")
        return redirect(url_for("coordination.calendrier"), 303)
    return _page(form), 422


@access(Role.COORDINATION, on=ALL)
def rouvrir(fermeture_id: int) -> Response:
    with transaction() as session:
        fermetures.lever(session, fermeture_id, instant=now())
    flash(_("C’est noté : la maison n’est plus fermée ces jours-là."), "succes")
    return redirect(url_for("coordination.calendrier"), 303)


@access(Role.COORDINATION, on=ALL)
def maintenir(code: str) -> Response:
    """The hand-out is kept on its day, for the whole town."""
    try:
        with transaction() as session:
            week = semaines.par_code(session, code)
            why = _("Distribution maintenue")
            distributions.maintenir(session, week.id, None, motif=why, instant=now(), par=current_user.compte_id)
    except Refus as refus:
        if refus.status == 404:
            raise
        flash(refus.sentence, "attention")
    else:
        flash(_("C’est noté : la distribution est maintenue, rien ne change pour les familles."), "succes")
    return redirect(url_for("coordination.calendrier"), 303)


def brancher(bp: Blueprint) -> None:
    """Put these pages on the coordination's blueprint."""
    bp.get("/coordination/calendrier")(calendrier)
    bp.post("/coordination/calendrier/fermer")(fermer)
    bp.post("/coordination/calendrier/fermetures/<int:fermeture_id>/rouvrir")(rouvrir)
    bp.post("/coordination/<code>/maintenir")(maintenir)


def _page(form: FermetureForm) -> str:
    with reading() as session:
        if form.maison.choices is None:
            form.proposer(maisons(session))
        rhythm, coming = queries_reglages.rythmes(session, today())
        weeks = queries_reglages.semaines_a_venir(session, today())
        return render_template(
            "paniers/coordination/calendrier.html",
            rythme=rhythm,
            a_venir=coming,
            retirables={one.id for one in coming if not any(w.retrait_le >= one.effet_le for w in weeks)},
            traces=queries_apercu.traces(session, "calendrier"),
            semaines=weeks,
            doutes=queries_fermetures.doutes(session, now()),
            fermetures=queries_fermetures.a_venir(session, today()),
            form=form,
            agit=current_user.role == Role.COORDINATION,
            onglets_coordination=onglets(),
        )
