"""Moving a hand-out to another day or other hours, for the town or for one maison, and taking that back.

Allowed until baskets have been handed out, before the cut-off as after it: a move changes when families come, never
what they pay. Families are told once, vouchers made before stay good and are made again.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from foyers.models import Maison
from kernel.clock import PARIS
from kernel.errors import Refus
from kernel.formats import jour as le_jour
from kernel.outbox import publish
from paniers.events import BonsDemandes, DistributionDecidee
from paniers.models.distributions import Distribution, Nature
from paniers.models.semaines import EtatPanier, Panier, Semaine
from paniers.regles.etats import LIBELLES, EtatSemaine
from paniers.semaines import avancer, verrouiller

MOTIF_LE_PLUS_LONG = 200
# Further away than that it is another week's basket.
AU_PLUS = timedelta(days=6)
COMMANDEES = (EtatSemaine.COMMANDEE, EtatSemaine.LIVREE)


@dataclass(frozen=True, slots=True)
class Horaire:
    """The new day, and the new hours where they are not the maison's own."""

    jour: date
    debut: time | None = None
    fin: time | None = None


def deplacer(
    session: Session,
    semaine_id: int,
    maison_id: int | None,
    horaire: Horaire,
    *,
    motif: str,
    instant: datetime,
    par: int | None = None,
) -> Distribution:
    """Hand out on another day or at other hours; `maison_id` None moves the whole town. The same again is harmless.

    1. lock the week; 2. check the day and that nothing has been handed out; 3. write the decision in place of the one
    before; 4. say so, and have the vouchers made again. Raises Refus.
    """
    semaine = verrouiller(session, semaine_id)
    exiger_vivante(semaine)
    if maison_id is not None:
        exiger_maison(session, maison_id)
    known = en_vigueur(session, semaine_id, maison_id)
    if known is not None and (known.jour, known.debut, known.fin) == (horaire.jour, horaire.debut, horaire.fin):
        return known
    _exiger_bon_horaire(semaine, horaire, instant)
    exiger_pas_annulee(semaine, known)
    exiger_rien_de_remis(session, semaine_id, maison_id)
    if maison_id is None:
        _finir_les_deplacements(session, semaine_id, instant)
    return decider(
        session,
        semaine,
        Distribution(
            maison_id=maison_id,
            nature=Nature.DEPLACEE,
            jour=horaire.jour,
            debut=horaire.debut,
            fin=horaire.fin,
            motif=lire_motif(motif),
            par=par,
        ),
        instant,
    )


def retablir(
    session: Session, semaine_id: int, maison_id: int | None, *, instant: datetime, par: int | None = None
) -> Distribution | None:
    """As the calendar says, after all; None when nothing departed from it.

    A move is taken back until baskets are handed out; what was skipped, until the cut-off. Raises Refus.
    """
    semaine = verrouiller(session, semaine_id)
    known = en_vigueur(session, semaine_id, maison_id)
    if known is None or known.nature == Nature.RETABLIE:
        return None
    if known.nature == Nature.DEPLACEE:
        exiger_vivante(semaine)
        if semaine.retrait_le < instant.astimezone(PARIS).date():
            raise Refus(f"Le {le_jour(semaine.retrait_le)} est passé : choisissez un autre jour.")
        exiger_rien_de_remis(session, semaine_id, maison_id)
    elif instant >= semaine.cloture_le:
        raise Refus("La semaine est close : ce qui a été annulé ne revient pas. Écrivez aux familles si besoin.")
    elif semaine.etat == EtatSemaine.ANNULEE:
        rouvrir(session, semaine, instant, par)
    back = Distribution(maison_id=maison_id, nature=Nature.RETABLIE, motif=known.motif, par=par)
    return decider(session, semaine, back, instant)


def maintenir(
    session: Session, semaine_id: int, maison_id: int | None, *, motif: str, instant: datetime, par: int | None = None
) -> None:
    """The hand-out is kept although its day was in doubt: nobody needs to be told. Harmless once something was decided.

    Raises Refus when the week is over.
    """
    semaine = verrouiller(session, semaine_id)
    exiger_vivante(semaine)
    if en_vigueur(session, semaine_id, maison_id) is None:
        kept = Distribution(maison_id=maison_id, nature=Nature.RETABLIE, motif=lire_motif(motif), par=par)
        _ecrire(session, semaine, kept, instant)


def rouvrir(session: Session, semaine: Semaine, instant: datetime, par: int | None) -> None:
    """A week that had been skipped is open again."""
    avancer(session, semaine, EtatSemaine.OUVERTE, instant, par)


def decider(session: Session, semaine: Semaine, decision: Distribution, instant: datetime) -> Distribution:
    """Write the decision of a locked week in place of the one before, and say so."""
    _ecrire(session, semaine, decision, instant)
    publish(session, DistributionDecidee(decision.id))
    if semaine.etat in COMMANDEES and decision.nature in (Nature.DEPLACEE, Nature.RETABLIE):
        refaire_les_bons(session, semaine.id, decision.maison_id)
    return decision


