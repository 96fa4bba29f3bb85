"""What the venues of the coming outings have answered by now, and the tickets that came for this evening."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from culture import billets, contremarques
from culture.effectifs import compter
from culture.models.inscriptions import Inscription
from culture.models.sorties import Sortie
from culture.partenaires import GenreReponse, Reponse, empreinte_lue, places_demandees, repondre
from culture.regles.etats import VIVANTES, EtatInscription, EtatSortie
from foyers.models import Compte
from kernel.web.access import Role

DIFFERE = 4
REPONSES = (GenreReponse.CONFIRMEE, GenreReponse.CONFIRMEE, GenreReponse.VUE, GenreReponse.CONFIRMEE)
"""In turn; every `DIFFERE + 1`-th says what is otherwise, and the last third of the posters is too far away."""


def faire_repondre(session: Session, maintenant: datetime) -> None:
    """Let venues answer, each once; this evening's has sent its tickets, and half of the households have theirs."""
    coming = session.scalars(
        select(Sortie).where(Sortie.etat.in_(VIVANTES), Sortie.debut_le > maintenant).order_by(Sortie.debut_le)
    ).all()
    for rank, sortie in enumerate(coming[: 2 * len(coming) // 3]):
        count = compter(session, sortie.id, maintenant)
        asked = places_demandees(sortie, count)
        answer = Reponse(genre=REPONSES[rank % len(REPONSES)])
        if rank % (DIFFERE + 1) == DIFFERE:
            answer = Reponse(
                genre=GenreReponse.ECART,
                places=max(asked - 4, 0),
                conditions="Quatre places de moins : des fauteuils sont en travaux.",
            )
        mark = empreinte_lue(sortie, count)
        repondre(session, sortie.id, answer, lieu_id=sortie.lieu_id, lue=mark, instant=maintenant)
    for sortie in coming:
        if sortie.etat == EtatSortie.CLOSE:
            _apporter_les_billets(session, sortie, maintenant)


def _apporter_les_billets(session: Session, sortie: Sortie, maintenant: datetime) -> None:
    contremarques.etablir(session, sortie.id, instant=maintenant, par=None)
    agent = session.scalars(select(Compte.id).where(Compte.role == Role.AGENT).order_by(Compte.id).limit(1)).one()
    count = compter(session, sortie.id, maintenant).nombre
    if not count:
        return
    billets.compter(session, sortie.id, count, deja=0, instant=maintenant, par=agent)
    session.flush()  # what is handed out is counted against it
    booked = select(Inscription.id).where(
        Inscription.sortie_id == sortie.id, Inscription.etat == EtatInscription.CONFIRMEE
    )
    for key in session.scalars(booked.order_by(Inscription.id)).all()[::2]:
        billets.remettre(session, sortie.id, inscription_id=key, instant=maintenant, par=agent)
