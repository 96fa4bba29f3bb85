"""Pages of the coordination: the week as a line of steps, its orders, the subscriptions, the rules in force.

The basket itself (offers, composition) is in `panier`. The administration reads; the coordination acts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Reponse

from kernel import operations
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.formats import euros, jour
from kernel.settings import get_settings
from kernel.web.access import ALL, Role, access
from kernel.web.files import file_answer
from kernel.web.words import _
from paniers import cloture, retraits, semaines
from paniers import commandes as use_commandes
from paniers.coordination import calendrier as coordination_calendrier
from paniers.coordination import contrats as coordination_contrats
from paniers.coordination import distributions as coordination_distributions
from paniers.coordination import panier as coordination_panier
from paniers.coordination import penuries as coordination_penuries
from paniers.coordination import reglages as coordination_reglages
from paniers.coordination import solidarite as coordination_solidarite
from paniers.coordination.onglets import onglets
from paniers.liens import jeton_de_commande
from paniers.models.producteurs import EtatCommande
from paniers.models.semaines import Semaine
from paniers.queries import abonnements as queries_abonnements
from paniers.queries import contrats as queries_contrats
from paniers.queries import coordination as lire
from paniers.queries import penuries as queries_penuries
from paniers.queries import places as queries_places
from paniers.queries import producteurs as queries_producteurs
from paniers.queries.coordination import SemaineVue
from paniers.queries.distributions import decisions_en_vigueur
from paniers.queries.fermetures import doute_de
from paniers.queries.penuries import LigneCourte
from paniers.regles import suivi
from paniers.regles.etats import EtatSemaine

bp = Blueprint("coordination", __name__)
coordination_calendrier.brancher(bp)
coordination_panier.brancher(bp)
coordination_contrats.brancher(bp)
coordination_penuries.brancher(bp)
coordination_distributions.brancher(bp)
coordination_solidarite.brancher(bp)
coordination_reglages.brancher(bp)


@bp.errorhandler(lire.AucuneSemaine)
def aucune_semaine(error: lire.AucuneSemaine) -> str:
    return render_template("paniers/coordination/aucune.html")


LECTURE = coordination_panier.LECTURE


@dataclass(frozen=True, slots=True)
class Alerte:
    """Something to look at, in a sentence, with the page where it is dealt with; `vue`: where one says "c'est vu"."""

    phrase: str
    url: str
    bouton: str
    vue: str = ""


@dataclass(frozen=True, slots=True)
class Bouton:
    """A step that can be run: `principal` when it is the next one and its time has come."""

    geste: str
    texte: str
    icone: str
    principal: bool


@bp.get("/coordination")
@access(*LECTURE, on=ALL)
def semaine() -> str:
    instant_lu = now()
    with reading() as session:
        week = lire.semaine_demandee(session, request.args.get("semaine"))
        steps = lire.echeancier(session, week.id)
        orders = lire.commandes(session, week.id)
        return render_template(
            "paniers/coordination/semaine.html",
            semaine=week,
            onglets_coordination=onglets(),
            pas=suivi.ligne(steps, instant_lu),
            maisons=lire.par_maison(session, week, instant_lu),
            montants=lire.montants(session, week),
            commandes={state.value: sum(order.etat == state for order in orders) for state in EtatCommande},
            paiements=lire.paiements(session, week),
            alertes=_alertes(session, week, steps, orders, instant_lu),
            boutons=_boutons(week, instant_lu),
            decisions=decisions_en_vigueur(session, week.id),
            aujourdhui=today(),
        )


@bp.post("/coordination/<code>/<any(cloturer, commander, livrer, terminer):geste>")
@access(Role.COORDINATION, on=ALL)
def avancer(code: str, geste: str) -> Reponse:
    """Run one step of a week; done already, it is harmless. A refusal is shown on the week's page."""
    try:
        with transaction() as session:
            week = semaines.par_code(session, code)
            said = GESTES[geste](session, week)
    except Refus as refus:
        if refus.status == 404:
            raise
        flash(refus.sentence, "attention")
    else:
        flash(said, "succes")
    return redirect(url_for(".semaine", semaine=code), 303)


@bp.get("/coordination/commandes")
@access(*LECTURE, on=ALL)
def commandes() -> str:
    with reading() as session:
        week = lire.semaine_demandee(session, request.args.get("semaine"))
        orders = lire.commandes(session, week.id)
    address = get_settings().public_url
    links = {order.id: f"{address}/producteur/commande/{jeton_de_commande(order.id)}" for order in orders}
    return render_template("paniers/coordination/commandes.html", semaine=week, commandes=orders, liens_signes=links)


