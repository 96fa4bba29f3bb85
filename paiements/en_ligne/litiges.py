"""A payment that its holder's bank takes back: at once by SEPA, up to thirteen months later, even after a refund.

What the payment had settled is due again, and the household is told kindly: a mistake at the bank, or a card that
somebody else used, is never held against it. Won, the money is back and the debt is gone.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import clock
from kernel.db import transaction
from kernel.outbox import publish
from paiements import grand_livre, passerelle
from paiements.en_ligne.avancement import resolder, solder, verrouiller
from paiements.en_ligne.prelevements import ObjetInconnu
from paiements.events import LitigeOuvert
from paiements.grand_livre import Ligne
from paiements.models.en_ligne import Paiement
from paiements.models.grand_livre import CompteGL
from paiements.models.retours import Litige
from paiements.passerelle import LitigeLu

REPRIS = "Paiement repris par la banque"
RENDU = "Paiement rendu par la banque"


def conclure_litige(litige_id: str) -> None:
    """Read a dispute at Stripe and record how it stands, once. Raises Indisponible, ObjetInconnu.

    A mere question of the bank's takes no money: nothing is recorded.
    """
    lu = passerelle.prestataire().lire_litige(litige_id)
    if lu.question:
        return
    with transaction() as session:
        paiement_id = session.scalar(select(Paiement.id).where(Paiement.stripe_id == lu.intention))
        if paiement_id is None:
            raise ObjetInconnu(litige_id)
        litige = _ouvrir(session, verrouiller(session, paiement_id), lu)
        if lu.gagne is not None:
            _clore(session, litige, gagne=lu.gagne)


def _ouvrir(session: Session, paiement: Paiement, lu: LitigeLu) -> Litige:
    known = session.scalars(select(Litige).where(Litige.stripe_id == lu.id)).one_or_none()
    if known is not None:
        return known
    litige = Litige(
        stripe_id=lu.id,
        paiement_id=paiement.id,
        foyer_id=paiement.foyer_id,
        montant=lu.montant,
        motif=lu.motif,
        etat="ouvert",
        ouvert_le=clock.now(),
    )
    session.add(litige)
    session.flush()  # its entry is named by its id
    grand_livre.passer(
        session,
        cle=f"litige:{litige.id}",
        jour=clock.today(),
        libelle=REPRIS,
        mouvements=[
            Ligne(CompteGL.FOYER, lu.montant, foyer_id=paiement.foyer_id),
            Ligne(CompteGL.STRIPE, -lu.montant),
        ],
    )
    if paiement.conclu_le is not None:
        resolder(session, paiement.foyer_id, depuis=paiement.conclu_le)
    publish(session, LitigeOuvert(litige.id))
    return litige


def _clore(session: Session, litige: Litige, *, gagne: bool) -> None:
    if litige.etat != "ouvert":
        return
    litige.etat, litige.conclu_le = "gagne" if gagne else "perdu", clock.now()
    booked = grand_livre.ecriture_de(session, f"litige:{litige.id}")
    if gagne and booked is not None:
        grand_livre.contrepasser(session, booked.id, RENDU)
        solder(session, litige.foyer_id)
