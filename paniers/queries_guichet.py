"""What the pick-up pages read: a maison's day, one basket, and the names that a search may mean.

Bounded: the day's list is one query whatever the number of baskets. A list never holds a price; what a household owes
is read for one basket at a time, and only by those who may know it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from rapidfuzz import fuzz
from sqlalchemy import ScalarSelect, and_, func, select, true
from sqlalchemy.orm import Session, aliased

from foyers.folding import plier
from foyers.models import Compte, Foyer, Maison, Membre
from kernel import qr
from kernel.documents import existing
from kernel.errors import Introuvable
from paiements import grand_livre
from paniers.agenda import rendez_vous
from paniers.etats import EtatSemaine
from paniers.models import EtatPanier, Panier, Retrait, Semaine
from paniers.models_producteurs import Composition, CompositionLigne, Offre, Produit
from paniers.quantites import quantite
from paniers.retraits import Moyen, par_bon, semaine_du_jour

RECHERCHE_LA_PLUS_LONGUE = 80
_RESSEMBLANCE = 74.0
A_VENIR_CHERCHER = (EtatPanier.A_REMETTRE, EtatPanier.NON_RETIRE)


@dataclass(frozen=True, slots=True)
class Place:
    """A maison on the day's overview: households expected, and those served."""

    id: int
    nom: str
    debut: time
    fin: time
    attendus: int
    remis: int


@dataclass(frozen=True, slots=True)
class Jour:
    """The week whose baskets are handed out. `retrait_le` is its nominal day, and once a maison is chosen
    (`au_rendez_vous`) the day on which that one hands out; `motif` says why that is another day, or none at all."""

    semaine_id: int
    code: str
    retrait_le: date
    etat: str
    annulee: bool = False
    motif: str = ""

    @property
    def id(self) -> int:
        return self.semaine_id

    @property
    def arrive(self) -> bool:
        return self.etat in (EtatSemaine.LIVREE, EtatSemaine.TERMINEE)

    @property
    def attend_la_livraison(self) -> bool:
        return self.etat == EtatSemaine.COMMANDEE


@dataclass(frozen=True, slots=True)
class Attendu:
    """One line of the day's list. `court` is what a bénévole sees: first name and initial."""

    id: int
    numero: int
    prenom: str
    nom: str
    nombre: int
    etat: str
    le: datetime | None
    plies: str

    @property
    def court(self) -> str:
        return f"{self.prenom} {self.nom[:1]}." if self.prenom and self.nom else self.prenom or self.nom

    @property
    def complet(self) -> str:
        return f"{self.prenom} {self.nom}".strip()

    @property
    def remis(self) -> bool:
        return self.etat == EtatPanier.REMIS

    @property
    def reste(self) -> bool:
        return self.etat in A_VENIR_CHERCHER


@dataclass(frozen=True, slots=True)
class Geste:
    """A hand-out or its undoing, as it is told on the basket's page."""

    moyen: str
    le: datetime
    par: str | None


@dataclass(frozen=True, slots=True)
class PanierVu:
    """One basket as the agent at the door needs it; no price, no band."""

    id: int
    numero: int
    prenom: str
    nom: str
    nombre: int
    etat: str
    foyer_id: int
    maison_id: int
    maison: str
    semaine_id: int
    retrait_le: date

    @property
    def remis(self) -> bool:
        return self.etat == EtatPanier.REMIS

    @property
    def court(self) -> str:
        return f"{self.prenom} {self.nom[:1]}." if self.prenom and self.nom else self.prenom or self.nom

    @property
    def complet(self) -> str:
        return f"{self.prenom} {self.nom}".strip()


@dataclass(frozen=True, slots=True)
class Contenu:
    """A product of the basket, its quantity written out."""

    nom: str
    slug: str
    quantite: str


