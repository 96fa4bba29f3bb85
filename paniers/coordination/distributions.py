"""Pages of the coordination about one week's hand-outs: move, send elsewhere, cancel, put back, and whom to call.

The maison is named by `lieu` in the address or the form; without it, the whole town is meant.
"""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from foyers.formulaires import sans_refus
from foyers.queries import MaisonVue, maisons
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.formats import euros
from kernel.web.access import ALL, Role, access
from kernel.web.words import _
from paniers import annulations, distributions, semaines
from paniers.concernes import effet, proche, producteurs_a_prevenir
from paniers.formulaires.semaine import AccueillirForm, AnnulerForm, DeplacerForm
from paniers.models.semaines import Semaine
from paniers.queries import coordination as lire
from paniers.queries import distributions as lire_distributions
from paniers.regles.etats import EtatSemaine

LECTURE = (Role.COORDINATION, Role.ADMINISTRATION)

Page = str | Response | tuple[str, int]


@access(*LECTURE, on=ALL)
def distribution(code: str) -> str:
    return _page(code)


@access(Role.COORDINATION, on=ALL)
def deplacer(code: str) -> Page:
    form = DeplacerForm()

    def write(session: Session, week: Semaine, maison_id: int | None) -> str:
        horaire = distributions.Horaire(form.jour.data, form.debut.data, form.fin.data)
        distributions.deplacer(
            session, week.id, maison_id, horaire, motif=form.motif.data, instant=now(), par=current_user.compte_id
        )
        return _("C’est noté. Les familles sont prévenues, chacune une fois.")

    if form.validate_on_submit() and sans_refus(form, "jour", lambda: _ecrire(code, write)):
        return _retour(code)
    return _page(code, deplacement=form), 422


@access(Role.COORDINATION, on=ALL)
def accueillir(code: str) -> Page:
    form = AccueillirForm()
    with reading() as session:
        place = _lieu(session)
        form.proposer([(m.id, m.nom) for m in maisons(session) if place is None or m.id != place.id])

    def write(session: Session, week: Semaine, maison_id: int | None) -> str:
        if maison_id is None:
            raise Refus(_("Choisissez d’abord la maison qui est fermée."))
        annulations.accueillir(
            session,
            week.id,
            maison_id,
            form.chez.data,
            motif=form.motif.data,
            instant=now(),
            par=current_user.compte_id,
        )
        return _("C’est noté. Les paniers attendent dans l’autre maison, les familles sont prévenues.")

    if form.validate_on_submit() and sans_refus(form, "chez", lambda: _ecrire(code, write)):
        return _retour(code)
    return _page(code, accueil=form), 422


@access(Role.COORDINATION, on=ALL)
def retablir(code: str) -> Response:
    def write(session: Session, week: Semaine, maison_id: int | None) -> str:
        done = distributions.retablir(session, week.id, maison_id, instant=now(), par=current_user.compte_id)
        if done is None:
            return _("Rien n’était changé : la distribution est celle du calendrier.")
        return _("C’est rétabli. Les familles sont prévenues.")

    try:
        _ecrire(code, write)
    except Introuvable:
        raise
    except Refus as refus:
        flash(refus.sentence, "attention")
    return _retour(code)


@access(Role.COORDINATION, on=ALL)
def annuler(code: str) -> Page:
    """What cancelling will do, in figures, then (posted) do it."""
    form = AnnulerForm()
    if form.validate_on_submit() and sans_refus(form, "motif", lambda: _ecrire(code, _annuler_pour(form))):
        return _retour(code)
    with reading() as session:
        week, place = lire.semaine_demandee(session, code), _lieu(session)
        row, here = session.get_one(Semaine, week.id), place.id if place else None
        return render_template(
            "paniers/coordination/annulation.html",
            form=form,
            semaine=week,
            lieu=place,
            effet=effet(session, row, here, now()),
            avant_cloture=now() < row.cloture_le,
            urgent=proche(row, now()),
            producteurs=producteurs_a_prevenir(session, week.id),
            rdv=lire_distributions.du_lieu(session, row, here),
        ), 422 if form.errors else 200


