"""Restes à recouvrer: what has long been owed goes to the Treasury, which asks for it by a titre de recette.

One act hands over many debts, under a number and a day. From then on they stand on the account TITRES by household
(`tiers`), are no longer charged here, and each household is told once. While the Treasury has not taken the list, the
debt of a household may be taken back, with a reason: its entry is reversed and it is due here again.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.messages import Annonce, dire, dire_a_plusieurs
from kernel import clock
from kernel.errors import Introuvable, Refus
from kernel.outbox import publish
from kernel.settings import get_settings
from paiements import grand_livre
from paiements.en_ligne.avancement import resolder, solder_en_lot, verrouiller_foyer, verrouiller_foyers
from paiements.events import ResteRepris, RestesArretes
from paiements.grand_livre import APasser, Ligne
from paiements.models.grand_livre import CompteGL
from paiements.models.regie import Regie
from paiements.models.restes import EtatRestes, Reste
from paiements.queries.regie import regie as la_regie
from paiements.queries.restes import ARecouvrer, a_recouvrer, numero_d_etat
from paiements.regie.acte import acte_en_vigueur
from paiements.regie.caisse import numero_suivant


def tiers(foyer_id: int) -> str:
    """How the ledger names a household's debt at the Treasury."""
    return f"foyer:{foyer_id}"


def arreter(session: Session, foyers: Collection[int], *, par: int | None) -> EtatRestes:
    """Hand over what these households have owed for too long. Raises Refus.

    1. lock the households; 2. read again what each owes by the act; 3. number, list and debts; 4. book and settle;
    5. have them told.
    """
    regie = la_regie(session)
    if regie is None:
        raise Refus("L’acte de la régie n’est pas encore chargé : rien ne peut être remis au Trésor.")
    act = acte_en_vigueur(session, regie.id, clock.today())
    if listed := [one.foyer_id for one in a_recouvrer(session, act, clock.today()) if one.foyer_id in foyers]:
        verrouiller_foyers(session, listed)
    owed = [one for one in a_recouvrer(session, act, clock.today()) if one.foyer_id in listed]
    if not owed:
        raise Refus("Plus rien n’est à remettre au Trésor pour ces familles : elles ont payé, ou l’ont déjà été.")
    today = clock.today()
    made = EtatRestes(
        regie_id=regie.id,
        annee=today.year,
        numero=numero_suivant(session, regie.id, "restes", today.year),
        jour=today,
        arrete_au=owed[0].arrete_au,
        arrete_le=clock.now(),
        par=par,
    )
    session.add(made)
    session.flush()  # its debts need its id
    _remettre(session, regie, made, owed)
    publish(session, RestesArretes(made.id))
    return made


def _remettre(session: Session, regie: Regie, made: EtatRestes, owed: Sequence[ARecouvrer]) -> None:
    debts = [Reste(etat_id=made.id, foyer_id=one.foyer_id, montant=one.montant, depuis=one.depuis) for one in owed]
    session.add_all(debts)
    session.flush()  # their entries are named by their ids
    words = f"Remis au Trésor public, état {numero_d_etat(regie.code, made.annee, made.numero)}"
    grand_livre.passer_en_lot(
        session,
        [
            APasser(
                cle=f"reste:{one.id}",
                jour=made.jour,
                libelle=words,
                mouvements=[
                    Ligne(CompteGL.TITRES, one.montant, tiers=tiers(one.foyer_id)),
                    Ligne(CompteGL.FOYER, -one.montant, foyer_id=one.foyer_id),
                ],
            )
            for one in debts
        ],
    )
    solder_en_lot(session, [one.foyer_id for one in debts])


def prendre_en_charge(session: Session, etat_id: int) -> None:
    """Note that the Treasury has taken the list; twice is harmless. Raises Introuvable."""
    made = _verrouiller(session, etat_id)
    made.prise_en_charge_le = made.prise_en_charge_le or clock.now()


def reprendre(session: Session, reste_id: int, motif: str, *, par: int | None) -> Reste:
    """Take one household's debt back from the list. Raises Introuvable, Refus.

    1. lock its household, then the list; 2. the Treasury has not taken it; 3. reverse the entry, open again what it
    had settled; 4. have it told.
    """
    debt = session.get(Reste, reste_id)
    if debt is None:
        raise Introuvable
    verrouiller_foyer(session, debt.foyer_id)
    made = _verrouiller(session, debt.etat_id)
    session.refresh(debt)
    if debt.repris_le is not None:
        raise Refus("Cette somme a déjà été reprise : elle se paie de nouveau ici.")
    if made.prise_en_charge_le is not None:
        raise Refus("Le Trésor a pris cet état en charge. Demandez-lui l’annulation du titre.")
    debt.repris_le, debt.repris_par, debt.motif = clock.now(), par, motif
    entry = grand_livre.ecriture_de(session, f"reste:{debt.id}")
    assert entry is not None, "each debt handed over has its entry"
    grand_livre.contrepasser(session, entry.id, "Repris au Trésor public : à payer ici")
    resolder(session, debt.foyer_id, depuis=made.arrete_le)
    publish(session, ResteRepris(debt.id))
    return debt


def _verrouiller(session: Session, etat_id: int) -> EtatRestes:
    found = session.get(EtatRestes, etat_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise Introuvable
    return found


def annoncer(session: Session, etat_id: int) -> None:
    """Tell each household of the list, once, who asks for the money now; not those whose debt was taken back since."""
    debts = session.scalars(select(Reste).where(Reste.etat_id == etat_id, Reste.repris_le.is_(None)).order_by(Reste.id))
    link = _lien()
    dire_a_plusieurs(
        session,
        [
            Annonce(
                foyer_id=one.foyer_id,
                cle=f"reste:{one.id}",
                modele="paiements/titre",
                contexte={"montant": one.montant, "depuis": one.depuis, "lien": link},
            )
            for one in debts
        ],
    )


def annoncer_reprise(session: Session, reste_id: int) -> None:
    """Tell the household that it pays here again."""
    debt = session.get_one(Reste, reste_id)
    context = {"montant": debt.montant, "lien": _lien()}
    dire(session, debt.foyer_id, cle=f"reste:{reste_id}:repris", modele="paiements/titre_repris", contexte=context)


def _lien() -> str:
    return f"{get_settings().public_url}/paiements/mon-compte"
