"""What the coordination reads of a week: its steps, its figures, its orders. A bounded number of queries a page."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from foyers.models import Maison
from kernel.clock import paris
from kernel.documents import existing
from kernel.errors import Introuvable
from kernel.mail import Mail
from paiements.models.en_ligne import Echeance
from paniers.agenda import agenda
from paniers.cloture import ABONNES, TOUS
from paniers.documents.fichiers import cle_de_commande
from paniers.models.producteurs import Commande, Composition, Offre, Producteur
from paniers.models.retrait import Arrivee
from paniers.models.semaines import EtatPanier, Panier, Semaine, SemaineEtape
from paniers.regles.etats import EtatSemaine
from paniers.regles.suivi import Echeancier

# The closing's own statement, counted by maison: what is foreseen is what would be closed now.
_PREVUS = text(
    "SELECT m.id, m.nom, count(*) AS familles, sum(d.nombre) AS paniers"  # noqa: S608  (no value comes from outside)
    f" FROM ({ABONNES.text}) AS d JOIN maison m ON m.id = d.maison_id GROUP BY m.id ORDER BY m.nom"
)


class AucuneSemaine(Introuvable):
    """No week has ever been opened."""


@dataclass(frozen=True, slots=True)
class SemaineVue:
    """A week, and the ones beside it by code."""

    id: int
    code: str
    retrait_le: date
    etat: str
    cloture_le: datetime
    precedente: str | None
    suivante: str | None

    @property
    def ouverte(self) -> bool:
        return self.etat == EtatSemaine.OUVERTE


@dataclass(frozen=True, slots=True)
class ParMaison:
    """Households and baskets of one maison; `remis`, `donnes` and `restes` (not fetched) count baskets."""

    maison_id: int
    maison: str
    familles: int
    paniers: int
    remis: int = 0
    donnes: int = 0
    restes: int = 0


@dataclass(frozen=True, slots=True)
class Montants:
    """Centimes. `prix` is what households pay, `cout` what the baskets cost: as ordered, else as reckoned."""

    prix: int
    cout: int

    @property
    def participation(self) -> int:
        return self.cout - self.prix


@dataclass(frozen=True, slots=True)
class Paiements:
    """How many households owe for this week, how many have paid; what is left, in centimes."""

    echeances: int
    reglees: int
    reste: int

    @property
    def restantes(self) -> int:
        return self.echeances - self.reglees


@dataclass(frozen=True, slots=True)
class CommandeVue:
    """An order as the coordination follows it; amounts in centimes."""

    id: int
    numero: str
    version: int
    producteur: str
    telephone: str
    etat: str
    total: int
    emise_le: datetime
    envoyee_le: datetime | None
    repondue_le: datetime | None
    message: str | None
    pdf: bool
    csv: bool


@dataclass(frozen=True, slots=True)
class CompositionVue:
    publiee_le: datetime | None
    poids: int | None
    cout: int | None


def semaine_demandee(session: Session, code: str | None) -> SemaineVue:
    """The week of that code, else the first that is not over, else the last. Raises Introuvable.

    A week that is stuck stays the first that is shown, whatever the date.
    """
    over = Semaine.etat.in_((EtatSemaine.TERMINEE, EtatSemaine.ANNULEE))
    if code:
        week = session.scalars(select(Semaine).where(Semaine.code == code)).one_or_none()
    else:
        first = select(Semaine).where(~over).order_by(Semaine.retrait_le).limit(1)
        last = select(Semaine).order_by(Semaine.retrait_le.desc()).limit(1)
        week = session.scalars(first).one_or_none() or session.scalars(last).one_or_none()
    if week is None and not code:
        raise AucuneSemaine
    if week is None:
        raise Introuvable("Cette semaine n’existe pas. Revenez à la semaine en cours.")
    return _vue(session, week)


def premiere_a_commander(session: Session) -> str | None:
    """The code of the first week whose orders have not gone out."""
    return session.scalar(
        select(Semaine.code)
        .where(Semaine.etat.in_((EtatSemaine.OUVERTE, EtatSemaine.CLOTUREE)))
        .order_by(Semaine.retrait_le)
        .limit(1)
    )


def echeancier(session: Session, semaine_id: int) -> Echeancier:
    """What the line of steps is drawn from. Four queries."""
    week = session.get_one(Semaine, semaine_id)
    known = agenda(session, [semaine_id])
    days = known.jours(week, known.heures) or [week.retrait_le]
    reached = session.execute(
        select(SemaineEtape.vers, func.max(SemaineEtape.le))
        .where(SemaineEtape.semaine_id == semaine_id)
        .group_by(SemaineEtape.vers)
    )
    have = select(Panier.maison_id).where(Panier.semaine_id == semaine_id, Panier.etat != EtatPanier.ANNULE)
    arrived = Arrivee.semaine_id == semaine_id, Arrivee.maison_id.in_(have)
    offers, published, maisons, arrivals = session.execute(
        select(
            select(func.count()).where(Offre.semaine_id == semaine_id).scalar_subquery(),
            select(Composition.publiee_le).where(Composition.semaine_id == semaine_id).scalar_subquery(),
            select(func.count()).select_from(have.distinct().subquery()).scalar_subquery(),
            select(func.count()).where(*arrived).scalar_subquery(),
        )
    ).one()
    return Echeancier(
        retrait_le=paris(days[0]),
        dernier_le=paris(days[-1]),
        offres_jusqu_a=week.offres_jusqu_a,
        publication_le=week.publication_le,
        cloture_le=week.cloture_le,
        commande_le=week.commande_le,
        etat=week.etat,
        offres=offers,
        publiee_le=published,
        faites=dict(reached.all()),
        arrivees=arrivals,
        maisons=maisons,
    )


def par_maison(session: Session, week: SemaineVue, now: datetime) -> list[ParMaison]:
    """Who receives what, where: frozen once closed, foreseen before (as the closing would do it now). One query."""
    if week.ouverte:
        limit = min(now, week.cloture_le)
        given = {"limite": limit, "retrait": week.retrait_le, "semaine": week.id, "apres": 0, "combien": TOUS}
        return [ParMaison(row.id, row.nom, row.familles, row.paniers) for row in session.execute(_PREVUS, given)]
    rows = session.execute(
        select(
            Maison.id,
            Maison.nom,
            func.count(),
            func.sum(Panier.nombre),
            _paniers(EtatPanier.REMIS),
            _paniers(EtatPanier.DONNE),
            _paniers(EtatPanier.NON_RETIRE),
        )
        .join(Panier, Panier.maison_id == Maison.id)
        .where(Panier.semaine_id == week.id, Panier.etat != EtatPanier.ANNULE)
        .group_by(Maison.id)
        .order_by(Maison.nom)
    )
    return [ParMaison(*row) for row in rows]


def _paniers(etat: EtatPanier) -> ColumnElement[int]:
    """How many baskets are in that state."""
    return func.coalesce(func.sum(Panier.nombre).filter(Panier.etat == etat), 0)


def montants(session: Session, week: SemaineVue) -> Montants | None:
    """What households pay and what the baskets cost; None before the closing, when prices are not known."""
    if week.ouverte:
        return None
    price, reckoned = session.execute(
        select(
            func.coalesce(func.sum(Panier.nombre * Panier.prix), 0),
            func.coalesce(func.sum(Panier.nombre * Panier.cout), 0),
        ).where(Panier.semaine_id == week.id, Panier.etat != EtatPanier.ANNULE)
    ).one()
    ordered = session.scalar(select(func.sum(Commande.total_ht + Commande.tva)).where(Commande.semaine_id == week.id))
    return Montants(int(price), int(reckoned if ordered is None else ordered))


def paiements(session: Session, week: SemaineVue) -> Paiements:
    """The échéances of that week, settled or not; an advance that covers one settles it."""
    due = Echeance.reglee_le.is_(None)
    total, settled, left = session.execute(
        select(
            func.count(), func.count(Echeance.reglee_le), func.coalesce(func.sum(Echeance.montant).filter(due), 0)
        ).where(Echeance.cle == week.code)
    ).one()
    return Paiements(total, settled, int(left))


def commandes(session: Session, semaine_id: int) -> list[CommandeVue]:
    """The week's orders by producer, with when each was mailed and which files are ready. Two queries."""
    mailed = Mail.key == func.concat("commande:", Commande.id, ":", Commande.version)
    rows = session.execute(
        select(Commande, Producteur.nom, Producteur.telephone, Mail.sent_at)
        .join(Producteur, Producteur.id == Commande.producteur_id)
        .outerjoin(Mail, mailed)
        .where(Commande.semaine_id == semaine_id)
        .order_by(Producteur.nom)
    ).all()
    ready = existing(
        session, [cle_de_commande(order.id, order.version, kind) for order, *_ in rows for kind in ("pdf", "csv")]
    )
    return [
        CommandeVue(
            id=order.id,
            numero=order.numero,
            version=order.version,
            producteur=name,
            telephone=phone,
            etat=order.etat,
            total=order.total_ht + order.tva,
            emise_le=order.emise_le,
            envoyee_le=sent,
            repondue_le=order.repondue_le,
            message=order.message,
            pdf=cle_de_commande(order.id, order.version, "pdf") in ready,
            csv=cle_de_commande(order.id, order.version, "csv") in ready,
        )
        for order, name, phone, sent in rows
    ]


def _vue(session: Session, week: Semaine) -> SemaineVue:
    before = select(func.max(Semaine.retrait_le)).where(Semaine.retrait_le < week.retrait_le).scalar_subquery()
    after = select(func.min(Semaine.retrait_le)).where(Semaine.retrait_le > week.retrait_le).scalar_subquery()
    beside = session.execute(
        select(Semaine.retrait_le, Semaine.code).where(Semaine.retrait_le.in_([before, after]))
    ).all()
    return SemaineVue(
        id=week.id,
        code=week.code,
        retrait_le=week.retrait_le,
        etat=week.etat,
        cloture_le=week.cloture_le,
        precedente=next((row.code for row in beside if row.retrait_le < week.retrait_le), None),
        suivante=next((row.code for row in beside if row.retrait_le > week.retrait_le), None),
    )
