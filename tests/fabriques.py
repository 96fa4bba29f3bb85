"""Factories: the least that makes a valid row of each kind; a test names only what it is about.

They write rows and nothing else: what use cases do is theirs to test. Each takes the session and returns the row.
"""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from foyers.folding import plier
from foyers.models import Compte, CompteMaison, Foyer, JustificatifQF, Maison, Membre
from foyers.mots_de_passe import hacher
from kernel.clock import paris
from kernel.sealed import seal
from kernel.web.access import Role
from paniers.models.attente import Attente
from paniers.models.contrats import Contrat, PrixConvenu
from paniers.models.producteurs import Composition, CompositionLigne, Offre, Producteur, Produit
from paniers.models.retrait import Procuration
from paniers.models.semaines import Abonnement, AbonnementVersion, Calendrier, Grille, Panier, Semaine

T = TypeVar("T")

_numbers = itertools.count(1)

DEBUT = datetime(2026, 9, 1, 8, tzinfo=UTC)
MOT_DE_PASSE = "un long mot de passe"
TRANCHES = {
    "forme": "tranches",
    "tranches": [
        {"nom": "A", "jusqu_a": 400, "prix": 400},
        {"nom": "B", "jusqu_a": 800, "prix": 550},
        {"nom": "C", "jusqu_a": 1300, "prix": 700},
        {"nom": "D", "jusqu_a": None, "prix": 900},
    ],
}


def _add(session: Session, row: T) -> T:
    session.add(row)
    session.flush()
    return row


