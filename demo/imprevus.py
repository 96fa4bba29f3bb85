"""What a week brings that nobody planned: a product falls short, a crate is missing, snow closes a maison.

Each is met as its people would: the producer by the link of its mail, the coordination and the agents by the use cases
that their pages call.
"""

import random
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from foyers.courrier import demander_les_lettres, noter_appel
from foyers.models import Compte, Maison
from foyers.models_messages import Appel, Message, ResultatAppel
from kernel import clock
from kernel.db import reading, transaction
from kernel.web.access import Role
from paniers import arrivees, cartes, penuries
from paniers.annulations import Annulation, annuler
from paniers.attente import accepter_place
from paniers.models.attente import Attente
from paniers.models.semaines import EtatPanier, Panier, Semaine
from paniers.procurations import donner
from paniers.queries.penuries import LigneCourte, manques, possibles
from paniers.regles.etats import EtatAttente
from paniers.regles.remplacements import appliquer, choix
from paniers.semaines import par_code
from paniers.solidarite import clore

PROCHES, SANS_REPONSE = 0.03, 0.2
GESTE = 50
"""Centimes that each basket gives back for what is not in it."""
SOLIDARITE = "L’épicerie solidaire"
BENEVOLES = "Le Patio"
"""The maison whose bénévole hands out from the list."""


@dataclass(frozen=True, slots=True)
class Corrigee:
    """How the coordination met a shortage: whose product completes the baskets (empty: nobody's), orders rewritten."""

    par: str
    commandes: int


@dataclass(frozen=True, slots=True)
class Caisse:
    """What did not arrive: at which maison, of what, for how many baskets."""

    maison: str
    produit: str
    paniers: int


def accepter_les_places() -> int:
    """Whoever is offered a place takes it; returns how many."""
    with transaction() as session:
        offered = session.scalars(select(Attente.id).where(Attente.etat == EtatAttente.OFFERTE).order_by(Attente.id))
        keys = offered.all()
        for key in keys:
            accepter_place(session, key, instant=clock.now())
    return len(keys)


def nommer_des_proches(rng: random.Random, code: str) -> int:
    """Some families send somebody else this week; returns how many."""
    with transaction() as session:
        week = par_code(session, code)
        households = _qui_viennent(session, week)
        named = [key for key in households if rng.random() < PROCHES]
        for rank, key in enumerate(named):
            who = ("Nadia", "Marcel", "Inès", "Yusuf")[rank % 4]
            day = week.retrait_le
            donner(session, key, prenom=who, nom="Voisin", du=day, au=day, par=None, instant=clock.now())
    return len(named)


def faire_les_cartes(code: str) -> int:
    """Agents print a carte de retrait for families on paper who have none; returns how many."""
    with transaction() as session:
        agent = _compte(session, Role.AGENT)
        households = session.execute(
            text(
                "SELECT DISTINCT f.id FROM foyer f JOIN panier p ON p.foyer_id = f.id"
                " JOIN semaine s ON s.id = p.semaine_id WHERE s.code = :code AND f.canal = 'papier' ORDER BY f.id"
            ),
            {"code": code},
        ).scalars()
        made = [cartes.faire(session, key, par=agent, instant=clock.now()).id for key in households]
    return len(made)


def manque_annonce(code: str) -> list[LigneCourte]:
    """What is said to be short and waits for the coordination."""
    with reading() as session:
        return manques(session, par_code(session, code).id)


def corriger(code: str, motif: str) -> Corrigee:
    """The coordination completes this week's basket, or makes it less."""
    with transaction() as session:
        week = par_code(session, code)
        return completer(session, week, motif, par=_compte(session, Role.COORDINATION))


def completer(session: Session, week: Semaine, motif: str, par: int | None) -> Corrigee:
    """Take the first way out that completes the baskets, else the first, and give something back to each."""
    baskets = _combien(session, week)
    offers = {offer.offre_id: offer for offer in possibles(session, week.id)}
    ways = [choix(offers[line.offre_id], list(offers.values()), baskets) for line in manques(session, week.id)]
    taken = [next((way for way in found if way.autre), found[0]) for found in ways]
    composed = {offer.offre_id: offer.par_panier for offer in offers.values() if offer.par_panier}
    wanted = penuries.Demande(appliquer(composed, taken), GESTE, motif, penuries.combien(session, week.id))
    done = penuries.corriger(session, week.id, wanted, instant=clock.now(), par=par)
    session.flush()
    rewritten = session.scalar(
        text("SELECT count(*) FROM correction_commande WHERE correction_id = :c").bindparams(c=done.id)
    )
    names = [f"{way.autre.nom.lower()} ({way.autre.producteur})" for way in taken if way.autre]
    return Corrigee(", ".join(names), int(rewritten or 0))


