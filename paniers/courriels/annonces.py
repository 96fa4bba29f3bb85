"""What families are told about their week: before the cut-off, the day before a pick-up, and when they did not come.

The first two are entry points of the timetable. Each finds households that are due a message and have none, some
hundreds at a time, each batch in a transaction of its own: twice, or two timetables at once, says nothing twice.

Before the cut-off a household reads **one** message a week: what the basket holds, as soon as that is published, which
also says until when it can change; or, where nothing is published thirty hours before, the reminder alone.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, func, or_, select, text
from sqlalchemy.orm import Session

from foyers.messages import Annonce, dire_a_plusieurs
from foyers.models_messages import Message, Sorte
from foyers.queries import MaisonVue, maisons
from kernel.clock import PARIS, paris
from kernel.db import reading, transaction
from kernel.documents import existing
from kernel.settings import get_settings
from paniers.agenda import Agenda, RendezVous, agenda
from paniers.cloture import ABONNES
from paniers.models.producteurs import Composition
from paniers.models.semaines import EtatPanier, Panier, Semaine
from paniers.queries.familles import Contenu, contenu
from paniers.regles.etats import EtatSemaine

PAR_LOT = 300
RAPPEL = timedelta(hours=30)
LA_VEILLE = time(10)
# No hand-out is moved further than that from its nominal day.
AU_PLUS_LOIN = timedelta(days=8)

# Whoever fetches a basket that week as things stand, and has not been told.
_A_PREVENIR = text(
    f"SELECT t.* FROM ({ABONNES.text}) t WHERE NOT t.a_donner AND NOT EXISTS "  # noqa: S608  (no value of anybody's is in it)
    "(SELECT 1 FROM message m WHERE m.cle = 'semaine:' || :semaine || ':' || t.foyer_id) LIMIT :lot"
)
_TOUS = 10_000_000


def annoncer_avant_cloture(instant: datetime) -> None:
    """Tell who has a basket in a week that can still be changed what it holds, or that the cut-off comes."""
    published = select(Composition.id).where(Composition.semaine_id == Semaine.id, Composition.publiee_le.is_not(None))
    with reading() as session:
        weeks = session.scalars(
            select(Semaine)
            .where(Semaine.etat == EtatSemaine.OUVERTE, Semaine.cloture_le > instant)
            .where(or_(published.exists(), Semaine.cloture_le <= instant + RAPPEL))
            .order_by(Semaine.retrait_le)
        ).all()
    for week in weeks:
        _par_lots(partial(_avant_cloture, week=week, instant=instant))


def annoncer_la_veille(instant: datetime) -> None:
    """Tell who has a basket to fetch where, when, and what is in it: from the day before at ten o'clock on."""
    day = instant.astimezone(PARIS).date()
    ahead = Semaine.retrait_le.between(day - AU_PLUS_LOIN, day + AU_PLUS_LOIN)
    closed = Semaine.etat.in_((EtatSemaine.CLOTUREE, EtatSemaine.COMMANDEE, EtatSemaine.LIVREE))
    with reading() as session:
        weeks = session.scalars(select(Semaine).where(ahead, closed).order_by(Semaine.retrait_le)).all()
    for week in weeks:
        _par_lots(partial(_la_veille, week=week, instant=instant))


def annoncer_non_retires(session: Session, semaine_id: int) -> None:
    """The week is over: write kindly to whoever did not fetch their basket, with what became of it and what comes next.

    Whoever had said beforehand that the basket was to be given was not expected, and is told nothing.
    """
    week = session.get_one(Semaine, semaine_id)
    known, places = agenda(session, [week.id]), _places(session)
    baskets = session.scalars(
        select(Panier)
        .where(Panier.semaine_id == week.id, Panier.etat.in_((EtatPanier.NON_RETIRE, EtatPanier.DONNE)))
        .where(~Panier.a_donner)
        .order_by(Panier.id)
    ).all()
    for start in range(0, len(baskets), PAR_LOT):
        dire_a_plusieurs(
            session,
            [
                Annonce(
                    foyer_id=basket.foyer_id,
                    cle=f"panier:{basket.id}:non_retire",
                    modele="paniers/non_retire",
                    contexte=_lieu(known.rendez_vous(week, basket.maison_id), places)
                    | {"donne": basket.etat == EtatPanier.DONNE, "lien": _ma_semaine()},
                )
                for basket in baskets[start : start + PAR_LOT]
            ],
        )


