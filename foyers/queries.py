"""What pages and other trades read about households: frozen rows, a bounded number of queries whatever the number."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, and_, any_, bindparam, exists, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from foyers.dossiers import place_du_qf
from foyers.models import Compte, Foyer, JustificatifQF, LectureQF, Maison, Membre, PieceQF
from foyers.quotient import SEMAINES_SANS_PREUVE, Lecture, fin_sans_preuve, qf_retenu, s_applique
from kernel.clock import now, today
from kernel.errors import Introuvable
from kernel.sealed import unseal


@dataclass(frozen=True, slots=True)
class MaisonVue:
    """A maison des habitants; `jours` are ISO weekdays, Monday 1."""

    id: int
    nom: str
    code: str
    adresse: str
    code_postal: str
    ville: str
    telephone: str
    jours: tuple[int, ...]
    retrait_debut: time
    retrait_fin: time
    places: int
    active: bool


@dataclass(frozen=True, slots=True)
class MembreVu:
    id: int
    prenom: str
    nom: str
    adulte: bool
    referent: bool


@dataclass(frozen=True, slots=True)
class CompteVu:
    id: int
    nom: str
    email: str | None
    telephone: str | None


@dataclass(frozen=True, slots=True)
class FoyerVu:
    """A household with its people; nothing of what it earns."""

    id: int
    nom: str
    maison: MaisonVue
    langue: str
    canal: str
    email: str | None
    telephone: str | None
    cree_le: datetime
    membres: tuple[MembreVu, ...]
    comptes: tuple[CompteVu, ...]

    @property
    def referent(self) -> MembreVu:
        return next(member for member in self.membres if member.referent)


class EtatQF(StrEnum):
    """How a quotient stands today."""

    A_VERIFIER = "a_verifier"
    SANS_PREUVE = "sans_preuve"
    VERIFIE = "verifie"
    EXPIRE = "expire"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class QFVu:
    """One quotient, opened: whole euros. `retenu` says whether it is the one that counts today."""

    id: int
    valeur: int
    mois: date
    source: str
    declare_le: datetime
    verifie_le: datetime | None
    refuse_le: datetime | None
    valide_jusqu_au: date | None
    etat: EtatQF
    retenu: bool
    motif: str | None = None

    @property
    def compte_jusqu_au(self) -> datetime:
        """Until when it counts though nobody has checked it."""
        return fin_sans_preuve(self.declare_le)


@dataclass(frozen=True, slots=True)
class QFAVerifier:
    """One line of the queue of quotients to check; the value stays sealed until an agent asks for it."""

    id: int
    foyer_id: int
    foyer: str
    referent: str
    maison: str
    mois: date
    declare_le: datetime
    compte_encore: bool
    avec_piece: bool

    @property
    def compte_jusqu_au(self) -> datetime:
        return fin_sans_preuve(self.declare_le)


@dataclass(frozen=True, slots=True)
class LectureVue:
    """An agent has read the household's quotients."""

    agent: str
    motif: str
    le: datetime


def quotients_au(session: Session, foyer_ids: Sequence[int], instant: datetime, jour: date) -> dict[int, int]:
    """The quotient (whole euros) that counts for each household at the cut-off `instant`, for pick-up day `jour`.

    One query for any number of households; those without an applicable quotient are absent: they pay the top price.
    """
    oldest = instant - timedelta(weeks=SEMAINES_SANS_PREUVE)
    given = {"foyers": list(foyer_ids), "instant": instant, "sans_preuve_depuis": oldest, "jour": jour}
    rows = session.execute(_QUOTIENTS, given)
    by_household: dict[int, list[Lecture]] = {}
    for row in rows:
        value = int(unseal(row.valeur_scellee, place_du_qf(row.foyer_id)))
        by_household.setdefault(row.foyer_id, []).append(_lecture(row, value))
    kept = {foyer_id: qf_retenu(known, instant=instant, jour=jour) for foyer_id, known in by_household.items()}
    return {foyer_id: lecture.valeur for foyer_id, lecture in kept.items() if lecture is not None}


