"""The stage of the attacks: a town with two of everything, browsers of every role, and what an address may name.

`OBJETS` says of each argument that an address may hold what "mine" and "somebody else's" are. A route with an argument
that is not in it fails the tests until somebody says so.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache
from itertools import count

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from werkzeug.routing import Map, Rule

from culture import contremarques
from culture.documents.dossier_soiree import cle_du_dossier
from culture.factures import FactureSaisie, saisir_facture
from culture.grilles import PrixSaisis, saisir_prix
from culture.liens import jeton_d_avis, jeton_de_places, jeton_du_lieu
from culture.models.inscriptions import Groupe, GroupePersonne, Inscription, PlaceSortie
from culture.models.soiree import Contremarque
from culture.models.sorties import Sortie, SortieImage
from foyers import oubli
from foyers.comptes import ouvrir_connexion
from foyers.models import Compte, Connexion, LectureQF, Maison, Membre
from foyers.models_messages import Appel, Liasse, Message, Sorte
from foyers.preferences import lien_des_messages
from kernel import clock, documents
from kernel.clock import now, paris
from kernel.db import Base, reading, transaction
from kernel.outbox import Delivery, FactRow, State
from kernel.web.access import Access, Role, declaration
from paiements import aides, grand_livre
from paiements.documents import bordereaux
from paiements.documents import journal as journal_papier
from paiements.documents import restes as restes_papier
from paiements.echeances import ouvrir_en_lot
from paiements.grand_livre import Ligne
from paiements.liens import jeton
from paiements.models.en_ligne import Carte, Echeance, Paiement, Reglement
from paiements.models.grand_livre import CompteGL
from paiements.models.regie import Caisse, Mandataire, Quittance, Versement
from paiements.models.restes import Reste
from paiements.queries import recus as queries_recus
from paiements.rapprochement.models import Ecart
from paiements.regie import quittances
from paiements.regie.acte import confier, nommer_mandataire, tiers
from paniers import arrivees, cartes, procurations
from paniers.importation import depot
from paniers.liens import jeton_d_offres, jeton_de_commande, jeton_de_place, jeton_de_renouvellement
from paniers.models.distributions import Fermeture
from paniers.models.producteurs import Commande, CommandeLigne
from paniers.models.semaines import Pause
from tests import fabriques
from tests.culture import bourg as culture
from tests.culture.bourg import place_de_ce_soir, sortie_de_ce_soir
from tests.paiements import guichet
from tests.paniers.feuilles import TITRES, en_csv, ligne

JEUDI = date(2026, 11, 26)
SUIVANT = date(2026, 12, 3)
DIX_SEPT_HEURES = paris(JEUDI, time(17))
RAW_TOKEN = "c" * 40
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


# What an address may name.

Fabrique = Callable[[Session, Scene, Cote], object]


@dataclass(frozen=True)
class Objet:
    """What an argument names: made anew for each request on one side of the town, as requests use it up.

    `a_tous` says why it has no owner: then "somebody else's" does not exist.
    """

    faire: Fabrique
    a_tous: str = ""


def _membre(session: Session, scene: Scene, cote: Cote) -> int:
    made = Membre(foyer_id=cote.foyer, prenom="Lou", nom="Essai", nom_plie="lou essai", adulte=False)
    session.add(made)
    session.flush()
    return made.id


def _compte(session: Session, scene: Scene, cote: Cote) -> int:
    return fabriques.compte(session, foyer_id=cote.foyer).id


def _justificatif(session: Session, scene: Scene, cote: Cote) -> int:
    return fabriques.quotient(session, cote.foyer, 700, verifie=False, declare_le=now()).id


def _panier(session: Session, scene: Scene, cote: Cote) -> int:
    subscription = fabriques.abonnement(session, cote.foyer, cote.maison, fin=JEUDI)
    made = fabriques.panier(session, scene.semaine, subscription, cote.maison).id
    documents.store(session, f"bon:{made}", "bon.pdf", b"%PDF-1.7 un bon de retrait")
    return made


def _pause(session: Session, scene: Scene, cote: Cote) -> int:
    made = Pause(abonnement_id=cote.abonnement, du=date(2027, 2, 4), au=date(2027, 2, 11), posee_le=now())
    session.add(made)
    session.flush()
    return made.id


def _carte_retrait(session: Session, scene: Scene, cote: Cote) -> int:
    card = cartes.faire(session, cote.foyer, par=None, instant=now())
    documents.store(session, cartes.cle(card.id), "carte.pdf", b"%PDF-1.7 une carte")
    return card.id


def _procuration(session: Session, scene: Scene, cote: Cote) -> int:
    for named in procurations.en_cours(session, cote.foyer, JEUDI):
        procurations.revoquer(session, named.id, par=None, instant=now())
    given = procurations.donner(
        session, cote.foyer, prenom="Nour", nom="Essai", du=JEUDI, au=None, par=None, instant=now()
    )
    session.flush()
    return given.id


def _offre(session: Session, scene: Scene, cote: Cote) -> int:
    product = fabriques.produit(session, f"Légume {next(_numbers)}").id
    week = session.execute(text("SELECT id FROM semaine WHERE etat = 'ouverte' ORDER BY id LIMIT 1")).scalar_one()
    return fabriques.offre(session, week, cote.ferme, product).id


def _arrivee(session: Session, scene: Scene, cote: Cote) -> int:
    arrivees.noter(session, scene.semaine, cote.maison, {cote.offre: 1}, par=None, instant=now())
    return int(session.execute(text("SELECT id FROM arrivee WHERE maison_id = :m"), {"m": cote.maison}).scalar_one())


def _fermeture(session: Session, scene: Scene, cote: Cote) -> int:
    made = Fermeture(maison_id=cote.maison, du=date(2027, 3, 1), au=date(2027, 3, 5), motif="travaux", posee_le=now())
    session.add(made)
    session.flush()
    return made.id


def _contrat(session: Session, scene: Scene, cote: Cote) -> int:
    """A contract of a farm of its own, with one price."""
    farm = fabriques.producteur(session).id
    return fabriques.contrat(session, farm, {scene.produit: 200}).id


def _grille(session: Session, scene: Scene, cote: Cote) -> int:
    return fabriques.grille(session, effet_le=SUIVANT + timedelta(weeks=next(_numbers))).id


def _calendrier(session: Session, scene: Scene, cote: Cote) -> int:
    return fabriques.calendrier(session, effet_le=SUIVANT + timedelta(weeks=next(_numbers))).id


def _livraison(session: Session, scene: Scene, cote: Cote) -> int:
    fact = FactRow(name="AbonnementSouscrit", payload={"abonnement_id": cote.abonnement})
    session.add(fact)
    session.flush()
    made = Delivery(
        fact_id=fact.id, actor="confirmer_abonnement", queue="courriel", state=State.PARKED, attempts=7, error="OSError"
    )
    session.add(made)
    session.flush()
    return made.id


def _appel(session: Session, scene: Scene, cote: Cote) -> int:
    message = Message(
        cle=f"appel:{next(_numbers)}", foyer_id=cote.foyer, modele="m", sorte="service", voie="appel", ecrit_le=now()
    )
    session.add(message)
    session.flush()
    session.add(Appel(message_id=message.id, objet="Retrait déplacé", texte="Le retrait a lieu vendredi."))
    session.flush()
    return message.id


def _liasse(session: Session, scene: Scene, cote: Cote) -> int:
    made = Liasse(maison_id=cote.maison, nature="lettres", demandee_le=now())
    session.add(made)
    session.flush()
    documents.store(session, f"liasse:{made.id}", "lettres.pdf", b"%PDF-1.7 des lettres")
    return made.id


def _importation(session: Session, scene: Scene, cote: Cote) -> int:
    """A sheet that has been tried: its columns, a likely duplicate and a remark are on its page."""
    rows = [list(TITRES), ligne(1, "Inconnue"), ligne(2, nom="Diallo"), ligne(3, nom="Diallo", telephone="")]
    rows[2][1] = rows[3][1] = "Awa"
    place = session.get_one(Maison, cote.maison).nom
    content = en_csv([[place if cell == "Capuche" else cell for cell in row] for row in rows])
    made = depot.deposer(session, content, "foyers.csv", par=None, instant=now()).id
    depot.faire_essai(session, made, 1, instant=now())
    return made


def _quittance(session: Session, scene: Scene, cote: Cote) -> int:
    made = Quittance(
        regie_id=session.get_one(Caisse, cote.maison).regie_id, maison_id=cote.maison, foyer_id=cote.foyer, annee=2026,
        numero=1_000 + next(_numbers), moyen="especes", montant=550, donne=2_000, rendu=1_450, cle=uuid.uuid4(),
        jour=JEUDI, emise_le=now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    grand_livre.passer(
        session,
        cle=f"quittance:{made.id}",
        jour=JEUDI,
        libelle="Payé en espèces à la maison",
        mouvements=[
            Ligne(CompteGL.CAISSE, 550, tiers=tiers(cote.maison)),
            Ligne(CompteGL.FOYER, -550, foyer_id=cote.foyer),
        ],
    )
    documents.store(session, quittances.cle(made.id), "quittance.pdf", b"%PDF-1.7 une quittance")
    return made.id


def _paiement(session: Session, scene: Scene, cote: Cote) -> int:
    """An online payment that is there."""
    made = Paiement(
        foyer_id=cote.foyer, nature="avance", montant=550, cle=uuid.uuid4(), etat="reussi", demande_le=now(),
        conclu_le=now(), stripe_id=f"pi_{next(_numbers)}",
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made.id


def _recu(session: Session, scene: Scene, cote: Cote) -> int:
    """An online payment whose money is in the ledger, and its receipt made."""
    made = _paiement(session, scene, cote)
    lines = [Ligne(CompteGL.STRIPE, 550), Ligne(CompteGL.FOYER, -550, foyer_id=cote.foyer)]
    grand_livre.passer(session, cle=f"paiement:{made}", jour=JEUDI, libelle="Avance payée en ligne", mouvements=lines)
    read = queries_recus.lignes(session, cote.foyer)
    documents.store(session, queries_recus.cle_du_recu(read, made), "recu.pdf", b"%PDF-1.7 un recu")
    return made


def _aide(session: Session, scene: Scene, cote: Cote) -> int:
    """An aid that stands; the household owed much more than all that others have paid here for it."""
    guichet.devoir(session, cote.foyer, 100_000)
    return aides.accorder(session, cote.foyer, montant=100, motif="Fin de mois difficile", par=None)


def _annee(session: Session, scene: Scene, cote: Cote) -> int:
    """A year in which both sides have paid, and the summaries of it."""
    for side in (scene.ici, scene.ailleurs):
        _recu(session, scene, side)
        read = queries_recus.lignes(session, side.foyer)
        key = queries_recus.cle_de_l_attestation(side.foyer, JEUDI.year, read)
        documents.store(session, key, "attestation.pdf", b"%PDF-1.7 une attestation")
    return JEUDI.year


def _versement(session: Session, scene: Scene, cote: Cote) -> int:
    made = Versement(
        regie_id=session.get_one(Caisse, cote.maison).regie_id, maison_id=cote.maison, annee=2026,
        numero=1_000 + next(_numbers), jour=JEUDI, verse_le=now(), especes=550, cheques=0, cap=0,
    )  # fmt: skip
    session.add(made)
    session.flush()
    documents.store(session, bordereaux.cle(made.id), "versement.pdf", b"%PDF-1.7 un bordereau")
    return made.id


def _tirage(session: Session, scene: Scene, cote: Cote) -> int:
    made = journal_papier.demander(session, JEUDI, JEUDI, cote.maison, par=None).id
    documents.store(session, journal_papier.cle(made), "journal.pdf", b"%PDF-1.7 un journal")
    return made


def _reste(session: Session, cote: Cote) -> Reste:
    """Of a household that nothing else was asked of: what others owe may have been paid or given meanwhile."""
    return guichet.reste_remis(session, fabriques.foyer(session, maison_id=cote.maison).id)


def _etat_de_restes(session: Session, scene: Scene, cote: Cote) -> int:
    made = _reste(session, cote).etat_id
    documents.store(session, restes_papier.cle(made), "restes.pdf", b"%PDF-1.7 un etat")
    return made


def _ecart(session: Session, scene: Scene, cote: Cote) -> int:
    """A payment that Stripe has and the ledger has not."""
    made = Ecart(
        piece=f"stripe:ch_{next(_numbers)}", nature="paiement", ailleurs=550, grand_livre=0, constate_le=now()
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made.id


def _mandataire(session: Session, scene: Scene, cote: Cote) -> int:
    agent = fabriques.compte(session, Role.AGENT, maisons=(cote.maison,)).id
    made = Mandataire(maison_id=cote.maison, compte_id=agent, depuis=now())
    session.add(made)
    session.flush()
    return made.id


def jeton_d_oubli(session: Session, compte_id: int) -> str:
    """The end of the link that gives this account another password."""
    return oubli.LIEN.sign([compte_id, oubli._empreinte(session.get_one(Compte, compte_id))])


def place_offerte(session: Session) -> int:
    """A household that is offered a place by the waiting list."""
    place = fabriques.maison(session).id
    return fabriques.attente(session, fabriques.foyer(session).id, place, offerte_le=now()).id


def jeton_de_terme(session: Session, cote: Cote) -> str:
    """The end of the link that renews a term of that side which ends soon."""
    household = fabriques.foyer(session, maison_id=cote.maison).id
    made = fabriques.abonnement(session, household, cote.maison, fin=SUIVANT)
    return jeton_de_renouvellement(made.id, SUIVANT)


def _semaine_ouverte(session: Session) -> int:
    return int(session.execute(text("SELECT id FROM semaine WHERE etat = 'ouverte' ORDER BY id LIMIT 1")).scalar_one())


def _soiree(session: Session, scene: Scene, cote: Cote) -> int:
    """An outing of today at that side's maison, with its papers."""
    made = sortie_de_ce_soir(session, cote.maison)
    documents.store(session, cle_du_dossier(made), "sortie.pdf", b"%PDF-1.7 une liste")
    return made