@access(*LECTURE, on=ALL)
def appels(code: str) -> str:
    """Whom to call about what was decided that week, maison by maison, to print."""
    with reading() as session:
        week = lire.semaine_demandee(session, code)
        sheets = lire_distributions.appels(session, week.id)
    return render_template("paniers/coordination/appels.html", semaine=week, feuilles=sheets, aujourdhui=today())


def brancher(bp: Blueprint) -> None:
    """Put these pages on the coordination's blueprint."""
    bp.get("/coordination/<code>/distribution")(distribution)
    bp.post("/coordination/<code>/distribution/deplacer")(deplacer)
    bp.post("/coordination/<code>/distribution/accueillir")(accueillir)
    bp.post("/coordination/<code>/distribution/retablir")(retablir)
    bp.route("/coordination/<code>/distribution/annuler", methods=["GET", "POST"])(annuler)
    bp.get("/coordination/<code>/appels")(appels)


def _annuler_pour(form: AnnulerForm) -> Callable[[Session, Semaine, int | None], str]:
    def write(session: Session, week: Semaine, maison_id: int | None) -> str:
        done = annulations.annuler(
            session, week.id, maison_id, motif=form.motif.data, instant=now(), par=current_user.compte_id
        )
        if done.deja_faite:
            return _("C’était déjà annulé : rien n’a été fait deux fois.")
        if not done.paniers:
            return _("C’est noté : pas de panier, rien à payer. Les familles sont prévenues.")
        return _(
            "C’est annulé : %(paniers)s paniers, %(montant)s rendus à %(foyers)s foyers.",
            paniers=done.paniers,
            montant=euros(done.montant),
            foyers=done.foyers,
        )

    return write


def _ecrire(code: str, write: Callable[[Session, Semaine, int | None], str]) -> None:
    """Do it for the week of the address and the maison of the form, and say so. Raises Refus."""
    with transaction() as session:
        week, place = semaines.par_code(session, code), _lieu(session)
        said = write(session, week, place.id if place else None)
    flash(said, "succes")


def _retour(code: str) -> Response:
    return redirect(url_for("coordination.distribution", code=code, lieu=_demande() or None), 303)


def _demande() -> str:
    return request.values.get("lieu", "")


def _lieu(session: Session) -> MaisonVue | None:
    """The maison that the request names; None for the whole town. Raises Introuvable."""
    asked = _demande()
    if not asked:
        return None
    found = next((place for place in maisons(session, toutes=True) if str(place.id) == asked), None)
    if found is None:
        raise Introuvable
    return found


def _page(code: str, *, deplacement: DeplacerForm | None = None, accueil: AccueillirForm | None = None) -> str:
    with reading() as session:
        week, place = lire.semaine_demandee(session, code), _lieu(session)
        row = session.get_one(Semaine, week.id)
        lines = lire_distributions.lieux(session, row)
        elsewhere = [(line.maison_id, line.maison) for line in lines if line.accueille]
        first, last = distributions.bornes(row, now())
        closed = row.etat != EtatSemaine.OUVERTE or now() >= row.cloture_le
        changed = distributions.en_vigueur(session, week.id, place.id if place else None)
        history = lire_distributions.histoire(session, week.id)
    form = deplacement or DeplacerForm(formdata=None)
    host = accueil or AccueillirForm(formdata=None)
    if accueil is None:
        host.proposer([(key, name) for key, name in elsewhere if place is None or key != place.id])
    return render_template(
        "paniers/coordination/distribution.html",
        semaine=week,
        lieu=place,
        lieux=lines,
        bornes=(first, last),
        close=closed,
        vivante=row.etat not in (EtatSemaine.TERMINEE, EtatSemaine.ANNULEE),
        decision=changed.nature if changed is not None and changed.nature != "retablie" else None,
        form=form,
        accueil=host,
        histoire=history,
        agit=current_user.role == Role.COORDINATION,
    )
