"""What has happened to passes and outings; ids only."""

from dataclasses import dataclass

from kernel.outbox import Fact


@dataclass(frozen=True, slots=True)
class PassDelivre(Fact):
    """Somebody has a pass for a season; its card is to be made."""

    pass_id: int


@dataclass(frozen=True, slots=True)
class SortiePubliee(Fact):
    """Everybody can read of the outing."""

    sortie_id: int


@dataclass(frozen=True, slots=True)
class SortieModifiee(Fact):
    """When or where has changed: who is registered is told, once a version."""

    sortie_id: int
    version: int


@dataclass(frozen=True, slots=True)
class SortieAnnulee(Fact):
    """It will not take place; debits are reversed already."""

    sortie_id: int


@dataclass(frozen=True, slots=True)
class SortieTenue(Fact):
    """It has taken place."""

    sortie_id: int


@dataclass(frozen=True, slots=True)
class InscriptionConfirmee(Fact):
    """Seats are taken and debited."""

    inscription_id: int


@dataclass(frozen=True, slots=True)
class PlacesRendues(Fact):
    """A household has given back seats; `restantes` are those that it keeps."""

    inscription_id: int
    restantes: int


@dataclass(frozen=True, slots=True)
class PlacesDeSortieOffertes(Fact):
    """Seats are held for a group of the waiting list, for a time."""

    inscription_id: int


@dataclass(frozen=True, slots=True)
class OffreDeSortieExpiree(Fact):
    """The time of an offer is over; its seats have gone on."""

    inscription_id: int


@dataclass(frozen=True, slots=True)
class GroupeDepasse(Fact):
    """A smaller group was served first, as this one did not fit; told once."""

    inscription_id: int


@dataclass(frozen=True, slots=True)
class PapiersDemandes(Fact):
    """Somebody wants the list of an evening on paper, with the parents' authorisations to sign."""

    sortie_id: int


@dataclass(frozen=True, slots=True)
class LieuSollicite(Fact):
    """The venue is asked by e-mail to confirm its seats and conditions."""

    demande_id: int


@dataclass(frozen=True, slots=True)
class LieuARepondu(Fact):
    """The venue has answered on its page."""

    reponse_id: int


@dataclass(frozen=True, slots=True)
class EffectifArrete(Fact):
    """The head-count of a week ahead, or of the day before, is due to the venue."""

    effectif_id: int


@dataclass(frozen=True, slots=True)
class ContremarqueFaite(Fact):
    """A group voucher, or its correction, stands: its paper is to be made."""

    contremarque_id: int


@dataclass(frozen=True, slots=True)
class ContremarquePrete(Fact):
    """The paper of a group voucher is there: it goes to the venue."""

    contremarque_id: int