def _place_de_sortie(session: Session, scene: Scene, cote: Cote) -> int:
    return place_de_ce_soir(session, cote.foyer, cote.maison)


def _tarif(session: Session, scene: Scene, cote: Cote) -> int:
    return culture.batir(session).grille


def _prix_de_tarif(session: Session, scene: Scene, cote: Cote) -> int:
    """Prices of tomorrow."""
    tomorrow = PrixSaisis(now().date() + timedelta(days=1), (), (200,))
    made = saisir_prix(session, _tarif(session, scene, cote), tomorrow, instant=now(), par=None)
    session.flush()
    return made.id


def _sortie(session: Session, scene: Scene, cote: Cote) -> int:
    """An outing of that side's maison with two seats left, for which its household may book."""
    season = culture.batir(session, places_par_foyer=20)
    session.execute(text("UPDATE sortie SET maison_id = :m WHERE id = :s"), {"m": cote.maison, "s": season.sortie})
    session.add(SortieImage(sortie_id=season.sortie, image=b"\xff\xd8\xff", description="La salle", deposee_le=now()))
    session.flush()
    return season.sortie


def _inscription(session: Session, scene: Scene, cote: Cote, etat: str = "confirmee") -> int:
    made = Inscription(
        sortie_id=_sortie(session, scene, cote), foyer_id=cote.foyer, maison_id=cote.maison, etat=etat, depuis=now(),
        confirmee_le=now() if etat == "confirmee" else None, ecriture=0,
    )  # fmt: skip
    if etat == "offerte":
        made.offerte_le, made.expire_le = now(), now() + timedelta(days=2)
    session.add(made)
    session.flush()
    session.add(
        PlaceSortie(inscription_id=made.id, sortie_id=made.sortie_id, prenom="Lou", nom="Essai", invite=True, prix=0)
    )
    session.flush()
    return made.id


