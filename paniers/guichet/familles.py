"""At the counter, in a household's name: its baskets, week by week; and the addresses of all that an agent does there.

Each act keeps who did it (`par`). What is written is what the family itself would write: the same use cases, the same
rules, the same refusals.
"""

from collections.abc import Callable

from flask import Blueprint, flash, render_template
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import select
from werkzeug.wrappers import Response

from foyers.formulaires import sans_refus
from foyers.portee import foyer_a_portee
from foyers.queries import maisons
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.documents import find
from kernel.errors import Introuvable, Refus
from kernel.formats import jour
from kernel.web.access import Person, access
from kernel.web.files import file_answer
from kernel.web.words import _
from paiements.queries.familles import moyen
from paniers.abonnements import lever_pause
from paniers.choix import choisir
from paniers.formulaires.familles import MaisonForm
from paniers.guichet import abonnement as guichet_abonnement
from paniers.guichet.abonnement import EQUIPE, dossier, page_geste, retour
from paniers.models.semaines import Abonnement, NatureChoix, Panier, Pause
from paniers.queries.familles import paniers_passes, pauses_a_venir
from paniers.queries.places import ma_place, terme
from paniers.queries.semaines import EtatVu, SemaineVue, mes_semaines
from paniers.views.publiques import Page

bp = Blueprint("guichet_familles", __name__, url_prefix="/guichet/foyers/<int:foyer_id>/panier")


def pause_a_portee(person: Person, *, foyer_id: int, pause_id: int) -> bool:
    """The household is the agent's to look after, and the pause is that household's."""
    owner = select(Abonnement.foyer_id).join(Pause, Pause.abonnement_id == Abonnement.id).where(Pause.id == pause_id)
    with reading() as session:
        return session.scalar(owner) == foyer_id and foyer_a_portee(person, foyer_id=foyer_id)


def panier_a_portee(person: Person, *, foyer_id: int, panier_id: int) -> bool:
    """The household is the agent's to look after, and the basket is that household's."""
    with reading() as session:
        owner = session.scalar(select(Panier.foyer_id).where(Panier.id == panier_id))
    return owner == foyer_id and foyer_a_portee(person, foyer_id=foyer_id)


@access(*EQUIPE, on=foyer_a_portee)
def panier(foyer_id: int) -> str:
    """All of the household's baskets on one page: what is next, the coming weeks, the subscription, the vouchers."""
    known = dossier(foyer_id)
    with reading() as session:
        weeks = mes_semaines(session, foyer_id, now())
        subscription = known.abonnement
        names = {m.id: m.nom for m in maisons(session, toutes=True)}
        return render_template(
            "paniers/guichet/famille.html",
            d=known,
            foyer=known.foyer,
            semaines=weeks,
            pauses=pauses_a_venir(session, subscription.id, today()) if subscription else [],
            passes=paniers_passes(session, foyer_id, today(), names),
            place=ma_place(session, foyer_id, known.jour),
            terme=terme(session, subscription.id, subscription.fin, known.prochain) if subscription else None,
            moyen=moyen(session, foyer_id),
        )


def volet(foyer_id: int) -> Markup:
    """The household's baskets on its own page: what is next, and the one thing to do."""
    known = dossier(foyer_id)
    with reading() as session:
        weeks = mes_semaines(session, foyer_id, now())
        waits = ma_place(session, foyer_id, known.jour)
    return Markup(  # noqa: S704  a template of ours, which escapes what it is given
        render_template(
            "paniers/guichet/_volet.html", d=known, foyer=known.foyer, semaine=weeks[0] if weeks else None, place=waits
        )
    )


@access(*EQUIPE, on=foyer_a_portee)
def absent(foyer_id: int, code: str) -> Response:
    return _choisir(
        foyer_id, code, NatureChoix.PAS_CETTE_SEMAINE, lambda day: _("C’est noté : pas de panier %(jour)s.", jour=day)
    )


@access(*EQUIPE, on=foyer_a_portee)
def donner(foyer_id: int, code: str) -> Response:
    return _choisir(
        foyer_id,
        code,
        NatureChoix.SOLIDARITE,
        lambda day: _("C’est noté : la famille donne son panier du %(jour)s.", jour=day),
    )


@access(*EQUIPE, on=foyer_a_portee)
def comme_d_habitude(foyer_id: int, code: str) -> Response:
    return _choisir(
        foyer_id,
        code,
        NatureChoix.COMME_D_HABITUDE,
        lambda day: _("C’est noté : le panier attend la famille %(jour)s.", jour=day),
    )