def deux_tiers(session: Session, commande_id: int) -> dict[int, int]:
    """The largest line of an order, and two thirds of it in whole kilos or pieces: offer → grams or pieces."""
    line = session.execute(
        text(
            "SELECT l.offre_id, sum(l.quantite) AS quantite, d.unite FROM commande_ligne l"
            " JOIN offre o ON o.id = l.offre_id JOIN produit d ON d.id = o.produit_id"
            " WHERE l.commande_id = :c GROUP BY l.offre_id, d.unite ORDER BY 2 DESC, 1 LIMIT 1"
        ),
        {"c": commande_id},
    ).one()
    whole = 1 if line.unite == "piece" else 1000
    return {line.offre_id: int(line.quantite) * 2 // 3 // whole * whole}


def fermer_une_maison(code: str, motif: str) -> tuple[str, Annulation]:
    """Snow closes the maison where most families read no e-mail, which is where telling everybody is hardest."""
    with transaction() as session:
        week = par_code(session, code)
        place = session.execute(
            text(
                "SELECT m.id, m.nom FROM panier p JOIN maison m ON m.id = p.maison_id JOIN foyer f ON f.id = p.foyer_id"
                " WHERE p.semaine_id = :semaine AND m.nom <> :autre GROUP BY m.id, m.nom"
                " ORDER BY count(*) FILTER (WHERE f.canal <> 'email') DESC, m.id LIMIT 1"
            ),
            {"semaine": week.id, "autre": BENEVOLES},
        ).one()
        who = _compte(session, Role.COORDINATION)
        return place.nom, annuler(session, week.id, place.id, motif=motif, instant=clock.now(), par=who)


def appeler(rng: random.Random) -> Counter[str]:
    """Agents go through their lists: some do not answer at first, and are called again."""
    told: Counter[str] = Counter()
    with transaction() as session:
        agent = _compte(session, Role.AGENT)
        calls = session.scalars(
            select(Appel.message_id)
            .join(Message, Message.id == Appel.message_id)
            .where(Appel.fait_le.is_(None), Message.utile_jusqu_au >= clock.now().astimezone(clock.PARIS).date())
            .order_by(Appel.message_id)
        ).all()
        for key in calls:
            if rng.random() < SANS_REPONSE:
                noter_appel(session, key, ResultatAppel.PAS_DE_REPONSE, instant=clock.now(), par=agent)
                told["sans_reponse"] += 1
            noter_appel(session, key, ResultatAppel.APPELE, instant=clock.now(), par=agent)
            told["joints"] += 1
    return told


def constater_les_arrivees(code: str) -> Caisse:
    """Each maison that hands out looks through what came: all of it, but for one crate at the first of them."""
    with transaction() as session:
        week = par_code(session, code)
        agent = _compte(session, Role.AGENT)
        heaviest = max(possibles(session, week.id), key=lambda part: part.poids(part.par_panier))
        places = session.execute(
            text(
                "SELECT m.id, m.nom, sum(p.nombre) AS paniers FROM panier p JOIN maison m ON m.id = p.maison_id"
                " WHERE p.semaine_id = :semaine AND p.etat <> 'annule' GROUP BY m.id, m.nom ORDER BY m.id"
            ),
            {"semaine": week.id},
        ).all()
        without = max(1, int(places[0].paniers) // 3)
        for place in places:
            missing = {heaviest.offre_id: without} if place is places[0] else {}
            arrivees.noter(session, week.id, place.id, missing, par=agent, instant=clock.now())
    return Caisse(places[0].nom, heaviest.nom, without)


def donner_les_restes(code: str) -> Counter[str]:
    """At closing time each maison gives every second basket that nobody fetched, and keeps the others until Friday."""
    told: Counter[str] = Counter()
    with transaction() as session:
        week = par_code(session, code)
        agent = _compte(session, Role.AGENT)
        left = session.execute(
            select(Panier.maison_id, Panier.id)
            .where(Panier.semaine_id == week.id, Panier.etat == EtatPanier.A_REMETTRE)
            .order_by(Panier.maison_id, Panier.id)
        ).all()
        given = {row.id for row in left[::2]}
        for place in sorted({row.maison_id for row in left}):
            here = [row.id for row in left if row.maison_id == place and row.id in given]
            clore(session, week.id, place, here, SOLIDARITE, par=agent, instant=clock.now())
        told["donnes"], told["gardes"] = len(given), len(left) - len(given)
    return told


def imprimer_les_lettres() -> int:
    """Each maison puts its waiting letters in one PDF; returns how many maisons had some."""
    with transaction() as session:
        places = session.scalars(
            text(
                "SELECT DISTINCT f.maison_id FROM lettre l JOIN message m ON m.id = l.message_id"
                " JOIN foyer f ON f.id = m.foyer_id WHERE l.liasse_id IS NULL"
                " AND (m.utile_jusqu_au IS NULL OR m.utile_jusqu_au >= :jour) ORDER BY 1"
            ).bindparams(jour=clock.now().astimezone(clock.PARIS).date())
        ).all()
        agent = _compte(session, Role.AGENT)
        for place in places:
            demander_les_lettres(session, place, instant=clock.now(), par=agent)
    return len(places)


def benevole(session: Session) -> tuple[int, int]:
    """The bénévole who hands out, and where: (account, maison)."""
    place = session.scalars(select(Maison.id).where(Maison.nom == BENEVOLES)).one()
    return _compte(session, Role.BENEVOLE), place


def _compte(session: Session, role: Role) -> int:
    return session.scalars(select(Compte.id).where(Compte.role == role).order_by(Compte.id).limit(1)).one()


def _combien(session: Session, week: Semaine) -> int:
    waiting = select(Panier.nombre).where(Panier.semaine_id == week.id, Panier.etat != EtatPanier.ANNULE)
    return sum(session.scalars(waiting))


def _qui_viennent(session: Session, week: Semaine) -> list[int]:
    rows = session.execute(
        text(
            "SELECT DISTINCT a.foyer_id FROM abonnement_version v JOIN abonnement a ON a.id = v.abonnement_id"
            " WHERE v.jusqu_a IS NULL AND :jour BETWEEN v.debut AND v.fin ORDER BY 1"
        ),
        {"jour": week.retrait_le},
    )
    return list(rows.scalars())
