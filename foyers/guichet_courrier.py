"""The counter's letters and calls: what households without e-mail are told by paper and by telephone."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from foyers.courrier import demander_la_liste_d_appels, demander_les_lettres, noter_appel
from foyers.models import Foyer
from foyers.models_messages import Liasse, Message, ResultatAppel
from foyers.portee import atteint, maisons_de
from foyers.queries_courrier import appels, cle_de_liasse, liasses, lieux_du_courrier
from kernel import documents
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import MINE, Person, Role, access
from kernel.web.files import file_answer

bp = Blueprint("courrier", __name__, url_prefix="/guichet/courrier")

EQUIPE = (Role.AGENT, Role.COORDINATION)


def maison_a_portee(person: Person, *, maison_id: int, **_args: object) -> bool:
    """The maison of the address is one of the agent's."""
    return atteint(person, maison_id)


def liasse_a_portee(person: Person, *, liasse_id: int, **_args: object) -> bool:
    """The papers of the address were asked for at one of the agent's maisons."""
    with reading() as session:
        return atteint(person, session.scalar(select(Liasse.maison_id).where(Liasse.id == liasse_id)))


def appel_a_portee(person: Person, *, appel_id: int, **_args: object) -> bool:
    """The call of the address is to a household of one of the agent's maisons."""
    of_call = select(Foyer.maison_id).join(Message, Message.foyer_id == Foyer.id).where(Message.id == appel_id)
    with reading() as session:
        return atteint(person, session.scalar(of_call))


@bp.get("")
@access(*EQUIPE, on=MINE)
def courrier() -> str:
    reach, instant = maisons_de(current_user), now()
    with reading() as session:
        return render_template(
            "foyers/guichet_courrier.html",
            lieux=lieux_du_courrier(session, reach, instant),
            liasses=liasses(session, reach),
            appels=appels(session, reach, instant),
        )


@bp.post("/maisons/<int:maison_id>/lettres")
@access(*EQUIPE, on=maison_a_portee)
def imprimer_lettres(maison_id: int) -> Response:
    with transaction() as session:
        demander_les_lettres(session, maison_id, instant=now(), par=current_user.compte_id)
    flash(_("Les lettres sont mises en page. Le PDF est prêt dans quelques secondes."), "succes")
    return redirect(url_for(".courrier"))


@bp.post("/maisons/<int:maison_id>/appels")
@access(*EQUIPE, on=maison_a_portee)
def imprimer_appels(maison_id: int) -> Response:
    with transaction() as session:
        demander_la_liste_d_appels(session, maison_id, instant=now(), par=current_user.compte_id)
    flash(_("La liste est mise en page. Le PDF est prêt dans quelques secondes."), "succes")
    return redirect(url_for(".courrier"))


@bp.get("/liasses/<int:liasse_id>.pdf")
@access(*EQUIPE, on=liasse_a_portee)
def liasse(liasse_id: int) -> Response:
    with reading() as session:
        made = documents.find(session, cle_de_liasse(liasse_id))
    return file_answer(made, _("Ce PDF se prépare encore. Réessayez dans quelques secondes."))


@bp.post("/appels/<int:appel_id>")
@access(*EQUIPE, on=appel_a_portee)
def noter(appel_id: int) -> Response:
    said = request.form.get("resultat", "")
    if said not in list(ResultatAppel):
        raise Refus(_("Dites ce que l’appel a donné : appelé, pas de réponse ou à rappeler."))
    with transaction() as session:
        noter_appel(session, appel_id, ResultatAppel(said), instant=now(), par=current_user.compte_id)
    flash(_("C’est noté. Merci."), "succes")
    return redirect(url_for(".courrier") + "#appels")