def _sortie_tenue(session: Session, scene: Scene, cote: Cote) -> int:
    """An outing of yesterday to which the household went, and of which it may say what it thought."""
    booked = session.get_one(Inscription, _inscription(session, scene, cote))
    outing = session.get_one(Sortie, booked.sortie_id)
    back = outing.debut_le - now() + timedelta(days=1)
    for name in ("ouverture_le", "cloture_le", "annulable_jusqu_a", "rendez_vous_le", "debut_le"):
        setattr(outing, name, getattr(outing, name) - back)
    outing.etat = "tenue"
    return outing.id


def _pass(session: Session, scene: Scene, cote: Cote) -> int:
    made = culture.donner_pass(session, cote.foyer, _membre(session, scene, cote)).id
    documents.store(session, f"pass:{made}", "carte.pdf", b"%PDF-1.7 une carte")
    return made


def _contremarque(session: Session, scene: Scene, cote: Cote) -> int:
    """A group voucher with its paper."""
    made = contremarques.etablir(session, _sortie(session, scene, cote), instant=now(), par=None)
    assert made is not None
    documents.store(session, contremarques.cle(made.id), "contremarque.pdf", b"%PDF-1.7 une contremarque")
    return made.id


def _sortie_facturee(session: Session, scene: Scene, cote: Cote) -> int:
    """An outing that is over, with an invoice of its venue; others may follow."""
    held = _sortie_tenue(session, scene, cote)
    saisir_facture(session, held, FactureSaisie("F-1", now().date(), 1_000), instant=now(), par=None)
    return held