def _par_lots(say: Callable[[Session], bool]) -> None:
    """Say it to one batch after another, each committed, until nobody is left."""
    more = True
    while more:
        with transaction() as session:
            more = say(session)


def _avant_cloture(session: Session, week: Semaine, instant: datetime) -> bool:
    due = session.execute(
        _A_PREVENIR,
        {
            "limite": instant,
            "retrait": week.retrait_le,
            "semaine": week.id,
            "apres": 0,
            "combien": _TOUS,
            "lot": PAR_LOT,
        },
    ).all()
    if not due:
        return False
    holds, known, places = contenu(session, week.id), agenda(session, [week.id]), _places(session)
    told = dire_a_plusieurs(session, [_avant(week, row, known, places, holds) for row in due])
    return bool(told)


def _avant(week: Semaine, row: Row[Any], known: Agenda, places: dict[int, MaisonVue], holds: Contenu | None) -> Annonce:
    rdv = known.rendez_vous(week, row.maison_id)
    return Annonce(
        foyer_id=row.foyer_id,
        cle=f"semaine:{week.id}:{row.foyer_id}",
        modele="paniers/composition" if holds else "paniers/dernier_moment",
        contexte=_lieu(rdv, places)
        | {
            "nombre": row.nombre,
            "cloture_le": week.cloture_le,
            "annulee": rdv.annulee,
            "produits": _produits(holds),
            "lien": _ma_semaine(),
        },
        sorte=Sorte.AVANT_CLOTURE,
        lettre=False,
        utile_jusqu_au=week.cloture_le.astimezone(PARIS).date(),
    )


def _la_veille(session: Session, week: Semaine, instant: datetime) -> bool:
    known, places = agenda(session, [week.id]), _places(session)
    due = [place for place in places if _est_la_veille(known.rendez_vous(week, place), instant)]
    told = select(Message.id).where(Message.cle == func.concat("retrait:", Panier.id))
    baskets = session.scalars(
        select(Panier)
        .where(Panier.semaine_id == week.id, Panier.etat == EtatPanier.A_REMETTRE, Panier.maison_id.in_(due))
        .where(~told.exists(), ~Panier.a_donner)
        .order_by(Panier.id)
        .limit(PAR_LOT)
    ).all()
    if not baskets:
        return False
    holds = contenu(session, week.id)
    made = existing(session, [f"bon:{basket.id}" for basket in baskets])
    notices = [_veille(basket, known.rendez_vous(week, basket.maison_id), places, holds, made) for basket in baskets]
    return bool(dire_a_plusieurs(session, notices))


def _veille(
    basket: Panier, rdv: RendezVous, places: dict[int, MaisonVue], holds: Contenu | None, made: set[str]
) -> Annonce:
    voucher = f"bon:{basket.id}"
    return Annonce(
        foyer_id=basket.foyer_id,
        cle=f"retrait:{basket.id}",
        modele="paniers/veille",
        contexte=_lieu(rdv, places)
        | {
            "nombre": basket.nombre,
            "numero": basket.numero,
            "bon_joint": voucher in made,
            "produits": _produits(holds),
            "lien": _ma_semaine(),
        },
        sorte=Sorte.RETRAIT,
        lettre=False,
        pieces=[voucher] if voucher in made else [],
        utile_jusqu_au=rdv.jour,
    )


def _est_la_veille(rdv: RendezVous, instant: datetime) -> bool:
    """From ten o'clock the day before until the hand-out is over: told late is better than never, after it no more."""
    return not rdv.annulee and paris(rdv.jour - timedelta(days=1), LA_VEILLE) <= instant < paris(rdv.jour, rdv.fin)


def _lieu(rdv: RendezVous, places: dict[int, MaisonVue]) -> dict[str, Any]:
    place = places[rdv.maison_id]
    return {
        "jour": rdv.jour,
        "debut": rdv.debut,
        "fin": rdv.fin,
        "lieu": place.nom,
        "adresse_lieu": f"{place.adresse}, {place.code_postal} {place.ville}",
    }


def _produits(holds: Contenu | None) -> Sequence[dict[str, str]]:
    products = holds.produits if holds else ()
    return [{"nom": one.nom, "quantite": one.quantite, "producteur": one.producteur} for one in products]


def _places(session: Session) -> dict[int, MaisonVue]:
    return {place.id: place for place in maisons(session, toutes=True)}


def _ma_semaine() -> str:
    return f"{get_settings().public_url}/ma-semaine"
