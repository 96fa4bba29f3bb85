"""Pages of the coordination about what is short: noted by telephone, dealt with, and what was corrected.

Two presses: the first tells in figures what a correction would do (it is done, read, and undone), the second does it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from foyers.formulaires import sans_refus
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.web.access import ALL, Role, access
from kernel.web.words import _
from paniers import penuries
from paniers.commandes import repondre
from paniers.formulaires.familles import ReponseForm
from paniers.formulaires.penuries import (
    CorrectionForm,
    Disponibles,
    champ_choix,
    champ_disponible,
    connus,
    il_manque,
    lire_disponibles,
)
from paniers.models.semaines import Semaine
from paniers.penuries import Demande
from paniers.queries import composition as queries_composition
from paniers.queries import coordination as lire
from paniers.queries import penuries as queries_penuries
from paniers.queries import producteurs as queries_producteurs
from paniers.queries.coordination import ParMaison, SemaineVue
from paniers.queries.penuries import CorrectionVue, LigneCourte
from paniers.queries.producteurs import ReponseVue
from paniers.regles import remplacements
from paniers.regles.quantites import quantite
from paniers.regles.remplacements import REDUIRE, Choix, Possible

LECTURE = (Role.COORDINATION, Role.ADMINISTRATION)
ACTIONS = ("calculer", "corriger")

Page = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class ChoixVu:
    """A way out as a card: what it does, and its detail."""

    cle: str
    titre: str
    detail: str


@dataclass(frozen=True, slots=True)
class Penurie:
    """A product that falls short, what that means for the baskets, and the ways out."""

    ligne: LigneCourte
    champ: str
    sans: int
    par_maison: tuple[tuple[str, int, int], ...]
    choix: tuple[Choix, ...]
    cartes: tuple[ChoixVu, ...]


@dataclass(frozen=True, slots=True)
class Apercu:
    """What a correction would do: its own account of it, and the basket's weight (grams) and cost (centimes) then."""

    correction: CorrectionVue
    poids: int
    cout: int
    paniers: int


@access(*LECTURE, on=ALL)
def penuries_de_la_semaine() -> str:
    with reading() as session:
        week = lire.semaine_demandee(session, request.args.get("semaine"))
        short = _penuries(session, week)
        form = CorrectionForm(formdata=None, data={"motif": _motif(short), "vues": penuries.combien(session, week.id)})
        return _page(session, week, short, form)


@access(Role.COORDINATION, on=ALL)
def corriger(code: str) -> Page:
    """Tell what the choices would do, or do them; nothing is written while something cannot be read."""
    action = request.form.get("action", "")
    if action not in ACTIONS:
        abort(400)
    with reading() as session:
        week = lire.semaine_demandee(session, code)
        short = _penuries(session, week)
        composed = {o.offre_id: o.par_panier for o in queries_penuries.possibles(session, week.id) if o.par_panier}
    form = CorrectionForm()
    chosen = _choisis(short)
    valid = form.validate_on_submit()
    if valid and len(chosen) < len(short):
        form.refuser("motif", _("Choisissez quoi faire pour chaque produit qui manque."))
    elif valid:
        demand = Demande(remplacements.appliquer(composed, chosen), form.centimes, form.motif.data, form.vues_lues)
        if action == "corriger" and sans_refus(form, "motif", lambda: _corriger(week, demand)):
            flash(_("Le panier est corrigé. Producteurs, maisons et familles reçoivent la nouvelle version."), "succes")
            return redirect(url_for("coordination.penuries_de_la_semaine", semaine=code), 303)
        if action == "calculer":
            return _page_avec_apercu(week, short, form, demand)
    with reading() as session:
        return _page(session, week, short, form), 422


@access(Role.COORDINATION, on=ALL)
def noter_un_manque(commande_id: int) -> Page:
    """What a producer said by telephone, written in its name."""
    with reading() as session:
        seen = queries_producteurs.commande(session, commande_id, now())
    as_it_is = {"message": seen.message, "version": seen.bon.version}
    form = ReponseForm(data=None if request.method == "POST" else as_it_is)
    typed = connus(seen.bon.articles, seen.disponibles)
    if request.method == "POST":
        typed = lire_disponibles(request.form, seen.bon.articles)
        if _noter(form, seen, typed):
            short = il_manque(typed, seen.bon.articles)
            then = "coordination.penuries_de_la_semaine" if short else "coordination.commandes"
            return redirect(url_for(then, semaine=seen.bon.semaine), 303)
    page = render_template(
        "paniers/coordination/manque.html", vue=seen, form=form, saisie=typed, champ_disponible=champ_disponible
    )
    return page, 422 if form.errors or typed.erreurs else 200


def brancher(bp: Blueprint) -> None:
    """Put these pages on the coordination's blueprint."""
    bp.get("/coordination/penuries", endpoint="penuries_de_la_semaine")(penuries_de_la_semaine)
    bp.post("/coordination/penuries/<code>", endpoint="corriger")(corriger)
    bp.route("/coordination/commandes/<int:commande_id>/manque", methods=["GET", "POST"])(noter_un_manque)


def _noter(form: ReponseForm, seen: ReponseVue, typed: Disponibles) -> bool:
    """Write it and say so; False with the reason on the form. Nothing said is no note, but for one that is taken
    back: then every line says the whole of what was ordered."""
    if not form.validate_on_submit() or typed.erreurs:
        return False
    said = il_manque(typed, seen.bon.articles) or bool(form.message.data)
    taken_back = bool(seen.disponibles or seen.message) and 0 < len(typed.quantites) == len(seen.bon.articles)
    if not said and not taken_back:
        form.refuser("message", _("Dites ce qui manque : changez une quantité, ou écrivez un mot."))
        return False

    def write() -> None:
        with transaction() as session:
            repondre(
                session,
                seen.bon.commande_id,
                message=form.message.data,
                disponibles=typed.quantites,
                version=form.version_lue,
                instant=now(),
                par=current_user.compte_id,
            )

    if not sans_refus(form, "message", write):
        return False
    flash(_dit(form, typed, seen), "succes")
    return True


