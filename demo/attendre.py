"""The demo town's waiting list: one small maison is full, a few families wait, and one of them is offered a place."""

from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from foyers.models import Maison
from kernel.errors import Refus
from paniers.attente import rejoindre_attente, servir
from paniers.places import jour_de_compte, occupations, verrouiller_maisons

COMPLETE = "Centre-ville"
QUI_ATTENDENT = 5

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
     ORDER BY EXISTS (SELECT 1 FROM abonnement a WHERE a.foyer_id = f.id), f.canal <> 'email', f.id DESC LIMIT :combien
    """
)


def loger(session: Session) -> None:
    """Let no maison of a big town hold more than its places."""
    session.execute(LOGER)


def remplir(session: Session, maintenant: datetime) -> None:
    """Fill the maison as it stands, let families wait there since some days, then let one place come free."""
    day = jour_de_compte(session, maintenant)
    key = session.scalar(select(Maison.id).where(Maison.nom == COMPLETE))
    if day is None or key is None:
        return
    maison = verrouiller_maisons(session, key)[key]
    held = occupations(session, day, [key])[key]
    maison.places = held.abonnes + max(held.visites.values(), default=0)
    who = session.scalars(SANS_PANIER, {"maison": key, "combien": QUI_ATTENDENT}).all()
    for rank, foyer_id in enumerate(who):
        since = maintenant - timedelta(days=9 - 2 * rank, hours=rank)
        try:
            rejoindre_attente(session, foyer_id=foyer_id, maison_id=key, nombre=2 if rank == 1 else 1, instant=since)
        except Refus:
            continue  # its subscription of the past stands in the way: one family less waits
    maison.places += 1
    servir(session, maison, maintenant)
