"""Pages of the coordination about the basket itself: the week's offers, and its composition by hand."""

import re
from collections.abc import Mapping

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from kernel.clock import now
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import ALL, Role, access
from kernel.web.words import _
from paniers import composition as use_composition
from paniers import offres as use_offres
from paniers.formulaires.coordination import OffreRecueForm, Saisie, champ, lire_quantites
from paniers.models.producteurs import Composition
from paniers.queries import composition as queries_composition
from paniers.queries import coordination as lire
from paniers.queries import reglages as queries_reglages
from paniers.queries.composition import OffreVue
from paniers.queries.coordination import SemaineVue
from paniers.regles.bilan import Exigences, Ingredient, bilan
from paniers.regles.comparaisons import LignePassee, Part, Reprise, a_fournir, fois, parts, reprendre
from paniers.regles.etats import EtatSemaine
from paniers.regles.quantites import quantite

LECTURE = (Role.COORDINATION, Role.ADMINISTRATION)
A_COMPOSER = (EtatSemaine.OUVERTE, EtatSemaine.CLOTUREE)
ACTIONS = ("calculer", "enregistrer", "publier")
_PRIX = re.compile(r"[0-9]{1,6}", re.ASCII)

Page = str | Response | tuple[str, int]


@access(*LECTURE, on=ALL)
def offres() -> str:
    with reading() as session:
        week = _semaine_a_composer(session)
    form = OffreRecueForm(formdata=None)
    return _page_des_offres(week, form, _a_changer(form, week))


@access(Role.COORDINATION, on=ALL)
def proposer(code: str) -> Page:
    """Enter an offer that a producer gave by telephone, in place of an earlier one of the same product."""
    with reading() as session:
        week = lire.semaine_demandee(session, code)
    if week.etat not in A_COMPOSER:
        flash(
            _("Les offres de cette semaine ne changent plus. Vous pouvez noter celle-ci la semaine suivante."),
            "attention",
        )
        return redirect(url_for("coordination.offres", semaine=code), 303)
    form = OffreRecueForm()
    _lister(form)

    def write() -> None:
        with transaction() as session:
            use_offres.proposer(
                session,
                semaine_id=week.id,
                producteur_id=form.producteur.data,
                produit_id=form.produit.data,
                proposition=form.proposition,
                instant=now(),
                par=current_user.compte_id,
                coordination=True,
            )

    if form.validate_on_submit() and form.noter(write):
        flash(_("L’offre est notée."), "succes")
        return redirect(url_for("coordination.offres", semaine=code), 303)
    return _page_des_offres(week, form, None), 422


@access(Role.COORDINATION, on=ALL)
def retirer(code: str, offre_id: int) -> Response:
    try:
        with transaction() as session:
            use_offres.retirer(session, offre_id, instant=now(), coordination=True)
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(_("L’offre est retirée."), "succes")
    return redirect(url_for("coordination.offres", semaine=code), 303)


@access(Role.COORDINATION, on=ALL)
def accepter(code: str, offre_id: int) -> Response:
    """Take an offer that is "hors contrat" at the price that the page showed, and go back to where one was."""
    shown = request.form.get("prix", "")
    try:
        with transaction() as session:
            use_offres.accepter(
                session,
                offre_id,
                prix=int(shown) if _PRIX.fullmatch(shown) else 0,
                instant=now(),
                par=current_user.compte_id,
            )
    except Refus as refus:
        if refus.status == 404:
            raise
        flash(refus.sentence, "attention")
    else:
        flash(_("L’offre est acceptée : le panier peut se faire avec elle."), "succes")
    page = "composition" if request.form.get("suite") == "composition" else "offres"
    return redirect(url_for(f"coordination.{page}", semaine=code), 303)


@access(*LECTURE, on=ALL)
def composition() -> str:
    """The basket as it stands, or (`depuis`, a week's code) as that week's could be made again; nothing is written."""
    with reading() as session:
        week = _semaine_a_composer(session)
        made, known = queries_composition.composee(session, week.id)
        wanted = request.args.get("depuis")
        again = _reprise(session, week, wanted) if wanted and _peut_composer(week) else None
        quantities = dict(again.quantites) if again else known
        typed = Saisie({k: str(v) for k, v in quantities.items()}, quantities)
        return _page_de_composition(session, week, made, typed, a_enregistrer=quantities != known, reprise=again)


@access(Role.COORDINATION, on=ALL)
def composer(code: str) -> Page:
    """Weigh what was typed, keep it, or publish it; nothing is kept while a quantity cannot be read."""
    action = request.form.get("action", "")
    if action not in ACTIONS:
        abort(400)
    with reading() as session:
        week = lire.semaine_demandee(session, code)
        made, known = queries_composition.composee(session, week.id)
        offers = queries_composition.offres(session, week.id)
        typed = lire_quantites(request.form, [offer.id for offer in offers])
        if typed.erreurs:
            return _page_de_composition(session, week, made, typed), 422
        if action == "calculer":
            return _page_de_composition(session, week, made, typed, a_enregistrer=typed.quantites != known)
    try:
        flash(_ecrire(week, typed.quantites, publier=action == "publier"), "succes")
    except Refus as refus:
        flash(refus.sentence, "attention")
    return redirect(url_for("coordination.composition", semaine=code), 303)


