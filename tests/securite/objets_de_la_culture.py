"""What an address may name of outings, made anew on one side of the town."""

from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from culture import contremarques
from culture.documents.dossier_soiree import cle_du_dossier
from culture.factures import FactureSaisie, saisir_facture
from culture.grilles import PrixSaisis, saisir_prix
from culture.liens import jeton_du_lieu
from culture.models.inscriptions import Groupe, GroupePersonne, Inscription, PlaceSortie
from culture.models.soiree import Contremarque
from culture.models.sorties import Sortie, SortieImage
from kernel import documents
from kernel.clock import now
from tests.culture import bourg as culture
from tests.culture.bourg import place_de_ce_soir, sortie_de_ce_soir
from tests.securite.objets_des_paniers import membre
from tests.securite.scene import Cote, Scene, _numbers


def soiree(session: Session, scene: Scene, cote: Cote) -> int:
    """An outing of today at that side's maison, with its papers."""
    made = sortie_de_ce_soir(session, cote.maison)
    documents.store(session, cle_du_dossier(made), "sortie.pdf", b"%PDF-1.7 une liste")
    return made


def place_de_sortie(session: Session, scene: Scene, cote: Cote) -> int:
    return place_de_ce_soir(session, cote.foyer, cote.maison)


def tarif(session: Session, scene: Scene, cote: Cote) -> int:
    return culture.batir(session).grille


def prix_de_tarif(session: Session, scene: Scene, cote: Cote) -> int:
    """Prices of tomorrow."""
    tomorrow = PrixSaisis(now().date() + timedelta(days=1), (), (200,))
    made = saisir_prix(session, tarif(session, scene, cote), tomorrow, instant=now(), par=None)
    session.flush()
    return made.id


def sortie(session: Session, scene: Scene, cote: Cote) -> int:
    """An outing of that side's maison with two seats left, for which its household may book."""
    season = culture.batir(session, places_par_foyer=20)
    session.execute(text("UPDATE sortie SET maison_id = :m WHERE id = :s"), {"m": cote.maison, "s": season.sortie})
    session.add(SortieImage(sortie_id=season.sortie, image=b"\xff\xd8\xff", description="La salle", deposee_le=now()))
    session.flush()
    return season.sortie


def inscription(session: Session, scene: Scene, cote: Cote, etat: str = "confirmee") -> int:
    made = Inscription(
        sortie_id=sortie(session, scene, cote), foyer_id=cote.foyer, maison_id=cote.maison, etat=etat, depuis=now(),
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


def sortie_tenue(session: Session, scene: Scene, cote: Cote) -> int:
    """An outing of yesterday to which the household went, and of which it may say what it thought."""
    booked = session.get_one(Inscription, inscription(session, scene, cote))
    outing = session.get_one(Sortie, booked.sortie_id)
    back = outing.debut_le - now() + timedelta(days=1)
    for name in ("ouverture_le", "cloture_le", "annulable_jusqu_a", "rendez_vous_le", "debut_le"):
        setattr(outing, name, getattr(outing, name) - back)
    outing.etat = "tenue"
    return outing.id


def pass_delivre(session: Session, scene: Scene, cote: Cote) -> int:
    made = culture.donner_pass(session, cote.foyer, membre(session, scene, cote)).id
    documents.store(session, f"pass:{made}", "carte.pdf", b"%PDF-1.7 une carte")
    return made


def contremarque(session: Session, scene: Scene, cote: Cote) -> int:
    """A group voucher with its paper."""
    made = contremarques.etablir(session, sortie(session, scene, cote), instant=now(), par=None)
    assert made is not None
    documents.store(session, contremarques.cle(made.id), "contremarque.pdf", b"%PDF-1.7 une contremarque")
    return made.id


def sortie_facturee(session: Session, scene: Scene, cote: Cote) -> int:
    """An outing that is over, with an invoice of its venue; others may follow."""
    held = sortie_tenue(session, scene, cote)
    saisir_facture(session, held, FactureSaisie("F-1", now().date(), 1_000), instant=now(), par=None)
    return held


def lien_de_la_contremarque(session: Session) -> str:
    """The end of the venue's link of the outing that has the last group voucher."""
    last = select(Contremarque.sortie_id).order_by(Contremarque.id.desc()).limit(1)
    sortie = session.get_one(Sortie, session.scalar(last))
    return jeton_du_lieu(sortie.id, sortie.lieu_id)


def lien_de_lieu(session: Session, scene: Scene, cote: Cote) -> str:
    """The end of the link that a venue gets, for an outing of the months to come."""
    made = session.get_one(Sortie, sortie(session, scene, cote))
    made.debut_le += timedelta(days=200)
    made.rendez_vous_le += timedelta(days=200)
    session.flush()
    return jeton_du_lieu(made.id, made.lieu_id)


def groupe(session: Session, scene: Scene, cote: Cote) -> int:
    """A group of that side's maison, with one name on its list."""
    made = Groupe(nom=f"Groupe {next(_numbers)}", maison_id=cote.maison, cree_le=now())
    session.add(made)
    session.flush()
    session.add(GroupePersonne(groupe_id=made.id, prenom="Lou", nom="Essai"))
    session.flush()
    return made.id


def personne_de_groupe(session: Session, scene: Scene, cote: Cote) -> int:
    key = groupe(session, scene, cote)
    return int(session.execute(select(GroupePersonne.id).where(GroupePersonne.groupe_id == key)).scalar_one())
