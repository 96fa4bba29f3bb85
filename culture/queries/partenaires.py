"""What a venue reads of an outing, and what the coordination reads of its venues; a fixed number of queries each.

A venue reads figures. Names only where it, or the outing, wants them, and only once the list is closed.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from culture.contremarques import numero
from culture.effectifs import Effectif, compter, lire_detail
from culture.models.inscriptions import Inscription, PlaceSortie
from culture.models.soiree import Contremarque, DemandeLieu, EffectifEnvoye, ReponseLieu
from culture.models.sorties import Lieu, Sortie
from culture.partenaires import (
    LIBELLES_POSITION,
    GenreReponse,
    Position,
    empreinte_lue,
    places_demandees,
    position,
)
from culture.queries.soiree import accompagnateurs
from culture.regles.etats import EtatInscription, EtatSortie
from foyers.models import Compte, Maison
from kernel import documents
from kernel.errors import Introuvable


@dataclass(frozen=True, slots=True)
class ReponseVue:
    """What the venue did, and when."""

    genre: str
    places: int
    conditions: str
    message: str
    le: datetime


@dataclass(frozen=True, slots=True)
class ContremarqueVue:
    """A group voucher; `remplacee_par` is the number of the one that replaces it."""

    id: int
    numero: str
    nombre: int
    faite_le: datetime
    prete: bool
    remplacee_par: str | None


@dataclass(frozen=True, slots=True)
class DossierLieu:
    """An outing and its venue, as its page and the coordination's show them; `cout_place` is centimes."""

    sortie_id: int
    lieu_id: int
    titre: str
    etat: str
    lieu: str
    adresse: str
    contact: str
    email: str | None
    telephone: str | None
    maison: str
    maison_telephone: str
    debut_le: datetime
    fin_le: datetime
    cloture_le: datetime
    cout_place: int
    privilege: str
    effectif: Effectif
    demandees: int
    position: Position
    lue: str
    equipe: tuple[str, ...]
    noms_demandes: bool
    noms: tuple[str, ...]
    reponses: tuple[ReponseVue, ...]
    contremarques: tuple[ContremarqueVue, ...]

    @property
    def position_en_mots(self) -> str:
        return LIBELLES_POSITION[self.position]

    @property
    def derniere(self) -> ReponseVue | None:
        """The answer that counts."""
        answers = [one for one in self.reponses if one.genre in (GenreReponse.CONFIRMEE, GenreReponse.ECART)]
        return answers[-1] if answers else None

    @property
    def annulee(self) -> bool:
        return self.etat == EtatSortie.ANNULEE

    @property
    def close(self) -> bool:
        return self.etat in (EtatSortie.CLOSE, EtatSortie.TENUE)

    @property
    def cout(self) -> int:
        """What the seats asked for cost, in centimes."""
        return self.demandees * self.cout_place

    def a_venir(self, instant: datetime) -> bool:
        """Whether the venue may still answer."""
        return self.etat not in (EtatSortie.ANNULEE, EtatSortie.TENUE) and instant < self.debut_le


@dataclass(frozen=True, slots=True)
class Etape:
    """Something that passed between the two, for the coordination: `sorte` says what."""

    le: datetime
    sorte: str
    nombre: int = 0
    texte: str = ""
    par: str = ""


@dataclass(frozen=True, slots=True)
class LieuDuneSortie:
    """A line of the coordination's list of venues."""

    sortie_id: int
    titre: str
    lieu: str
    email: str | None
    debut_le: datetime
    demandees: int
    position: Position
    mot: ReponseVue | None

    @property
    def position_en_mots(self) -> str:
        return LIBELLES_POSITION[self.position]


