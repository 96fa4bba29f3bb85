"""The demo town: maisons, farms, tariff, calendar, households and their accounts, all drawn from a seed.

Everything is invented. Same seed and same day give the same town, which `demo.empreinte` shows.
"""

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from demo.caisses import ouvrir_la_regie
from demo.lieux import FERMES, MAISONS, NOMS_DE_FAMILLE, PRENOMS, REVENUS, TRANCHES
from demo.produits import ARTICLES, prix_convenu
from foyers.dossiers import place_du_qf
from foyers.folding import plier
from foyers.models import Canal, Compte, CompteMaison, Foyer, JustificatifQF, Maison, Membre, Source
from foyers.mots_de_passe import hacher
from kernel.clock import paris
from kernel.db import Base
from kernel.sealed import seal
from kernel.web.access import Role
from paiements.models import Carte, Mode, Reglement
from paniers.models.contrats import Contrat, PrixConvenu
from paniers.models.producteurs import Producteur, Produit
from paniers.models.semaines import Abonnement, AbonnementVersion, Calendrier, Grille, Pause
from paniers.regles.quantites import Unite

Ligne = dict[str, Any]
"""A row about to be inserted with many others."""

MOT_DE_PASSE = "un panier de saison"
SEMAINES_PASSEES = 12
PART_DES_ABONNES = 0.93
PART_DES_CARTES = 0.66
ESSAYEE, SUR_PAPIER = 0, 1
"""Two households that every town has: the one with which visitors try it, and one of Le Patio that letters reach."""


@dataclass(frozen=True, slots=True)
class Acces:
    """An account to try the town with, as `make run` prints it."""

    role: str
    identifiant: str
    mot_de_passe: str
    page: str


def planter(session: Session, rng: random.Random, jour: date, combien: int) -> list[Acces]:
    """Write the town as it stood 13 weeks before `jour`, with `combien` households; returns who can sign in."""
    debut = jour - timedelta(weeks=SEMAINES_PASSEES + 1)
    _regles(session, debut)
    maisons = _maisons(session)
    fermes = _fermes(session)
    _contrats(session, jour, debut, fermes)
    empreinte = hacher(MOT_DE_PASSE)  # one for all: hashing 600 times would be most of the installation
    acces = _equipe(session, empreinte, debut, maisons, fermes)
    ouvrir_la_regie(session, maisons, debut)
    foyers = _foyers(session, rng, jour, maisons=maisons, combien=combien, empreinte=empreinte)
    _abonnements(session, rng, jour, foyers)
    acces.insert(0, Acces("habitante", foyers[0].email or "", MOT_DE_PASSE, "/ma-semaine"))
    return acces


def _regles(session: Session, debut: date) -> None:
    premier = debut - timedelta(days=200)
    session.add(Grille(nom="Grille 2026", effet_le=premier, regle=TRANCHES, cout_reference=750))
    session.add(
        Calendrier(
            effet_le=premier,
            retrait_jour=4,
            offres_jour=4,
            offres_heure=time(23, 59),
            publication_jour=5,
            publication_heure=time(17),
            cloture_jour=7,
            cloture_heure=time(23, 59),
            commande_jour=1,
            commande_heure=time(6),
        )
    )


def _maisons(session: Session) -> list[Maison]:
    made = [
        Maison(
            nom=lieu.nom,
            code=lieu.code,
            adresse=lieu.adresse,
            code_postal=lieu.code_postal,
            ville="Grenoble",
            telephone=f"+3340000{number:04d}",
            jours=[1, 2, 3, 4, 5],
            retrait_debut=lieu.debut,
            retrait_fin=lieu.fin,
            places=lieu.places,
        )
        for number, lieu in enumerate(MAISONS, start=1)
    ]
    session.add_all(made)
    session.flush()
    return made


