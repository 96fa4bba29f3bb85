"""What has long been owed, what was handed to the Treasury, and its lists; a fixed number of queries each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from foyers.models import Foyer, Maison, Membre
from kernel.errors import Introuvable
from paiements.models.en_ligne import PARMI_EN_ROUTE
from paiements.models.regie import ActeRegie, Regie
from paiements.models.restes import EtatRestes, Reste
from paiements.queries.caisse import numero_de

ETATS_MONTRES = 50

# Money settles the oldest debt first, so what is old is what the debits of since do not explain. What is on its way
# from a card or an account is no debt.
_A_RECOUVRER = text(
    """
    WITH dus AS (
        SELECT m.foyer_id, sum(m.montant) AS solde,
               coalesce(sum(m.montant) FILTER (WHERE m.montant > 0 AND e.jour > :au), 0) AS recent,
               coalesce(-sum(m.montant) FILTER (WHERE m.montant < 0), 0) AS credit
        FROM mouvement m JOIN ecriture e ON e.id = m.ecriture_id
        WHERE m.foyer_id IS NOT NULL GROUP BY m.foyer_id HAVING sum(m.montant) >= :seuil
    ), anciens AS (
        SELECT d.foyer_id, d.credit, least(d.solde - d.recent, d.solde - coalesce((
                   SELECT sum(p.montant) FROM paiement p WHERE p.foyer_id = d.foyer_id AND p.nature = 'prelevement'
                   AND p.etat IN :en_route), 0)) AS montant
        FROM dus d
    )
    SELECT a.foyer_id, b.prenom, b.nom, x.nom AS maison, CAST(a.montant AS integer) AS montant, (
        SELECT min(l.jour) FROM (
            SELECT e.jour, sum(m.montant) OVER (ORDER BY e.jour, e.id, m.id) AS debite
            FROM mouvement m JOIN ecriture e ON e.id = m.ecriture_id
            WHERE m.foyer_id = a.foyer_id AND m.montant > 0) l
        WHERE l.debite > a.credit) AS depuis
    FROM anciens a JOIN foyer f ON f.id = a.foyer_id JOIN maison x ON x.id = f.maison_id
    JOIN membre b ON b.foyer_id = f.id AND b.referent
    WHERE a.montant >= :seuil ORDER BY depuis, a.foyer_id
    """
).bindparams(PARMI_EN_ROUTE)


@dataclass(frozen=True, slots=True)
class ARecouvrer:
    """What a household has owed since `depuis`, in centimes; debts up to the day `arrete_au` count."""

    foyer_id: int
    prenom: str
    nom: str
    maison: str
    montant: int
    depuis: date
    arrete_au: date


@dataclass(frozen=True, slots=True)
class EtatVu:
    """A list handed over; `montant` is what of it was not taken back, in centimes."""

    id: int
    numero: str
    jour: date
    arrete_au: date
    prise_en_charge_le: datetime | None
    familles: int
    montant: int


@dataclass(frozen=True, slots=True)
class ResteVu:
    """One debt of a list, and whose; `numero` is its place on the list."""

    id: int
    etat_id: int
    numero: int
    foyer_id: int
    prenom: str
    nom: str
    maison: str
    email: str | None
    telephone: str | None
    montant: int
    depuis: date
    repris_le: datetime | None
    motif: str | None


def numero_d_etat(code: str, annee: int, numero: int) -> str:
    """``R-PAN-2026-00001``."""
    return numero_de(f"R-{code}", annee, numero)


def a_recouvrer(session: Session, act: ActeRegie, jour: date) -> list[ARecouvrer]:
    """Who owes what for longer, and more, than the act leaves to the régie on `jour`; the oldest first."""
    until = jour - timedelta(days=act.titres_apres_jours)
    rows = session.execute(_A_RECOUVRER, {"au": until, "seuil": act.titres_des})
    return [ARecouvrer(row.foyer_id, row.prenom, row.nom, row.maison, row.montant, row.depuis, until) for row in rows]


def etats(session: Session, etat_id: int | None = None) -> list[EtatVu]:
    """The lists handed over, newest first; or that one alone."""
    kept = Reste.repris_le.is_(None)
    query = (
        select(
            EtatRestes,
            Regie.code,
            func.count().filter(kept).label("familles"),
            func.coalesce(func.sum(Reste.montant).filter(kept), 0).label("montant"),
        )
        .join(Regie, Regie.id == EtatRestes.regie_id)
        .join(Reste, Reste.etat_id == EtatRestes.id)
        .group_by(EtatRestes.id, Regie.code)
        .order_by(EtatRestes.id.desc())
        .limit(ETATS_MONTRES)
    )
    if etat_id is not None:
        query = query.where(EtatRestes.id == etat_id)
    return [
        EtatVu(
            row.EtatRestes.id,
            numero_d_etat(row.code, row.EtatRestes.annee, row.EtatRestes.numero),
            row.EtatRestes.jour,
            row.EtatRestes.arrete_au,
            row.EtatRestes.prise_en_charge_le,
            row.familles,
            int(row.montant),
        )
        for row in session.execute(query)
    ]


def etat(session: Session, etat_id: int) -> EtatVu:
    """One list. Raises Introuvable."""
    found = etats(session, etat_id)
    if not found:
        raise Introuvable
    return found[0]


def restes(session: Session, etat_id: int) -> Sequence[ResteVu]:
    """The debts of a list, in the order in which it names them."""
    rows = session.execute(
        select(Reste, Membre.prenom, Membre.nom, Maison.nom.label("maison"), Foyer.email, Foyer.telephone)
        .join(Foyer, Foyer.id == Reste.foyer_id)
        .join(Maison, Maison.id == Foyer.maison_id)
        .join(Membre, (Membre.foyer_id == Foyer.id) & Membre.referent)
        .where(Reste.etat_id == etat_id)
        .order_by(Reste.id)
    )
    return [
        ResteVu(
            row.Reste.id,
            etat_id,
            number,
            row.Reste.foyer_id,
            row.prenom,
            row.nom,
            row.maison,
            row.email,
            row.telephone,
            row.Reste.montant,
            row.Reste.depuis,
            row.Reste.repris_le,
            row.Reste.motif,
        )
        for number, row in enumerate(rows, 1)
    ]


def reste(session: Session, reste_id: int) -> tuple[EtatVu, ResteVu]:
    """One debt, and its list. Raises Introuvable."""
    found = session.get(Reste, reste_id)
    if found is None:
        raise Introuvable
    return etat(session, found.etat_id), next(one for one in restes(session, found.etat_id) if one.id == reste_id)
