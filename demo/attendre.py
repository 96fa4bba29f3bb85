"""The demo town's waiting lists: two maisons are full, a few families wait at each, and one is offered a place."""

from datetime import date, datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from foyers.models import Maison
from kernel.errors import Refus
from paniers.attente import rejoindre_attente, servir
from paniers.places import jour_de_compte, occupations, verrouiller_maisons

COMPLETES = {"Centre-ville": 5, "Bois d’Artas": 3}
"""Maison → how many families wait there."""

# However many households the town is given, each maison holds those who live there, with some room left.
LOGER = text(
    """
    UPDATE maison m SET places = t.tenues + t.tenues / 8 + 2
      FROM (SELECT maison_id, sum(nombre) AS tenues FROM abonnement_version WHERE jusqu_a IS NULL GROUP BY 1) t
     WHERE t.maison_id = m.id AND t.tenues > m.places
    """
)
SANS_PANIER = text(
    """
    SELECT f.id FROM foyer f
     WHERE NOT EXISTS (SELECT 1 FROM abonnement a JOIN abonnement_version v ON v.abonnement_id = a.id
                        WHERE a.foyer_id = f.id AND v.jusqu_a IS NULL AND v.maison_id = :maison)
       AND NOT EXISTS (SELECT 1 FROM attente t WHERE t.foyer_id = f.id)
     ORDER BY EXISTS (SELECT 1 FROM abonnement a WHERE a.foyer_id = f.id), f.canal <> 'email', f.id DESC LIMIT :combien
    """
)


def loger(session: Session) -> None:
    """Let no maison of a big town hold more than its places."""
    session.execute(LOGER)


def remplir(session: Session, maintenant: datetime) -> None:
    """Fill these maisons as they stand, let families wait there since some days, then let one place come free."""
    day = jour_de_compte(session, maintenant)
    for nom, waiting in COMPLETES.items():
        key = session.scalar(select(Maison.id).where(Maison.nom == nom))
        if day is not None and key is not None:
            _remplir(session, key, waiting, day, maintenant)


def _remplir(session: Session, key: int, combien: int, day: date, maintenant: datetime) -> None:
    maison = verrouiller_maisons(session, key)[key]
    held = occupations(session, day, [key])[key]
    maison.places = held.abonnes + max(held.visites.values(), default=0)
    who = session.scalars(SANS_PANIER, {"maison": key, "combien": combien}).all()
    for rank, foyer_id in enumerate(who):
        since = maintenant - timedelta(days=9 - 2 * rank, hours=rank)
        try:
            rejoindre_attente(session, foyer_id=foyer_id, maison_id=key, nombre=2 if rank == 1 else 1, instant=since)
        except Refus:
            continue  # its subscription of the past stands in the way: one family less waits
    maison.places += 1
    servir(session, maison, maintenant)