def _fermes(session: Session) -> list[Producteur]:
    made = [
        Producteur(
            nom=ferme.nom,
            contact=ferme.contact,
            email=ferme.email,
            telephone=f"+3340001{number:04d}",
            siret=ferme.siret,
            adresse=ferme.adresse,
            livraison=ferme.livraison,
            livraison_heure=ferme.heure,
            franchise_tva=ferme.franchise,
        )
        for number, ferme in enumerate(FERMES, start=1)
    ]
    session.add_all(made)
    session.add_all(
        Produit(
            nom=article.nom,
            dessin=article.dessin,
            categorie=article.categorie,
            unite=Unite.PIECE if article.poids_piece else Unite.GRAMME,
            poids_piece=article.poids_piece,
            mois=list(article.mois),
            prix_indicatif=article.prix,
            conservation=article.conservation,
        )
        for article in ARTICLES
    )
    session.flush()
    return made


def _contrats(session: Session, jour: date, debut: date, fermes: list[Producteur]) -> None:
    """One contract a farm for a year or so, at prices that its offers keep to; the last farm's ends in four weeks."""
    products = {product.nom: product.id for product in session.scalars(select(Produit))}
    first = debut.replace(day=1)
    for number, farm in enumerate(fermes, start=1):
        until = jour + timedelta(days=27) if number == len(fermes) else first + timedelta(days=400)
        contract = Contrat(
            producteur_id=farm.id,
            numero=f"{first.year}-PAN-{number:02d}",
            debut=first,
            fin=until,
            saisi_le=paris(debut, time(9)),
        )
        session.add(contract)
        session.flush()
        session.add_all(
            PrixConvenu(
                contrat_id=contract.id, effet_le=first, produit_id=products[article.nom], prix=prix_convenu(article)
            )
            for article in ARTICLES
            if number - 1 in article.fermes
        )


def _equipe(
    session: Session, empreinte: str, debut: date, maisons: list[Maison], fermes: list[Producteur]
) -> list[Acces]:
    """One account of each role of the staff, and a producer's."""
    patio = next(m for m in maisons if m.nom == "Le Patio")
    people = (
        (Role.AGENT, "Agnès Robin", "agent", "/retrait", "agente, Le Patio"),
        (Role.BENEVOLE, "Benoît Lamy", "benevole", "/retrait", "bénévole, Le Patio"),
        (Role.COORDINATION, "Corinne Vasseur", "coordination", "/coordination", "coordination"),
        (Role.ADMINISTRATION, "Adrien Morel", "administration", "/operations", "administration"),
        (Role.REGISSEUR, "Régine Faure", "regie", "/regie", "régisseuse"),
        (Role.PRODUCTEUR, fermes[0].contact, "producteur", "/producteur/commandes", f"producteur, {fermes[0].nom}"),
    )
    acces = []
    for role, nom, adresse, page, libelle in people:
        compte = Compte(
            nom=nom,
            role=role,
            email=f"{adresse}@ccas.example",
            mot_de_passe=empreinte,
            cree_le=paris(debut, time(9)),
        )
        session.add(compte)
        session.flush()
        if role in (Role.AGENT, Role.BENEVOLE):
            session.add(CompteMaison(compte_id=compte.id, maison_id=patio.id))
        if role is Role.PRODUCTEUR:
            fermes[0].compte_id = compte.id
        acces.append(Acces(libelle, compte.email or "", MOT_DE_PASSE, page))
    return acces


def _foyers(
    session: Session, rng: random.Random, jour: date, *, maisons: list[Maison], combien: int, empreinte: str
) -> list[Foyer]:
    weights = [lieu.poids for lieu in MAISONS]
    patio = next(m for m in maisons if m.nom == "Le Patio")
    drawn = [rng.choices(maisons, weights)[0] for _ in range(combien)]
    made = [_foyer(rng, jour, patio if number == SUR_PAPIER else maison, number) for number, maison in enumerate(drawn)]
    session.add_all(made)
    session.flush()
    members: list[Ligne] = []
    quotients: list[Ligne] = []
    accounts: list[Ligne] = []
    for foyer, revenu in zip(made, _revenus(rng, combien), strict=True):
        members += _membres(rng, foyer)
        quotients += _quotient(rng, jour, foyer, revenu)
        if foyer.email or foyer.telephone:
            accounts.append(
                {
                    "nom": f"{members[-1]['prenom']} {foyer.nom}",
                    "role": Role.HABITANT,
                    "email": foyer.email,
                    "telephone": None if foyer.email else foyer.telephone,
                    "mot_de_passe": empreinte,
                    "foyer_id": foyer.id,
                    "cree_le": foyer.cree_le,
                }
            )
    _inserer(session, Membre, members)
    _inserer(session, JustificatifQF, quotients)
    _inserer(session, Compte, accounts)
    return made


