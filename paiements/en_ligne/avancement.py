"""How a payment moves from state to state, and what its success brings about: whoever learns it first, once.

Each function works on a payment whose row the caller's transaction has locked (`verrouiller`), so a webhook, a return
page and a reconciliation that arrive together take turns, and the later ones find the work done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel import clock
from kernel.outbox import publish
from paiements import grand_livre
from paiements.en_ligne.conditions import en_vigueur
from paiements.events import PaiementRefuse, PaiementReussi
from paiements.grand_livre import Ligne
from paiements.models.en_ligne import PARMI_EN_ROUTE, Paiement, PaiementEtape, Reglement
from paiements.models.grand_livre import CompteGL
from paiements.passerelle import Refuse
from paiements.regles.etats import CONCLUS, Etat, arrive_trop_tard, verifier_mouvement
from paiements.regles.refus import famille_du_refus, jour_de_reprise

MATIN = time(8)
LIBELLES = {
    "prelevement": "Prélèvement sur votre carte",
    "sepa": "Prélèvement sur votre compte bancaire",
    "en_ligne": "Paiement en ligne",
    "avance": "Avance payée en ligne",
}


class MontantInattendu(Exception):
    """Stripe took another amount than the payment's: nothing is booked, a person must look."""


@dataclass(frozen=True, slots=True)
class Encaissement:
    """Money taken by Stripe, in centimes, under its intent."""

    intention: str
    montant: int


# Of what is being charged, no more than the charge is still due: money that came before it has lowered it.
_SOLDER = text(
    """
    WITH reste AS (
        SELECT f.foyer_id, coalesce(sum(m.montant), 0) AS du
        FROM unnest(CAST(:foyers AS bigint[])) AS f(foyer_id) LEFT JOIN mouvement m ON m.foyer_id = f.foyer_id
        GROUP BY f.foyer_id
    ), ouvertes AS (
        SELECT e.id, e.foyer_id,
               coalesce(sum(least(e.montant, p.montant)) OVER (
                   PARTITION BY e.foyer_id ORDER BY e.ouverte_le DESC, e.id DESC
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS plus_recentes
        FROM echeance e
        LEFT JOIN paiement p ON p.echeance_id = e.id AND p.nature = 'prelevement'
                            AND p.etat IN :en_route
        WHERE e.foyer_id = ANY(CAST(:foyers AS bigint[])) AND e.reglee_le IS NULL AND e.groupe_id IS NULL
          AND e.id IS DISTINCT FROM CAST(:echeance AS bigint)
    )
    UPDATE echeance SET reglee_le = :maintenant
    WHERE echeance.reglee_le IS NULL AND echeance.foyer_id = ANY(CAST(:foyers AS bigint[]))
      AND (echeance.id = CAST(:echeance AS bigint) OR echeance.id IN (
           SELECT o.id FROM ouvertes o JOIN reste r ON r.foyer_id = o.foyer_id WHERE o.plus_recentes >= r.du))
    """
).bindparams(PARMI_EN_ROUTE)

_ROUVRIR = text(
    """
    UPDATE echeance e SET reglee_le = NULL, mode = CASE WHEN p.id IS NULL THEN 'maison' ELSE e.mode END
    FROM echeance o LEFT JOIN paiement p ON p.echeance_id = o.id AND p.nature = 'prelevement'
    WHERE o.id = e.id AND e.foyer_id = :foyer AND e.reglee_le >= :depuis AND e.groupe_id IS NULL
      AND NOT EXISTS (SELECT FROM paiement r WHERE r.echeance_id = e.id AND r.etat = 'reussi'
                      AND NOT EXISTS (SELECT FROM litige l WHERE l.paiement_id = r.id AND l.etat <> 'gagne'))
    """
)

