"""The life of an outing for the coordination: written, published, changed, closed, held, cancelled."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from culture import attente, contremarques
from culture.attente import avancer, rendre
from culture.comptabilite import cle_de_l_inscription
from culture.events import SortieAnnulee, SortieModifiee, SortiePubliee, SortieTenue
from culture.models.inscriptions import Inscription
from culture.models.sorties import GrilleSortie, Lieu, Sortie, SortieEtape, SortieImage, SortieQuota, SortieVersion
from culture.partenaires import solliciter_d_abord
from culture.regles.etats import LIBELLES_SORTIE, OUVERTES, VIVANTES, EtatInscription, EtatSortie, exiger_sortie
from culture.verrous import verrouiller_sortie
from foyers.models import Maison
from kernel.errors import Refus
from kernel.outbox import publish
from kernel.web.words import _
from paiements import grand_livre

ANNONCES = ("lieu_id", "debut_le", "duree_minutes", "rendez_vous_le", "rendez_vous_lieu")
"""What the registered are told of when it changes."""

FINS_PAR_ANNULATION = {
    EtatInscription.CONFIRMEE: EtatInscription.ANNULEE,
    EtatInscription.OFFERTE: EtatInscription.RETIREE,
    EtatInscription.EN_ATTENTE: EtatInscription.RETIREE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """All that is written of an outing; instants are aware, `cout_place` is centimes, `quotas` seats by maison."""

    titre: str
    genre: str
    lieu_id: int
    maison_id: int
    grille_id: int
    debut_le: datetime
    duree_minutes: int
    places: int
    places_par_foyer: int = 6
    invites_par_foyer: int = 2
    cout_place: int = 0
    privilege: str = ""
    texte: str = ""
    rendez_vous_le: datetime
    rendez_vous_lieu: str
    acces: str = ""
    age_minimum: int | None = None
    autorisation_parentale: bool = False
    besoins: tuple[str, ...] = ()
    noms_demandes: bool = False
    ouverture_le: datetime
    cloture_le: datetime
    annulable_jusqu_a: datetime
    quotas_jusqu_a: datetime | None = None
    quotas: Mapping[int, int] = field(default_factory=dict)


def creer(session: Session, programme: Programme, *, instant: datetime, par: int | None) -> Sortie:
    """Write down a draft, which only the coordination sees. Raises Refus when its dates or places do not agree."""
    _exiger_coherent(session, programme)
    sortie = Sortie(**_colonnes(programme), creee_le=instant, creee_par=par)
    session.add(sortie)
    session.flush()  # its quotas name it
    _ecrire_les_quotas(session, sortie.id, programme.quotas)
    return sortie


def modifier(session: Session, sortie_id: int, programme: Programme, *, instant: datetime) -> Sortie:
    """Write it anew. When where or when changes, who is registered is told, once a change.

    Fewer places than are held are refused; more of them are offered to the waiting list at once. Price, cost
    and seats already taken stay as they were. Raises Refus.
    """
    sortie = verrouiller_sortie(session, sortie_id)
    if sortie.etat in (EtatSortie.TENUE, EtatSortie.ANNULEE):
        raise Refus(_("Cette sortie est passée ou annulée : elle ne se modifie plus."))
    _exiger_coherent(session, programme)
    held = sum(attente.occupation(session, sortie, instant).tenues.values())
    if programme.places < held:
        raise Refus(_("%(n)d places sont déjà tenues : le nombre de places ne peut pas passer dessous.", n=held))
    fresh = _colonnes(programme)
    told = sortie.etat in VIVANTES and any(getattr(sortie, name) != fresh[name] for name in ANNONCES)
    if told:
        before = {name: getattr(sortie, name) for name in ANNONCES}
        session.add(SortieVersion(sortie_id=sortie.id, version=sortie.version, remplacee_le=instant, **before))
    for name, value in fresh.items():
        setattr(sortie, name, value)
    _ecrire_les_quotas(session, sortie.id, programme.quotas)
    if told:
        sortie.version += 1
        publish(session, SortieModifiee(sortie.id, sortie.version))
    session.flush()  # places and quotas are read again
    attente.servir(session, sortie, instant)
    return sortie


def publier(session: Session, sortie_id: int, *, instant: datetime, par: int | None) -> None:
    """Show the outing to everybody, and ask its venue; or open its inscriptions again. Harmless twice. Raises Refus."""
    sortie = verrouiller_sortie(session, sortie_id)
    if sortie.etat == EtatSortie.PUBLIEE:
        return
    if instant >= sortie.cloture_le:
        raise Refus(_("La date de fin des inscriptions est passée. Changez-la d’abord, puis publiez."))
    first = sortie.etat == EtatSortie.BROUILLON
    _avancer(session, sortie, EtatSortie.PUBLIEE, par, le=instant)
    if first:
        publish(session, SortiePubliee(sortie.id))
        solliciter_d_abord(session, sortie, instant=instant, par=par)
    attente.servir(session, sortie, instant)


def clore(session: Session, sortie_id: int, *, instant: datetime, par: int | None) -> None:
    """Take no more inscriptions; seats that come free still go to who waits. The group voucher is made. Harmless
    twice."""
    sortie = verrouiller_sortie(session, sortie_id)
    if sortie.etat != EtatSortie.CLOSE:
        _avancer(session, sortie, EtatSortie.CLOSE, par)
        if instant < sortie.debut_le:
            contremarques.etablir(session, sortie_id, instant=instant, par=par)


def tenir(session: Session, sortie_id: int, *, instant: datetime, par: int | None) -> None:
    """It has taken place: who still waited waits no more. Harmless twice."""
    sortie = verrouiller_sortie(session, sortie_id)
    if sortie.etat == EtatSortie.TENUE:
        return
    if instant < sortie.debut_le:
        raise Refus(_("Cette sortie n’a pas encore commencé."))
    _avancer(session, sortie, EtatSortie.TENUE, par, le=instant)
    _terminer(session, sortie, (EtatInscription.EN_ATTENTE, EtatInscription.OFFERTE), instant, par)
    publish(session, SortieTenue(sortie.id))


def annuler_sortie(session: Session, sortie_id: int, motif: str, *, instant: datetime, par: int | None) -> int:
    """It will not take place: every seat is given back, every debit reversed, everybody told. Harmless twice.

    Returns how many inscriptions it ends. Raises Refus once it has taken place.
    """
    sortie = verrouiller_sortie(session, sortie_id)
    if sortie.etat == EtatSortie.ANNULEE:
        return 0
    if not motif.strip():
        raise Refus(_("Écrivez pourquoi : les familles le liront."), status=422)
    _avancer(session, sortie, EtatSortie.ANNULEE, par, le=instant)
    sortie.annulation_motif = motif.strip()
    ended = _terminer(session, sortie, OUVERTES, instant, par)
    booked = [cle_de_l_inscription(one.id, one.ecriture) for one in ended if one.ecriture]
    if booked:
        grand_livre.contrepasser_en_lot(session, booked, _("Sortie annulée : %(titre)s", titre=sortie.titre))
    publish(session, SortieAnnulee(sortie.id))
    return len(ended)


def illustrer(session: Session, sortie_id: int, image: bytes, description: str, *, instant: datetime) -> None:
    """Give the outing its picture (a JPEG that we drew) and the words that stand for it; the last one counts."""
    verrouiller_sortie(session, sortie_id)
    found = session.get(SortieImage, sortie_id)
    if found is None:
        session.add(SortieImage(sortie_id=sortie_id, image=image, description=description, deposee_le=instant))
    else:
        found.image, found.description, found.deposee_le = image, description, instant


def _terminer(
    session: Session,
    sortie: Sortie,
    etats: tuple[EtatInscription, ...],
    instant: datetime,
    par: int | None,
) -> list[Inscription]:
    """End the inscriptions of the locked outing that are in one of these states, and give their seats back."""
    found = session.scalars(
        select(Inscription)
        .where(Inscription.sortie_id == sortie.id, Inscription.etat.in_(etats))
        .order_by(Inscription.id)
        .execution_options(populate_existing=True)
    ).all()
    for inscription in found:
        avancer(session, inscription, FINS_PAR_ANNULATION[EtatInscription(inscription.etat)], instant, par)
        rendre(session, inscription.id, instant, par)
    return list(found)


def _avancer(
    session: Session, sortie: Sortie, vers: EtatSortie, par: int | None, *, le: datetime | None = None
) -> None:
    de = EtatSortie(sortie.etat)
    if de in (EtatSortie.TENUE, EtatSortie.ANNULEE) or (de is EtatSortie.BROUILLON and vers is EtatSortie.CLOSE):
        raise Refus(_("Cette sortie est au point « %(etat)s » : ce geste n’y va plus.", etat=LIBELLES_SORTIE[de]))
    exiger_sortie(de, vers)
    sortie.etat = vers
    step = SortieEtape(sortie_id=sortie.id, de=de, vers=vers, par=par)
    if le is not None:
        step.le = le  # the same instant as what it ends, by which who is to be told is found
    session.add(step)


def _exiger_coherent(session: Session, programme: Programme) -> None:
    """The dates follow one another, the quotas fit, what is named exists. Raises Refus (422)."""
    p = programme
    for holds, sentence in (
        (p.ouverture_le < p.cloture_le, _("Les inscriptions ouvrent avant de fermer.")),
        (p.cloture_le <= p.rendez_vous_le, _("Les inscriptions ferment avant le rendez-vous.")),
        (p.rendez_vous_le <= p.debut_le, _("Le rendez-vous est avant le début.")),
        (p.annulable_jusqu_a <= p.rendez_vous_le, _("On peut annuler jusqu’au rendez-vous au plus tard.")),
        (
            p.quotas_jusqu_a is None or p.quotas_jusqu_a < p.cloture_le,
            _("Les places réservées se libèrent avant la fin des inscriptions."),
        ),
        (sum(p.quotas.values()) <= p.places, _("Les places réservées aux maisons dépassent le nombre de places.")),
        (
            bool(p.quotas) == (p.quotas_jusqu_a is not None),
            _("Écrivez jusqu’à quand les places sont réservées aux maisons, et combien."),
        ),
        (session.get(Lieu, p.lieu_id) is not None, _("Choisissez un lieu dans la liste.")),
        (session.get(Maison, p.maison_id) is not None, _("Choisissez une maison dans la liste.")),
        (session.get(GrilleSortie, p.grille_id) is not None, _("Choisissez un tarif dans la liste.")),
    ):
        if not holds:
            raise Refus(sentence, status=422)


def _colonnes(programme: Programme) -> dict[str, object]:
    values = asdict(programme)
    del values["quotas"]
    return values | {"besoins": [str(need) for need in programme.besoins]}


def _ecrire_les_quotas(session: Session, sortie_id: int, quotas: Mapping[int, int]) -> None:
    session.execute(delete(SortieQuota).where(SortieQuota.sortie_id == sortie_id))
    session.add_all(SortieQuota(sortie_id=sortie_id, maison_id=key, places=n) for key, n in quotas.items() if n)
