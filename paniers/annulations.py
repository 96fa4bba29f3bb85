"""No hand-out: skipped before the cut-off, cancelled after it; or another maison takes a closed one's baskets in.

Before the cut-off there is nothing to give back: the closing makes no basket there. After it, each basket that waits is
cancelled and its debit reversed, so the household has a credit. What had been ordered by then is paid to the producers
all the same, and the CCAS bears it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from kernel.clock import PARIS
from kernel.errors import Refus
from kernel.formats import jour
from paiements import avoirs, grand_livre
from paiements.grand_livre import Ligne
from paiements.models.grand_livre import CompteGL
from paniers.agenda import agenda, distribue
from paniers.cloture import cloturer
from paniers.distributions import (
    COMMANDEES,
    decider,
    en_vigueur,
    exiger_maison,
    exiger_pas_annulee,
    exiger_rien_de_remis,
    exiger_vivante,
    lire_motif,
    refaire_les_bons,
)
from paniers.models.distributions import Distribution, Nature, PanierDecision
from paniers.models.producteurs import Correction
from paniers.models.semaines import EtatPanier, Panier, Semaine
from paniers.regles.etats import EtatSemaine
from paniers.semaines import avancer, verrouiller

EN_ATTENTE = (EtatPanier.A_REMETTRE, EtatPanier.NON_RETIRE)


@dataclass(frozen=True, slots=True)
class Annulation:
    """What was cancelled: baskets, households, centimes given back. `deja_faite`: it had been before."""

    decision_id: int
    paniers: int = 0
    foyers: int = 0
    montant: int = 0
    deja_faite: bool = False


@dataclass(frozen=True, slots=True)
class _Touche:
    """A basket that the decision reached; price and cost in centimes for all of `nombre`."""

    id: int
    foyer_id: int
    maison_id: int
    nombre: int
    prix: int
    cout: int


_COLONNES = (
    Panier.id,
    Panier.foyer_id,
    Panier.maison_id,
    Panier.nombre,
    Panier.nombre * Panier.prix,
    Panier.nombre * Panier.cout,
)


def annuler(
    session: Session,
    semaine_id: int,
    maison_id: int | None,
    *,
    motif: str,
    instant: datetime,
    par: int | None = None,
) -> Annulation:
    """No hand-out at that maison, or (None) in the whole town; harmless when it is cancelled already.

    Before the cut-off: no basket, no debit. After it: 1. close the week first if that is late, for what was due by the
    cut-off stays explained; 2. cancel each basket that waits; 3. reverse its debit, and book what was ordered for it on
    the CCAS; 4. lower échéances and charges; 5. say so. Raises Refus once baskets are handed out, or the week is over.
    """
    semaine = verrouiller(session, semaine_id)
    if maison_id is not None:
        exiger_maison(session, maison_id)
    known = en_vigueur(session, semaine_id, maison_id)
    if known is not None and known.nature == Nature.ANNULEE:
        return Annulation(known.id, deja_faite=True)
    exiger_vivante(semaine)
    decision = Distribution(maison_id=maison_id, nature=Nature.ANNULEE, motif=lire_motif(motif), par=par)
    if instant < semaine.cloture_le:
        exiger_pas_d_invites(session, semaine_id, maison_id)
        return _sauter(session, semaine, decision, instant)
    cloturer(session, semaine_id, instant=instant, par=par)
    exiger_pas_annulee(semaine, known)
    return _recrediter(session, semaine, decision, instant)


def accueillir(
    session: Session,
    semaine_id: int,
    maison_id: int,
    chez_id: int,
    *,
    motif: str,
    instant: datetime,
    par: int | None = None,
) -> Distribution:
    """The baskets of a closed maison are handed out at another one that week; the same again is harmless.

    Nothing is paid otherwise. Baskets that are made already take new numbers there. Raises Refus.
    """
    semaine = verrouiller(session, semaine_id)
    known = en_vigueur(session, semaine_id, maison_id)
    if known is not None and known.chez_id == chez_id:
        return known
    exiger_vivante(semaine)
    exiger_maison(session, maison_id)
    host = exiger_maison(session, chez_id)
    if chez_id == maison_id or not host.active or not distribue(agenda(session, [semaine_id]), semaine, chez_id):
        raise Refus("Choisissez une autre maison, où des paniers sont remis cette semaine.")
    decision = Distribution(
        maison_id=maison_id, nature=Nature.ACCUEILLIE, chez_id=chez_id, motif=lire_motif(motif), par=par
    )
    if instant < semaine.cloture_le:
        exiger_pas_d_invites(session, semaine_id, maison_id)
        return decider(session, semaine, decision, instant)
    cloturer(session, semaine_id, instant=instant, par=par)
    exiger_pas_annulee(semaine, known)
    return _porter_chez(session, semaine, decision, instant)


def exiger_pas_d_invites(session: Session, semaine_id: int, maison_id: int | None) -> None:
    """Before the cut-off, a maison that takes others' baskets in cannot close itself. Raises Refus."""
    if maison_id is None:
        return
    guests = select(Distribution.id).where(
        Distribution.semaine_id == semaine_id, Distribution.chez_id == maison_id, Distribution.jusqu_a.is_(None)
    )
    if session.execute(guests.limit(1)).first() is not None:
        raise Refus("Cette maison accueille les paniers d’une autre : rétablissez d’abord celle-là.")