def _ecrire(session: Session, semaine: Semaine, decision: Distribution, instant: datetime) -> None:
    session.execute(
        update(Distribution)
        .where(Distribution.semaine_id == semaine.id, Distribution.jusqu_a.is_(None))
        .where(Distribution.maison_id.is_not_distinct_from(decision.maison_id))
        .values(jusqu_a=instant)
    )
    decision.semaine_id, decision.etat_semaine, decision.depuis = semaine.id, semaine.etat, instant
    session.add(decision)
    session.flush()  # its id goes into the facts


def refaire_les_bons(session: Session, semaine_id: int, maison_id: int | None) -> None:
    """Have the vouchers and the dossier made again, of one maison or of all that have baskets."""
    where = select(Panier.maison_id).where(Panier.semaine_id == semaine_id, Panier.etat != EtatPanier.ANNULE)
    if maison_id is not None:
        where = where.where(Panier.maison_id == maison_id)
    publish(session, *(BonsDemandes(semaine_id, place) for place in session.scalars(where.distinct())))


def en_vigueur(session: Session, semaine_id: int, maison_id: int | None) -> Distribution | None:
    """The decision in force for that maison, or (None) for the whole town."""
    return session.scalars(
        select(Distribution)
        .where(Distribution.semaine_id == semaine_id, Distribution.jusqu_a.is_(None))
        .where(Distribution.maison_id.is_not_distinct_from(maison_id))
        .execution_options(populate_existing=True)
    ).one_or_none()


def bornes(semaine: Semaine, instant: datetime) -> tuple[date, date]:
    """The first and last day to which this week's hand-out can be moved: after the orders, and not another week's."""
    today = instant.astimezone(PARIS).date()
    after_orders = semaine.commande_le.astimezone(PARIS).date() + timedelta(days=1)
    return max(today, after_orders), semaine.retrait_le + AU_PLUS


def lire_motif(text: str) -> str:
    """Why, as families read it. Raises Refus when it is missing or too long."""
    motif = " ".join(text.split())
    if not motif:
        raise Refus("Dites pourquoi en quelques mots : les familles le lisent.")
    if len(motif) > MOTIF_LE_PLUS_LONG:
        raise Refus(f"Le motif est trop long : {MOTIF_LE_PLUS_LONG} caractères au plus.")
    return motif


def exiger_vivante(semaine: Semaine) -> None:
    """Raises Refus when the week is over or cancelled."""
    if semaine.etat in (EtatSemaine.TERMINEE, EtatSemaine.ANNULEE):
        state = LIBELLES[EtatSemaine(semaine.etat)]
        raise Refus(f"Cette semaine est {state} : sa distribution ne change plus. Choisissez une autre semaine.")


def exiger_maison(session: Session, maison_id: int) -> Maison:
    found = session.get(Maison, maison_id)
    if found is None:
        raise Refus("Choisissez une maison dans la liste.")
    return found


def exiger_pas_annulee(semaine: Semaine, known: Distribution | None) -> None:
    """Once the baskets are made, what was cancelled or sent elsewhere has moved for good. Raises Refus."""
    if known is None or semaine.etat == EtatSemaine.OUVERTE:
        return
    if known.nature == Nature.ANNULEE:
        raise Refus("Cette distribution est annulée et les familles sont recréditées : elle ne change plus.")
    if known.nature == Nature.ACCUEILLIE:
        raise Refus("Ces paniers sont déjà confiés à une autre maison : changez la distribution de celle-là.")


def exiger_rien_de_remis(session: Session, semaine_id: int, maison_id: int | None) -> None:
    """Raises Refus when baskets have been handed out there, or given."""
    given = select(Panier.id).where(
        Panier.semaine_id == semaine_id, Panier.etat.in_((EtatPanier.REMIS, EtatPanier.DONNE))
    )
    if maison_id is not None:
        given = given.where(Panier.maison_id == maison_id)
    if session.execute(given.limit(1)).first() is not None:
        raise Refus("Des paniers y ont déjà été remis : servez les familles qui restent, puis fermez la journée.")


def _exiger_bon_horaire(semaine: Semaine, horaire: Horaire, instant: datetime) -> None:
    first, last = bornes(semaine, instant)
    if not first <= horaire.jour <= last:
        raise Refus(
            f"Choisissez un jour entre le {le_jour(first)} et le {le_jour(last)}."
            if first <= last
            else "Il est trop tard pour déplacer cette distribution."
        )
    if (horaire.debut is None) != (horaire.fin is None):
        raise Refus("Donnez l’heure du début et l’heure de la fin, ou aucune des deux.")
    if horaire.debut is not None and horaire.fin is not None and horaire.debut >= horaire.fin:
        raise Refus("La distribution doit finir après son début.")


def _finir_les_deplacements(session: Session, semaine_id: int, instant: datetime) -> None:
    """A move of the whole town replaces those of single maisons."""
    session.execute(
        update(Distribution)
        .where(
            Distribution.semaine_id == semaine_id,
            Distribution.maison_id.is_not(None),
            Distribution.nature == Nature.DEPLACEE,
            Distribution.jusqu_a.is_(None),
        )
        .values(jusqu_a=instant)
    )
