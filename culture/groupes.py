"""Groups with a list (a French class, a seniors' club): made by an agent, taken along in one act, all or nothing.

Who of a group belongs to a household is booked and debited as that household would be; who has none is a guest of the
group, and the CCAS bears the seat.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from culture import attente
from culture.conditions import Personne, Voyageur, exiger_les_limites, exiger_une_sortie_ouverte, voyageurs
from culture.inscriptions import Acte, confirmer, prevenir_les_grands
from culture.models.inscriptions import Groupe, GroupePersonne, Inscription
from culture.verrous import VERROU, verrouiller_foyers, verrouiller_sortie
from foyers.models import Maison, Membre
from foyers.noms import est_un_nom
from kernel.errors import Introuvable, Refus
from kernel.web.words import _

PERSONNES_MAX = 60


def creer_groupe(
    session: Session,
    *,
    nom: str,
    maison_id: int,
    referent: str,
    telephone: str | None = None,
    instant: datetime,
    par: int,
) -> Groupe:
    """Raises Refus when the maison has a group of that name."""
    session.get(Maison, maison_id, with_for_update=VERROU)  # two groups of one name, pressed at once
    name = _nom_libre(session, nom, maison_id)
    made = Groupe(
        nom=name, maison_id=maison_id, referent=referent.strip(), telephone=telephone, cree_le=instant, cree_par=par
    )
    session.add(made)
    session.flush()  # its people name it
    return made


def modifier_groupe(session: Session, groupe_id: int, *, nom: str, referent: str, telephone: str | None) -> None:
    """Write its name and who looks after it anew. Raises Refus when the maison has another group of that name."""
    groupe = _ouvrir(session, groupe_id)
    session.get(Maison, groupe.maison_id, with_for_update=VERROU)
    groupe.nom = _nom_libre(session, nom, groupe.maison_id, sauf=groupe.id)
    groupe.referent, groupe.telephone = referent.strip(), telephone


def fermer_groupe(session: Session, groupe_id: int, *, instant: datetime) -> None:
    """It is proposed no more; what it has booked stays. Harmless twice."""
    groupe = session.get(Groupe, groupe_id, with_for_update=True)
    if groupe is not None and groupe.clos_le is None:
        groupe.clos_le = instant


def _nom_libre(session: Session, nom: str, maison_id: int, *, sauf: int = 0) -> str:
    name = " ".join(nom.split())
    if not name:
        raise Refus(_("Écrivez le nom du groupe."), status=422)
    same = select(Groupe.id).where(Groupe.maison_id == maison_id, Groupe.nom == name, Groupe.clos_le.is_(None))
    if session.scalar(same.where(Groupe.id != sauf)) is not None:
        raise Refus(_("Cette maison a déjà un groupe de ce nom."))
    return name


def _ouvrir(session: Session, groupe_id: int) -> Groupe:
    groupe = session.get(Groupe, groupe_id, with_for_update=True, populate_existing=True)
    if groupe is None or groupe.clos_le is not None:
        raise Introuvable
    return groupe


def ajouter(session: Session, groupe_id: int, *, membre_id: int | None = None, prenom: str = "", nom: str = "") -> None:
    """Put somebody on the group's list: a member of a household, or a name alone. Raises Refus."""
    _ouvrir(session, groupe_id)
    listed = session.scalars(select(GroupePersonne).where(GroupePersonne.groupe_id == groupe_id)).all()
    if len(listed) >= PERSONNES_MAX:
        raise Refus(_("Ce groupe compte déjà soixante personnes. Faites-en un second."))
    if membre_id is not None:
        if any(one.membre_id == membre_id for one in listed):
            raise Refus(_("Cette personne est déjà sur la liste du groupe."))
        if session.get(Membre, membre_id) is None:
            raise Introuvable
        session.add(GroupePersonne(groupe_id=groupe_id, membre_id=membre_id))
        return
    first, last = " ".join(prenom.split()), " ".join(nom.split())
    if not (est_un_nom(first) and est_un_nom(last)):
        raise Refus(_("Écrivez le prénom et le nom, avec des lettres."), status=422)
    session.add(GroupePersonne(groupe_id=groupe_id, prenom=first, nom=last))


def retirer(session: Session, groupe_id: int, personne_id: int) -> None:
    """Take somebody off the list; seats already booked stay. Harmless twice."""
    found = session.get(GroupePersonne, personne_id, with_for_update=True)
    if found is not None and found.groupe_id == groupe_id:
        session.delete(found)


def inscrire_groupe(
    session: Session, *, groupe_id: int, sortie_id: int, personnes: Sequence[int], instant: datetime, par: int
) -> list[Inscription]:
    """Book seats for these people of the group's list: for each household one booking, one for who has none.

    Raises Refus, and nothing is written, when one of them may not come or there is no room for all.
    """
    groupe = session.get(Groupe, groupe_id)
    if groupe is None or groupe.clos_le is not None:
        raise Introuvable
    by_household, alone = _partager(session, groupe_id, personnes)
    foyers = verrouiller_foyers(session, by_household)
    sortie = verrouiller_sortie(session, sortie_id)
    exiger_une_sortie_ouverte(sortie, instant)
    attente.servir(session, sortie, instant)
    made = []
    for foyer_id, people in sorted(by_household.items()):
        going = voyageurs(session, sortie, foyer_id, people, instant)
        exiger_les_limites(session, sortie, foyer_id, going)
        _exiger_la_place(attente.occupation(session, sortie, instant).libres_pour(foyers[foyer_id].maison_id), going)
        made.append(
            confirmer(session, sortie, going, Acte(foyers[foyer_id].maison_id, instant, par, foyer_id, groupe_id))
        )
        prevenir_les_grands(session, sortie, len(going), instant)
    if alone:
        _exiger_la_place(attente.occupation(session, sortie, instant).libres_pour(groupe.maison_id), alone)
        made.append(confirmer(session, sortie, alone, Acte(groupe.maison_id, instant, par, None, groupe_id)))
        prevenir_les_grands(session, sortie, len(alone), instant)
    return made


def _partager(
    session: Session, groupe_id: int, personnes: Sequence[int]
) -> tuple[dict[int, list[Personne]], list[Voyageur]]:
    rows = session.execute(
        select(GroupePersonne, Membre.foyer_id)
        .outerjoin(Membre, Membre.id == GroupePersonne.membre_id)
        .where(GroupePersonne.groupe_id == groupe_id, GroupePersonne.id.in_(personnes))
        .order_by(GroupePersonne.id)
    ).all()
    if not rows:
        raise Refus(_("Choisissez au moins une personne du groupe."), status=422)
    by_household: dict[int, list[Personne]] = defaultdict(list)
    alone: list[Voyageur] = []
    for one, foyer_id in rows:
        if foyer_id is not None:
            by_household[foyer_id].append(Personne(one.membre_id))
        else:
            alone.append(Voyageur(None, one.prenom, one.nom, adulte=True, age=None, besoins=(), prix=0))
    return by_household, alone


def _exiger_la_place(free: int, going: Sequence[Voyageur]) -> None:
    if len(going) > free:
        raise Refus(_("Il n’y a pas assez de places pour tout le groupe. Rien n’est réservé : choisissez qui vient."))
