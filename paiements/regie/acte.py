"""The régie de recettes: what its founding act allows on a day, its tills, and who may take money at them.

The act is data with a day of effect, as grids are. A till belongs to one maison; its float is the Treasury's money,
booked when it is entrusted and when it changes. A person takes money there as *mandataire* of that till, or as
régisseur of them all.
"""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foyers.models import Compte, Maison
from kernel import clock
from kernel.errors import Introuvable, Refus
from kernel.web.access import Role
from paiements import grand_livre
from paiements.grand_livre import Ligne
from paiements.models.grand_livre import CompteGL, Mouvement
from paiements.models.regie import ActeRegie, Caisse, ClotureCaisse, Mandataire


def tiers(maison_id: int) -> str:
    """How the ledger names a maison's till."""
    return f"maison:{maison_id}"


def acte_en_vigueur(session: Session, regie_id: int, jour: date) -> ActeRegie:
    """The founding act as it stands on `jour`. Raises Refus when none is in force yet."""
    acts = select(ActeRegie).where(ActeRegie.regie_id == regie_id, ActeRegie.effet_le <= jour)
    found = session.scalars(acts.order_by(ActeRegie.effet_le.desc()).limit(1)).one_or_none()
    if found is None:
        raise Refus("Aucun acte de régie n’est encore en vigueur. Rien ne peut être encaissé : voyez le régisseur.")
    return found


def verrouiller_caisse(session: Session, maison_id: int) -> Caisse:
    """The till, locked until the transaction ends: its movements take turns. Raises Refus when the maison has none."""
    found = session.get(Caisse, maison_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise Refus("Cette maison n’a pas de caisse. Encaissez dans une autre maison, ou voyez le régisseur.")
    return found


def encaisse(session: Session, maison_id: int, compte: CompteGL = CompteGL.CAISSE) -> int:
    """What the till holds by the ledger, in centimes, its float included."""
    held = select(func.coalesce(func.sum(Mouvement.montant), 0))
    held = held.where(Mouvement.tiers == tiers(maison_id), Mouvement.compte == compte)
    return int(session.execute(held).scalar_one())


def est_close(session: Session, maison_id: int, jour: date) -> bool:
    """Whether the till was counted and closed for that day."""
    closed = select(ClotureCaisse.id).where(ClotureCaisse.maison_id == maison_id, ClotureCaisse.jour == jour)
    return session.scalar(closed) is not None


def est_mandataire(session: Session, maison_id: int, compte_id: int) -> bool:
    """Whether this person may take money at that till today."""
    role = session.scalar(select(Compte.role).where(Compte.id == compte_id, Compte.actif))
    if role == Role.REGISSEUR:
        return True
    named = select(Mandataire.id).where(Mandataire.maison_id == maison_id, Mandataire.compte_id == compte_id)
    return role is not None and session.scalar(named.where(Mandataire.jusqu_a.is_(None))) is not None


def exiger_mandataire(session: Session, maison_id: int, compte_id: int | None) -> None:
    """Raises Refus for whoever has no mandate at that till. `compte_id` None is the house itself (the demo's past)."""
    if compte_id is not None and not est_mandataire(session, maison_id, compte_id):
        place = session.get_one(Maison, maison_id).nom
        raise Refus(f"Vous n’êtes pas mandataire de la caisse de {place}. Demandez au régisseur de vous nommer.")


def nommer_mandataire(session: Session, maison_id: int, compte_id: int) -> None:
    """This agent may take money at that till from now on; twice is harmless. Raises Introuvable, Refus."""
    verrouiller_caisse(session, maison_id)
    person = session.get(Compte, compte_id)
    if person is None or not person.actif or person.role not in (Role.AGENT, Role.COORDINATION):
        raise Introuvable("Cette personne ne peut pas tenir une caisse : choisissez-la dans la liste.")
    if not est_mandataire(session, maison_id, compte_id):
        session.add(Mandataire(maison_id=maison_id, compte_id=compte_id, depuis=clock.now()))


def retirer_mandataire(session: Session, mandataire_id: int) -> None:
    """The mandate ends now; what was taken under it stays. Raises Introuvable."""
    mandate = session.get(Mandataire, mandataire_id, with_for_update=True)
    if mandate is None:
        raise Introuvable
    mandate.jusqu_a = mandate.jusqu_a or clock.now()


def confier(session: Session, maison_id: int, regie_id: int, *, fonds: int, plafond: int) -> Caisse:
    """Open the maison's till, or change its float and its ceiling; the float's difference is booked against the
    Treasury. `fonds` and `plafond` in centimes.
    """
    till = session.get(Caisse, maison_id, with_for_update=True, populate_existing=True)
    if till is None:
        till = Caisse(maison_id=maison_id, regie_id=regie_id, fonds=0, plafond=plafond)
        session.add(till)
    change, till.fonds, till.plafond = fonds - till.fonds, fonds, plafond
    if change:
        grand_livre.passer(
            session,
            cle=f"fonds:{maison_id}:{clock.now().isoformat()}",
            jour=clock.today(),
            libelle="Fonds de caisse confié" if change > 0 else "Fonds de caisse repris",
            mouvements=[
                Ligne(CompteGL.CAISSE, change, tiers=tiers(maison_id)),
                Ligne(CompteGL.TRESOR, -change),
            ],
        )
    return till