def jour_de_retrait(session: Session, today: date) -> Jour | None:
    """The week to hand out today, else the next one closed, else the last one: late-comers come the day after."""
    last = select(Semaine).where(Semaine.retrait_le <= today).order_by(Semaine.retrait_le.desc()).limit(1)
    week = semaine_du_jour(session, today) or session.scalars(last).one_or_none()
    return Jour(week.id, week.code, week.retrait_le, week.etat) if week is not None else None


def au_rendez_vous(session: Session, lieu: Place, jour: Jour) -> tuple[Place, Jour]:
    """The maison and the day as this maison really hands out that week: another day, other hours, or none."""
    rdv = rendez_vous(session, jour, lieu.id)
    return (
        replace(lieu, debut=rdv.debut, fin=rdv.fin),
        replace(jour, retrait_le=rdv.jour, annulee=rdv.annulee, motif=rdv.motif),
    )


def places(session: Session, semaine_id: int | None, maison_ids: Collection[int] | None) -> list[Place]:
    """The maisons where the person works (None: all), by name, with how far each one's day has come."""
    here = true() if maison_ids is None else Maison.id.in_(maison_ids)
    counted = and_(Panier.maison_id == Maison.id, Panier.semaine_id == semaine_id, Panier.etat != EtatPanier.ANNULE)
    rows = session.execute(
        select(
            Maison.id,
            Maison.nom,
            Maison.retrait_debut,
            Maison.retrait_fin,
            func.count(Panier.id),
            func.count(Panier.id).filter(Panier.etat == EtatPanier.REMIS),
        )
        .outerjoin(Panier, counted)
        .where(here, Maison.active | (Panier.id.is_not(None)))
        .group_by(Maison.id)
        .order_by(Maison.nom)
    )
    return [Place(*row) for row in rows]


def attendus(session: Session, semaine_id: int, maison_id: int) -> list[Attendu]:
    """The whole day's list of a maison, by family name. One query."""
    referent = aliased(Membre)
    names = (
        select(func.string_agg(Membre.nom_plie, "|"))
        .where(Membre.foyer_id == Panier.foyer_id)
        .correlate(Panier)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Panier.id,
            Panier.numero,
            func.coalesce(referent.prenom, ""),
            func.coalesce(referent.nom, Foyer.nom),
            Panier.nombre,
            Panier.etat,
            _remis_le(),
            func.concat(Foyer.nom_plie, "|", names),
        )
        .join(Foyer, Foyer.id == Panier.foyer_id)
        .outerjoin(referent, (referent.foyer_id == Foyer.id) & referent.referent)
        .where(Panier.semaine_id == semaine_id, Panier.maison_id == maison_id, Panier.etat != EtatPanier.ANNULE)
        .order_by(Foyer.nom_plie, referent.prenom, Panier.numero)
    )
    return [Attendu(*row) for row in rows]


def _remis_le() -> ScalarSelect[datetime]:
    """When the basket was last handed out; of use only while it is `remis`."""
    return (
        select(func.max(Retrait.le))
        .where(Retrait.panier_id == Panier.id, Retrait.moyen != Moyen.ANNULATION)
        .correlate(Panier)
        .scalar_subquery()
    )


def chercher(liste: Sequence[Attendu], texte: str) -> list[Attendu]:
    """Those of the day's list that `texte` may mean, the likeliest first: a number, or a name as it is heard. Pure.

    Any member of the household is found, without accents, with typing errors, words in any order.
    """
    typed = plier(texte[:RECHERCHE_LA_PLUS_LONGUE])
    if not typed:
        return []
    compact = typed.replace(" ", "")
    if compact.isdecimal():
        return [line for line in liste if str(line.numero) == str(int(compact))]
    scored = [(_ressemblance(typed, line.plies), line) for line in liste]
    best = max((score for score, _ in scored), default=0.0)
    kept = [(score, line) for score, line in scored if score >= max(_RESSEMBLANCE, best - 18)]
    return [line for _, line in sorted(kept, key=lambda pair: -pair[0])]