def lien_de_la_contremarque(session: Session) -> str:
    """The end of the venue's link of the outing that has the last group voucher."""
    last = select(Contremarque.sortie_id).order_by(Contremarque.id.desc()).limit(1)
    sortie = session.get_one(Sortie, session.scalar(last))
    return jeton_du_lieu(sortie.id, sortie.lieu_id)


def lien_de_lieu(session: Session, scene: Scene, cote: Cote) -> str:
    """The end of the link that a venue gets, for an outing of the months to come."""
    made = session.get_one(Sortie, _sortie(session, scene, cote))
    made.debut_le += timedelta(days=200)
    made.rendez_vous_le += timedelta(days=200)
    session.flush()
    return jeton_du_lieu(made.id, made.lieu_id)


def _groupe(session: Session, scene: Scene, cote: Cote) -> int:
    """A group of that side's maison, with one name on its list."""
    made = Groupe(nom=f"Groupe {next(_numbers)}", maison_id=cote.maison, cree_le=now())
    session.add(made)
    session.flush()
    session.add(GroupePersonne(groupe_id=made.id, prenom="Lou", nom="Essai"))
    session.flush()
    return made.id


def _personne_de_groupe(session: Session, scene: Scene, cote: Cote) -> int:
    key = _groupe(session, scene, cote)
    return int(session.execute(select(GroupePersonne.id).where(GroupePersonne.groupe_id == key)).scalar_one())


