"""What a household reads of itself: its passes, who may come, its bookings and what it waits for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Date, bindparam, exists, func, select
from sqlalchemy.orm import Session

from culture.attente import en_attente
from culture.grilles import bareme_au
from culture.models.inscriptions import Inscription, PlaceSortie
from culture.models.pass_culture import PassCulture
from culture.models.sorties import Sortie
from culture.queries.sorties import SortieVue, sorties_par_cle
from culture.regles.etats import OUVERTES, EtatInscription, EtatSortie
from foyers.models import Membre
from foyers.queries import quotients_au
from kernel.clock import PARIS
from kernel.documents import Document


@dataclass(frozen=True, slots=True)
class Compagnon:
    """Somebody of the household before an outing, and whether they may come."""

    id: int
    prenom: str
    nom: str
    adulte: bool
    pass_ok: bool
    pass_gratuit: bool
    deja: bool


@dataclass(frozen=True, slots=True)
class CarteVue:
    """A pass: whose, for which season, good until when; `prete` once its PDF is made."""

    id: int
    membre_id: int | None
    prenom: str
    nom: str
    saison: int
    du: date
    au: date
    prix: int
    annule: bool
    prete: bool

    def vaut(self, jour: date) -> bool:
        return not self.annule and self.du <= jour <= self.au


@dataclass(frozen=True, slots=True)
class PlaceVue:
    id: int
    prenom: str
    nom: str
    invite: bool
    adulte: bool
    prix: int
    besoins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InscriptionVue:
    """A booking or a request of a household; `rang` on the waiting list, 0 when it does not wait."""

    id: int
    foyer_id: int | None
    etat: str
    sortie: SortieVue
    places: tuple[PlaceVue, ...]
    expire_le: datetime | None
    rang: int

    @property
    def prix(self) -> int:
        return sum(place.prix for place in self.places)


def compagnons(session: Session, sortie: Sortie, foyer_id: int) -> list[Compagnon]:
    """The household's people, the referent first. One query."""
    day = sortie.debut_le.astimezone(PARIS).date()
    rows = session.execute(_COMPAGNONS, {"foyer": foyer_id, "sortie": sortie.id, "jour_sortie": day})
    return [
        Compagnon(
            row.id, row.prenom, row.nom, row.adulte, row.prix_du_pass is not None, row.prix_du_pass == 0, row.deja
        )
        for row in rows
    ]


def prix_des_places(
    session: Session, sortie: SortieVue, foyer_id: int, membres: Sequence[Compagnon], instant: datetime
) -> dict[int, int]:
    """What each of the household's people would pay for a seat, in centimes. Two queries."""
    grid = bareme_au(session, sortie.grille_id, instant.astimezone(PARIS).date())
    quotient = quotients_au(session, [foyer_id], instant, sortie.jour).get(foyer_id)
    return {one.id: grid.prix_de(pass_gratuit=one.pass_gratuit, quotient=quotient).centimes for one in membres}


_JOUR = bindparam("jour_sortie", type_=Date)
_COMPAGNONS = (
    select(
        Membre.id,
        Membre.prenom,
        Membre.nom,
        Membre.adulte,
        select(func.min(PassCulture.prix))
        .where(PassCulture.membre_id == Membre.id, PassCulture.annule_le.is_(None))
        .where(PassCulture.du <= _JOUR, PassCulture.au >= _JOUR)
        .scalar_subquery()
        .label("prix_du_pass"),
        exists()
        .where(PlaceSortie.membre_id == Membre.id, PlaceSortie.sortie_id == bindparam("sortie"))
        .where(PlaceSortie.annulee_le.is_(None), PlaceSortie.inscription_id == Inscription.id)
        .where(Inscription.foyer_id == Membre.foyer_id, Inscription.etat.in_(OUVERTES))
        .label("deja"),
    )
    .where(Membre.foyer_id == bindparam("foyer"))
    .order_by(Membre.referent.desc(), Membre.adulte.desc(), Membre.id)
)


def cartes(session: Session, foyer_id: int) -> list[CarteVue]:
    """The household's passes, the latest season first. One query."""
    rows = session.execute(
        select(PassCulture, Membre.prenom, Membre.nom, Document.key)
        .outerjoin(Membre, Membre.id == PassCulture.membre_id)
        .outerjoin(Document, Document.key == func.concat("pass:", PassCulture.id))
        .where(PassCulture.foyer_id == foyer_id)
        .order_by(PassCulture.saison.desc(), PassCulture.annule_le.isnot(None), PassCulture.id)
    )
    return [
        CarteVue(
            one.id,
            one.membre_id,
            prenom or "",
            nom or "",
            one.saison,
            one.du,
            one.au,
            one.prix,
            one.annule_le is not None,
            key is not None,
        )
        for one, prenom, nom, key in rows
    ]


def mes_inscriptions(session: Session, foyer_id: int, instant: datetime) -> list[InscriptionVue]:
    """What the household has booked, waits for or is offered, still to come, the next first."""
    rows = session.scalars(
        select(Inscription)
        .join(Sortie, Sortie.id == Inscription.sortie_id)
        .where(Inscription.foyer_id == foyer_id, Inscription.etat.in_(OUVERTES), Sortie.debut_le > instant)
        .order_by(Sortie.debut_le, Inscription.id)
    ).all()
    return _vues(session, rows)


def mes_sorties_passees(session: Session, foyer_id: int, instant: datetime, *, au_plus: int = 20) -> list[SortieVue]:
    """Outings that somebody of the household went to, the latest first."""
    keys = session.scalars(
        select(Inscription.sortie_id)
        .join(Sortie, Sortie.id == Inscription.sortie_id)
        .where(Inscription.foyer_id == foyer_id, Inscription.etat == EtatInscription.CONFIRMEE)
        .where(Sortie.debut_le <= instant, Sortie.etat != EtatSortie.ANNULEE)
        .group_by(Inscription.sortie_id)
        .order_by(func.max(Sortie.debut_le).desc())
        .limit(au_plus)
    ).all()
    seen = sorties_par_cle(session, keys)
    return [seen[key] for key in keys]


def inscription_vue(session: Session, inscription_id: int) -> InscriptionVue | None:
    """One inscription, whatever its state; those of its seats that were not given back."""
    found = session.get(Inscription, inscription_id)
    return _vues(session, [found])[0] if found is not None else None


def _vues(session: Session, rows: Sequence[Inscription]) -> list[InscriptionVue]:
    outings = sorties_par_cle(session, [row.sortie_id for row in rows])
    seats = session.scalars(
        select(PlaceSortie)
        .where(PlaceSortie.inscription_id.in_([row.id for row in rows]), PlaceSortie.annulee_le.is_(None))
        .order_by(PlaceSortie.id)
    ).all()
    waiting = {row.sortie_id for row in rows if row.etat == EtatInscription.EN_ATTENTE}
    ranks = {one.id: rank for key in waiting for rank, one in enumerate(en_attente(session, key), 1)}
    return [
        InscriptionVue(
            row.id,
            row.foyer_id,
            row.etat,
            outings[row.sortie_id],
            tuple(_place(seat) for seat in seats if seat.inscription_id == row.id),
            row.expire_le,
            ranks.get(row.id, 0),
        )
        for row in rows
    ]


def _place(seat: PlaceSortie) -> PlaceVue:
    return PlaceVue(seat.id, seat.prenom, seat.nom, seat.invite, seat.adulte, seat.prix, tuple(seat.besoins))