@bp.get("/coordination/commandes/<int:commande_id>/<any(pdf, csv):genre>")
@access(*LECTURE, on=ALL)
def fichier(commande_id: int, genre: str) -> Response:
    with reading() as session:
        document = queries_producteurs.document(session, commande_id, genre)
    return file_answer(document, _("Ce document n’est pas encore prêt. Revenez dans un instant."))


@bp.get("/coordination/abonnements")
@access(*LECTURE, on=ALL)
def abonnements() -> str:
    searched = request.args.get("q", "").replace("\0", " ").strip()[:80]
    with reading() as session:
        page = queries_abonnements.abonnements(session, cherche=searched, page=_numero_de_page(), jour=today())
    return render_template(
        "paniers/coordination/abonnements.html", page=page, cherche=searched, onglets_coordination=onglets()
    )


@bp.get("/coordination/attente")
@access(*LECTURE, on=ALL)
def attente() -> str:
    with reading() as session:
        lists = queries_places.listes(session, now(), today())
    return render_template("paniers/coordination/attente.html", listes=lists, onglets_coordination=onglets())


def _cloturer(session: Session, week: Semaine) -> str:
    done = cloture.cloturer(session, week.id, instant=now(), par=current_user.compte_id)
    if done.deja_faite:
        return _("La semaine était déjà clôturée : rien n’a été fait deux fois.")
    return _(
        "La semaine est clôturée : %(paniers)s paniers, %(total)s à payer par les familles.",
        paniers=done.paniers,
        total=euros(done.total),
    )


def _commander(session: Session, week: Semaine) -> str:
    if week.etat not in (EtatSemaine.OUVERTE, EtatSemaine.CLOTUREE):
        return _("Les commandes étaient déjà parties : rien n’a été envoyé deux fois.")
    orders = use_commandes.commander(session, week.id, instant=now(), par=current_user.compte_id)
    if not orders:
        return _("Il n’y avait aucun panier à commander cette semaine.")
    return _("Les commandes sont écrites : %(nombre)s producteurs les reçoivent par courriel.", nombre=len(orders))


def _livrer(session: Session, week: Semaine) -> str:
    retraits.livrer(session, week.id, par=current_user.compte_id, instant=now())
    return _("C’est noté : la livraison est reçue.")


def _terminer(session: Session, week: Semaine) -> str:
    retraits.terminer(session, week.id, instant=now(), par=current_user.compte_id)
    return _("La semaine est terminée. Les paniers restés là sont notés « non retirés ».")


GESTES: dict[str, Callable[[Session, Semaine], str]] = {
    "cloturer": _cloturer,
    "commander": _commander,
    "livrer": _livrer,
    "terminer": _terminer,
}


def _boutons(week: SemaineVue, at: datetime) -> list[Bouton]:
    """The four steps, for whoever may act; the next one stands out once it can succeed."""
    if current_user.role != Role.COORDINATION or week.etat == EtatSemaine.ANNULEE:
        return []
    day = today()
    due = {
        EtatSemaine.OUVERTE: "cloturer" if at >= week.cloture_le + semaines.DELAI_DE_CLOTURE else "",
        EtatSemaine.CLOTUREE: "commander",
        EtatSemaine.COMMANDEE: "livrer" if day >= week.retrait_le else "",
        EtatSemaine.LIVREE: "terminer" if day > week.retrait_le else "",
    }.get(EtatSemaine(week.etat), "")
    return [
        Bouton(geste, texte, icone, geste == due)
        for geste, texte, icone in (
            ("cloturer", _("Clôturer"), "cadenas"),
            ("commander", _("Commander"), "camion"),
            ("livrer", _("Livraison reçue"), "coche-rond"),
            ("terminer", _("Terminer la semaine"), "etoile"),
        )
    ]