def _dit(form: ReponseForm, typed: Disponibles, seen: ReponseVue) -> str:
    if il_manque(typed, seen.bon.articles):
        return _("C’est noté. Choisissez maintenant quoi faire.")
    if form.message.data:
        return _("C’est noté. Ce mot se lit sur la commande.")
    return _("C’est noté : cette commande arrivera entière.")


def _corriger(week: SemaineVue, demande: Demande) -> None:
    with transaction() as session:
        penuries.corriger(session, week.id, demande, instant=now(), par=current_user.compte_id)


def _essayer(week: SemaineVue, demande: Demande, paniers: int) -> Apercu:
    """Do it, read what it did, undo it. Raises Refus as the correction itself would."""
    with transaction() as session:
        tried = session.begin_nested()
        penuries.corriger(session, week.id, demande, instant=now(), par=current_user.compte_id)
        session.flush()
        made, _known = queries_composition.composee(session, week.id)
        seen = queries_penuries.corrections(session, week.id)[0]
        weight, cost = (made.poids or 0, made.cout or 0) if made else (0, 0)
        tried.rollback()
    return Apercu(seen, weight, cost, paniers)


def _page_avec_apercu(week: SemaineVue, short: Sequence[Penurie], form: CorrectionForm, demande: Demande) -> Page:
    with reading() as session:
        baskets = sum(place.paniers for place in lire.par_maison(session, week, now()))
    shown: list[Apercu] = []
    done = sans_refus(form, "motif", lambda: shown.append(_essayer(week, demande, baskets)))
    with reading() as session:
        return _page(session, week, short, form, shown[0] if done else None), 200 if done else 422


def _page(
    session: Session, week: SemaineVue, short: Sequence[Penurie], form: CorrectionForm, apercu: Apercu | None = None
) -> str:
    return render_template(
        "paniers/coordination/penuries.html",
        semaine=week,
        penuries=short,
        choisis={p.champ: request.form.get(p.champ) or p.choix[0].cle for p in short},
        form=form,
        apercu=apercu,
        pourquoi_pas=penuries.obstacle(session, session.get_one(Semaine, week.id), now()),
        corrections=queries_penuries.corrections(session, week.id),
        commandes=lire.commandes(session, week.id),
        agit=current_user.role == Role.COORDINATION,
    )


def _choisis(short: Sequence[Penurie]) -> list[Choix]:
    """The choices that the form names, of those that were proposed."""
    named = [(request.form.get(p.champ), p.choix) for p in short]
    return [chosen for key, proposed in named for chosen in proposed if chosen.cle == key]


def _motif(short: Sequence[Penurie]) -> str:
    names = [p.ligne.produit.lower() for p in short]
    return _("Il manque cette semaine : %(noms)s.", noms=", ".join(names)) if names else ""


def _penuries(session: Session, week: SemaineVue) -> list[Penurie]:
    short = queries_penuries.manques(session, week.id)
    if not short:
        return []
    places = lire.par_maison(session, week, now())
    offers = {offer.offre_id: offer for offer in queries_penuries.possibles(session, week.id)}
    return [_penurie(line, offers, places) for line in short if line.offre_id in offers]


def _penurie(line: LigneCourte, offers: Mapping[int, Possible], places: Sequence[ParMaison]) -> Penurie:
    offer = offers[line.offre_id]
    baskets = {place.maison: place.paniers for place in places}
    total = sum(baskets.values())
    served = offer.disponible // offer.lot * offer.lot // offer.par_panier if offer.par_panier else 0
    without = max(0, total - served)
    shares = remplacements.repartir(without, list(baskets.values()))
    proposed = remplacements.choix(offer, list(offers.values()), total)
    return Penurie(
        ligne=line,
        champ=champ_choix(line.offre_id),
        sans=without,
        par_maison=tuple(zip(baskets, shares, baskets.values(), strict=True)),
        choix=tuple(proposed),
        cartes=tuple(_carte(chosen, offer, line.unite) for chosen in proposed),
    )


def _carte(chosen: Choix, court: Possible, unite: str) -> ChoixVu:
    left = chosen.quantites[court.offre_id]
    keep = _(
        "%(apres)s par panier au lieu de %(avant)s",
        apres=quantite(left, unite),
        avant=quantite(court.par_panier, unite),
    )
    if chosen.cle == REDUIRE:
        return ChoixVu(chosen.cle, _("Réduire dans chaque panier"), keep)
    if chosen.autre is None:
        return ChoixVu(chosen.cle, _("Retirer du panier"), _("Aucun panier n’en contient cette semaine."))
    other, of = chosen.autre, "piece" if chosen.autre.en_pieces else "gramme"
    more = quantite(chosen.quantites[other.offre_id] - other.par_panier, of)
    told = _("%(plus)s de plus par panier, de %(ferme)s", plus=more, ferme=other.producteur)
    name = (
        _("Compléter avec %(produit)s", produit=other.nom)
        if left
        else _("Remplacer par %(produit)s", produit=other.nom)
    )
    return ChoixVu(chosen.cle, name, f"{told} ; {keep}." if left else f"{told}.")
