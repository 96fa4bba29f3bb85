"""What the page of the reconciliation reads: how far it has come, both sides summed, each difference and its story."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import LazyString
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from foyers.models import Compte
from kernel.web.words import _l
from paiements.rapprochement import comparaison
from paiements.rapprochement.comparaison import Total
from paiements.rapprochement.models import Ecart, Rapprochement
from paiements.rapprochement.nuit import ouvert

MONTRES = 200
NOMS: Mapping[str, LazyString] = {
    "paiement": _l("Paiement"),
    "remboursement": _l("Remboursement"),
    "litige": _l("Paiement repris par une banque"),
    "frais": _l("Frais de Stripe"),
    "virement": _l("Virement à la banque"),
    "versement": _l("Versement d’une caisse"),
    "autre": _l("Autre mouvement"),
}

_QUI = text(
    """
    SELECT v.piece, m.prenom || ' ' || m.nom AS qui
    FROM unnest(CAST(:pieces AS text[])) AS v(piece)
    LEFT JOIN paiement p ON v.piece = 'paiement:' || p.id
    LEFT JOIN remboursement r ON v.piece = 'remboursement:' || r.id
    LEFT JOIN litige l ON v.piece = 'litige:' || l.id
    JOIN membre m ON m.foyer_id = coalesce(p.foyer_id, r.foyer_id, l.foyer_id) AND m.referent
    """
)


@dataclass(frozen=True, slots=True)
class Etat:
    """How far the last reconciliation has come, and what each side makes of each nature up to there."""

    jour: date
    fait_le: datetime
    totaux: Sequence[Total]

    @property
    def differe(self) -> bool:
        """Whether a nature's two sides are not the same, all explained or not."""
        return any(one.ailleurs != one.grand_livre for one in self.totaux)


@dataclass(frozen=True, slots=True)
class EcartMontre:
    """A difference, in centimes; `qui` is the household behind it. `resolu_par`, `motif`: once it is resolved."""

    id: int
    piece: str
    nature: str
    ailleurs: int
    grand_livre: int
    constate_le: datetime
    qui: str | None
    resolu_le: datetime | None
    resolu_par: str | None
    motif: str | None

    @property
    def difference(self) -> int:
        return self.ailleurs - self.grand_livre


def etat(session: Session) -> Etat | None:
    """The last reconciliation that was done; None before the first."""
    done = select(Rapprochement).where(Rapprochement.fait_le.is_not(None)).order_by(Rapprochement.jour.desc()).limit(1)
    last = session.scalars(done).one_or_none()
    if last is None or last.fait_le is None or last.jusqu_a is None:
        return None
    return Etat(last.jour, last.fait_le, comparaison.totaux(session, last.jusqu_a))


def ecarts(session: Session) -> Sequence[EcartMontre]:
    """The differences that are open, eldest first."""
    rows = session.scalars(select(Ecart).where(ouvert()).order_by(Ecart.constate_le, Ecart.id).limit(MONTRES)).all()
    return _montres(session, rows)


def resolus(session: Session) -> Sequence[EcartMontre]:
    """The differences of which somebody has said why, latest first."""
    said = select(Ecart).where(Ecart.resolu_le.is_not(None)).order_by(Ecart.resolu_le.desc()).limit(MONTRES)
    return _montres(session, session.scalars(said).all())


def ecart(session: Session, ecart_id: int) -> EcartMontre | None:
    found = session.get(Ecart, ecart_id)
    return _montres(session, [found])[0] if found else None


def _montres(session: Session, rows: Sequence[Ecart]) -> list[EcartMontre]:
    people = _qui(session, [row.piece for row in rows])
    authors = {row.resolu_par for row in rows if row.resolu_par}
    names = {one.id: one.nom for one in session.execute(select(Compte.id, Compte.nom).where(Compte.id.in_(authors)))}
    return [
        EcartMontre(
            row.id, row.piece, row.nature, row.ailleurs, row.grand_livre, row.constate_le, people.get(row.piece),
            row.resolu_le, names.get(row.resolu_par or 0), row.motif,
        )
        for row in rows
    ]  # fmt: skip


def _qui(session: Session, pieces: Sequence[str]) -> Mapping[str, str]:
    """The household that each thing is about, where there is one, by one query."""
    if not pieces:
        return {}
    return {row.piece: row.qui for row in session.execute(_QUI, {"pieces": list(pieces)})}