# Money paid otherwise while a charge was under way has settled its échéance, and has lowered the charge of later ones.
# Once that charge is refused, what neither another charge nor another open échéance stands for is its own again.
_ROUVRIR_LA_REFUSEE = text(
    """
    WITH en_route AS (
        SELECT echeance_id, montant FROM paiement
        WHERE foyer_id = :foyer AND nature = 'prelevement' AND etat IN :en_route
    )
    UPDATE echeance e SET reglee_le = NULL
    WHERE e.id = :echeance AND e.reglee_le IS NOT NULL AND e.groupe_id IS NULL
      AND NOT EXISTS (SELECT FROM paiement r WHERE r.echeance_id = e.id AND r.etat = 'reussi')
      AND :montant <= (SELECT coalesce(sum(montant), 0) FROM mouvement WHERE foyer_id = :foyer)
                      - (SELECT coalesce(sum(montant), 0) FROM en_route)
                      - (SELECT coalesce(sum(o.montant), 0) FROM echeance o
                         WHERE o.foyer_id = :foyer AND o.reglee_le IS NULL AND o.groupe_id IS NULL
                           AND o.id NOT IN (SELECT echeance_id FROM en_route))
    """
).bindparams(PARMI_EN_ROUTE)

# The weeks that a month's échéance stands for follow it.
_SUIVRE = text(
    """
    UPDATE echeance e SET reglee_le = g.reglee_le FROM echeance g
    WHERE e.foyer_id = ANY(CAST(:foyers AS bigint[])) AND g.id = e.groupe_id
      AND e.reglee_le IS DISTINCT FROM g.reglee_le
    """
)


def verrouiller(session: Session, paiement_id: int) -> Paiement:
    """The payment, locked until the transaction ends; its household first, always in that order."""
    verrouiller_foyer(session, session.scalars(select(Paiement.foyer_id).where(Paiement.id == paiement_id)).one())
    return session.get_one(Paiement, paiement_id, with_for_update=True, populate_existing=True)


def verrouiller_foyer(session: Session, foyer_id: int) -> Reglement:
    """How the household pays, its row locked (made if need be): what it starts to pay, it starts one at a time."""
    locked = select(Reglement).where(Reglement.foyer_id == foyer_id).with_for_update()
    locked = locked.execution_options(populate_existing=True)
    found = session.scalars(locked).one_or_none()
    if found is None:
        session.execute(insert(Reglement).values(foyer_id=foyer_id).on_conflict_do_nothing())
        found = session.scalars(locked).one()
    return found


def verrouiller_foyers(session: Session, foyers: Sequence[int]) -> None:
    """The same for many households, always in the order of their keys, so that two never wait for one another."""
    ordered = sorted(set(foyers))
    session.execute(insert(Reglement).values([{"foyer_id": one} for one in ordered]).on_conflict_do_nothing())
    locked = select(Reglement.foyer_id).where(Reglement.foyer_id.in_(ordered)).order_by(Reglement.foyer_id)
    session.execute(locked.with_for_update()).all()


def avancer(session: Session, paiement: Paiement, vers: Etat, cause: str) -> None:
    """Move a locked payment and write the step; `cause` says what brought it about. Raises MouvementInterdit."""
    de = Etat(paiement.etat)
    verifier_mouvement(de, vers)
    paiement.etat = vers
    if vers in CONCLUS:
        paiement.conclu_le = clock.now()
    session.add(PaiementEtape(paiement_id=paiement.id, de=de, vers=vers, cause=cause[:200]))


def encaisser(session: Session, paiement: Paiement, recu: Encaissement, cause: str) -> bool:
    """The money of a locked payment is there: book it, settle what it pays, tell. False: that was known already.

    Raises MontantInattendu.
    """
    if arrive_trop_tard(Etat(paiement.etat), Etat.REUSSI):
        return False
    if recu.montant != paiement.montant:
        raise MontantInattendu(f"payment {paiement.id}: {recu.montant} taken, {paiement.montant} asked")
    avancer(session, paiement, Etat.REUSSI, cause)
    paiement.stripe_id, paiement.code_refus, paiement.reprise_le = recu.intention, None, None
    paiement.en_trop = _en_trop(session, paiement)
    grand_livre.passer(
        session,
        cle=f"paiement:{paiement.id}",
        jour=clock.today(),
        libelle=LIBELLES["sepa" if paiement.mandat_id else paiement.nature],
        mouvements=[
            Ligne(CompteGL.STRIPE, paiement.montant),
            Ligne(CompteGL.FOYER, -paiement.montant, foyer_id=paiement.foyer_id),
        ],
    )
    solder(session, paiement.foyer_id, paiement.echeance_id)
    publish(session, PaiementReussi(paiement.id))
    return True


