"""The yearly pass: a tax notice seen at the counter, passes issued on the spot, cancelled when issued by mistake.

Of a notice its reference's keyed hash is kept. What looks odd about it (no member of that name, a notice that another
household has shown: shared custody) is asked of the agent, who has the people in front of them; it is not refused.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from culture.comptabilite import debiter_pass, rembourser_pass
from culture.events import PassDelivre
from culture.models.pass_culture import AvisFiscal, GrillePass, PassCulture
from culture.regles.tarifs import Saison, saison_de
from culture.verrous import verrouiller_foyers
from foyers.folding import plier
from foyers.models import Membre
from kernel.clock import PARIS
from kernel.errors import Introuvable, Refus
from kernel.outbox import publish
from kernel.settings import get_settings
from kernel.web.words import _

PREMIER_MOIS_DU_RENOUVELLEMENT = 6
REFERENCE = range(8, 21)


class AConfirmer(Refus):
    """Nothing is wrong for sure: the agent looks, and says that it is in order. `quoi` names the box to tick."""

    def __init__(self, quoi: str, sentence: str) -> None:
        super().__init__(sentence)
        self.quoi = quoi


@dataclass(frozen=True, slots=True)
class AvisVu:
    """What an agent reads on a notice that says "not liable": its reference, its declarant, its income year."""

    reference: str
    declarant: str
    annee: int
    nom_confirme: bool = False
    partage_confirme: bool = False


def noter_avis(session: Session, *, foyer_id: int, avis: AvisVu, instant: datetime, par: int | None) -> AvisFiscal:
    """Keep that the household has shown this notice; the same one twice is one. Raises Refus, AConfirmer."""
    verrouiller_foyers(session, [foyer_id])
    today = instant.astimezone(PARIS).date()
    digest = empreinte(avis.reference)
    if not today.year - 3 <= avis.annee < today.year:
        raise Refus(
            _("Cet avis est trop ancien, ou son année n’est pas la bonne. Demandez le plus récent."), status=422
        )
    known = session.scalars(
        select(AvisFiscal).where(AvisFiscal.foyer_id == foyer_id, AvisFiscal.empreinte == digest)
    ).one_or_none()
    if known is not None:
        return known
    _exiger_le_nom(session, foyer_id, avis)
    elsewhere = select(AvisFiscal.id).where(AvisFiscal.empreinte == digest, AvisFiscal.foyer_id != foyer_id).limit(1)
    shared = session.scalar(elsewhere) is not None
    if shared and not avis.partage_confirme:
        raise AConfirmer(
            "partage_confirme",
            _(
                "Un autre foyer a déjà présenté cet avis : c’est possible en garde partagée. Posez la question, puis"
                " cochez la case."
            ),
        )
    made = AvisFiscal(
        foyer_id=foyer_id,
        annee=avis.annee,
        empreinte=digest,
        nom_confirme=avis.nom_confirme,
        partage_confirme=shared,
        vu_le=instant,
        vu_par=par,
        valide_jusqu_au=_saison_la_plus_lointaine(today).au,
    )
    session.add(made)
    session.flush()  # passes name it
    return made


def delivrer(
    session: Session,
    *,
    foyer_id: int,
    membre_ids: Sequence[int],
    avis_id: int | None,
    saison: int,
    instant: datetime,
    par: int | None,
) -> list[PassCulture]:
    """Issue passes of a season to people of the household; with a notice at the lower price.

    Each is debited to the household's account. Raises Refus when somebody has one already, or is not of the household.
    """
    verrouiller_foyers(session, [foyer_id])
    season = exiger_la_saison(saison, instant)
    members = _exiger_les_membres(session, foyer_id, membre_ids)
    if avis_id is not None:
        _exiger_l_avis(session, foyer_id, avis_id, season)
    _exiger_sans_pass(session, members, season)
    grid = grille_au(session, season.du)
    passes = [
        PassCulture(
            foyer_id=foyer_id,
            membre_id=member.id,
            saison=season.annee,
            du=season.du,
            au=season.au,
            prix=grid.plein if avis_id is None else grid.reduit,
            avis_id=avis_id,
            delivre_le=instant,
            delivre_par=par,
        )
        for member in members
    ]
    return [_delivrer(session, made, season) for made in passes]


def annuler_pass(session: Session, pass_id: int, *, instant: datetime, par: int | None) -> None:
    """A pass issued by mistake is good no more, and what it cost is back on the account. Harmless twice."""
    owner = session.scalar(select(PassCulture.foyer_id).where(PassCulture.id == pass_id))
    if owner is None:
        raise Introuvable
    verrouiller_foyers(session, [owner])
    found = session.get_one(PassCulture, pass_id, populate_existing=True)
    if found.annule_le is not None:
        return
    found.annule_le, found.annule_par = instant, par
    rembourser_pass(session, found, _("%(carte)s annulé", carte=get_settings().nom_pass_culture))


def grille_au(session: Session, jour: date) -> GrillePass:
    """The grid in force on that day. Raises Refus when the town has set none."""
    found = session.scalars(
        select(GrillePass).where(GrillePass.effet_le <= jour).order_by(GrillePass.effet_le.desc()).limit(1)
    ).one_or_none()
    if found is None:
        raise Refus(_("Le prix de la carte n’est pas encore fixé pour cette saison. Parlez-en à la coordination."))
    return found


def saisons_ouvertes(jour: date) -> list[Saison]:
    """The seasons for which a pass may be issued: this one, and the next from June on."""
    now = saison_de(jour)
    return [now, now.suivante] if PREMIER_MOIS_DU_RENOUVELLEMENT <= jour.month < now.du.month else [now]


def exiger_la_saison(annee: int, instant: datetime) -> Saison:
    """Raises Refus for a season that is over or too far."""
    found = next((one for one in saisons_ouvertes(instant.astimezone(PARIS).date()) if one.annee == annee), None)
    if found is None:
        raise Refus(_("Cette saison n’est pas ouverte : celle d’après se prend à partir de juin."), status=422)
    return found


def empreinte(reference: str) -> bytes:
    """The keyed hash of a notice's reference, however it is spaced. Raises Refus for what cannot be one."""
    bare = "".join(sign for sign in reference.upper() if sign.isalnum())
    if len(bare) not in REFERENCE or not bare.isascii():
        raise Refus(
            _("La référence de l’avis compte treize chiffres ou lettres, en haut de la première page."), status=422
        )
    key = get_settings().secret_key.encode()
    return hmac.new(key, b"avis d'impot 1\0" + bare.encode(), hashlib.sha256).digest()