def _sauter(session: Session, semaine: Semaine, decision: Distribution, instant: datetime) -> Annulation:
    decider(session, semaine, decision, instant)
    if decision.maison_id is None:
        avancer(session, semaine, EtatSemaine.ANNULEE, instant, decision.par)
    return Annulation(decision.id)


def _recrediter(session: Session, semaine: Semaine, decision: Distribution, instant: datetime) -> Annulation:
    reached = _annuler_les_paniers(session, semaine.id, decision.maison_id)
    # Locked by the update above, so whoever hands one out now finds it cancelled, and what was handed out is seen here.
    exiger_rien_de_remis(session, semaine.id, decision.maison_id)
    decider(session, semaine, decision, instant)
    _noter(session, decision, reached)
    _contrepasser(session, semaine, decision, reached, instant)
    by_household: Counter[int] = Counter()
    for basket in reached:
        by_household[basket.foyer_id] += basket.prix
    avoirs.alleger(session, cle=semaine.code, montants=by_household, instant=instant)
    if decision.maison_id is None:
        avancer(session, semaine, EtatSemaine.ANNULEE, instant, decision.par)
    return Annulation(
        decision.id, sum(basket.nombre for basket in reached), len(by_household), sum(by_household.values())
    )


def _annuler_les_paniers(session: Session, semaine_id: int, maison_id: int | None) -> list[_Touche]:
    waiting = update(Panier).where(Panier.semaine_id == semaine_id, Panier.etat.in_(EN_ATTENTE))
    if maison_id is not None:
        waiting = waiting.where(Panier.maison_id == maison_id)
    cancelled = session.execute(
        waiting.values(etat=EtatPanier.ANNULE).returning(*_COLONNES).execution_options(synchronize_session=False)
    )
    return sorted((_Touche(*row) for row in cancelled), key=lambda basket: basket.id)


def _noter(session: Session, decision: Distribution, reached: Sequence[_Touche]) -> None:
    """Which baskets the decision reached, and where they were."""
    rows = [
        {"panier_id": basket.id, "distribution_id": decision.id, "de_maison_id": basket.maison_id} for basket in reached
    ]
    if rows:
        session.execute(insert(PanierDecision), rows)


def _contrepasser(
    session: Session, semaine: Semaine, decision: Distribution, reached: Sequence[_Touche], instant: datetime
) -> None:
    """Reverse each basket's debit, and what was given back on it; what was ordered for it is the CCAS's to bear."""
    told = f"Panier du {jour(semaine.retrait_le)} annulé : {decision.motif}"
    corrections = session.scalars(select(Correction.id).where(Correction.semaine_id == semaine.id)).all()
    keys = [f"panier:{basket.id}" for basket in reached]
    keys += [f"geste:{correction}:{basket.id}" for correction in corrections for basket in reached]
    grand_livre.contrepasser_en_lot(session, keys, told)
    cost = sum(basket.cout for basket in reached)
    if decision.etat_semaine in COMMANDEES and cost:
        grand_livre.passer(
            session,
            cle=f"annulation:{decision.id}",
            jour=instant.astimezone(PARIS).date(),
            libelle=f"Produits commandés pour des paniers annulés, semaine {semaine.code}",
            mouvements=[Ligne(CompteGL.PARTICIPATION_CCAS, cost), Ligne(CompteGL.ACHATS, -cost)],
        )


_RENUMEROTER = text(
    """
    UPDATE panier SET maison_id = :chez, numero = rang.numero
      FROM (SELECT p.id, row_number() OVER (ORDER BY p.numero)
                         + coalesce((SELECT max(numero) FROM panier
                                      WHERE semaine_id = :semaine AND maison_id = :chez), 0) AS numero
              FROM panier p WHERE p.id = ANY(CAST(:paniers AS bigint[]))) AS rang
     WHERE panier.id = rang.id
    """
)


def _porter_chez(session: Session, semaine: Semaine, decision: Distribution, instant: datetime) -> Distribution:
    waiting = session.execute(
        select(*_COLONNES)
        .where(Panier.semaine_id == semaine.id, Panier.maison_id == decision.maison_id)
        .where(Panier.etat.in_(EN_ATTENTE))
        .order_by(Panier.id)
        .with_for_update()
    ).all()
    if decision.maison_id is not None:
        exiger_rien_de_remis(session, semaine.id, decision.maison_id)
    decider(session, semaine, decision, instant)
    _noter(session, decision, [_Touche(*row) for row in waiting])
    moved = {"chez": decision.chez_id, "semaine": semaine.id, "paniers": [row[0] for row in waiting]}
    session.execute(_RENUMEROTER, moved)
    if semaine.etat in COMMANDEES:
        refaire_les_bons(session, semaine.id, decision.chez_id)
    return decision