def _foyer(rng: random.Random, jour: date, maison: Maison, number: int) -> Foyer:
    nom = rng.choice(NOMS_DE_FAMILLE)
    known = {ESSAYEE: Canal.EMAIL, SUR_PAPIER: Canal.PAPIER}
    canal = known.get(number) or rng.choices((Canal.EMAIL, Canal.SMS, Canal.PAPIER), (80, 12, 8))[0]
    since = jour - timedelta(weeks=SEMAINES_PASSEES + 1, days=rng.randint(1, 300))
    slug = plier(nom).replace(" ", "-").encode("ascii", "ignore").decode()
    return Foyer(
        nom=nom,
        nom_plie=plier(nom),
        maison_id=maison.id,
        canal=canal,
        email=f"{slug}.{number}@habitants.example" if canal is Canal.EMAIL else None,
        telephone=f"+3363998{number:04d}" if canal is not Canal.PAPIER else None,
        cree_le=paris(since, time(rng.randint(9, 17), rng.randint(0, 59))),
    )


def _membres(rng: random.Random, foyer: Foyer) -> list[Ligne]:
    adults = rng.choices((1, 2), (45, 55))[0]
    children = rng.choices((0, 1, 2, 3, 4), (35, 25, 22, 12, 6))[0]
    people = [_membre(rng, foyer, adulte=n < adults) for n in range(adults + children)]
    people[0]["referent"] = True
    # Last in the list: the account made next bears the referent's first name.
    return [*people[1:], people[0]]


def _membre(rng: random.Random, foyer: Foyer, *, adulte: bool) -> Ligne:
    prenom = rng.choice(PRENOMS)
    return {
        "foyer_id": foyer.id,
        "prenom": prenom,
        "nom": foyer.nom,
        "nom_plie": plier(f"{prenom} {foyer.nom}"),
        "adulte": adulte,
        "referent": False,
    }


