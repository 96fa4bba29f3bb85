"""A venue and an outing: it is asked, it confirms its seats and conditions or says what is otherwise, it leaves a word.

What a venue is asked for: while families can book, all the seats of the outing; once inscriptions are closed, the
head-count. Its confirmation holds as long as the conditions (when, price, what is special) are those it has read and no
more seats are asked for than it keeps.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from culture.effectifs import Effectif, compter
from culture.events import LieuARepondu, LieuSollicite
from culture.models.soiree import DemandeLieu, ReponseLieu
from culture.models.sorties import Lieu, Sortie
from culture.regles.etats import EtatSortie
from culture.verrous import verrouiller_sortie
from kernel.errors import Refus
from kernel.outbox import publish
from kernel.web.words import _


class GenreReponse(StrEnum):
    """`VUE`: it has read the demand and answers later. `MOT`: a word, which changes nothing of where it stands."""

    VUE = "vue"
    CONFIRMEE = "confirmee"
    ECART = "ecart"
    MOT = "mot"


class Position(StrEnum):
    """Where the venue stands."""

    A_DEMANDER = "a_demander"
    DEMANDEE = "demandee"
    VUE = "vue"
    CONFIRMEE = "confirmee"
    A_RECONFIRMER = "a_reconfirmer"
    ECART = "ecart"


LIBELLES_POSITION = {
    Position.A_DEMANDER: "à demander",
    Position.DEMANDEE: "demandé, pas encore de réponse",
    Position.VUE: "bien reçu, réponse à venir",
    Position.CONFIRMEE: "confirmé",
    Position.A_RECONFIRMER: "à confirmer de nouveau",
    Position.ECART: "quelque chose diffère",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reponse:
    """What the venue sends. `places` and `conditions` count for a difference only."""

    genre: GenreReponse
    places: int = 0
    conditions: str = ""
    message: str = ""


def places_demandees(sortie: Sortie, effectif: Effectif) -> int:
    """How many seats the venue is asked to keep. Pure."""
    return effectif.nombre if sortie.etat in (EtatSortie.CLOSE, EtatSortie.TENUE) else sortie.places


def empreinte_des_conditions(sortie: Sortie) -> str:
    """A mark of all that a confirmation is about, but for the number of seats: another venue, another mark. Pure."""
    return _empreinte(
        sortie.lieu_id, sortie.debut_le.timestamp(), sortie.duree_minutes, sortie.cout_place, sortie.privilege
    )


def empreinte_lue(sortie: Sortie, effectif: Effectif) -> str:
    """A mark of all the figures on the venue's page: what it answers must be what it has read. Pure."""
    return _empreinte(empreinte_des_conditions(sortie), places_demandees(sortie, effectif), effectif.detail)


def _empreinte(*said: object) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def position(
    demandes: Sequence[DemandeLieu], reponses: Sequence[ReponseLieu], sortie: Sortie, demandees: int
) -> Position:
    """Where the venue of the outing stands, from what it was asked and all its answers, the first first. Pure."""
    conditions = empreinte_des_conditions(sortie)
    answers = [one for one in reponses if one.genre in (GenreReponse.CONFIRMEE, GenreReponse.ECART)]
    if answers:
        last = answers[-1]
        if last.empreinte != conditions:
            return Position.A_RECONFIRMER
        if last.genre == GenreReponse.ECART:
            return Position.ECART
        return Position.CONFIRMEE if last.places >= demandees else Position.A_RECONFIRMER
    if any(one.genre == GenreReponse.VUE and one.empreinte == conditions for one in reponses):
        return Position.VUE
    asked = any(one.lieu_id == sortie.lieu_id for one in demandes)
    return Position.DEMANDEE if asked else Position.A_DEMANDER