def maisons(session: Session, *, toutes: bool = False) -> list[MaisonVue]:
    """The maisons that hand out baskets, by name; with `toutes`, closed ones as well."""
    found = session.scalars(select(Maison).where(true() if toutes else Maison.active).order_by(Maison.nom))
    return [_maison(maison) for maison in found]


def maison(session: Session, maison_id: int) -> MaisonVue:
    """Raises Introuvable."""
    found = session.get(Maison, maison_id)
    if found is None:
        raise Introuvable
    return _maison(found)


def foyer(session: Session, foyer_id: int) -> FoyerVu:
    """A household, its people and accounts, in three queries. Raises Introuvable."""
    found = session.execute(
        select(Foyer, Maison).join(Maison, Maison.id == Foyer.maison_id).where(Foyer.id == foyer_id)
    ).one_or_none()
    if found is None:
        raise Introuvable
    row, place = found
    members = session.scalars(
        select(Membre)
        .where(Membre.foyer_id == foyer_id)
        .order_by(Membre.referent.desc(), Membre.adulte.desc(), Membre.id)
    )
    accounts = session.scalars(select(Compte).where(Compte.foyer_id == foyer_id, Compte.actif).order_by(Compte.id))
    return FoyerVu(
        id=row.id,
        nom=row.nom,
        maison=_maison(place),
        langue=row.langue,
        canal=row.canal,
        email=row.email,
        telephone=row.telephone,
        cree_le=row.cree_le,
        membres=tuple(MembreVu(m.id, m.prenom, m.nom, m.adulte, m.referent) for m in members),
        comptes=tuple(CompteVu(c.id, c.nom, c.email, c.telephone) for c in accounts),
    )


def historique_qf(session: Session, foyer_id: int) -> list[QFVu]:
    """A household's quotients, the latest first, opened: for its own page. An agent reads by `lire_qf`."""
    rows = session.execute(
        select(*_COLONNES, JustificatifQF.valeur_scellee, JustificatifQF.refus_motif)
        .where(JustificatifQF.foyer_id == foyer_id)
        .order_by(JustificatifQF.declare_le.desc(), JustificatifQF.id.desc())
    ).all()
    instant, day = now(), today()
    opened = [(row, _lecture(row, int(unseal(row.valeur_scellee, place_du_qf(foyer_id))))) for row in rows]
    kept = qf_retenu((lecture for _, lecture in opened), instant=instant, jour=day)
    return [_vu(row, lecture, retenu=lecture is kept, instant=instant, day=day) for row, lecture in opened]


def lire_qf(session: Session, foyer_id: int, *, agent: int, motif: str) -> list[QFVu]:
    """A household's quotients for an agent (an account), who says why: the reading itself is written down."""
    session.add(LectureQF(foyer_id=foyer_id, compte_id=agent, motif=motif, le=now()))
    session.flush()  # no value is opened before the database has taken the reading
    return historique_qf(session, foyer_id)


def lectures_qf(session: Session, foyer_id: int, *, limite: int = 20) -> list[LectureVue]:
    """Who has read the household's quotients, when and why, the latest first."""
    rows = session.execute(
        select(Compte.nom, LectureQF.motif, LectureQF.le)
        .join(Compte, Compte.id == LectureQF.compte_id)
        .where(LectureQF.foyer_id == foyer_id)
        .order_by(LectureQF.le.desc(), LectureQF.id.desc())
        .limit(limite)
    )
    return [LectureVue(row.nom, row.motif, row.le) for row in rows]