def _revenus(rng: random.Random, combien: int) -> list[tuple[int, int] | None]:
    """The range of each household's quotient, or None without proof: in the proportions of `REVENUS`, whatever the
    number of households, dealt at random."""
    whole = sum(part for _, part in REVENUS)
    dealt: list[tuple[int, int] | None] = []
    upto = 0
    for revenu, part in REVENUS:
        upto += part
        dealt += [revenu] * (combien * upto // whole - len(dealt))
    rng.shuffle(dealt)
    return dealt


def _quotient(rng: random.Random, jour: date, foyer: Foyer, revenu: tuple[int, int] | None) -> list[Ligne]:
    """Most have shown a proof; some have just declared and wait for a check; some have given nothing."""
    if revenu is None:
        return []
    recent = rng.random() < 0.05
    declared = paris(jour - timedelta(days=rng.randint(2, 18)), time(10)) if recent else foyer.cree_le
    month = declared.date().replace(day=1)
    return [
        {
            "foyer_id": foyer.id,
            "valeur_scellee": seal(str(rng.randint(*revenu)), place_du_qf(foyer.id)),
            "mois": month,
            "source": Source.DECLARATION if recent else rng.choices((Source.CAF, Source.MSA), (92, 8))[0],
            "declare_le": declared,
            "verifie_le": None if recent else declared + timedelta(days=1),
            "valide_jusqu_au": None if recent else jour + timedelta(days=rng.randint(20, 330)),
        }
    ]


def _abonnements(session: Session, rng: random.Random, jour: date, foyers: list[Foyer]) -> None:
    """Nearly all subscribe: most since the start, some in the course of the past weeks; a few pause or have left."""
    premier = premier_retrait(jour)
    taken = [
        _souscription(rng, foyer, premier, fidele=number in (ESSAYEE, SUR_PAPIER))
        for number, foyer in enumerate(foyers)
        if number in (ESSAYEE, SUR_PAPIER) or rng.random() < PART_DES_ABONNES
    ]
    made = session.execute(
        insert(Abonnement).returning(Abonnement.id, sort_by_parameter_order=True),
        [{"foyer_id": one.foyer.id, "souscrit_le": one.depuis} for one in taken],
    )
    for one, abonnement_id in zip(taken, made.scalars(), strict=True):
        one.version["abonnement_id"] = abonnement_id
        for pause in one.pauses:
            pause["abonnement_id"] = abonnement_id
    _inserer(session, AbonnementVersion, [one.version for one in taken])
    _inserer(session, Pause, [pause for one in taken for pause in one.pauses])
    by_card = {one.foyer.id for one in taken if one.carte}
    _inserer(session, Reglement, [_reglement(one.foyer.id, carte=one.carte) for one in taken])
    _inserer(session, Carte, [_carte(one.foyer.id, one.depuis) for one in taken if one.foyer.id in by_card])


@dataclass(slots=True)
class _Souscription:
    """A subscription as drawn, before the database gives it its key."""

    foyer: Foyer
    depuis: datetime
    version: Ligne
    pauses: list[Ligne]
    carte: bool


def _souscription(rng: random.Random, foyer: Foyer, premier: date, *, fidele: bool) -> _Souscription:
    """`fidele`: subscribed all along, without a pause, and paying by card where a card can be written to."""
    late = 0 if fidele else rng.choices((0, rng.randint(1, 11)), (78, 22))[0]
    debut = premier + timedelta(weeks=late)
    depuis = paris(debut - timedelta(days=9), time(rng.randint(8, 21), rng.randint(0, 59)))
    terme = debut + timedelta(weeks=12 if not fidele and rng.random() < 0.06 else 25)
    version: Ligne = {"depuis": depuis, "maison_id": foyer.maison_id, "nombre": 1, "debut": debut, "fin": terme}
    pauses: list[Ligne] = []
    if not fidele and rng.random() < 0.06:
        week = debut + timedelta(weeks=rng.randint(1, 10))
        until = week + timedelta(weeks=rng.randint(0, 2))
        pauses.append({"du": week, "au": until, "posee_le": paris(week - timedelta(days=10), time(20))})
    card = (fidele or rng.random() < PART_DES_CARTES) and foyer.canal != Canal.PAPIER
    return _Souscription(foyer, depuis, version, pauses, card)


def _reglement(foyer_id: int, *, carte: bool) -> Ligne:
    mode = Mode.CARTE if carte else Mode.MAISON
    return {"foyer_id": foyer_id, "mode": mode, "client_stripe": f"cus_demo{foyer_id:06d}"}


def _carte(foyer_id: int, depuis: datetime) -> Ligne:
    return {
        "foyer_id": foyer_id,
        "stripe_id": f"pm_demo{foyer_id:06d}",
        "marque": "visa",
        "derniers_chiffres": "4242",
        "expire_mois": 12,
        "expire_annee": 2034,
        "enregistree_le": depuis,
    }


def _inserer(session: Session, table: type[Base], lignes: list[Ligne]) -> None:
    if lignes:
        session.execute(insert(table), lignes)


def premier_retrait(jour: date) -> date:
    """The pick-up day twelve weeks before the last one that is over."""
    thursday = jour - timedelta(days=(jour.weekday() - 3) % 7 or 7)
    return thursday - timedelta(weeks=SEMAINES_PASSEES - 1)


def deja_installee(session: Session) -> bool:
    """Whether the database holds a household already."""
    return session.scalars(select(Foyer.id).limit(1)).first() is not None