def _alertes(
    session: Session, week: SemaineVue, steps: suivi.Echeancier, orders: list[lire.CommandeVue], at: datetime
) -> list[Alerte]:
    """What does not go by itself, in plain words, each with where it is put right."""
    compose = url_for(".composition", semaine=week.code)
    found = []
    if steps.publiee_le is None and at > steps.publication_le and week.etat in ("ouverte", "cloturee"):
        found.append(
            Alerte(
                _("La composition n’est pas publiée. Les familles ne voient pas leur panier, les commandes attendent."),
                compose,
                _("Composer le panier"),
            )
        )
    elif week.etat == EtatSemaine.CLOTUREE:
        blocked = use_commandes.obstacle(session, session.get_one(Semaine, week.id))
        if blocked:
            found.append(Alerte(blocked, compose, _("Changer la composition")))
    found += _alertes_des_contrats(session, week) + _alertes_des_commandes(session, week, orders)
    found += _alertes_des_arrivees(session, week)
    doubt = doute_de(session, week.id, at)
    if doubt is not None:
        phrase = _(
            "Le %(jour)s : %(motif)s. Déplacez, sautez ou maintenez la distribution.",
            jour=jour(doubt.retrait_le),
            motif=doubt.motif,
        )
        found.append(Alerte(phrase, url_for(".calendrier"), _("Décider")))
    parked = operations.combien(session)
    if parked:
        phrase = _("1 tâche est en souffrance.") if parked == 1 else _("%(n)s tâches sont en souffrance.", n=parked)
        found.append(Alerte(phrase, url_for("operations.en_souffrance"), _("Voir et réessayer")))
    return found


def _alertes_des_contrats(session: Session, week: SemaineVue) -> list[Alerte]:
    """Offers that wait for an answer, and contracts that nothing follows."""
    found = []
    composed = week.etat not in coordination_panier.A_COMPOSER
    waiting = 0 if composed else queries_contrats.combien_a_accepter(session, week.id)
    if waiting:
        phrase = (
            _("Une offre est hors contrat : acceptez-la, ou laissez-la de côté.")
            if waiting == 1
            else _("%(n)s offres sont hors contrat : acceptez-les, ou laissez-les de côté.", n=waiting)
        )
        found.append(Alerte(phrase, url_for(".offres", semaine=week.code), _("Voir les offres")))
    for ending in queries_contrats.echeances(session, today()):
        told = {"producteur": ending.producteur, "jour": jour(ending.fin)}
        phrase = (
            _("Le contrat de %(producteur)s est fini depuis le %(jour)s.", **told)
            if ending.fin < today()
            else _("Le contrat de %(producteur)s finit le %(jour)s : préparez la suite.", **told)
        )
        found.append(Alerte(phrase, url_for(".contrats"), _("Voir les contrats")))
    return found


def _alertes_des_commandes(session: Session, week: SemaineVue, orders: list[lire.CommandeVue]) -> list[Alerte]:
    if week.etat not in (EtatSemaine.COMMANDEE, EtatSemaine.LIVREE):
        return []
    page, see = url_for(".commandes", semaine=week.code), _("Voir les commandes")
    someone = any(order.etat == EtatCommande.ECART for order in orders)
    short = queries_penuries.manques(session, week.id) if someone else []
    found = [
        Alerte(
            _("%(producteur)s annonce un manque : « %(mot)s »", producteur=order.producteur, mot=_dit(order, short)),
            url_for(".penuries_de_la_semaine", semaine=week.code),
            _("Choisir quoi faire"),
        )
        for order in orders
        if order.etat == EtatCommande.ECART
    ]
    silent = [order.producteur for order in orders if order.etat == EtatCommande.EMISE]
    if silent and week.etat == EtatSemaine.COMMANDEE:
        found.append(Alerte(_("Commande pas encore confirmée : %(noms)s.", noms=", ".join(silent)), page, see))
    return found


def _alertes_des_arrivees(session: Session, week: SemaineVue) -> list[Alerte]:
    """What a maison lacks: one alert a maison, that the shortage page or "c'est vu" puts away."""
    if week.etat not in (EtatSemaine.COMMANDEE, EtatSemaine.LIVREE):
        return []
    acts = current_user.role == Role.COORDINATION
    changeable = week.etat == EtatSemaine.COMMANDEE  # once every maison has looked, the basket is what it is
    page = url_for(".penuries_de_la_semaine" if changeable else ".commandes", semaine=week.code)
    return [
        Alerte(
            phrase,
            page,
            _("Changer le panier") if changeable else _("Voir les commandes"),
            vue=url_for(".arrivee_vue", arrivee_id=arrivee_id) if acts else "",
        )
        for arrivee_id, phrase in coordination_solidarite.manques_en_mots(session, week.id)
    ]


def _dit(order: lire.CommandeVue, manques: list[LigneCourte]) -> str:
    """What a producer says is short, line by line and in its own words."""
    short = [f"{line.produit}, {line.en_mots}" for line in manques if line.commande_id == order.id]
    return " ; ".join([*short, *([order.message] if order.message else [])])


def _numero_de_page() -> int:
    typed = request.args.get("page", "1")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 7 else 1
