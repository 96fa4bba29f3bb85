"""What any payment provider must answer: small typed answers, and a contract that mypy holds each provider to.

What the types cannot say stands in `docs/prestataires.md`: same key, done once; unknown outcomes raise `Indisponible`
and are read later; events are only news, what they name is always read again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

REFERENCE = "reference"
"""The key of our metadata: the uuid of the payment, or of the saving of a card. No personal data goes there."""

PAGE = "{page}"
"""Where, in an address to come back to, the provider writes the id of its page."""


class Indisponible(Exception):
    """The provider has not told what it did: ask again later."""


class SignatureInvalide(Exception):
    """A webhook that the provider did not sign, or signed too long ago."""


class NonPropose(Exception):
    """The provider has no such service, as its `Capacites` say: nobody should have asked."""


@dataclass(frozen=True, slots=True)
class Capacites:
    """What may be offered to households with this provider; `nom` as they know it, `minimum` of a page in centimes.

    `carte`, `mandat`: cards, or SEPA mandates, that are saved and charged later; `remboursement`: money given back
    through it; `fermeture`: an open page can be closed, else it ends by itself within minutes.
    """

    nom: str
    minimum: int
    carte: bool
    mandat: bool
    remboursement: bool
    fermeture: bool


class Sujet(StrEnum):
    """What an event is about; RENDU is a payment of which money went back, RETOUR that refund itself."""

    PAGE = "page"
    PAIEMENT = "paiement"
    LITIGE = "litige"
    RENDU = "rendu"
    RETOUR = "retour"


@dataclass(frozen=True, slots=True)
class Encaisse:
    """The money is taken, in centimes."""

    intention: str
    montant: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """The bank said no; `code` is its decline code, else the provider's error code.

    `tentative` names this very try; `sans_retour`: the bank asks not to be asked again.
    """

    code: str
    intention: str | None
    tentative: str | None = None
    sans_retour: bool = False


@dataclass(frozen=True, slots=True)
class AAuthentifier:
    """The bank wants to hear the cardholder."""

    intention: str | None
    code: str = "authentication_required"


@dataclass(frozen=True, slots=True)
class EnCours:
    """Nothing is decided yet. `differe`: the bank answers within days, as it does for a SEPA debit."""

    intention: str
    differe: bool = False


Resultat = Encaisse | Refuse | AAuthentifier | EnCours


@dataclass(frozen=True, slots=True)
class Ordre:
    """What to take from a saved card or account: centimes, our key, who and which there, what the family may read.

    A refused payment that is asked for again names its `intention`, and says how often it was by `essai`: the money of
    an intent is taken once at most.
    """

    cle: str
    montant: int
    client: str
    carte: str
    libelle: str
    intention: str | None = None
    essai: int = 0
    mandat: str | None = None


@dataclass(frozen=True, slots=True)
class IntentionLue:
    """An intent read at the provider's, and our own reference in it."""

    reference: str | None
    resultat: Resultat


@dataclass(frozen=True, slots=True)
class CarteLue:
    id: str
    marque: str
    derniers_chiffres: str
    expire_mois: int
    expire_annee: int


@dataclass(frozen=True, slots=True)
class MandatLu:
    """A bank account that may be debited: `id` the account there, `mandat` its mandate, `reference` what the bank
    statement will show.
    """

    id: str
    mandat: str
    reference: str
    derniers_chiffres: str


@dataclass(frozen=True, slots=True)
class Retour:
    """What to give back of a payment: our key, the intent that took it, centimes."""

    cle: str
    intention: str
    montant: int


@dataclass(frozen=True, slots=True)
class RemboursementLu:
    """A refund as it stands. `rendu`: the money is on its way back; else `code` says why not."""

    id: str | None
    reference: str | None
    montant: int
    rendu: bool
    code: str | None = None


@dataclass(frozen=True, slots=True)
class LitigeLu:
    """A payment that a bank takes back. `gagne` is None while it is open; `question`: it only asks, takes nothing."""

    id: str
    intention: str
    montant: int
    motif: str
    gagne: bool | None
    question: bool = False


