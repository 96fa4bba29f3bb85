"""Aid by the CCAS that settles what a household owes, and the invitation to talk before a debt grows.

The aid is the coordination's act, with a reason that stays among the team: the household reads "Aide du CCAS". Nobody
is cut off by a machine: beyond a sum that is data, a household is invited to talk, once, and its agents see it.
"""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from foyers.messages import Annonce, dire, dire_a_plusieurs
from kernel import clock
from kernel.errors import Introuvable, Refus
from kernel.money import Euros
from kernel.outbox import publish
from kernel.settings import get_settings
from paiements import grand_livre
from paiements.en_ligne.avancement import resolder, solder, verrouiller_foyer, verrouiller_foyers
from paiements.en_ligne.conditions import en_vigueur
from paiements.events import AideAccordee, AideAnnulee
from paiements.grand_livre import Ligne
from paiements.models.en_ligne import PARMI_EN_ROUTE, Aide
from paiements.models.grand_livre import CompteGL
from paiements.queries import familles as queries

PAR_TOUR = 300
LIBELLE = "Aide du CCAS"
ANNULEE = "Aide du CCAS annulée"

# What waits for the month's charge, or is on its way, is no debt.
_A_INVITER = text(
    """
    WITH dus AS (
        SELECT e.foyer_id, sum(e.montant) AS montant FROM echeance e
        WHERE e.reglee_le IS NULL AND e.groupe_id IS NULL AND NOT e.a_grouper
          AND NOT EXISTS (SELECT FROM paiement p WHERE p.echeance_id = e.id
                          AND p.etat IN :en_route)
        GROUP BY e.foyer_id HAVING sum(e.montant) >= :seuil
    )
    SELECT d.foyer_id FROM dus d LEFT JOIN reglement r ON r.foyer_id = d.foyer_id
    WHERE r.invite_le IS NULL
      AND (SELECT sum(m.montant) FROM mouvement m WHERE m.foyer_id = d.foyer_id) >= :seuil
    ORDER BY d.foyer_id LIMIT :combien
    """
).bindparams(PARMI_EN_ROUTE)

_INVITEES = text("UPDATE reglement SET invite_le = :instant WHERE foyer_id = ANY(CAST(:foyers AS bigint[]))")

_OUBLIER = text(
    """
    UPDATE reglement r SET invite_le = NULL WHERE r.invite_le IS NOT NULL
      AND (SELECT coalesce(sum(m.montant), 0) FROM mouvement m WHERE m.foyer_id = r.foyer_id) < :seuil
    """
)


def accorder(session: Session, foyer_id: int, *, montant: int, motif: str, par: int | None) -> int:
    """Take over `montant` centimes of what the household owes; returns the aid's key. Raises Refus.

    1. lock the household; 2. check that it owes that much; 3. book it; 4. settle what it pays; 5. have it told.
    """
    verrouiller_foyer(session, foyer_id)
    owed = max(0, grand_livre.solde(session, foyer_id) - queries.en_cours(session, foyer_id))
    if not 0 < montant <= owed:
        raise Refus(
            f"Cette famille doit {Euros(owed)} : l’aide ne peut pas dépasser cette somme."
            if owed
            else "Cette famille ne doit rien en ce moment."
        )
    given = Aide(foyer_id=foyer_id, montant=montant, motif=motif, accordee_par=par, accordee_le=clock.now())
    session.add(given)
    session.flush()  # its entry is named by its id
    grand_livre.passer(
        session,
        cle=f"aide:{given.id}",
        jour=clock.today(),
        libelle=LIBELLE,
        mouvements=[Ligne(CompteGL.AIDES, montant), Ligne(CompteGL.FOYER, -montant, foyer_id=foyer_id)],
    )
    solder(session, foyer_id)
    publish(session, AideAccordee(given.id))
    return given.id


def annuler(session: Session, aide_id: int, *, motif: str, par: int | None) -> None:
    """Undo an aid by reversal, once; what it had settled is due again. Raises Introuvable, Refus.

    1. lock the household, then the aid; 2. check that it stands; 3. reverse it; 4. settle anew by what is left; 5. have
    it told.
    """
    household = session.scalar(select(Aide.foyer_id).where(Aide.id == aide_id))
    if household is None:
        raise Introuvable
    verrouiller_foyer(session, household)
    given = session.get_one(Aide, aide_id, with_for_update=True, populate_existing=True)
    if given.annulee_le is not None:
        raise Refus("Cette aide est déjà annulée. Rien n’a changé.")
    booked = grand_livre.ecriture_de(session, f"aide:{aide_id}")
    assert booked is not None, "an aid and its entry are written together"
    given.annulee_le, given.annulee_par, given.motif_annulation = clock.now(), par, motif
    grand_livre.contrepasser(session, booked.id, ANNULEE)
    resolder(session, household, depuis=given.accordee_le)
    publish(session, AideAnnulee(aide_id))


def annoncer(session: Session, aide_id: int) -> None:
    """Tell the household; never why. Nothing of one that was undone before it could be told."""
    given = session.get_one(Aide, aide_id)
    if given.annulee_le is not None:
        return
    context = {
        "montant": given.montant,
        "solde": max(0, grand_livre.solde(session, given.foyer_id)),
        "lien": f"{get_settings().public_url}/paiements/mon-compte",
    }
    dire(session, given.foyer_id, cle=f"aide:{aide_id}", modele="paiements/aide", contexte=context)


def annoncer_annulation(session: Session, aide_id: int) -> None:
    """Tell the household what is left to pay now; never why."""
    given = session.get_one(Aide, aide_id)
    context = {
        "montant": given.montant,
        "accordee_le": given.accordee_le,
        "solde": max(0, grand_livre.solde(session, given.foyer_id)),
        "lien": f"{get_settings().public_url}/paiements/mon-compte",
    }
    dire(session, given.foyer_id, cle=f"aide:{aide_id}:annulee", modele="paiements/aide_annulee", contexte=context)


def inviter(session: Session, instant: datetime) -> int:
    """Invite to talk the households that owe more than the sum set for it, once until they owe less; returns how many.

    For the timetable, as often as it likes.
    """
    seuil = en_vigueur(session, instant.astimezone(clock.PARIS).date()).dialogue_des
    session.execute(_OUBLIER, {"seuil": seuil})
    foyers = session.scalars(_A_INVITER, {"seuil": seuil, "combien": PAR_TOUR}).all()
    if not foyers:
        return 0
    verrouiller_foyers(session, foyers)
    session.execute(_INVITEES, {"instant": instant, "foyers": list(foyers)})
    owed = grand_livre.soldes(session, foyers)
    link = f"{get_settings().public_url}/paiements/mon-compte"
    dire_a_plusieurs(
        session,
        [
            Annonce(
                foyer_id=foyer_id,
                cle=f"dialogue:{foyer_id}:{instant.date().isoformat()}",
                modele="paiements/dialogue",
                contexte={"montant": owed[foyer_id], "lien": link},
            )
            for foyer_id in foyers
        ],
    )
    return len(foyers)