def qf_a_verifier(session: Session, maison_ids: Collection[int] | None, *, limite: int = 100) -> list[QFAVerifier]:
    """Quotients that nobody has checked yet in these maisons (None: all), the oldest first."""
    here = true() if maison_ids is None else Foyer.maison_id.in_(maison_ids)
    rows = session.execute(
        select(
            JustificatifQF.id,
            JustificatifQF.foyer_id,
            Foyer.nom,
            Membre.prenom,
            Membre.nom.label("nom_referent"),
            Maison.nom.label("maison"),
            JustificatifQF.mois,
            JustificatifQF.declare_le,
            exists().where(PieceQF.justificatif_id == JustificatifQF.id).label("avec_piece"),
        )
        .join(Foyer, Foyer.id == JustificatifQF.foyer_id)
        .join(Maison, Maison.id == Foyer.maison_id)
        .join(Membre, and_(Membre.foyer_id == Foyer.id, Membre.referent))
        .where(JustificatifQF.verifie_le.is_(None), JustificatifQF.refuse_le.is_(None), here)
        .order_by(JustificatifQF.declare_le, JustificatifQF.id)
        .limit(limite)
    )
    instant = now()
    return [
        QFAVerifier(
            id=row.id,
            foyer_id=row.foyer_id,
            foyer=row.nom,
            referent=f"{row.prenom} {row.nom_referent}",
            maison=row.maison,
            mois=row.mois,
            declare_le=row.declare_le,
            compte_encore=instant < fin_sans_preuve(row.declare_le),
            avec_piece=row.avec_piece,
        )
        for row in rows
    ]


# The key, then what a Lecture holds after its value, in that order.
_COLONNES = (
    JustificatifQF.id,
    JustificatifQF.mois,
    JustificatifQF.source,
    JustificatifQF.declare_le,
    JustificatifQF.verifie_le,
    JustificatifQF.refuse_le,
    JustificatifQF.valide_jusqu_au,
)


_INSTANT = bindparam("instant", type_=DateTime(timezone=True))
_DECLARES = select(*_COLONNES, JustificatifQF.foyer_id, JustificatifQF.valeur_scellee).where(
    JustificatifQF.foyer_id == any_(bindparam("foyers", type_=ARRAY(BigInteger)))
)
# Leaves out what `qf_retenu` would never keep, so that little is opened; the rule itself stays there. Built once.
_QUOTIENTS = (
    _DECLARES.where(JustificatifQF.declare_le <= _INSTANT)
    .where(or_(JustificatifQF.refuse_le.is_(None), JustificatifQF.refuse_le > _INSTANT))
    .where(
        or_(
            JustificatifQF.declare_le > bindparam("sans_preuve_depuis", type_=DateTime(timezone=True)),
            JustificatifQF.valide_jusqu_au >= bindparam("jour", type_=Date),
        )
    )
)


def _lecture(row: Sequence[Any], valeur: int) -> Lecture:
    return Lecture(valeur, *row[1 : len(_COLONNES)])


def _vu(row: Any, lecture: Lecture, *, retenu: bool, instant: datetime, day: date) -> QFVu:
    return QFVu(
        id=row.id,
        valeur=lecture.valeur,
        mois=lecture.mois,
        source=lecture.source,
        declare_le=lecture.declare_le,
        verifie_le=lecture.verifie_le,
        refuse_le=lecture.refuse_le,
        valide_jusqu_au=lecture.valide_jusqu_au,
        etat=_etat(lecture, instant, day),
        retenu=retenu,
        motif=row.refus_motif,
    )


def _etat(lecture: Lecture, instant: datetime, day: date) -> EtatQF:
    if lecture.refuse_le is not None:
        return EtatQF.REFUSE
    applies = s_applique(lecture, instant, day, SEMAINES_SANS_PREUVE)
    if lecture.verifie_le is not None:
        return EtatQF.VERIFIE if applies else EtatQF.EXPIRE
    return EtatQF.A_VERIFIER if applies else EtatQF.SANS_PREUVE


def _maison(row: Maison) -> MaisonVue:
    return MaisonVue(
        id=row.id,
        nom=row.nom,
        code=row.code,
        adresse=row.adresse,
        code_postal=row.code_postal,
        ville=row.ville,
        telephone=row.telephone,
        jours=tuple(row.jours),
        retrait_debut=row.retrait_debut,
        retrait_fin=row.retrait_fin,
        places=row.places,
        active=row.active,
    )