def _en_trop(session: Session, paiement: Paiement) -> int:
    """Centimes that a payment about to be booked brings beyond what is due: paid twice. It stays as an advance."""
    if paiement.nature == "avance":
        return 0
    return max(0, paiement.montant - max(0, grand_livre.solde(session, paiement.foyer_id)))


def refuser(session: Session, paiement: Paiement, vers: Etat, non: Refuse, *, cause: str) -> bool:
    """The saved card was not charged: REFUSE or A_AUTHENTIFIER. False: that was known, or has been overtaken.

    News of the try before the last one tells nothing of the last. `cause` says who told us.
    """
    already = non.tentative is not None and non.tentative == paiement.tentative
    if already or arrive_trop_tard(Etat(paiement.etat), vers):
        return False
    avancer(session, paiement, vers, cause)
    paiement.stripe_id = non.intention or paiement.stripe_id
    paiement.code_refus, paiement.tentative = non.code, non.tentative
    paiement.reprise_le = _reprise(session, paiement, non)
    _rouvrir(session, paiement)
    publish(session, PaiementRefuse(paiement.id))
    return True


def _rouvrir(session: Session, paiement: Paiement) -> None:
    """What a refused charge should have paid is due again, unless money that came otherwise stands for it."""
    session.flush()
    what = {"foyer": paiement.foyer_id, "echeance": paiement.echeance_id, "montant": paiement.montant}
    session.execute(_ROUVRIR_LA_REFUSEE, what)
    session.execute(_SUIVRE, {"foyers": [paiement.foyer_id]})


def _reprise(session: Session, paiement: Paiement, non: Refuse) -> datetime | None:
    """When a refused charge is asked for once more, as its rule says; in the morning, on Paris clocks."""
    if paiement.etat != Etat.REFUSE or paiement.stripe_id is None or non.sans_retour:
        return None
    today = clock.today()
    rules = en_vigueur(session, today)
    if paiement.mandat_id is not None and not rules.reprise_sepa:
        return None
    day = jour_de_reprise(famille_du_refus(non.code), rules.reprises, deja=paiement.essais, refuse_le=today)
    return clock.paris(day, MATIN) if day else None


def solder(session: Session, foyer_id: int, echeance_id: int | None = None) -> None:
    """Mark as settled the échéances that the household's balance no longer leaves due, the oldest first.

    A payment made for one échéance settles that one, whatever older debt remains.
    """
    session.flush()
    _solder(session, [foyer_id], echeance_id)


def resolder(session: Session, foyer_id: int, *, depuis: datetime) -> None:
    """Money that had been counted is gone again: what was settled since `depuis` is settled anew by what is left.

    An échéance that a charge of its own has paid stays settled; one that the charge will not be tried for again is
    paid at the maison.
    """
    session.execute(_ROUVRIR, {"foyer": foyer_id, "depuis": depuis})
    solder(session, foyer_id)


def solder_en_lot(session: Session, foyers: Sequence[int]) -> None:
    """The same for many households, by one statement."""
    session.flush()
    _solder(session, foyers, None)


def _solder(session: Session, foyers: Sequence[int], echeance_id: int | None) -> None:
    session.execute(_SOLDER, {"foyers": list(foyers), "echeance": echeance_id, "maintenant": clock.now()})
    session.execute(_SUIVRE, {"foyers": list(foyers)})