OBJETS: dict[str, Objet] = {
    "groupe_id": Objet(_groupe),
    "personne_id": Objet(_personne_de_groupe, a_tous="of another group it is left alone"),
    "contremarque_id": Objet(_contremarque, a_tous="the coordination, and the venue by its link, read every version"),
    "soiree_id": Objet(_soiree),
    "place_id": Objet(_place_de_sortie),
    "sortie_id": Objet(_sortie, a_tous="the programme is everybody's"),
    "inscription_id": Objet(_inscription),
    "pass_id": Objet(_pass),
    "foyer_id": Objet(lambda _, __, cote: cote.foyer),
    "membre_id": Objet(_membre),
    "compte_id": Objet(_compte),
    "justificatif_id": Objet(_justificatif),
    "panier_id": Objet(_panier),
    "pause_id": Objet(_pause),
    "carte_id": Objet(_carte_retrait),
    "procuration_id": Objet(_procuration),
    "maison_id": Objet(lambda _, __, cote: cote.maison),
    "commande_id": Objet(lambda _, __, cote: cote.commande),
    "offre_id": Objet(_offre),
    "appel_id": Objet(_appel),
    "liasse_id": Objet(_liasse),
    "arrivee_id": Objet(_arrivee, a_tous="the coordination looks after every maison's arrivals"),
    "fermeture_id": Objet(_fermeture, a_tous="the coordination looks after every maison's closing days"),
    "quittance_id": Objet(_quittance),
    "paiement_id": Objet(_paiement, a_tous="the régisseur answers for every payment"),
    "recu_id": Objet(_recu),
    "aide_id": Objet(_aide),
    "annee": Objet(
        _annee, a_tous="a year is everybody's; whose payments are told is the address's household, or one's own"
    ),
    "versement_id": Objet(_versement, a_tous="the régisseur answers for the deposits of every till"),
    "tirage_id": Objet(_tirage, a_tous="the régisseur answers for the journal of every till"),
    "etat_id": Objet(_etat_de_restes, a_tous="the régisseur answers for what every household owes"),
    "reste_id": Objet(
        lambda session, _, cote: _reste(session, cote).id,
        a_tous="the régisseur answers for what every household owes",
    ),
    "mandataire_id": Objet(_mandataire, a_tous="the régisseur names who takes money at every till"),
    "ecart_id": Objet(_ecart, a_tous="the régisseur explains every difference"),
    "contrat_id": Objet(_contrat, a_tous="the coordination looks after every producer's contract"),
    "grille_id": Objet(_grille, a_tous="a grid is the whole town's"),
    "tarif_id": Objet(_tarif, a_tous="the price of an outing is everybody's"),
    "prix_id": Objet(_prix_de_tarif, a_tous="the price of an outing is everybody's"),
    "calendrier_id": Objet(_calendrier, a_tous="a rhythm is the whole town's"),
    "delivery_id": Objet(_livraison, a_tous="a delivery is the operators'"),
    "semaine_id": Objet(lambda _, scene, __: scene.semaine, a_tous="a week is the whole town's"),
    "code": Objet(lambda _, scene, __: scene.code_ouvert, a_tous="a week is the whole town's"),
    "importation_id": Objet(_importation, a_tous="a spreadsheet of the whole town is the coordination's"),
    "quoi": Objet(lambda *_: "remarques", a_tous="a word"),
    "produit_id": Objet(lambda _, scene, __: scene.produit, a_tous="the catalogue is everybody's"),
    "filename": Objet(lambda *_: "css/paniers.css", a_tous="style, scripts and drawings"),
    "geste": Objet(lambda *_: "livrer", a_tous="a word"),
    "genre": Objet(lambda *_: "pdf", a_tous="a word"),
}
# By blueprint, where the pages are about such things at another point of their life.
AILLEURS_DANS_LEUR_VIE: dict[tuple[str, str], Objet] = {
    ("factures_culture", "sortie_id"): Objet(
        _sortie_facturee,
        a_tous="the coordination looks after what every venue invoices",
    ),
}
# A signed link is opened by whoever holds it: what is not ours is a link that was signed for another purpose
# (test_liens_signes). By blueprint, or by page where a blueprint has several:
JETONS: dict[str, Fabrique] = {
    "comptes": lambda session, _, cote: jeton_d_oubli(session, cote.compte),
    "messages": lambda _, __, cote: lien_des_messages(cote.foyer, Sorte.RETRAIT).rpartition("/")[2],
    "paiements": lambda _, __, cote: jeton(cote.echeance),
    "producteurs": lambda _, __, cote: jeton_de_commande(cote.commande),
    "paniers.place_par_lien": lambda session, _, __: jeton_de_place(place_offerte(session)),
    "paniers.renouveler_par_lien": lambda session, _, cote: jeton_de_terme(session, cote),
    "culture.places_par_lien": lambda session, scene, cote: jeton_de_places(
        _inscription(session, scene, cote, "offerte")
    ),
    "culture.avis_par_lien": lambda session, scene, cote: jeton_d_avis(_sortie_tenue(session, scene, cote), cote.foyer),
    "partenaires.sortie": lien_de_lieu,
    "partenaires.contremarque": lambda session, _, __: lien_de_la_contremarque(session),
    "offres_par_lien": lambda session, scene, cote: jeton_d_offres(cote.ferme, _semaine_ouverte(session)),
}
# Whose reach ends somewhere; the coordination and the administration look after the whole town.
BORNES = frozenset({Role.HABITANT, Role.AGENT, Role.BENEVOLE, Role.PRODUCTEUR})


