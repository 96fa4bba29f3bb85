"""What households are told about money."""

from sqlalchemy.orm import Session

from foyers.messages import dire
from kernel.settings import get_settings
from paiements import grand_livre
from paiements.liens import lien_pour_payer
from paiements.models.en_ligne import Carte, Echeance, Mandat, Paiement
from paiements.models.retours import Litige, Remboursement
from paiements.queries import familles as queries
from paiements.regles.refus import famille_du_refus


def refus(session: Session, paiement_id: int) -> None:
    """A charge was not accepted: say why in plain words, that the basket waits all the same, and how to pay.

    Nothing is written when the family has paid in the meantime.
    """
    paiement = session.get_one(Paiement, paiement_id)
    echeance = queries.echeance(session, paiement.echeance_id) if paiement.echeance_id else None
    if paiement.echeance_id is None or echeance is None or echeance.reste == 0:
        return
    context = {
        "montant": echeance.reste,
        "libelle": echeance.libelle,
        "famille": str(famille_du_refus(paiement.code_refus)),
        "carte": _moyen(session, paiement),
        "reprise": paiement.reprise_le,
        "lien": lien_pour_payer(paiement.echeance_id),
    }
    cle = f"paiement:{paiement_id}:refus" + (f":{paiement.essais}" if paiement.essais else "")
    dire(session, paiement.foyer_id, cle=cle, modele="paiements/refus", contexte=context)


def recu(session: Session, paiement_id: int) -> None:
    """The money has come: thank, and say what is left. No letter each week: the page and the counter tell it."""
    paiement = session.get_one(Paiement, paiement_id)
    echeance = session.get(Echeance, paiement.echeance_id) if paiement.echeance_id else None
    context = {
        "montant": paiement.montant,
        "jour": paiement.conclu_le,
        "libelle": echeance.libelle if echeance else None,
        "carte": _moyen(session, paiement),
        "en_trop": paiement.en_trop,
        "solde": grand_livre.solde(session, paiement.foyer_id),
        "lien": f"{get_settings().public_url}/paiements/mon-compte",
    }
    dire(
        session,
        paiement.foyer_id,
        cle=f"paiement:{paiement_id}:recu",
        modele="paiements/recu",
        contexte=context,
        lettre=False,
    )


def rembourse(session: Session, remboursement_id: int) -> None:
    """Money is on its way back: how much, why, and where it will appear. Not if it has come back to us already."""
    back = session.get_one(Remboursement, remboursement_id)
    if back.revenu_le is not None:
        return
    paiement = session.get_one(Paiement, back.paiement_id)
    context = {
        "montant": back.montant,
        "motif": back.motif,
        "moyen": _moyen(session, paiement),
        "lien": f"{get_settings().public_url}/paiements/mon-compte",
    }
    key = f"remboursement:{remboursement_id}"
    dire(session, back.foyer_id, cle=key, modele="paiements/rembourse", contexte=context)


def revenu(session: Session, remboursement_id: int) -> None:
    """Money that was on its way back could not be received: it is kept, and how to have it all the same."""
    back = session.get_one(Remboursement, remboursement_id)
    context = {
        "montant": back.montant,
        "moyen": _moyen(session, session.get_one(Paiement, back.paiement_id)),
        "lien": f"{get_settings().public_url}/paiements/mon-compte",
    }
    key = f"remboursement:{remboursement_id}:revenu"
    dire(session, back.foyer_id, cle=key, modele="paiements/remboursement_revenu", contexte=context)


def litige(session: Session, litige_id: int) -> None:
    """The bank has taken a payment back: what that means, without blame, and what to do. Not if it is over and won."""
    taken = session.get_one(Litige, litige_id)
    if taken.etat == "gagne":
        return
    paiement = session.get_one(Paiement, taken.paiement_id)
    context = {
        "montant": taken.montant,
        "paye_le": paiement.conclu_le,
        "moyen": _moyen(session, paiement),
        "solde": max(0, grand_livre.solde(session, taken.foyer_id)),
        "lien": f"{get_settings().public_url}/paiements/mon-compte",
    }
    dire(session, taken.foyer_id, cle=f"litige:{litige_id}", modele="paiements/litige", contexte=context)


def _moyen(session: Session, paiement: Paiement) -> str | None:
    """The card or the account as its holder knows it."""
    if paiement.mandat_id is not None:
        return queries.nom_de_compte(session.get_one(Mandat, paiement.mandat_id))
    carte = session.get(Carte, paiement.carte_id) if paiement.carte_id else None
    return queries.nom_de_carte(carte) if carte else None
