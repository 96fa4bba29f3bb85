"""The stage of the attacks: a town with two of everything, and an account of every role."""

from dataclasses import dataclass
from datetime import date, time
from itertools import count

from sqlalchemy.orm import Session

from kernel import clock, documents
from kernel.clock import now, paris
from kernel.db import transaction
from kernel.web.access import Role
from paiements import grand_livre
from paiements.echeances import ouvrir_en_lot
from paiements.models.en_ligne import Carte, Echeance, Reglement
from paiements.regie.acte import confier, nommer_mandataire
from paniers import cartes
from paniers.models.producteurs import Commande, CommandeLigne
from tests import fabriques
from tests.paiements import guichet

JEUDI = date(2026, 11, 26)
SUIVANT = date(2026, 12, 3)
DIX_SEPT_HEURES = paris(JEUDI, time(17))
VILLE = (Role.COORDINATION, Role.ADMINISTRATION, Role.REGISSEUR)
_numbers = count(1)


@dataclass(frozen=True)
class Cote:
    """One side of the town: a maison, a household with its account, a farm with its own; keys only."""

    maison: int
    foyer: int
    abonnement: int
    compte: int
    ferme: int
    compte_ferme: int
    offre: int
    commande: int
    echeance: int


@dataclass(frozen=True)
class Scene:
    """`ici` is where every role of `comptes` belongs, `ailleurs` what is none of their business (but the town's)."""

    ici: Cote
    ailleurs: Cote
    semaine: int
    code: str
    code_ouvert: str
    produit: int
    comptes: dict[Role, int]


def planter() -> Scene:
    """Put the town up, on the afternoon of a hand-out; the next week is still open."""
    clock.set_now(DIX_SEPT_HEURES)
    with transaction() as session:
        fabriques.calendrier(session)
        fabriques.grille(session)
        week = fabriques.semaine(session, JEUDI, etat="commandee")
        coming = fabriques.semaine(session, SUIVANT)
        products = [fabriques.produit(session, name).id for name in ("Carotte", "Poireau", "Pomme", "Navet")]
        here, there = (_cote(session, week.id, coming.id, products) for _ in range(2))
        fabriques.composition(session, week.id, {here.offre: 800, there.offre: 700})
        people = {role: fabriques.compte(session, role).id for role in VILLE} | {
            role: fabriques.compte(session, role, maisons=(here.maison,)).id for role in (Role.AGENT, Role.BENEVOLE)
        }
        office = guichet.regie(session)
        for side in (here, there):
            confier(session, side.maison, office, fonds=5_000, plafond=50_000)
        session.flush()
        nommer_mandataire(session, here.maison, people[Role.AGENT])
        people |= {Role.HABITANT: here.compte, Role.PRODUCTEUR: here.compte_ferme}
        return Scene(here, there, week.id, week.code, coming.code, products[0], people)


def _cote(session: Session, semaine: int, suivante: int, produits: list[int]) -> Cote:
    place = fabriques.maison(session).id
    household = fabriques.foyer(session, maison_id=place, prenom="Samira").id
    account = fabriques.compte(session, foyer_id=household).id
    fabriques.quotient(session, household, 640)
    subscription = fabriques.abonnement(session, household, place)
    fabriques.panier(session, semaine, subscription, place)
    farmer = fabriques.compte(session, Role.PRODUCTEUR).id
    farm = fabriques.producteur(session, compte_id=farmer).id
    offer = fabriques.offre(session, semaine, farm, produits[len(session.query(Commande).all())]).id
    fabriques.offre(session, suivante, farm, produits[2])
    order = Commande(
        semaine_id=semaine, producteur_id=farm, numero=f"C-{farm}", livraison_le=JEUDI, emise_le=now(), total_ht=900,
        tva=50,
    )  # fmt: skip
    session.add(order)
    session.flush()
    session.add(CommandeLigne(commande_id=order.id, offre_id=offer, maison_id=place, quantite=5_000))
    for key in (f"commande:{order.id}:pdf", f"commande:{order.id}:csv"):
        documents.store(session, key, "bon.pdf", b"%PDF-1.7 un bon")
    documents.store(session, f"dossier:{semaine}:{place}", "dossier.pdf", b"%PDF-1.7 un dossier")
    documents.store(session, f"feuille:{semaine}:{place}", "feuille.pdf", b"%PDF-1.7 une feuille")
    card = cartes.faire(session, household, par=None, instant=now())
    documents.store(session, cartes.cle(card.id), "carte.pdf", b"%PDF-1.7 une carte")
    return Cote(place, household, subscription.id, account, farm, farmer, offer, order.id, _dette(session, household))


def _dette(session: Session, foyer: int) -> int:
    label = "Panier du jeudi 26 novembre"
    session.add(Reglement(foyer_id=foyer, client_stripe=f"cus_{foyer}"))
    session.flush()
    session.add(
        Carte(
            foyer_id=foyer, stripe_id=f"pm_{foyer}", marque="visa", derniers_chiffres="4242", expire_mois=12,
            expire_annee=2034, enregistree_le=now(),
        )
    )  # fmt: skip
    grand_livre.debiter_paniers(session, JEUDI, label, [(foyer, foyer, 550, 750)])
    ouvrir_en_lot(session, cle="2026-W48", libelle=label, montants={foyer: 550}, instant=now())
    session.flush()
    return session.query(Echeance.id).filter_by(foyer_id=foyer).scalar() or 0
