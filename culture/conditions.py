"""Who may come to an outing, and at what price: one rule a function, one French sentence a refusal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, DateTime, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from culture.grilles import bareme_au
from culture.models.inscriptions import Inscription, PlaceSortie
from culture.models.pass_culture import PassCulture
from culture.models.sorties import Sortie
from culture.regles.etats import LIBELLES_BESOIN, OUVERTES, VIVANTES, Besoin, EtatSortie
from culture.regles.tarifs import saison_de
from foyers.models import Membre
from foyers.noms import NOM_MAX, est_un_nom
from foyers.queries import quotients_au
from kernel.clock import PARIS
from kernel.errors import Introuvable, Refus
from kernel.formats import instant as en_mots
from kernel.formats import jour_annee
from kernel.settings import get_settings
from kernel.web.words import _

ADULTE = 18


@dataclass(frozen=True, slots=True)
class Personne:
    """Somebody to take along: a member of the household by its key, or a guest by name."""

    membre_id: int | None = None
    prenom: str = ""
    nom: str = ""
    adulte: bool = True
    age: int | None = None
    besoins: tuple[Besoin, ...] = ()


@dataclass(frozen=True, slots=True)
class Voyageur:
    """Somebody who may come, and what the seat costs (centimes)."""

    membre_id: int | None
    prenom: str
    nom: str
    adulte: bool
    age: int | None
    besoins: tuple[Besoin, ...]
    prix: int

    @property
    def invite(self) -> bool:
        return self.membre_id is None


class Chevauchement(Refus):
    """Somebody is at another outing at that hour: to be said once, not refused."""


# What a booking asks, built once: two hundred book at a time, and building a statement takes longer than running it.
_CES_MEMBRES = bindparam("membres", type_=ARRAY(BigInteger))
_MEMBRES_ET_PASS = (
    select(Membre, PassCulture)
    .outerjoin(PassCulture, (PassCulture.membre_id == Membre.id) & PassCulture.annule_le.is_(None))
    .where(Membre.id == any_(_CES_MEMBRES))
    .order_by(PassCulture.au)
)
_PLACES_DU_FOYER = (
    select(PlaceSortie.membre_id, PlaceSortie.invite)
    .join(Inscription, Inscription.id == PlaceSortie.inscription_id)
    .where(Inscription.sortie_id == bindparam("sortie"), Inscription.foyer_id == bindparam("foyer"))
    .where(Inscription.etat.in_(OUVERTES), PlaceSortie.annulee_le.is_(None))
)
_A_LA_MEME_HEURE = (
    select(Sortie.titre, Sortie.debut_le, PlaceSortie.prenom)
    .join(PlaceSortie, PlaceSortie.sortie_id == Sortie.id)
    .join(Inscription, Inscription.id == PlaceSortie.inscription_id)
    .where(Sortie.id != bindparam("sortie"), Sortie.etat.in_(VIVANTES))
    .where(Sortie.rendez_vous_le < bindparam("fin", type_=DateTime(timezone=True)))
    .where(
        Sortie.debut_le + func.make_interval(0, 0, 0, 0, 0, Sortie.duree_minutes)
        > bindparam("debut", type_=DateTime(timezone=True))
    )
    .where(PlaceSortie.membre_id == any_(_CES_MEMBRES))
    .where(PlaceSortie.annulee_le.is_(None), Inscription.etat.in_(OUVERTES))
    .order_by(Sortie.debut_le)
    .limit(1)
)


def exiger_une_sortie_ouverte(sortie: Sortie, instant: datetime) -> None:
    """Raises Refus unless one can book now."""
    if sortie.etat == EtatSortie.BROUILLON:
        raise Introuvable
    if sortie.etat == EtatSortie.ANNULEE:
        raise Refus(_("Cette sortie est annulée. D’autres vous attendent dans la liste des sorties."))
    if instant < sortie.ouverture_le:
        raise Refus(_("Les inscriptions ouvrent %(quand)s.", quand=en_mots(sortie.ouverture_le)))
    if instant >= sortie.cloture_le:
        raise Refus(_("Les inscriptions sont closes depuis %(quand)s.", quand=en_mots(sortie.cloture_le)))
    if sortie.etat != EtatSortie.PUBLIEE:
        raise Refus(_("Les inscriptions à cette sortie sont closes."))


def voyageurs(
    session: Session, sortie: Sortie, foyer_id: int, personnes: Sequence[Personne], instant: datetime
) -> list[Voyageur]:
    """These people of the household and its guests, each with a price. Raises Refus when one of them may not come.

    Members need a pass that is good on the day; guests come by name.
    """
    if not personnes:
        raise Refus(_("Choisissez au moins une personne."), status=422)
    wanted = [one.membre_id for one in personnes if one.membre_id is not None]
    if len(set(wanted)) < len(wanted):
        raise Refus(_("Une même personne est choisie deux fois."), status=422)
    if not wanted:
        raise Refus(_("Vos invités viennent avec quelqu’un de votre foyer : choisissez aussi qui."), status=422)
    known = session.execute(_MEMBRES_ET_PASS, {"membres": wanted}).all()
    members = {member.id: member for member, _pass in known}
    if any(key not in members or members[key].foyer_id != foyer_id for key in wanted):
        raise Refus(
            _("Cette personne n’est pas de votre foyer. Choisissez parmi les vôtres, ou invitez-la par son nom.")
        )
    held = list(filter(None, (one for _member, one in known)))
    passes = _exiger_les_pass(sortie, [members[key] for key in wanted], held)
    prices = bareme_au(session, sortie.grille_id, instant.astimezone(PARIS).date())
    day = sortie.debut_le.astimezone(PARIS).date()
    quotient = quotients_au(session, [foyer_id], instant, day).get(foyer_id)
    going = []
    for one in personnes:
        member = members[one.membre_id] if one.membre_id is not None else None
        free = member is not None and passes[member.id].prix == 0
        price = prices.prix_de(pass_gratuit=free, quotient=quotient, invite=member is None)
        going.append(_voyageur(one, member, price.centimes))
    _exiger_l_age(sortie, going)
    _exiger_l_accueil(sortie, going)
    return going


def exiger_les_limites(session: Session, sortie: Sortie, foyer_id: int, going: Sequence[Voyageur]) -> None:
    """Raises Refus when the household would hold more seats than the outing gives one, or takes somebody twice."""
    held = session.execute(_PLACES_DU_FOYER, {"sortie": sortie.id, "foyer": foyer_id}).all()
    already = {place.membre_id for place in held if place.membre_id is not None}
    twice = next((one for one in going if one.membre_id in already), None)
    if twice is not None:
        raise Refus(_("%(prenom)s est déjà sur la liste de cette sortie.", prenom=twice.prenom))
    if len(held) + len(going) > sortie.places_par_foyer:
        raise Refus(
            _(
                "Cette sortie donne %(n)d places au plus à un foyer. Choisissez qui vient, ou parlez-en à votre"
                " maison.",
                n=sortie.places_par_foyer,
            )
        )
    guests = sum(place.invite for place in held) + sum(one.invite for one in going)
    if guests > sortie.invites_par_foyer:
        raise Refus(
            _("Cette sortie accueille %(n)d invités au plus par foyer.", n=sortie.invites_par_foyer)
            if sortie.invites_par_foyer > 1
            else _("Cette sortie accueille un invité par foyer.")
            if sortie.invites_par_foyer
            else _("Cette sortie est réservée aux personnes du foyer qui ont leur carte.")
        )


def exiger_sans_chevauchement(session: Session, sortie: Sortie, going: Sequence[Voyageur]) -> None:
    """Raises Chevauchement when one of them is at another outing at that hour."""
    other = session.execute(
        _A_LA_MEME_HEURE,
        {
            "sortie": sortie.id,
            "debut": sortie.rendez_vous_le,
            "fin": sortie.debut_le + timedelta(minutes=sortie.duree_minutes),
            "membres": [one.membre_id for one in going if one.membre_id is not None],
        },
    ).one_or_none()
    if other is not None:
        raise Chevauchement(
            _(
                "%(prenom)s est déjà sur la liste de « %(titre)s », %(quand)s : c’est à la même heure. Cochez la case"
                " pour réserver quand même.",
                prenom=other.prenom,
                titre=other.titre,
                quand=en_mots(other.debut_le),
            )
        )


def _exiger_les_pass(sortie: Sortie, members: Sequence[Membre], known: Sequence[PassCulture]) -> dict[int, PassCulture]:
    """Member → the pass that is good on the day of the outing, of those `known`. Raises Refus for who has none."""
    day = sortie.debut_le.astimezone(PARIS).date()
    good = {one.membre_id: one for one in known if one.membre_id is not None and one.du <= day <= one.au}
    last = {one.membre_id: one for one in known if one.au < day}
    name = get_settings().nom_pass_culture
    for member in members:
        if member.id in good:
            continue
        if member.id in last:
            raise Refus(
                _(
                    "Le %(carte)s de %(prenom)s va jusqu’au %(fin)s, et la sortie est après. Il se renouvelle à votre"
                    " maison des habitants, en quelques minutes.",
                    carte=name,
                    prenom=member.prenom,
                    fin=jour_annee(last[member.id].au),
                )
            )
        raise Refus(
            _(
                "%(prenom)s n’a pas de %(carte)s pour la saison %(saison)s. Il se prend à votre maison des habitants,"
                " en quelques minutes.",
                prenom=member.prenom,
                carte=name,
                saison=saison_de(day).nom,
            )
        )
    return good


def _voyageur(one: Personne, member: Membre | None, price: int) -> Voyageur:
    if member is not None:
        age = None if member.adulte else one.age
        return Voyageur(member.id, member.prenom, member.nom, member.adulte, age, one.besoins, price)
    first, last = " ".join(one.prenom.split()), " ".join(one.nom.split())
    for name in (first, last):
        if not est_un_nom(name) or len(name) > NOM_MAX:
            raise Refus(_("Écrivez le prénom et le nom de chaque invité, avec des lettres."), status=422)
    return Voyageur(None, first, last, one.adulte, None if one.adulte else one.age, one.besoins, price)


def _exiger_l_age(sortie: Sortie, going: Sequence[Voyageur]) -> None:
    if sortie.age_minimum is None:
        return
    for one in going:
        if one.adulte:
            continue
        if one.age is None or not 0 <= one.age < ADULTE:
            raise Refus(_("Écrivez l’âge de %(prenom)s, en années.", prenom=one.prenom), status=422)
        if one.age < sortie.age_minimum:
            raise Refus(
                _(
                    "Cette sortie est à partir de %(n)d ans : %(prenom)s est trop jeune pour celle-ci.",
                    n=sortie.age_minimum,
                    prenom=one.prenom,
                )
            )


def _exiger_l_accueil(sortie: Sortie, going: Sequence[Voyageur]) -> None:
    for one in going:
        unknown = next((need for need in one.besoins if str(need) not in sortie.besoins), None)
        if unknown is not None:
            raise Refus(
                _(
                    "Le lieu n’annonce pas d’accueil « %(besoin)s » pour cette sortie. Appelez la maison référente :"
                    " elle cherche une solution avec vous.",
                    besoin=LIBELLES_BESOIN[unknown],
                )
            )