def _saison_la_plus_lointaine(jour: date) -> Saison:
    return saisons_ouvertes(jour)[-1]


def _exiger_le_nom(session: Session, foyer_id: int, avis: AvisVu) -> None:
    """The declarant is somebody of the household: one of its family names stands in the declarant's."""
    words = set(plier(avis.declarant).split())
    if not words:
        raise Refus(_("Écrivez le nom du déclarant, comme sur l’avis."), status=422)
    names = session.scalars(select(Membre.nom).where(Membre.foyer_id == foyer_id))
    if any(set(plier(name).split()) <= words for name in names) or avis.nom_confirme:
        return
    raise AConfirmer(
        "nom_confirme",
        _("Personne de ce foyer ne porte le nom écrit sur l’avis. Posez la question, puis cochez la case."),
    )


def _exiger_les_membres(session: Session, foyer_id: int, membre_ids: Sequence[int]) -> list[Membre]:
    wanted = sorted(set(membre_ids))
    if not wanted:
        raise Refus(_("Choisissez au moins une personne."), status=422)
    found = session.scalars(
        select(Membre).where(Membre.foyer_id == foyer_id, Membre.id.in_(wanted)).order_by(Membre.id)
    ).all()
    if len(found) < len(wanted):
        raise Refus(_("Cette personne n’est pas de ce foyer. Ajoutez-la d’abord sur sa fiche."), status=422)
    return list(found)


def _exiger_l_avis(session: Session, foyer_id: int, avis_id: int, season: Saison) -> None:
    notice = session.get(AvisFiscal, avis_id)
    if notice is None or notice.foyer_id != foyer_id:
        raise Introuvable
    if notice.valide_jusqu_au < season.au:
        raise Refus(_("Cet avis a été vu pour une saison passée. Demandez le plus récent."))


def _exiger_sans_pass(session: Session, members: Sequence[Membre], season: Saison) -> None:
    names = {member.id: member.prenom for member in members}
    taken = session.scalars(
        select(PassCulture.membre_id)
        .where(PassCulture.membre_id.in_(names), PassCulture.saison == season.annee, PassCulture.annule_le.is_(None))
        .order_by(PassCulture.id)
    ).first()
    if taken is not None:
        raise Refus(
            _(
                "%(prenom)s a déjà sa carte pour la saison %(saison)s. Rien n’a été délivré.",
                prenom=names[taken],
                saison=season.nom,
            )
        )


def _delivrer(session: Session, made: PassCulture, season: Saison) -> PassCulture:
    session.add(made)
    session.flush()  # its entry and its fact name it
    label = _("%(carte)s %(saison)s", carte=get_settings().nom_pass_culture, saison=season.nom)
    debiter_pass(session, made, label)
    publish(session, PassDelivre(made.id))
    return made