def objet(rule: Rule, name: str) -> Objet:
    if name == "jeton":
        signed = JETONS.get(rule.endpoint) or JETONS[rule.endpoint.split(".")[0]]
        return Objet(signed, a_tous="whoever holds the link opens it")
    return AILLEURS_DANS_LEUR_VIE.get((rule.endpoint.split(".")[0], name)) or OBJETS[name]


def adresse(app: Flask, rule: Rule, scene: Scene, *, d_autrui: frozenset[str] = frozenset()) -> str:
    """The rule's address, naming fresh objects of `ici`, and of `ailleurs` for the arguments of `d_autrui`."""
    with transaction() as session:
        named = {
            name: objet(rule, name).faire(session, scene, scene.ailleurs if name in d_autrui else scene.ici)
            for name in sorted(rule.arguments)
        }
    return construire(app.url_map, rule, named)


def construire(url_map: Map, rule: Rule, named: dict[str, object]) -> str:
    built = rule.build({key: str(value) if isinstance(value, str) else value for key, value in named.items()})
    assert built is not None, rule
    return built[1]


# Routes.


def regles(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))


def methodes(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"})


def acces(app: Flask, rule: Rule) -> Access:
    declared = declaration(app.view_functions[rule.endpoint])
    assert declared is not None, f"{rule.endpoint} does not say who may call it"
    return declared


def routes(app: Flask) -> Iterator[tuple[Rule, str, Access]]:
    """Each rule with each of its methods, and what it declares."""
    for rule in regles(app):
        for method in methodes(rule):
            yield rule, method, acces(app, rule)


# Browsers.


EXEMPTES = {
    "paiements.webhook": "Stripe calls it, and signs what it sends",
    "messages.regler_par_lien": "mail programs call the signed link in one click, without a page (RFC 8058)",
}


def premier_role(app: Flask, endpoint: str) -> Role:
    declared = declaration(app.view_functions[endpoint])
    return min(declared.roles) if declared is not None and declared.roles else Role.HABITANT


def navigateur(app: Flask, compte_id: int | None = None) -> FlaskClient:
    """A browser, signed in as that account; its forms' token is `jeton_csrf(app)`."""
    client = app.test_client()
    token = None
    if compte_id is not None:
        with transaction() as session:
            token = ouvrir_connexion(session, session.get_one(Compte, compte_id))
    base = "https://localhost" if app.config["SESSION_COOKIE_SECURE"] else None
    with client.session_transaction(base_url=base) as cookie:
        cookie["csrf_token"] = RAW_TOKEN
        if token is not None:
            cookie["_user_id"], cookie["_fresh"] = token, True
    return client


def jeton_csrf(app: Flask, raw: str = RAW_TOKEN) -> str:
    """What a page's form would carry for a browser of `navigateur`."""
    return str(URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps(raw))


# What is written.


def empreinte() -> dict[str, str]:
    """A digest of each table's rows: two that are equal mean that nothing was written between them."""
    with reading() as session:
        numbered = session.execute(text("SELECT current_database(), pg_snapshot_xmax(pg_current_snapshot())")).one()
    return _empreinte(*numbered)


@lru_cache(maxsize=1)
def _empreinte(base: str, transactions: int) -> dict[str, str]:
    """Nothing is written without a transaction number: while none was given, nothing needs to be read again."""
    # Each browser of a test signs in; and that an agent has read a proof is written down, also beside a refusal.
    names = sorted(Base.metadata.tables.keys() - {Connexion.__tablename__, LectureQF.__tablename__})
    asked = " UNION ALL ".join(
        f"SELECT '{name}', coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {name} t"  # noqa: S608
        for name in names
    )
    with reading() as session:
        return {row[0]: row[1] for row in session.execute(text(asked))}
