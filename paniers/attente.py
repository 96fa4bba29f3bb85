"""The waiting list of a full maison: joined, left, offered from, accepted.

Who waits is served by date: the oldest request that fits. A request for two baskets is overtaken by one for one only
while two do not fit, and keeps its rank. An offer holds its place for 48 hours: long enough to read one's mail and to
ask at the counter, short enough for the next family not to lose a week. It may outlive a cut-off: the message says from
which pick-up the basket then begins.

All that changes a request holds its maison's lock (`places` tells the order of locks), so of an offer's acceptance and
its expiry only one comes first, and the other finds it done.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foyers.models import Maison
from kernel.errors import Introuvable, Refus
from kernel.formats import instant as en_mots
from kernel.outbox import publish
from paniers.events import AbonnementSouscrit, OffreExpiree, PlaceOfferte
from paniers.models.attente import Attente
from paniers.places import (
    exiger_ouverte,
    jour_de_compte,
    occupations,
    verrouiller_foyer,
    verrouiller_maisons,
)
from paniers.regles.etats import OUVERTES, SUITES_ATTENTE, EtatAttente
from paniers.semaines import prochaine_ouverte
from paniers.versions import en_cours, exiger_les_visites, ouvrir, remplacer, verrouiller_abonnement, visites_de

DELAI_DE_REPONSE = timedelta(hours=48)
DUREE = timedelta(weeks=13)  # three months, the scheme's least
UNE_SEMAINE = timedelta(weeks=1)


def rejoindre_attente(
    session: Session, *, foyer_id: int, maison_id: int, nombre: int, instant: datetime, par: int | None = None
) -> Attente:
    """Wait for a place, for a first subscription or for a change of maison. `par`: the agent who asks in its name.

    Raises Refus when the household waits already, lives there already, or when there is room: then it subscribes.
    """
    verrouiller_foyer(session, foyer_id)
    maison = exiger_ouverte(verrouiller_maisons(session, maison_id), maison_id)
    if nombre not in (1, 2):
        raise Refus("Un abonnement compte un ou deux paniers.")
    if demande_ouverte(session, foyer_id) is not None:
        raise Refus("Votre foyer attend déjà une place. Quittez d’abord cette liste, puis inscrivez-vous ailleurs.")
    version = en_cours(session, foyer_id, prochaine_ouverte(session, instant).retrait_le)
    if version is not None and version.maison_id == maison_id:
        raise Refus(f"Vous avez déjà votre place à {maison.nom}. Le nombre de paniers se change sur votre page.")
    servir(session, maison, instant)
    if nombre <= _libres(session, maison, instant):
        raise Refus(f"Il reste de la place à {maison.nom} : pas besoin d’attendre, prenez-la dès maintenant.")
    attente = Attente(foyer_id=foyer_id, maison_id=maison_id, nombre=nombre, depuis=instant, par=par)
    session.add(attente)
    session.flush()  # its rank is read from its row
    return attente


def quitter_attente(session: Session, attente_id: int, *, instant: datetime, par: int | None = None) -> None:
    """Wait no longer, or decline the place that is offered; the next family is served. Harmless twice."""
    attente = _verrouiller(session, attente_id)
    maisons = verrouiller_maisons(session, attente.maison_id)
    session.refresh(attente)
    if attente.etat not in OUVERTES:
        return
    retirer(attente, instant, par)
    servir(session, maisons[attente.maison_id], instant)


def accepter_place(session: Session, attente_id: int, *, instant: datetime, par: int | None = None) -> int:
    """Take the place that is offered; returns the subscription. Who is subscribed elsewhere moves, its term stays.

    Accepting twice is accepting once. Raises Refus when the offer has expired or was never made.
    """
    attente = _verrouiller(session, attente_id)
    semaine = prochaine_ouverte(session, instant)
    version = en_cours(session, attente.foyer_id, semaine.retrait_le)
    if version is not None:
        version = verrouiller_abonnement(session, version.abonnement_id)
    visits = visites_de(session, version, semaine.retrait_le) if version is not None else []
    maisons = verrouiller_maisons(
        session, attente.maison_id, version.maison_id if version else None, *(visit.maison_id for visit in visits)
    )
    session.refresh(attente)
    if attente.etat == EtatAttente.ACCEPTEE and version is not None:
        return version.abonnement_id
    if attente.etat != EtatAttente.OFFERTE or attente.expire_le is None or instant >= attente.expire_le:
        raise Refus(_trop_tard(attente))
    exiger_ouverte(maisons, attente.maison_id)
    _avancer(attente, EtatAttente.ACCEPTEE, instant, par)
    if version is None:
        return _souscrire(session, attente, instant, par)
    if attente.nombre > version.nombre:
        # Who comes to have more baskets takes more room where it visits, too.
        exiger_les_visites(session, visits, maisons, attente.nombre, instant)
    left = maisons[version.maison_id]
    remplacer(
        session,
        version,
        instant,
        par=par,
        maison_id=attente.maison_id,
        nombre=attente.nombre,
        quitte=False,
        attente_id=attente.id,
    )
    servir(session, left, instant)
    return version.abonnement_id


def servir(session: Session, maison: Maison, instant: datetime) -> list[Attente]:
    """Let overdue offers of the locked maison expire, then offer its free places to those who wait; those offered to.

    Whoever takes or gives a place here calls it first, so that nobody overtakes the list.
    """
    _expirer(session, maison, instant)
    if not maison.active:
        return []
    waiting = _en_attente(session, maison)
    free = _libres(session, maison, instant) if waiting else 0
    served = []
    for attente in waiting:
        if attente.nombre <= free:
            free -= attente.nombre
            _offrir(session, attente, instant)
            served.append(attente)
    return served


def servir_tous(session: Session, maisons: Iterable[Maison], instant: datetime) -> None:
    """The same for many locked maisons: those where nobody waits cost nothing."""
    waiting = set(session.scalars(select(Attente.maison_id).where(Attente.etat.in_(OUVERTES)).distinct()))
    for maison in maisons:
        if maison.id in waiting:
            servir(session, maison, instant)


def satisfaire(session: Session, foyer_id: int, maison_id: int, instant: datetime, par: int | None) -> None:
    """The household takes a place here by itself: what it waited for, offered or not, is met. Maison locked."""
    attente = demande_ouverte(session, foyer_id)
    if attente is not None and attente.maison_id == maison_id:
        _avancer(attente, EtatAttente.ACCEPTEE, instant, par)


def satisfaire_en_lot(session: Session, places: Mapping[int, int], instant: datetime) -> None:
    """The same for many households, each with the locked maison where it takes a place."""
    open_ = select(Attente).where(Attente.foyer_id.in_(places), Attente.etat.in_(OUVERTES))
    for attente in session.scalars(open_.execution_options(populate_existing=True)).all():
        if places[attente.foyer_id] == attente.maison_id:
            _avancer(attente, EtatAttente.ACCEPTEE, instant, None)


def retirer(attente: Attente, instant: datetime, par: int | None) -> None:
    """End an open request by the household's will; its maison is locked."""
    offered = attente.etat == EtatAttente.OFFERTE
    _avancer(attente, EtatAttente.DECLINEE if offered else EtatAttente.RETIREE, instant, par)