def dossier(session: Session, sortie_id: int, instant: datetime) -> DossierLieu:
    """One outing with its venue; about nine small queries. Raises Introuvable."""
    found = session.execute(
        select(Sortie, Lieu, Maison.nom, Maison.telephone)
        .join(Lieu, Lieu.id == Sortie.lieu_id)
        .join(Maison, Maison.id == Sortie.maison_id)
        .where(Sortie.id == sortie_id)
    ).one_or_none()
    if found is None:
        raise Introuvable
    sortie, lieu, maison, maison_telephone = found
    head_count = compter(session, sortie.id, instant)
    asked = places_demandees(sortie, head_count)
    answers = _reponses(session, [sortie.id])[sortie.id]
    named = lieu.noms_demandes or sortie.noms_demandes
    return DossierLieu(
        sortie_id=sortie.id,
        lieu_id=lieu.id,
        titre=sortie.titre,
        etat=sortie.etat,
        lieu=lieu.nom,
        adresse=f"{lieu.adresse}, {lieu.code_postal} {lieu.ville}",
        contact=lieu.contact,
        email=lieu.email,
        telephone=lieu.telephone,
        maison=maison,
        maison_telephone=maison_telephone,
        debut_le=sortie.debut_le,
        fin_le=sortie.debut_le + timedelta(minutes=sortie.duree_minutes),
        cloture_le=sortie.cloture_le,
        cout_place=sortie.cout_place,
        privilege=sortie.privilege,
        effectif=head_count,
        demandees=asked,
        position=position(_demandes(session, [sortie.id])[sortie.id], answers, sortie, asked),
        lue=empreinte_lue(sortie, head_count),
        equipe=tuple(accompagnateurs(session, sortie.id)),
        noms_demandes=named,
        noms=_noms(session, sortie.id) if named and sortie.etat == EtatSortie.CLOSE else (),
        reponses=tuple(map(_reponse, answers)),
        contremarques=_contremarques(session, sortie),
    )


def etapes(session: Session, sortie_id: int) -> list[Etape]:
    """All that passed between the outing and its venue, the last first. Five queries."""
    asked = session.execute(
        select(DemandeLieu, Compte.nom)
        .outerjoin(Compte, Compte.id == DemandeLieu.par)
        .where(DemandeLieu.sortie_id == sortie_id)
    )
    told = session.scalars(select(EffectifEnvoye).where(EffectifEnvoye.sortie_id == sortie_id))
    made = session.scalars(select(Contremarque).where(Contremarque.sortie_id == sortie_id))
    sortie = session.get_one(Sortie, sortie_id)
    steps = [
        *(Etape(one.le, "courriel" if one.par_courriel else "lien", par=who or "") for one, who in asked),
        *(
            Etape(one.le, one.genre, one.places, " ".join(filter(None, (one.conditions, one.message))))
            for one in _reponses(session, [sortie_id])[sortie_id]
        ),
        *(Etape(one.le, f"effectif{one.jalon}", one.nombre) for one in told),
        *(Etape(one.faite_le, "contremarque", one.nombre, numero(sortie, one.version)) for one in made),
    ]
    return sorted(steps, key=lambda step: step.le, reverse=True)


def lieux_des_sorties(session: Session, instant: datetime) -> list[LieuDuneSortie]:
    """Where the venue of each outing to come stands, the next first. Drafts too; cancelled ones not.

    Four queries, however many outings.
    """
    rows = session.execute(
        select(Sortie, Lieu)
        .join(Lieu, Lieu.id == Sortie.lieu_id)
        .where(Sortie.debut_le > instant, Sortie.etat != EtatSortie.ANNULEE)
        .order_by(Sortie.debut_le, Sortie.id)
    ).all()
    keys = [sortie.id for sortie, _lieu in rows]
    demands, answers, counts = _demandes(session, keys), _reponses(session, keys), _nombres(session, keys)
    return [_ligne(sortie, lieu, demands[sortie.id], answers[sortie.id], counts) for sortie, lieu in rows]


