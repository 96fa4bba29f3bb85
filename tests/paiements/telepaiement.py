"""A second provider, of the shape of the Treasury's PayFiP: pages alone, no saved card, no charge, no refund.

`Guichet` is the far side, as its documentation says it behaves: an operation lives a quarter of an hour, cannot be
closed, is told of by an unsigned notification that carries its number and nothing else, and what came of it is always
asked for. `Telepaiement` is the `Prestataire` that speaks to it; it keeps which operation is which key's, as the far
side knows no key of ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NoReturn
from urllib.parse import parse_qs

from kernel import clock
from paiements.passerelle import (
    PAGE,
    Capacites,
    Encaisse,
    EnCours,
    Evenement,
    Indisponible,
    IntentionLue,
    LitigeLu,
    NatureOperation,
    NonPropose,
    OperationLue,
    Ordre,
    PageLue,
    Prestataire,
    Refuse,
    RemboursementLu,
    Resultat,
    Retour,
    SignatureInvalide,
    StatutPage,
    Sujet,
)

VIE = timedelta(minutes=15)
PAYE, REFUSE, ABANDONNE = "P", "R", "A"


@dataclass(frozen=True)
class Operation:
    """`resultat` as the far side writes it: paid, refused, abandoned; None while nobody has done anything."""

    idop: str
    montant: int
    retour: str
    ouverte_le: datetime
    resultat: str | None = None


class Guichet:
    """The far side. `panne` is what happens to the next call: ``avant`` or ``apres`` it has done its work."""

    def __init__(self) -> None:
        self.operations: dict[str, Operation] = {}
        self.panne: str | None = None

    def creer(self, montant: int, retour: str) -> str:
        lost = self._perdu()
        made = Operation(f"op{len(self.operations) + 1:032d}", montant, retour, clock.now())
        self.operations[made.idop] = made
        if lost:
            raise Indisponible("no reply")
        return made.idop

    def detail(self, idop: str) -> Operation:
        self._perdu()
        return self.operations[idop]

    def conclure(self, idop: str, resultat: str) -> str:
        """The person is done with the page; where their browser is led, which is told nothing."""
        one = self.operations[idop]
        if one.resultat is None and not perimee(one):
            self.operations[idop] = replace(one, resultat=resultat)
        return one.retour.replace(PAGE, idop)

    def _perdu(self) -> bool:
        """Raises Indisponible for a call that is lost on its way; True for one whose answer will be."""
        panne, self.panne = self.panne, None
        if panne == "avant":
            raise Indisponible("no reply")
        return panne == "apres"


def perimee(one: Operation) -> bool:
    return clock.now() >= one.ouverte_le + VIE


class Telepaiement:
    """The provider in front of a `Guichet`."""

    def __init__(self, guichet: Guichet) -> None:
        self.guichet = guichet
        self.cles: dict[str, str] = {}

    def capacites(self) -> Capacites:
        return Capacites("Télépaiement", 100, carte=False, mandat=False, remboursement=False, fermeture=False)

    def ouvrir_page_paiement(self, cle: str, montant: int, libelle: str, *, retour: str, renoncer: str) -> PageLue:
        """An answer that was lost leaves an operation whose address nobody has: nobody can pay it."""
        known = next((idop for idop, one in self.cles.items() if one == cle), None)
        if known is None:
            known = self.guichet.creer(montant, retour)
            self.cles[known] = cle
        page = self.lire_page(known)
        if self.guichet.operations[known].montant != montant:
            raise Indisponible("another request under the same key")
        return page

    def lire_page(self, page_id: str) -> PageLue:
        one, reference = self.guichet.detail(page_id), self.cles.get(page_id)
        if one.resultat == PAYE:
            return PageLue(page_id, reference, StatutPage.COMPLETE, None, Encaisse(page_id, one.montant))
        if one.resultat is not None or perimee(one):
            return PageLue(page_id, reference, StatutPage.EXPIREE, None)
        return PageLue(page_id, reference, StatutPage.OUVERTE, f"https://telepaiement.test/payer?idop={page_id}")

    def fermer_page(self, page_id: str) -> None:
        """It ends by itself."""

    def lire_intention(self, intention_id: str) -> IntentionLue:
        one = self.guichet.detail(intention_id)
        found: Resultat = Refuse(one.resultat, intention_id) if one.resultat else EnCours(intention_id)
        return IntentionLue(
            self.cles.get(intention_id), Encaisse(intention_id, one.montant) if one.resultat == PAYE else found
        )

    def lire_operations(self, depuis: datetime | None) -> Sequence[OperationLue]:
        """From the Treasury's daily file: what was paid, without fees."""
        return [
            OperationLue(f"tx{one.idop}", NatureOperation.PAIEMENT, one.idop, one.idop, one.montant, 0, one.ouverte_le)
            for one in self.guichet.operations.values()
            if one.resultat == PAYE and (depuis is None or one.ouverte_le >= depuis)
        ]

    def lire_evenement(self, payload: bytes, entetes: Mapping[str, str]) -> Evenement:
        """Unsigned: it is believed in nothing but that one of our own operations is worth reading."""
        try:
            (idop,) = parse_qs(payload.decode("ascii"), strict_parsing=True)["idop"]
        except (ValueError, LookupError) as error:
            raise SignatureInvalide(type(error).__name__) from error
        if idop not in self.cles:
            raise SignatureInvalide("none of ours")
        return Evenement(f"notification:{idop}", "notification", idop, {"idop": idop})

    def sujet(self, type_: str) -> Sujet | None:
        return Sujet.PAGE if type_ == "notification" else None

    def lire_remboursements(self, intention: str) -> list[RemboursementLu]:
        return []

    def intention_du_paiement(self, charge_id: str) -> str | None:
        return charge_id

    def intention_du_retour(self, retour_id: str) -> str | None:
        _non()

    def creer_client(self, cle: str, email: str | None) -> str:
        _non()

    def prelever(self, ordre: Ordre) -> Resultat:
        _non()

    def retrouver(self, client: str, cle: str) -> Resultat | None:
        _non()

    def ouvrir_page_carte(self, cle: str, client: str, *, retour: str, renoncer: str) -> PageLue:
        _non()

    def ouvrir_page_mandat(self, cle: str, client: str, *, retour: str, renoncer: str) -> PageLue:
        _non()

    def rembourser(self, retour: Retour) -> RemboursementLu:
        _non()

    def lire_litige(self, litige_id: str) -> LitigeLu:
        _non()


def _non() -> NoReturn:
    raise NonPropose


_keeps_the_contract: Prestataire = Telepaiement(Guichet())