def demande_ouverte(session: Session, foyer_id: int) -> Attente | None:
    """The household's one request that waits or is offered a place, as it stands now."""
    return session.scalars(
        select(Attente)
        .where(Attente.foyer_id == foyer_id, Attente.etat.in_(OUVERTES))
        .execution_options(populate_existing=True)
    ).one_or_none()


def rang(session: Session, attente: Attente) -> int:
    """How many wait there before it, and itself: 1 is the first."""
    before = (Attente.depuis < attente.depuis) | ((Attente.depuis == attente.depuis) & (Attente.id <= attente.id))
    waiting = select(func.count()).where(
        Attente.maison_id == attente.maison_id, Attente.etat == EtatAttente.EN_ATTENTE, before
    )
    return int(session.scalar(waiting) or 0)


def _verrouiller(session: Session, attente_id: int) -> Attente:
    """The request, its household locked; its maison is not yet. Raises Introuvable."""
    attente = session.get(Attente, attente_id)
    if attente is None:
        raise Introuvable
    verrouiller_foyer(session, attente.foyer_id)
    return attente


def _souscrire(session: Session, attente: Attente, instant: datetime, par: int | None) -> int:
    debut = prochaine_ouverte(session, instant).retrait_le
    abonnement = ouvrir(
        session,
        foyer_id=attente.foyer_id,
        maison_id=attente.maison_id,
        nombre=attente.nombre,
        debut=debut,
        fin=debut + DUREE - UNE_SEMAINE,
        instant=instant,
        par=par,
        attente_id=attente.id,
    )
    publish(session, AbonnementSouscrit(abonnement.id))
    return abonnement.id


def _expirer(session: Session, maison: Maison, instant: datetime) -> None:
    overdue = session.scalars(
        select(Attente)
        .where(Attente.maison_id == maison.id, Attente.etat == EtatAttente.OFFERTE, Attente.expire_le <= instant)
        .execution_options(populate_existing=True)
    )
    for attente in overdue.all():
        _avancer(attente, EtatAttente.EXPIREE, instant, None)
        publish(session, OffreExpiree(attente.id))


def _en_attente(session: Session, maison: Maison) -> Sequence[Attente]:
    return session.scalars(
        select(Attente)
        .where(Attente.maison_id == maison.id, Attente.etat == EtatAttente.EN_ATTENTE)
        .order_by(Attente.depuis, Attente.id)
        .execution_options(populate_existing=True)
    ).all()


def _offrir(session: Session, attente: Attente, instant: datetime) -> None:
    _avancer(attente, EtatAttente.OFFERTE, instant, None)
    attente.offerte_le, attente.expire_le = instant, instant + DELAI_DE_REPONSE
    attente.tenue_le = func.clock_timestamp()
    publish(session, PlaceOfferte(attente.id))


def _avancer(attente: Attente, vers: EtatAttente, instant: datetime, par: int | None) -> None:
    de = EtatAttente(attente.etat)
    if vers not in SUITES_ATTENTE[de]:
        raise ValueError(f"a request that is {de} does not become {vers}")
    attente.etat = vers
    if vers is not EtatAttente.OFFERTE:
        attente.close_le, attente.close_par = instant, par


def _libres(session: Session, maison: Maison, instant: datetime) -> int:
    day = jour_de_compte(session, instant)
    return occupations(session, day, [maison.id])[maison.id].libres if day is not None else 0


def _trop_tard(attente: Attente) -> str:
    if attente.etat == EtatAttente.EN_ATTENTE:
        return "Aucune place ne s’est encore libérée pour vous. Nous vous écrivons dès qu’il y en a une."
    if attente.expire_le is not None and attente.etat in (EtatAttente.OFFERTE, EtatAttente.EXPIREE):
        return (
            f"Cette place était gardée pour vous jusqu’à {en_mots(attente.expire_le)} : elle est allée à une autre"
            " famille. Vous pouvez vous inscrire de nouveau sur la liste."
        )
    return "Cette demande n’est plus ouverte. Vous pouvez vous inscrire de nouveau sur la liste."