@access(*EQUIPE, on=foyer_a_portee)
def autre_maison(foyer_id: int, code: str) -> Page:
    known, week = dossier(foyer_id), _semaine(foyer_id, code)
    subscription = known.abonnement
    if subscription is None or not week.modifiable or week.etat is not EtatVu.PREVU:
        flash(_("Cette semaine ne se change plus. La suivante, si."), "attention")
        return retour(foyer_id)
    places = [
        one for one in known.maisons(week.retrait_le) if one.maison.id not in (subscription.maison.id, week.maison.id)
    ]
    form = MaisonForm()
    form.proposer([one.maison for one in places])

    def write() -> None:
        with transaction() as session:
            choisir(
                session, subscription.id, week.id, NatureChoix.AUTRE_MAISON, instant=now(), maison_id=form.maison.data,
                par=current_user.compte_id,
            )  # fmt: skip

    if form.validate_on_submit() and sans_refus(form, "maison", write):
        flash(_("C’est noté, pour %(jour)s seulement.", jour=jour(week.rdv.jour)), "succes")
        return retour(foyer_id)
    return page_geste(
        known,
        form,
        titre=_("Une autre maison %(jour)s", jour=jour(week.rdv.jour)),
        chapo=_(
            "Pour ce panier seulement. Ensuite, il attend de nouveau à %(maison)s.", maison=subscription.maison.nom
        ),
        texte_bouton=_("Retirer ici cette fois"),
        places=places,
        minimum=subscription.nombre,
    )


@access(*EQUIPE, on=pause_a_portee)
def lever_une_pause(foyer_id: int, pause_id: int) -> Response:
    with transaction() as session:
        lever_pause(session, pause_id, instant=now())
    flash(_("La pause est levée : les paniers reprennent dès la prochaine semaine ouverte."), "succes")
    return retour(foyer_id)


@access(*EQUIPE, on=panier_a_portee)
def bon(foyer_id: int, panier_id: int) -> Response:
    """The voucher once more, for a family that has lost it or prints nothing."""
    with reading() as session:
        document = find(session, f"bon:{panier_id}")
    if document is None:
        flash(_("Ce bon est en préparation. Il sera prêt dans quelques minutes."), "info")
        return retour(foyer_id)
    return file_answer(document, "")


def _choisir(foyer_id: int, code: str, nature: NatureChoix, said: Callable[[str], str]) -> Response:
    week, known = _semaine(foyer_id, code), dossier(foyer_id)
    if known.abonnement is None:
        flash(_("Cette famille n’a pas d’abonnement en ce moment."), "info")
        return retour(foyer_id)
    try:
        with transaction() as session:
            choisir(session, known.abonnement.id, week.id, nature, instant=now(), par=current_user.compte_id)
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(said(jour(week.rdv.jour)), "succes")
    return retour(foyer_id)


def _semaine(foyer_id: int, code: str) -> SemaineVue:
    """The household's week of that code. Raises Introuvable."""
    with reading() as session:
        found = next((week for week in mes_semaines(session, foyer_id, now()) if week.code == code), None)
    if found is None:
        raise Introuvable
    return found


# The addresses, on one screen.
bp.get("")(panier)
bp.post("/semaines/<code>/absent")(absent)
bp.post("/semaines/<code>/donner")(donner)
bp.post("/semaines/<code>/comme-d-habitude")(comme_d_habitude)
bp.route("/semaines/<code>/autre-maison", methods=["GET", "POST"])(autre_maison)
bp.post("/pauses/<int:pause_id>/lever")(lever_une_pause)
bp.get("/bon/<int:panier_id>.pdf")(bon)
bp.route("/abonner", methods=["GET", "POST"])(guichet_abonnement.abonner)
bp.route("/maison", methods=["GET", "POST"])(guichet_abonnement.changer_de_maison)
bp.route("/nombre", methods=["GET", "POST"])(guichet_abonnement.changer_de_nombre)
bp.route("/pause", methods=["GET", "POST"])(guichet_abonnement.poser_une_pause)
bp.post("/renouveler")(guichet_abonnement.renouveler_l_abonnement)
bp.route("/quitter", methods=["GET", "POST"])(guichet_abonnement.quitter_l_abonnement)
bp.route("/attendre", methods=["GET", "POST"])(guichet_abonnement.attendre)
bp.post("/attendre/accepter")(guichet_abonnement.accepter_la_place)
bp.post("/attendre/quitter")(guichet_abonnement.ne_plus_attendre)