def brancher(bp: Blueprint) -> None:
    """Put these pages on the coordination's blueprint."""
    bp.get("/coordination/offres")(offres)
    bp.post("/coordination/offres/<code>")(proposer)
    bp.post("/coordination/offres/<code>/<int:offre_id>/retirer")(retirer)
    bp.post("/coordination/offres/<code>/<int:offre_id>/accepter")(accepter)
    bp.get("/coordination/composition")(composition)
    bp.post("/coordination/composition/<code>")(composer)


def _ecrire(week: SemaineVue, quantites: Mapping[int, int], *, publier: bool) -> str:
    with transaction() as session:
        use_composition.composer(session, week.id, quantites)
        if not publier:
            return _("C’est enregistré. Les familles le verront quand vous publierez.")
        use_composition.publier(session, week.id, par=current_user.compte_id, instant=now())
    return _("La composition est publiée : les familles voient leur panier.")


def _semaine_a_composer(session: Session) -> SemaineVue:
    """The week that the address names, else the first that has not been ordered, else the present one."""
    code = request.args.get("semaine") or lire.premiere_a_commander(session)
    return lire.semaine_demandee(session, code)


def _peut_composer(week: SemaineVue) -> bool:
    return week.etat in A_COMPOSER and bool(current_user.role == Role.COORDINATION)


def _reprise(session: Session, week: SemaineVue, code: str) -> Reprise | None:
    """One of the baskets shown beside, with this week's offers; None for any other."""
    past = queries_composition.paniers_passes(session, week.retrait_le)
    offers = [offer.proposee for offer in queries_composition.offres(session, week.id) if not offer.a_accepter]
    return next((reprendre(basket.lignes, offers) for basket in past if basket.code == code), None)


def _page_de_composition(
    session: Session,
    week: SemaineVue,
    made: Composition | None,
    typed: Saisie,
    *,
    a_enregistrer: bool = False,
    reprise: Reprise | None = None,
) -> str:
    offers = queries_composition.offres(session, week.id)
    baskets = sum(place.paniers for place in lire.par_maison(session, week, now()))
    weighed = {offer.id: offer.avec(typed.quantites.get(offer.id, 0)) for offer in offers}
    chosen = [weighed[offer.id] for offer in offers if offer.id in typed.quantites]
    past = queries_composition.paniers_passes(session, week.retrait_le)
    lines = [line for basket in past for line in basket.lignes]
    return render_template(
        "paniers/coordination/composition.html",
        semaine=week,
        offres=offers,
        a_accepter=[offer for offer in offers if offer.a_accepter],
        saisie=typed,
        champ=champ,
        paniers=baskets,
        exigences=Exigences(),
        bilan=bilan(chosen, baskets),
        besoins={offer.id: a_fournir(weighed[offer.id], baskets) for offer in offers},
        quantite=quantite,
        composition=made,
        passes=past,
        fois=fois(basket.lignes for basket in past),
        parts=_parts(offers, weighed, lines),
        modifiable=_peut_composer(week),
        commandee=week.etat not in A_COMPOSER,
        a_enregistrer=a_enregistrer,
        reprise=reprise,
    )


def _parts(offers: list[OffreVue], weighed: Mapping[int, Ingredient], past: list[LignePassee]) -> list[Part]:
    """The shares of whoever offers this week or was in the last baskets."""
    farms = {line.producteur_id: line.producteur for line in past}
    farms |= {offer.producteur_id: offer.producteur for offer in offers}
    return parts(((offer.producteur_id, weighed[offer.id].cout) for offer in offers), past, farms)


def _lister(form: OffreRecueForm) -> None:
    with reading() as session:
        form.proposer(queries_reglages.producteurs(session), queries_reglages.produits(session))


def _a_changer(form: OffreRecueForm, week: SemaineVue) -> OffreVue | None:
    """Fill the lists, and the answers with the offer that the address asks to change."""
    _lister(form)
    with reading() as session:
        offers = queries_composition.offres(session, week.id)
    found = next((offer for offer in offers if str(offer.id) == request.args.get("offre")), None)
    if found is not None:
        form.remplir(found)
    return found


def _page_des_offres(week: SemaineVue, form: OffreRecueForm, changee: OffreVue | None) -> str:
    with reading() as session:
        offers = queries_composition.offres(session, week.id)
        baskets = sum(place.paniers for place in lire.par_maison(session, week, now()))
    return render_template(
        "paniers/coordination/offres.html",
        semaine=week,
        offres=offers,
        paniers=baskets,
        form=form,
        changee=changee,
        modifiable=_peut_composer(week),
    )
