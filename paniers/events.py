"""What happens to baskets, as facts: ids only."""

from dataclasses import dataclass

from kernel.outbox import Fact


@dataclass(frozen=True, slots=True)
class AbonnementSouscrit(Fact):
    abonnement_id: int


@dataclass(frozen=True, slots=True)
class CompositionPubliee(Fact):
    semaine_id: int


@dataclass(frozen=True, slots=True)
class SemaineCloturee(Fact):
    semaine_id: int


@dataclass(frozen=True, slots=True)
class SemaineSansComposition(Fact):
    """The week is closed and its orders are due, but there is no composition to order from."""

    semaine_id: int


@dataclass(frozen=True, slots=True)
class SemaineCommandee(Fact):
    semaine_id: int


@dataclass(frozen=True, slots=True)
class BonsDemandes(Fact):
    """The vouchers and the dossier of one maison are to be made, or made again."""

    semaine_id: int
    maison_id: int


@dataclass(frozen=True, slots=True)
class CommandeEmise(Fact):
    commande_id: int


@dataclass(frozen=True, slots=True)
class CommandeRepondue(Fact):
    commande_id: int


@dataclass(frozen=True, slots=True)
class SemaineTerminee(Fact):
    semaine_id: int


@dataclass(frozen=True, slots=True)
class BonCommandePret(Fact):
    """The order's PDF and CSV are made: it can be sent."""

    commande_id: int


@dataclass(frozen=True, slots=True)
class DistributionDecidee(Fact):
    """A hand-out was moved, cancelled, taken in elsewhere, or put back: families are to be told."""

    distribution_id: int


@dataclass(frozen=True, slots=True)
class CarteDemandee(Fact):
    """A household's carte de retrait is to be printed."""

    carte_id: int


@dataclass(frozen=True, slots=True)
class PanierCorrige(Fact):
    """What this week's basket holds, or costs, has changed after the orders: one maison's families are to be told."""

    correction_id: int
    maison_id: int


@dataclass(frozen=True, slots=True)
class PlaceOfferte(Fact):
    """A place has come free, and is held for this request of the waiting list."""

    attente_id: int


@dataclass(frozen=True, slots=True)
class OffreExpiree(Fact):
    """Nobody answered the offer in time: the place goes on to the next family."""

    attente_id: int


@dataclass(frozen=True, slots=True)
class FinDeTermeApprochee(Fact):
    """A term ends soon, and its household has not said what it wishes: it is told, once for each notice."""

    avis_id: int


@dataclass(frozen=True, slots=True)
class AbonnementRenouvele(Fact):
    abonnement_id: int


@dataclass(frozen=True, slots=True)
class ArriveeIncomplete(Fact):
    """Something is missing at a maison: the coordination is to know."""

    arrivee_id: int


@dataclass(frozen=True, slots=True)
class FeuilleDemandee(Fact):
    """A maison's sheet of the day is to be made, as the day stands then."""

    semaine_id: int
    maison_id: int


@dataclass(frozen=True, slots=True)
class OffresDemandees(Fact):
    """A producer is to be asked what it offers for a week, or to be reminded."""

    demande_id: int


@dataclass(frozen=True, slots=True)
class CommandeRelancee(Fact):
    """An order waits for its producer's answer, who is to be reminded."""

    commande_id: int


@dataclass(frozen=True, slots=True)
class EssaiDemande(Fact):
    """A deposited file is to be tried; `essai` is the number of its trial."""

    importation_id: int
    essai: int


@dataclass(frozen=True, slots=True)
class ImportationConfirmee(Fact):
    importation_id: int


@dataclass(frozen=True, slots=True)
class SemaineADecider(Fact):
    """The week's hand-out falls on a holiday or a closing day, and nobody has decided what becomes of it."""

    semaine_id: int
