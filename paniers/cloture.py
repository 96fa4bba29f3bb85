"""The closing of a week: each basket to be made becomes a `Panier`, priced, frozen and debited.

The idea: everything is read *as it stood at the cut-off instant*, so that a closing three days late gives what a
punctual one gave. Sets of a thousand subscriptions go through a handful of statements; the price is computed by the
one tariff there is (`regles/tarifs.py`), not a second time in SQL. All of it is one transaction: closed or not at all.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from foyers.queries import quotients_au
from kernel import clock
from kernel.errors import Refus
from kernel.formats import jour
from kernel.outbox import publish
from paiements import echeances, grand_livre
from paniers.events import SemaineCloturee
from paniers.models.semaines import Grille, Semaine
from paniers.regles.etats import EtatSemaine
from paniers.regles.tarifs import Bareme, GrilleIncoherente, Tarif, bareme
from paniers.semaines import DELAI_DE_CLOTURE, avancer, grille_en_vigueur, verrouiller

PAR_LOT = 1000
TOUS = 2_000_000_000

Batch = Sequence[Row[tuple[int, int, int, int, bool]]]
"""Subscriptions due a basket: abonnement_id, foyer_id, nombre, maison_id, a_donner."""

ABONNES = text(
    """
    SELECT a.id AS abonnement_id, a.foyer_id, v.nombre, coalesce(d.chez_id, c.maison_id, v.maison_id) AS maison_id,
           coalesce(c.nature = 'solidarite', false) AS a_donner
      FROM abonnement a
      JOIN abonnement_version v ON v.abonnement_id = a.id
                               AND v.depuis < :limite AND (v.jusqu_a IS NULL OR v.jusqu_a >= :limite)
                               AND :retrait BETWEEN v.debut AND v.fin
      LEFT JOIN choix c ON c.abonnement_id = a.id AND c.semaine_id = :semaine AND c.fait_le < :limite
      LEFT JOIN distribution d ON d.semaine_id = :semaine AND d.maison_id = coalesce(c.maison_id, v.maison_id)
                              AND d.depuis < :limite AND (d.jusqu_a IS NULL OR d.jusqu_a >= :limite)
     WHERE a.id > :apres
       AND d.nature IS DISTINCT FROM 'annulee'
       AND c.nature IS DISTINCT FROM 'pas_cette_semaine'
       AND NOT EXISTS (SELECT 1 FROM pause p
                        WHERE p.abonnement_id = a.id AND :retrait BETWEEN p.du AND p.au
                          AND p.posee_le < :limite AND (p.levee_le IS NULL OR p.levee_le >= :limite))
     ORDER BY a.id
     LIMIT :combien
    """
)
FIGER = text(
    """
    INSERT INTO panier (semaine_id, abonnement_id, foyer_id, maison_id, nombre, numero, prix, tranche, cout, a_donner)
    SELECT :semaine, abonnement, foyer, maison, nombre, numero, prix, tranche, :cout, a_donner
      FROM unnest(cast(:abonnements AS bigint[]), cast(:foyers AS bigint[]), cast(:maisons AS bigint[]),
                  cast(:nombres AS int[]), cast(:numeros AS int[]), cast(:prix AS int[]), cast(:tranches AS text[]),
                  cast(:a_donner AS boolean[]))
        AS t(abonnement, foyer, maison, nombre, numero, prix, tranche, a_donner)
    RETURNING id, foyer_id, nombre * prix AS prix, nombre * cout AS cout
    """
)


@dataclass(frozen=True, slots=True)
class Cloture:
    """What a closing did; `deja_faite` when the week had been closed before and nothing was done."""

    paniers: int
    total: int
    deja_faite: bool = False


def cloturer(session: Session, semaine_id: int, *, instant: datetime, par: int | None = None) -> Cloture:
    """Close the week; harmless when it is closed already. `total` is the sum of frozen prices in centimes.

    1. lock the week; 2. freeze the baskets and debit them, a thousand at a time; 3. open one échéance per household;
    4. move the week on and say so. Raises Refus before the cut-off (and its minute of grace), or without a grid that
    can be used.
    """
    semaine = verrouiller(session, semaine_id)
    if semaine.etat != EtatSemaine.OUVERTE:
        return Cloture(0, 0, deja_faite=True)
    if instant < semaine.cloture_le + DELAI_DE_CLOTURE:
        raise Refus("Les familles peuvent encore changer d’avis : la clôture se fait après l’heure limite.")
    dus = _figer(session, semaine, grille_en_vigueur(session, semaine.retrait_le))
    echeances.ouvrir_en_lot(
        session, cle=semaine.code, libelle=libelle(semaine), montants=dus.par_foyer, instant=instant
    )
    avancer(session, semaine, EtatSemaine.CLOTUREE, instant, par)
    publish(session, SemaineCloturee(semaine.id))
    return Cloture(dus.paniers, sum(dus.par_foyer.values()))


def attendus(session: Session, semaine: Semaine, limite: datetime) -> Batch:
    """The subscriptions that would be due a basket if the cut-off were at `limite`."""
    given = {"limite": limite, "retrait": semaine.retrait_le, "semaine": semaine.id, "apres": 0, "combien": TOUS}
    return session.execute(ABONNES, given).all()


def libelle(semaine: Semaine) -> str:
    """How this week's debit reads on a household's account."""
    return f"Panier du {jour(semaine.retrait_le)}"


@dataclass(slots=True)
class _Dus:
    """What has been frozen so far: numbers given by maison, centimes due by household."""

    numeros: Counter[int]
    par_foyer: Counter[int]
    paniers: int = 0


def _figer(session: Session, semaine: Semaine, grille: Grille) -> _Dus:
    scale = _bareme(grille)
    dus = _Dus(Counter(), Counter())
    for batch in _lots(session, semaine):
        prices = _prix(session, semaine, scale, batch)
        numbers = _numeroter(dus.numeros, batch)
        frozen = session.execute(FIGER, _lignes(semaine, grille, batch, numbers, prices)).all()
        grand_livre.debiter_paniers(
            session,
            jour=semaine.cloture_le.astimezone(clock.PARIS).date(),
            libelle=libelle(semaine),
            debits=[(row.id, row.foyer_id, row.prix, row.cout) for row in frozen],
        )
        for row in frozen:
            dus.par_foyer[row.foyer_id] += row.prix
        dus.paniers += sum(row.nombre for row in batch)
    return dus


def _bareme(grille: Grille) -> Bareme:
    try:
        return bareme(grille.regle)
    except GrilleIncoherente as error:
        raise Refus(f"La grille « {grille.nom} » ne peut pas servir ({error}). Corrigez-la d’abord.") from None


def _lots(session: Session, semaine: Semaine) -> Iterator[Batch]:
    """The subscriptions due a basket as of the cut-off, a thousand at a time."""
    after = 0
    while True:
        batch = session.execute(
            ABONNES,
            {
                "limite": semaine.cloture_le,
                "retrait": semaine.retrait_le,
                "semaine": semaine.id,
                "apres": after,
                "combien": PAR_LOT,
            },
        ).all()
        if not batch:
            return
        yield batch
        after = batch[-1].abonnement_id


def _prix(session: Session, semaine: Semaine, scale: Bareme, batch: Batch) -> list[Tarif]:
    households = [row.foyer_id for row in batch]
    quotients = quotients_au(session, households, semaine.cloture_le, semaine.retrait_le)
    return [scale.tarif(quotients.get(foyer_id)) for foyer_id in households]


def _numeroter(given: Counter[int], batch: Batch) -> list[int]:
    """What people say aloud at the maison: 1, 2, 3… in each of them."""
    numbers = []
    for row in batch:
        given[row.maison_id] += 1
        numbers.append(given[row.maison_id])
    return numbers


def _lignes(
    semaine: Semaine, grille: Grille, batch: Batch, numbers: Sequence[int], prices: Sequence[Tarif]
) -> dict[str, object]:
    return {
        "semaine": semaine.id,
        "cout": grille.cout_reference,
        "abonnements": [row.abonnement_id for row in batch],
        "foyers": [row.foyer_id for row in batch],
        "maisons": [row.maison_id for row in batch],
        "nombres": [row.nombre for row in batch],
        "numeros": list(numbers),
        "prix": [tarif.prix.centimes for tarif in prices],
        "tranches": [tarif.tranche for tarif in prices],
        "a_donner": [row.a_donner for row in batch],
    }
