"""The demo town's régie: its founding act, a till in each maison, who takes money there, and a month of Le Patio's.

On each evening of the last weeks some families of Le Patio pay there what they owe; the till is counted and closed,
once with two euros missing, and its cash is deposited when the month is half over. The first household, which pays
its baskets by card, pays its passes and outings there.
"""

import random
import uuid
from datetime import date, time, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from demo import impayes
from foyers.models import Compte, Foyer, Maison
from kernel import clock
from kernel.clock import paris
from kernel.web.access import Role
from paiements.models.regie import Caisse
from paiements.regie.acte import encaisse
from paiements.regie.caisse import AEncaisser, encaisser
from paiements.regie.cloture import clore
from paiements.regie.donnees import DonneesRegie, UnActe, UneCaisse, UneRegie, charger
from paiements.regie.versements import a_verser, verser
from paiements.regles.monnaie import DOCUMENTES, MoyenPaiement, en_coupures

FONDS = 5_000
PLAFOND = 40_000
SEMAINES_AU_GUICHET = 4
PART_AU_GUICHET = 0.6
AVANCE = 2_000
"""What one family in four pays ahead on the last evening."""
MOYENS = (MoyenPaiement.ESPECES, MoyenPaiement.CHEQUE, MoyenPaiement.CARTE, MoyenPaiement.CAP)
POIDS = (60, 15, 15, 10)

_DOIVENT = text(
    """
    SELECT f.id, sum(m.montant) AS doit FROM foyer f JOIN mouvement m ON m.foyer_id = f.id
    LEFT JOIN reglement r ON r.foyer_id = f.id
    WHERE (f.maison_id = :maison AND coalesce(r.mode, 'maison') = 'maison') OR f.id = :premier
    GROUP BY f.id HAVING sum(m.montant) > 0 ORDER BY f.id
    """
)


def ouvrir_la_regie(session: Session, maisons: list[Maison], debut: date) -> None:
    """Load the act as its file would, on the town's first day; the agent of Le Patio takes money there."""
    agent = session.scalars(select(Compte.email).where(Compte.role == Role.AGENT)).first()
    clock.set_now(paris(debut, time(9)))
    acte = UnActe(
        effet_le=debut - timedelta(days=30),
        reference=f"Arrêté n° {debut.year}-117",
        regisseur="Régine Faure",
        suppleant="Selim Aydin",
        moyens=list(MoyenPaiement),
        rendu_monnaie=True,
        titres_apres_jours=impayes.JOURS,
    )
    tills = [
        UneCaisse(
            maison=place.code,
            fonds=FONDS,
            plafond=PLAFOND,
            mandataires=[agent] if agent and place.nom == "Le Patio" else [],
        )
        for place in maisons
    ]
    regie = UneRegie(code="PAN", nom="Régie de recettes des paniers solidaires")
    charger(session, DonneesRegie(regie=regie, acte=[acte], caisse=tills))


def tenir_la_caisse(session: Session, rng: random.Random, jour: date, semaine: int) -> None:
    """The evening of `jour` at Le Patio; `semaine` counts such evenings from 0."""
    place = session.scalars(select(Maison.id).where(Maison.nom == "Le Patio")).one()
    agent = session.scalars(select(Compte.id).where(Compte.role == Role.AGENT)).first()
    clock.set_now(paris(jour, time(17, 5)))
    first = session.scalars(select(func.min(Foyer.id))).one()
    for household, owed in session.execute(_DOIVENT, {"maison": place, "premier": first}).all():
        clock.set_now(clock.now() + timedelta(minutes=rng.randint(1, 4)))
        if household == first or rng.random() < PART_AU_GUICHET:
            ahead = AVANCE if semaine == SEMAINES_AU_GUICHET - 1 and household % 4 == 0 else 0
            encaisser(session, _recu(rng, place, household, int(owed) + ahead), par=agent)
    clock.set_now(max(clock.now(), paris(jour, time(19, 10))) + timedelta(minutes=5))
    ready = a_verser(session, session.get_one(Caisse, place))
    if semaine == 1 and ready.total:
        verser(session, place, ready.especes, par=agent)
    missing = 200 if semaine == SEMAINES_AU_GUICHET - 2 else 0
    words = "Deux euros rendus de trop à une famille, vers 18 h" if missing else None
    counted = dict(en_coupures(encaisse(session, place) - missing))
    clore(session, place, counted, explication=words, par=agent)


def _recu(rng: random.Random, maison: int, foyer: int, doit: int) -> AEncaisser:
    """Cash by the next note, a cheque or a ticket with its number."""
    moyen = rng.choices(MOYENS, POIDS)[0]
    note = next((one for one in (1_000, 2_000, 5_000) if one >= doit), doit)
    return AEncaisser(
        foyer_id=foyer,
        maison_id=maison,
        moyen=moyen,
        montant=doit,
        donne=note if moyen is MoyenPaiement.ESPECES else doit,
        reference=str(rng.randint(1_000_000, 9_999_999)) if moyen in DOCUMENTES else None,
        cle=uuid.UUID(int=rng.getrandbits(128), version=4),
    )
