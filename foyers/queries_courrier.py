"""What the page of letters and calls reads: frozen rows, the same few queries whatever the number."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from foyers.courrier import a_appeler, a_imprimer, nom_du_referent
from foyers.models import Compte, Foyer, Maison
from foyers.models_messages import Appel, AppelEssai, Lettre, Liasse, Message
from kernel.documents import existing

LIASSES_MONTREES = 8
APPELS_MONTRES = 200


@dataclass(frozen=True, slots=True)
class LieuDuCourrier:
    """A maison, with how many letters wait there and how many calls remain."""

    id: int
    nom: str
    lettres: int
    appels: int


@dataclass(frozen=True, slots=True)
class LiasseVue:
    """Papers asked for at a maison; `prete` once the PDF is made, `combien` letters (0: a list of calls)."""

    id: int
    maison: str
    nature: str
    demandee_le: datetime
    par: str | None
    combien: int
    prete: bool


@dataclass(frozen=True, slots=True)
class AppelVu:
    """A call to make: whom, where, what to say, and what came of the last try."""

    id: int
    foyer_id: int
    qui: str
    maison: str
    telephone: str | None
    objet: str
    texte: str
    essais: int
    dernier: str | None
    dernier_le: datetime | None
    dernier_par: str | None


@dataclass(frozen=True, slots=True)
class LettreVue:
    """A letter as its page prints it."""

    qui: str
    objet: str
    texte: str
    ecrite_le: datetime


def lieux_du_courrier(session: Session, maison_ids: Collection[int] | None, instant: datetime) -> list[LieuDuCourrier]:
    """The maisons of these (None: all) with what waits there. Three queries."""
    letters, calls = (
        {
            row[0]: row[1]
            for row in session.execute(
                narrowed(select(table.message_id), instant)
                .with_only_columns(Foyer.maison_id, func.count())
                .group_by(Foyer.maison_id)
            )
        }
        for narrowed, table in ((a_imprimer, Lettre), (a_appeler, Appel))
    )
    reached = true() if maison_ids is None else Maison.id.in_(maison_ids)
    rows = session.execute(select(Maison.id, Maison.nom).where(reached, Maison.active).order_by(Maison.nom))
    return [LieuDuCourrier(row.id, row.nom, letters.get(row.id, 0), calls.get(row.id, 0)) for row in rows]


def liasses(session: Session, maison_ids: Collection[int] | None) -> list[LiasseVue]:
    """The last papers asked for at these maisons (None: all), the latest first."""
    reached = true() if maison_ids is None else Liasse.maison_id.in_(maison_ids)
    held = select(func.count()).where(Lettre.liasse_id == Liasse.id).correlate(Liasse).scalar_subquery()
    rows = session.execute(
        select(Liasse, Maison.nom, Compte.nom, held)
        .join(Maison, Maison.id == Liasse.maison_id)
        .outerjoin(Compte, Compte.id == Liasse.demandee_par)
        .where(reached)
        .order_by(Liasse.id.desc())
        .limit(LIASSES_MONTREES)
    ).all()
    ready = existing(session, [cle_de_liasse(row[0].id) for row in rows])
    return [
        LiasseVue(bundle.id, place, bundle.nature, bundle.demandee_le, by, count, cle_de_liasse(bundle.id) in ready)
        for bundle, place, by, count in rows
    ]


def appels(session: Session, maison_ids: Collection[int] | None, instant: datetime) -> list[AppelVu]:
    """The calls that remain at these maisons (None: all): the least often tried first. Two queries."""
    reached = true() if maison_ids is None else Foyer.maison_id.in_(maison_ids)
    rows = session.execute(
        a_appeler(select(Appel.message_id), instant)
        .join(Maison, Maison.id == Foyer.maison_id)
        .where(reached)
        .with_only_columns(Appel, Foyer.id, nom_du_referent(), Maison.nom, Foyer.telephone, maintain_column_froms=True)
        .order_by(Maison.nom, Foyer.nom_plie, Appel.message_id)
        .limit(APPELS_MONTRES)
    ).all()
    tries: dict[int, list[tuple[str, datetime, str | None]]] = {}
    for appel_id, resultat, le, by in session.execute(
        select(AppelEssai.appel_id, AppelEssai.resultat, AppelEssai.le, Compte.nom)
        .outerjoin(Compte, Compte.id == AppelEssai.par)
        .where(AppelEssai.appel_id.in_([row[0].message_id for row in rows]))
        .order_by(AppelEssai.id)
    ):
        tries.setdefault(appel_id, []).append((resultat, le, by))
    made = [_appel(row[0], row[1:], tries.get(row[0].message_id, [])) for row in rows]
    return sorted(made, key=lambda one: one.essais)


def lettres_de(session: Session, liasse_id: int) -> list[LettreVue]:
    """The letters of a bundle, by name."""
    rows = session.execute(
        select(nom_du_referent(), Lettre.objet, Lettre.texte, Message.ecrit_le)
        .select_from(Lettre)
        .join(Message, Message.id == Lettre.message_id)
        .join(Foyer, Foyer.id == Message.foyer_id)
        .where(Lettre.liasse_id == liasse_id)
        .order_by(Foyer.nom_plie, Lettre.message_id)
    )
    return [LettreVue(*row) for row in rows]


def cle_de_liasse(liasse_id: int) -> str:
    """The key of its document."""
    return f"liasse:{liasse_id}"


def _appel(appel: Appel, whom: Sequence[Any], tries: list[tuple[str, datetime, str | None]]) -> AppelVu:
    who = dict(zip(("foyer_id", "qui", "maison", "telephone"), whom, strict=True))
    last, at, by = tries[-1] if tries else (None, None, None)
    return AppelVu(
        id=appel.message_id,
        **who,
        objet=appel.objet,
        texte=appel.texte,
        essais=len(tries),
        dernier=last,
        dernier_le=at,
        dernier_par=by,
    )
