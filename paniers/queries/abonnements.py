"""The subscriptions as the coordination lists them: fifty a page, found by a forgiving search."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from foyers.models import Foyer, Maison, Membre
from foyers.recherche import chercher_foyers
from paniers.models.semaines import Abonnement, AbonnementVersion, Pause

PAR_PAGE = 50


@dataclass(frozen=True, slots=True)
class AbonnementVu:
    """One subscription as it stands: no price, no quotient."""

    foyer_id: int
    famille: str
    maison: str
    nombre: int
    debut: date
    fin: date
    etat: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; pages count from 1."""

    lignes: list[AbonnementVu]
    total: int
    numero: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAR_PAGE))


def abonnements(session: Session, *, cherche: str, page: int, jour: date) -> Page:
    """The subscriptions by family name, or those that `cherche` may mean, the likeliest first. At most five queries."""
    found = [household.id for household in chercher_foyers(session, cherche, None)] if cherche else []
    wanted = _en_vigueur(jour)
    if cherche:
        wanted = wanted.where(Foyer.id.in_(found))
    total = session.scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
    number = min(max(page, 1), max(1, -(-total // PAR_PAGE)))
    rows = session.execute(wanted.limit(PAR_PAGE).offset((number - 1) * PAR_PAGE)).all()
    lines = [
        AbonnementVu(
            row.foyer_id,
            f"{row.nom} {row.prenom}".strip(),
            row.maison,
            row.nombre,
            row.debut,
            row.fin,
            _etat(row, jour),
        )
        for row in rows
    ]
    if cherche:
        lines.sort(key=lambda line: found.index(line.foyer_id))
    return Page(lines, total, number)


def _en_vigueur(jour: date) -> Select[int, str, str, str, int, date, date, bool]:
    paused = exists().where(
        Pause.abonnement_id == Abonnement.id, Pause.levee_le.is_(None), Pause.du <= jour, Pause.au >= jour
    )
    return (
        select(
            Foyer.id.label("foyer_id"),
            func.coalesce(Membre.nom, Foyer.nom).label("nom"),
            func.coalesce(Membre.prenom, "").label("prenom"),
            Maison.nom.label("maison"),
            AbonnementVersion.nombre,
            AbonnementVersion.debut,
            AbonnementVersion.fin,
            paused.label("en_pause"),
        )
        .join(Abonnement, Abonnement.id == AbonnementVersion.abonnement_id)
        .join(Foyer, Foyer.id == Abonnement.foyer_id)
        .join(Maison, Maison.id == AbonnementVersion.maison_id)
        .outerjoin(Membre, (Membre.foyer_id == Foyer.id) & Membre.referent)
        .where(AbonnementVersion.jusqu_a.is_(None), AbonnementVersion.debut <= AbonnementVersion.fin)
        .order_by(Foyer.nom_plie, Membre.prenom, Abonnement.id)
    )


def _etat(row: object, jour: date) -> str:
    """fini, a_venir, en_pause or en_cours, on that day."""
    first, last, paused = (getattr(row, name) for name in ("debut", "fin", "en_pause"))
    if last < jour:
        return "fini"
    if first > jour:
        return "a_venir"
    return "en_pause" if paused else "en_cours"
