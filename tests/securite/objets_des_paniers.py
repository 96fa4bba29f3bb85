"""What an address may name of households, baskets and messages, made anew on one side of the town."""

from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from foyers import oubli
from foyers.models import Compte, Maison, Membre
from foyers.models_messages import Appel, Liasse, Message
from kernel import documents
from kernel.clock import now
from kernel.outbox import Delivery, FactRow, State
from paniers import arrivees, cartes, procurations
from paniers.importation import depot
from paniers.liens import jeton_de_renouvellement
from paniers.models.distributions import Fermeture
from paniers.models.semaines import Pause
from tests import fabriques
from tests.paniers.feuilles import TITRES, en_csv, ligne
from tests.securite.scene import JEUDI, SUIVANT, Cote, Scene, _numbers


def membre(session: Session, scene: Scene, cote: Cote) -> int:
    made = Membre(foyer_id=cote.foyer, prenom="Lou", nom="Essai", nom_plie="lou essai", adulte=False)
    session.add(made)
    session.flush()
    return made.id


def compte(session: Session, scene: Scene, cote: Cote) -> int:
    return fabriques.compte(session, foyer_id=cote.foyer).id


def justificatif(session: Session, scene: Scene, cote: Cote) -> int:
    return fabriques.quotient(session, cote.foyer, 700, verifie=False, declare_le=now()).id


def panier(session: Session, scene: Scene, cote: Cote) -> int:
    subscription = fabriques.abonnement(session, cote.foyer, cote.maison, fin=JEUDI)
    made = fabriques.panier(session, scene.semaine, subscription, cote.maison).id
    documents.store(session, f"bon:{made}", "bon.pdf", b"%PDF-1.7 un bon de retrait")
    return made


def pause(session: Session, scene: Scene, cote: Cote) -> int:
    made = Pause(abonnement_id=cote.abonnement, du=date(2027, 2, 4), au=date(2027, 2, 11), posee_le=now())
    session.add(made)
    session.flush()
    return made.id


def carte_retrait(session: Session, scene: Scene, cote: Cote) -> int:
    card = cartes.faire(session, cote.foyer, par=None, instant=now())
    documents.store(session, cartes.cle(card.id), "carte.pdf", b"%PDF-1.7 une carte")
    return card.id


def procuration(session: Session, scene: Scene, cote: Cote) -> int:
    for named in procurations.en_cours(session, cote.foyer, JEUDI):
        procurations.revoquer(session, named.id, par=None, instant=now())
    given = procurations.donner(
        session, cote.foyer, prenom="Nour", nom="Essai", du=JEUDI, au=None, par=None, instant=now()
    )
    session.flush()
    return given.id


def offre(session: Session, scene: Scene, cote: Cote) -> int:
    product = fabriques.produit(session, f"Légume {next(_numbers)}").id
    week = session.execute(text("SELECT id FROM semaine WHERE etat = 'ouverte' ORDER BY id LIMIT 1")).scalar_one()
    return fabriques.offre(session, week, cote.ferme, product).id


def arrivee(session: Session, scene: Scene, cote: Cote) -> int:
    arrivees.noter(session, scene.semaine, cote.maison, {cote.offre: 1}, par=None, instant=now())
    return int(session.execute(text("SELECT id FROM arrivee WHERE maison_id = :m"), {"m": cote.maison}).scalar_one())


def fermeture(session: Session, scene: Scene, cote: Cote) -> int:
    made = Fermeture(maison_id=cote.maison, du=date(2027, 3, 1), au=date(2027, 3, 5), motif="travaux", posee_le=now())
    session.add(made)
    session.flush()
    return made.id


def contrat(session: Session, scene: Scene, cote: Cote) -> int:
    """A contract of a farm of its own, with one price."""
    farm = fabriques.producteur(session).id
    return fabriques.contrat(session, farm, {scene.produit: 200}).id


def grille(session: Session, scene: Scene, cote: Cote) -> int:
    return fabriques.grille(session, effet_le=SUIVANT + timedelta(weeks=next(_numbers))).id


def calendrier(session: Session, scene: Scene, cote: Cote) -> int:
    return fabriques.calendrier(session, effet_le=SUIVANT + timedelta(weeks=next(_numbers))).id


def livraison(session: Session, scene: Scene, cote: Cote) -> int:
    fact = FactRow(name="AbonnementSouscrit", payload={"abonnement_id": cote.abonnement})
    session.add(fact)
    session.flush()
    made = Delivery(
        fact_id=fact.id, actor="confirmer_abonnement", queue="courriel", state=State.PARKED, attempts=7, error="OSError"
    )
    session.add(made)
    session.flush()
    return made.id


def appel(session: Session, scene: Scene, cote: Cote) -> int:
    message = Message(
        cle=f"appel:{next(_numbers)}", foyer_id=cote.foyer, modele="m", sorte="service", voie="appel", ecrit_le=now()
    )
    session.add(message)
    session.flush()
    session.add(Appel(message_id=message.id, objet="Retrait déplacé", texte="Le retrait a lieu vendredi."))
    session.flush()
    return message.id


def liasse(session: Session, scene: Scene, cote: Cote) -> int:
    made = Liasse(maison_id=cote.maison, nature="lettres", demandee_le=now())
    session.add(made)
    session.flush()
    documents.store(session, f"liasse:{made.id}", "lettres.pdf", b"%PDF-1.7 des lettres")
    return made.id


def importation(session: Session, scene: Scene, cote: Cote) -> int:
    """A sheet that has been tried: its columns, a likely duplicate and a remark are on its page."""
    rows = [list(TITRES), ligne(1, "Inconnue"), ligne(2, nom="Diallo"), ligne(3, nom="Diallo", telephone="")]
    rows[2][1] = rows[3][1] = "Awa"
    place = session.get_one(Maison, cote.maison).nom
    content = en_csv([[place if cell == "Capuche" else cell for cell in row] for row in rows])
    made = depot.deposer(session, content, "foyers.csv", par=None, instant=now()).id
    depot.faire_essai(session, made, 1, instant=now())
    return made


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


def semaine_ouverte(session: Session) -> int:
    return int(session.execute(text("SELECT id FROM semaine WHERE etat = 'ouverte' ORDER BY id LIMIT 1")).scalar_one())