def maison(session: Session, **given: Any) -> Maison:
    number = next(_numbers)
    letters = "".join(chr(65 + number // 26**power % 26) for power in (2, 1, 0))
    values = {
        "nom": f"Maison {number}",
        "code": letters,
        "adresse": f"{number} rue des Essais",
        "code_postal": "38000",
        "ville": "Grenoble",
        "telephone": "+33400000000",
        "jours": [1, 2, 3, 4, 5],
        "retrait_debut": time(17),
        "retrait_fin": time(19),
        "places": 100,
    }
    return _add(session, Maison(**(values | given)))


def foyer(session: Session, *, prenom: str = "Samira", **given: Any) -> Foyer:
    """A household with its referent; in its own maison unless one is given."""
    number = next(_numbers)
    nom = given.pop("nom", f"Essai{number}")
    values = {
        "nom": nom,
        "nom_plie": plier(nom),
        "maison_id": given.pop("maison_id", None) or maison(session).id,
        "canal": "email",
        "email": f"foyer{number}@exemple.test",
        "cree_le": DEBUT,
    }
    made = _add(session, Foyer(**(values | given)))
    referent = Membre(
        foyer_id=made.id, prenom=prenom, nom=nom, nom_plie=plier(f"{prenom} {nom}"), adulte=True, referent=True
    )
    _add(session, referent)
    return made


def compte(session: Session, role: Role = Role.HABITANT, *, maisons: tuple[int, ...] = (), **given: Any) -> Compte:
    """An account whose password is MOT_DE_PASSE; a habitant's comes with its household."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "nom": f"Personne {number}",
        "role": role,
        "email": f"personne{number}@exemple.test",
        "mot_de_passe": empreinte(),
        "cree_le": DEBUT,
    }
    if role is Role.HABITANT and "foyer_id" not in given:
        values["foyer_id"] = foyer(session).id
    made = _add(session, Compte(**(values | given)))
    for maison_id in maisons:
        _add(session, CompteMaison(compte_id=made.id, maison_id=maison_id))
    return made


@lru_cache(maxsize=1)
def empreinte() -> str:
    """The stored form of MOT_DE_PASSE, made once: hashing it for each account would be most of a test's time."""
    return hacher(MOT_DE_PASSE)


def quotient(session: Session, foyer_id: int, valeur: int, *, verifie: bool = True, **given: Any) -> JustificatifQF:
    values: dict[str, Any] = {
        "foyer_id": foyer_id,
        "valeur_scellee": seal(str(valeur), f"justificatif_qf:{foyer_id}"),
        "mois": date(2026, 9, 1),
        "source": "caf" if verifie else "declaration",
        "declare_le": DEBUT,
    }
    if verifie:
        values |= {"verifie_le": DEBUT, "valide_jusqu_au": date(2027, 9, 1)}
    return _add(session, JustificatifQF(**(values | given)))


def grille(session: Session, **given: Any) -> Grille:
    values = {"nom": "Grille d’essai", "effet_le": date(2026, 1, 1), "regle": TRANCHES, "cout_reference": 750}
    return _add(session, Grille(**(values | given)))


def calendrier(session: Session, **given: Any) -> Calendrier:
    """The default rhythm: offers until Thursday, composed Friday, cut-off Sunday 23:59, orders Monday 6:00."""
    values = {
        "effet_le": date(2026, 1, 1),
        "retrait_jour": 4,
        "offres_jour": 4,
        "offres_heure": time(23, 59),
        "publication_jour": 5,
        "publication_heure": time(17),
        "cloture_jour": 7,
        "cloture_heure": time(23, 59),
        "commande_jour": 1,
        "commande_heure": time(6),
    }
    return _add(session, Calendrier(**(values | given)))


def semaine(session: Session, retrait_le: date = date(2026, 11, 26), **given: Any) -> Semaine:
    monday = retrait_le - timedelta(days=retrait_le.weekday())
    year, week, _ = retrait_le.isocalendar()
    values = {
        "code": f"{year}-W{week:02d}",
        "retrait_le": retrait_le,
        "offres_jusqu_a": paris(monday - timedelta(days=4), time(23, 59)),
        "publication_le": paris(monday - timedelta(days=3), time(17)),
        "cloture_le": paris(monday - timedelta(days=1), time(23, 59)),
        "commande_le": paris(monday, time(6)),
    }
    return _add(session, Semaine(**(values | given)))


def abonnement(session: Session, foyer_id: int, maison_id: int, **given: Any) -> Abonnement:
    """A subscription in force since DEBUT, from September 2026 to August 2027 unless told otherwise."""
    made = _add(session, Abonnement(foyer_id=foyer_id, souscrit_le=given.get("depuis", DEBUT)))
    values = {"nombre": 1, "depuis": DEBUT, "debut": date(2026, 9, 3), "fin": date(2027, 8, 26)}
    _add(session, AbonnementVersion(abonnement_id=made.id, maison_id=maison_id, **(values | given)))
    return made


def attente(session: Session, foyer_id: int, maison_id: int, **given: Any) -> Attente:
    """A request on the waiting list; `offerte_le` makes an offer of it, held for two days."""
    values: dict[str, Any] = {"foyer_id": foyer_id, "maison_id": maison_id, "nombre": 1, "depuis": DEBUT}
    offered = given.get("offerte_le")
    if offered is not None:
        values |= {"etat": "offerte", "expire_le": offered + timedelta(days=2), "tenue_le": offered}
    return _add(session, Attente(**(values | given)))


def panier(session: Session, semaine_id: int, abonnement_row: Abonnement, maison_id: int, **given: Any) -> Panier:
    values = {
        "abonnement_id": abonnement_row.id,
        "semaine_id": semaine_id,
        "foyer_id": abonnement_row.foyer_id,
        "maison_id": maison_id,
        "nombre": 1,
        "numero": next(_numbers),
        "prix": 550,
        "tranche": "B",
        "cout": 750,
    }
    return _add(session, Panier(**(values | given)))


def procuration(session: Session, foyer_id: int, **given: Any) -> Procuration:
    """Nour Proche comes from September 2026 on, until further notice."""
    values = {"prenom": "Nour", "nom": "Proche", "du": date(2026, 9, 3), "donnee_le": DEBUT}
    return _add(session, Procuration(foyer_id=foyer_id, **(values | given)))


def producteur(session: Session, **given: Any) -> Producteur:
    number = next(_numbers)
    values = {
        "nom": f"Ferme {number}",
        "contact": "Claude Essai",
        "email": f"ferme{number}@exemple.test",
        "telephone": "+33400000000",
        "siret": f"{number:014d}",
        "adresse": "Chemin des Essais, 38000 Grenoble",
        "livraison": "depot",
        "livraison_heure": "8 h",
        "franchise_tva": False,
    }
    return _add(session, Producteur(**(values | given)))


def produit(session: Session, nom: str = "Carotte", **given: Any) -> Produit:
    values = {
        "nom": nom,
        "dessin": "carotte",
        "categorie": "legume",
        "unite": "gramme",
        "poids_piece": None,
        "mois": list(range(1, 13)),
        "prix_indicatif": 180,
        "conservation": "Au frais.",
    }
    return _add(session, Produit(**(values | given)))


def offre(session: Session, semaine_id: int, producteur_id: int, produit_id: int, **given: Any) -> Offre:
    """An offer that no contract speaks of, and that the coordination has accepted."""
    values = {
        "semaine_id": semaine_id,
        "producteur_id": producteur_id,
        "produit_id": produit_id,
        "variete": "",
        "quantite": 100_000,
        "lot": 5_000,
        "prix": 180,
        "saisie_le": DEBUT,
        "acceptee_le": DEBUT,
    }
    return _add(session, Offre(**(values | given)))


def contrat(session: Session, producteur_id: int, prix: dict[int, int] | None = None, **given: Any) -> Contrat:
    """A contract of all 2026, with `{produit_id: agreed price}` from its first day on."""
    values = {"numero": f"M-{next(_numbers)}", "debut": date(2026, 1, 1), "fin": date(2026, 12, 31), "saisi_le": DEBUT}
    made = _add(session, Contrat(producteur_id=producteur_id, **(values | given)))
    for produit_id, price in (prix or {}).items():
        _add(session, PrixConvenu(contrat_id=made.id, effet_le=made.debut, produit_id=produit_id, prix=price))
    return made


def composition(session: Session, semaine_id: int, lignes: dict[int, int], **given: Any) -> Composition:
    """A composition of `{offre_id: quantity per basket}`, published unless told otherwise."""
    values: dict[str, Any] = {"publiee_le": DEBUT, "cout": 750, "poids": 3500}
    made = _add(session, Composition(semaine_id=semaine_id, **(values | given)))
    for offre_id, quantite in lignes.items():
        _add(session, CompositionLigne(composition_id=made.id, offre_id=offre_id, quantite=quantite))
    return made