class NatureOperation(StrEnum):
    """Why the account at the provider's has moved."""

    PAIEMENT = "paiement"
    REMBOURSEMENT = "remboursement"
    LITIGE = "litige"
    FRAIS = "frais"
    VIREMENT = "virement"
    AUTRE = "autre"


@dataclass(frozen=True, slots=True)
class OperationLue:
    """A movement of our account there: gross centimes, positive when money came, and what it cost (`frais`).

    `objet` is what moved, `intention` the payment behind it where there is one.
    """

    id: str
    nature: NatureOperation
    objet: str
    intention: str | None
    montant: int
    frais: int
    le: datetime


class StatutPage(StrEnum):
    OUVERTE = "open"
    COMPLETE = "complete"
    EXPIREE = "expired"


@dataclass(frozen=True, slots=True)
class PageLue:
    """A page that the provider hosts. `recu` once paid, `carte` or `mandat` once saved; `url` while it is open."""

    id: str
    reference: str | None
    statut: StatutPage
    url: str | None
    recu: Encaisse | None = None
    carte: CarteLue | None = None
    mandat: MandatLu | None = None
    client: str | None = None


@dataclass(frozen=True, slots=True)
class Evenement:
    id: str
    type: str
    objet: str
    contenu: dict[str, Any]


class Prestataire(Protocol):
    """A provider, as a module of functions. Each call may raise Indisponible, and is safe to repeat.

    A call for what its `capacites` do not have raises NonPropose.
    """

    def capacites(self) -> Capacites:
        """What households may be offered; asks nobody."""

    def creer_client(self, cle: str, email: str | None) -> str:
        """A customer, its id. The e-mail spares the family typing it."""

    def prelever(self, ordre: Ordre) -> Resultat:
        """Take money from a saved card, its holder absent: the same Ordre takes it once."""

    def retrouver(self, client: str, cle: str) -> Resultat | None:
        """What became of the payment `cle` of this customer; None: the provider never heard of it."""

    def lire_intention(self, intention_id: str) -> IntentionLue:
        """How a payment stands now."""

    def ouvrir_page_paiement(self, cle: str, montant: int, libelle: str, *, retour: str, renoncer: str) -> PageLue:
        """A page to pay `montant` centimes once. The same key gives the same page; `retour` has a PAGE."""

    def ouvrir_page_carte(self, cle: str, client: str, *, retour: str, renoncer: str) -> PageLue:
        """A page to save a card. The same key gives the same page."""

    def ouvrir_page_mandat(self, cle: str, client: str, *, retour: str, renoncer: str) -> PageLue:
        """A page to let a bank account be debited by SEPA. The same key gives the same page."""

    def lire_page(self, page_id: str) -> PageLue:
        """How a page stands now, and what came of it."""

    def fermer_page(self, page_id: str) -> None:
        """Close a page that is no longer wanted, where it can be; one that is over already stays as it is."""

    def rembourser(self, retour: Retour) -> RemboursementLu:
        """Give money back: the same Retour gives it once, and never more than the payment took."""

    def lire_remboursements(self, intention: str) -> list[RemboursementLu]:
        """All that was given back of a payment, also what was done at the provider's itself."""

    def intention_du_paiement(self, charge_id: str) -> str | None:
        """The intent that took the money which an event names."""

    def intention_du_retour(self, retour_id: str) -> str | None:
        """The intent of which the refund that an event names has given money back."""

    def lire_litige(self, litige_id: str) -> LitigeLu:
        """How a payment that a bank takes back stands now."""

    def lire_operations(self, depuis: datetime | None) -> Sequence[OperationLue]:
        """All that has moved our account there since that instant (None: ever), oldest first."""

    def lire_evenement(self, payload: bytes, entetes: Mapping[str, str]) -> Evenement:
        """The event of a webhook, once it is known who sent it. Raises SignatureInvalide."""

    def sujet(self, type_: str) -> Sujet | None:
        """What an event of that type is about; None: nothing that we need."""