def _ressemblance(typed: str, names: str) -> float:
    """0 to 100: how well the typed words find theirs in one of the household's names."""
    return max((_d_un_nom(typed, name) for name in names.split("|") if name), default=0.0)


def _d_un_nom(typed: str, name: str) -> float:
    words = name.split()
    by_word = [max(_d_un_mot(one, word) for word in words) for one in typed.split()]
    # « Ben Saïd » is also typed « bensaid », and the other way round: one to three words of the name, glued.
    glued = ("".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1))
    compact = typed.replace(" ", "")
    return max(sum(by_word) / len(by_word), *(_d_un_mot(compact, run) for run in glued))


def _d_un_mot(typed: str, word: str) -> float:
    if word.startswith(typed):
        return 100.0 if word == typed else 96.0
    return fuzz.ratio(typed, word) if len(typed) > 2 else 0.0


def panier(session: Session, panier_id: int) -> PanierVu:
    """One basket. Raises Introuvable."""
    row = session.execute(
        select(
            Panier.id,
            Panier.numero,
            func.coalesce(Membre.prenom, ""),
            func.coalesce(Membre.nom, Foyer.nom),
            Panier.nombre,
            Panier.etat,
            Panier.foyer_id,
            Panier.maison_id,
            Maison.nom,
            Panier.semaine_id,
            Semaine.retrait_le,
        )
        .join(Foyer, Foyer.id == Panier.foyer_id)
        .join(Maison, Maison.id == Panier.maison_id)
        .join(Semaine, Semaine.id == Panier.semaine_id)
        .outerjoin(Membre, (Membre.foyer_id == Foyer.id) & Membre.referent)
        .where(Panier.id == panier_id)
    ).one_or_none()
    if row is None:
        raise Introuvable
    return PanierVu(*row)


def maison_du_panier(session: Session, panier_id: int) -> int | None:
    return session.scalar(select(Panier.maison_id).where(Panier.id == panier_id))


def gestes(session: Session, panier_id: int) -> list[Geste]:
    """What was done with the basket, the latest first."""
    rows = session.execute(
        select(Retrait.moyen, Retrait.le, Compte.nom)
        .outerjoin(Compte, Compte.id == Retrait.par)
        .where(Retrait.panier_id == panier_id)
        .order_by(Retrait.id.desc())
    )
    return [Geste(*row) for row in rows]


def contenu(session: Session, semaine_id: int) -> list[Contenu]:
    """What one basket of the week holds, once that is published."""
    rows = session.execute(
        select(Produit.nom, Produit.dessin, CompositionLigne.quantite, Produit.unite)
        .join(Offre, Offre.produit_id == Produit.id)
        .join(CompositionLigne, CompositionLigne.offre_id == Offre.id)
        .join(Composition, Composition.id == CompositionLigne.composition_id)
        .where(Composition.semaine_id == semaine_id, Composition.publiee_le.is_not(None))
        .order_by(Produit.nom)
    )
    return [Contenu(nom, slug, quantite(combien, unite)) for nom, slug, combien, unite in rows]


def reste_a_payer(session: Session, foyer_id: int) -> int:
    """What the household owes, in centimes; for the second tap of an agent, never for a bénévole."""
    return max(grand_livre.solde(session, foyer_id), 0)


def panier_du_bon(session: Session, texte: str, day: date) -> PanierVu | None:
    """The basket of a genuine voucher that is shown on another day than its own, to say which."""
    try:
        voucher = qr.verify(texte, day)
    except qr.Expired as expired:
        voucher = expired.voucher
    except qr.BadVoucher:
        return None
    panier_id = par_bon(session, voucher.id)
    return panier(session, panier_id) if panier_id is not None else None


def dossier_pret(session: Session, semaine_id: int, maison_id: int) -> bool:
    """Whether the maison's dossier de distribution has been made."""
    return bool(existing(session, [cle_du_dossier(semaine_id, maison_id)]))


def cle_du_dossier(semaine_id: int, maison_id: int) -> str:
    return f"dossier:{semaine_id}:{maison_id}"