def _ligne(
    sortie: Sortie,
    lieu: Lieu,
    demandes: Sequence[DemandeLieu],
    reponses: Sequence[ReponseLieu],
    nombres: Mapping[int, int],
) -> LieuDuneSortie:
    asked = places_demandees(sortie, Effectif(adultes=nombres.get(sortie.id, 0)))
    words = [one for one in reponses if one.message or one.conditions]
    return LieuDuneSortie(
        sortie_id=sortie.id,
        titre=sortie.titre,
        lieu=lieu.nom,
        email=lieu.email,
        debut_le=sortie.debut_le,
        demandees=asked,
        position=position(demandes, reponses, sortie, asked),
        mot=_reponse(words[-1]) if words else None,
    )


def derniers_comptes(session: Session, sortie_id: int, avant: datetime) -> Effectif | None:
    """What the venue was last told before that instant, by a head-count or a group voucher; None: nothing yet."""
    told = session.execute(
        select(EffectifEnvoye.le, EffectifEnvoye.detail)
        .where(EffectifEnvoye.sortie_id == sortie_id, EffectifEnvoye.le < avant)
        .union_all(
            select(Contremarque.faite_le, Contremarque.detail).where(
                Contremarque.sortie_id == sortie_id, Contremarque.faite_le < avant
            )
        )
    ).all()
    return lire_detail(max(told, key=lambda row: row[0])[1]) if told else None


def _nombres(session: Session, keys: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(PlaceSortie.sortie_id)
        .join(Inscription, Inscription.id == PlaceSortie.inscription_id)
        .where(PlaceSortie.sortie_id.in_(keys), PlaceSortie.annulee_le.is_(None), PlaceSortie.remplace_id.is_(None))
        .where(Inscription.etat == EtatInscription.CONFIRMEE)
    )
    counts: dict[int, int] = defaultdict(int)
    for (key,) in rows:
        counts[key] += 1
    return counts


def _demandes(session: Session, keys: Sequence[int]) -> dict[int, list[DemandeLieu]]:
    return _par_sortie(
        session.scalars(select(DemandeLieu).where(DemandeLieu.sortie_id.in_(keys)).order_by(DemandeLieu.id))
    )


def _reponses(session: Session, keys: Sequence[int]) -> dict[int, list[ReponseLieu]]:
    return _par_sortie(
        session.scalars(select(ReponseLieu).where(ReponseLieu.sortie_id.in_(keys)).order_by(ReponseLieu.id))
    )


def _par_sortie(rows: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.sortie_id].append(row)
    return found


def _reponse(row: ReponseLieu) -> ReponseVue:
    return ReponseVue(row.genre, row.places, row.conditions, row.message, row.le)


def _noms(session: Session, sortie_id: int) -> tuple[str, ...]:
    rows = session.execute(
        select(PlaceSortie.nom, PlaceSortie.prenom)
        .join(Inscription, Inscription.id == PlaceSortie.inscription_id)
        .where(PlaceSortie.sortie_id == sortie_id, PlaceSortie.annulee_le.is_(None), PlaceSortie.remplace_id.is_(None))
        .where(Inscription.etat == EtatInscription.CONFIRMEE)
        .order_by(PlaceSortie.nom, PlaceSortie.prenom, PlaceSortie.id)
    )
    return tuple(f"{nom} {prenom}" for nom, prenom in rows)


def _contremarques(session: Session, sortie: Sortie) -> tuple[ContremarqueVue, ...]:
    """The last version first."""
    rows = session.scalars(
        select(Contremarque).where(Contremarque.sortie_id == sortie.id).order_by(Contremarque.version.desc())
    ).all()
    ready = documents.existing(session, [f"contremarque:{row.id}" for row in rows]) if rows else set()
    return tuple(
        ContremarqueVue(
            id=row.id,
            numero=numero(sortie, row.version),
            nombre=row.nombre,
            faite_le=row.faite_le,
            prete=f"contremarque:{row.id}" in ready,
            remplacee_par=numero(sortie, rows[rank - 1].version) if rank else None,
        )
        for rank, row in enumerate(rows)
    )
