"""What an address may name of payments and of the régie, made anew on one side of the town."""

import uuid

from sqlalchemy.orm import Session

from kernel import documents
from kernel.clock import now
from kernel.web.access import Role
from paiements import aides, grand_livre
from paiements.documents import bordereaux
from paiements.documents import journal as journal_papier
from paiements.documents import restes as restes_papier
from paiements.grand_livre import Ligne
from paiements.models.en_ligne import Paiement
from paiements.models.grand_livre import CompteGL
from paiements.models.regie import Caisse, Mandataire, Quittance, Versement
from paiements.models.restes import Reste
from paiements.queries import recus as queries_recus
from paiements.rapprochement.models import Ecart
from paiements.regie import quittances
from paiements.regie.acte import tiers
from tests import fabriques
from tests.paiements import guichet
from tests.securite.scene import JEUDI, Cote, Scene, _numbers


def quittance(session: Session, scene: Scene, cote: Cote) -> int:
    made = Quittance(
        regie_id=session.get_one(Caisse, cote.maison).regie_id, maison_id=cote.maison, foyer_id=cote.foyer, annee=2026,
        numero=1_000 + next(_numbers), moyen="especes", montant=550, donne=2_000, rendu=1_450, cle=uuid.uuid4(),
        jour=JEUDI, emise_le=now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    grand_livre.passer(
        session,
        cle=f"quittance:{made.id}",
        jour=JEUDI,
        libelle="Payé en espèces à la maison",
        mouvements=[
            Ligne(CompteGL.CAISSE, 550, tiers=tiers(cote.maison)),
            Ligne(CompteGL.FOYER, -550, foyer_id=cote.foyer),
        ],
    )
    documents.store(session, quittances.cle(made.id), "quittance.pdf", b"%PDF-1.7 une quittance")
    return made.id


def paiement(session: Session, scene: Scene, cote: Cote) -> int:
    """An online payment that is there."""
    made = Paiement(
        foyer_id=cote.foyer, nature="avance", montant=550, cle=uuid.uuid4(), etat="reussi", demande_le=now(),
        conclu_le=now(), stripe_id=f"pi_{next(_numbers)}",
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made.id


def recu(session: Session, scene: Scene, cote: Cote) -> int:
    """An online payment whose money is in the ledger, and its receipt made."""
    made = paiement(session, scene, cote)
    lines = [Ligne(CompteGL.STRIPE, 550), Ligne(CompteGL.FOYER, -550, foyer_id=cote.foyer)]
    grand_livre.passer(session, cle=f"paiement:{made}", jour=JEUDI, libelle="Avance payée en ligne", mouvements=lines)
    read = queries_recus.lignes(session, cote.foyer)
    documents.store(session, queries_recus.cle_du_recu(read, made), "recu.pdf", b"%PDF-1.7 un recu")
    return made


def aide(session: Session, scene: Scene, cote: Cote) -> int:
    """An aid that stands; the household owed much more than all that others have paid here for it."""
    guichet.devoir(session, cote.foyer, 100_000)
    return aides.accorder(session, cote.foyer, montant=100, motif="Fin de mois difficile", par=None)


def annee(session: Session, scene: Scene, cote: Cote) -> int:
    """A year in which both sides have paid, and the summaries of it."""
    for side in (scene.ici, scene.ailleurs):
        recu(session, scene, side)
        read = queries_recus.lignes(session, side.foyer)
        key = queries_recus.cle_de_l_attestation(side.foyer, JEUDI.year, read)
        documents.store(session, key, "attestation.pdf", b"%PDF-1.7 une attestation")
    return JEUDI.year


def versement(session: Session, scene: Scene, cote: Cote) -> int:
    made = Versement(
        regie_id=session.get_one(Caisse, cote.maison).regie_id, maison_id=cote.maison, annee=2026,
        numero=1_000 + next(_numbers), jour=JEUDI, verse_le=now(), especes=550, cheques=0, cap=0,
    )  # fmt: skip
    session.add(made)
    session.flush()
    documents.store(session, bordereaux.cle(made.id), "versement.pdf", b"%PDF-1.7 un bordereau")
    return made.id


def tirage(session: Session, scene: Scene, cote: Cote) -> int:
    made = journal_papier.demander(session, JEUDI, JEUDI, cote.maison, par=None).id
    documents.store(session, journal_papier.cle(made), "journal.pdf", b"%PDF-1.7 un journal")
    return made


def reste(session: Session, cote: Cote) -> Reste:
    """Of a household that nothing else was asked of: what others owe may have been paid or given meanwhile."""
    return guichet.reste_remis(session, fabriques.foyer(session, maison_id=cote.maison).id)


def etat_de_restes(session: Session, scene: Scene, cote: Cote) -> int:
    made = reste(session, cote).etat_id
    documents.store(session, restes_papier.cle(made), "restes.pdf", b"%PDF-1.7 un etat")
    return made


def ecart(session: Session, scene: Scene, cote: Cote) -> int:
    """A payment that Stripe has and the ledger has not."""
    made = Ecart(
        piece=f"stripe:ch_{next(_numbers)}", nature="paiement", ailleurs=550, grand_livre=0, constate_le=now()
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made.id


def mandataire(session: Session, scene: Scene, cote: Cote) -> int:
    agent = fabriques.compte(session, Role.AGENT, maisons=(cote.maison,)).id
    made = Mandataire(maison_id=cote.maison, compte_id=agent, depuis=now())
    session.add(made)
    session.flush()
    return made.id