def solliciter(
    session: Session, sortie_id: int, *, par_courriel: bool, instant: datetime, par: int | None
) -> DemandeLieu:
    """Ask the venue, or ask it again; without `par_courriel` the coordination hands the link over. Raises Refus."""
    sortie = verrouiller_sortie(session, sortie_id)
    _exiger_a_venir(sortie, instant)
    if par_courriel and not session.get_one(Lieu, sortie.lieu_id).email:
        raise Refus(_("Ce lieu n’a pas d’adresse e-mail. Copiez le lien et transmettez-le, ou ajoutez son adresse."))
    asked = DemandeLieu(sortie_id=sortie.id, lieu_id=sortie.lieu_id, par_courriel=par_courriel, par=par, le=instant)
    session.add(asked)
    session.flush()  # its message names it
    if par_courriel:
        publish(session, LieuSollicite(asked.id))
    return asked


def solliciter_d_abord(session: Session, sortie: Sortie, *, instant: datetime, par: int | None) -> None:
    """Ask the venue of an outing that is published, unless it has been asked, or nobody can write to it."""
    asked = select(DemandeLieu.id).where(DemandeLieu.sortie_id == sortie.id, DemandeLieu.lieu_id == sortie.lieu_id)
    if session.get_one(Lieu, sortie.lieu_id).email and session.scalar(asked.limit(1)) is None:
        solliciter(session, sortie.id, par_courriel=True, instant=instant, par=par)


def repondre(
    session: Session, sortie_id: int, reponse: Reponse, *, lieu_id: int, lue: str | None, instant: datetime
) -> bool:
    """Write what the venue answers; False when it had said the same already: nothing changes then.

    `lue` is the mark of what it has read: an answer to other figures is refused, so that it reads them first. A word
    needs none. Raises Refus.
    """
    sortie = verrouiller_sortie(session, sortie_id)
    if sortie.lieu_id != lieu_id:
        raise Refus(_("Cette sortie a changé de lieu. Rien n’est attendu de vous."), status=410)
    _exiger_a_venir(sortie, instant)
    effectif = compter(session, sortie.id, instant)
    if reponse.genre is not GenreReponse.MOT and lue != empreinte_lue(sortie, effectif):
        raise Refus(_("Les nombres ou les conditions ont changé pendant votre lecture. Relisez, puis répondez."))
    asked = places_demandees(sortie, effectif)
    answer = ReponseLieu(
        sortie_id=sortie.id,
        genre=reponse.genre,
        places=reponse.places if reponse.genre is GenreReponse.ECART else asked,
        conditions=reponse.conditions,
        message=reponse.message,
        empreinte=empreinte_des_conditions(sortie),
        le=instant,
    )
    if _deja_dite(session, answer):
        return False
    session.add(answer)
    session.flush()  # its message names it
    publish(session, LieuARepondu(answer.id))
    return True


def _deja_dite(session: Session, answer: ReponseLieu) -> bool:
    """Whether the last answer of the same bearing says the very same; a word, or what was seen, has a bearing of its
    own, for neither undoes a confirmation."""
    standing = (GenreReponse.CONFIRMEE, GenreReponse.ECART)
    same = standing if answer.genre in standing else (answer.genre,)
    last = session.scalars(
        select(ReponseLieu)
        .where(ReponseLieu.sortie_id == answer.sortie_id, ReponseLieu.genre.in_(same))
        .order_by(ReponseLieu.id.desc())
        .limit(1)
    ).one_or_none()
    if last is None or answer.genre == GenreReponse.MOT:
        return last is not None and last.message == answer.message
    said = ("genre", "places", "conditions", "message", "empreinte")
    return all(getattr(last, name) == getattr(answer, name) for name in said)


def _exiger_a_venir(sortie: Sortie, instant: datetime) -> None:
    if sortie.etat == EtatSortie.ANNULEE:
        raise Refus(_("Cette sortie est annulée. Rien n’est attendu du lieu."))
    if sortie.etat == EtatSortie.TENUE or instant >= sortie.debut_le:
        raise Refus(_("Cette sortie a commencé, ou elle est passée. Appelez la coordination pour en parler."))
