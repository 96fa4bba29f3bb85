"""At the counter, in a household's name: its passes, its outings; what is written is what the family would write."""

from collections.abc import Callable
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import select
from werkzeug.wrappers import Response

from culture.attente import accepter, laisser
from culture.conditions import Chevauchement
from culture.formulaires.familles import reservation
from culture.formulaires.guichet import PassForm
from culture.inscriptions import annuler, inscrire
from culture.models.inscriptions import Inscription
from culture.models.pass_culture import AvisFiscal, PassCulture
from culture.pass_culture import AConfirmer, annuler_pass, delivrer, grille_au, noter_avis, saisons_ouvertes
from culture.queries.familles import cartes, compagnons, inscription_vue, mes_inscriptions, prix_des_places
from culture.queries.sorties import Ouverture, sortie_annoncee, sortie_vue, sorties_a_venir
from culture.regles.etats import EtatInscription
from culture.regles.tarifs import saison_de
from foyers.formulaires import sans_refus
from foyers.portee import foyer_a_portee, maisons_de
from foyers.queries import foyer
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.documents import find
from kernel.errors import Introuvable, Refus
from kernel.settings import get_settings
from kernel.web.access import Person, Role, access
from kernel.web.files import file_answer
from kernel.web.words import _

bp = Blueprint("guichet_culture", __name__, url_prefix="/guichet/foyers/<int:foyer_id>/culture")

EQUIPE = (Role.AGENT, Role.COORDINATION)
Page = str | Response | tuple[str, int]


def inscription_a_portee(person: Person, *, foyer_id: int, inscription_id: int) -> bool:
    """The household is the agent's to look after, and the booking is that household's."""
    with reading() as session:
        owner = session.scalar(select(Inscription.foyer_id).where(Inscription.id == inscription_id))
    return owner == foyer_id and foyer_a_portee(person, foyer_id=foyer_id)


def pass_a_portee(person: Person, *, foyer_id: int, pass_id: int) -> bool:
    """The household is the agent's to look after, and the pass is that household's."""
    with reading() as session:
        owner = session.scalar(select(PassCulture.foyer_id).where(PassCulture.id == pass_id))
    return owner == foyer_id and foyer_a_portee(person, foyer_id=foyer_id)


def volet(foyer_id: int) -> Markup:
    """The household's outings on its own page: how many passes, what is next."""
    with reading() as session:
        good = [one for one in cartes(session, foyer_id) if one.vaut(today())]
        coming = mes_inscriptions(session, foyer_id, now())
    return Markup(  # noqa: S704  a template of ours, which escapes what it is given
        render_template(
            "culture/guichet/_volet.html",
            foyer_id=foyer_id,
            cartes=good,
            inscriptions=coming,
            pass_nom=get_settings().nom_pass_culture,
        )
    )


@bp.get("")
@access(*EQUIPE, on=foyer_a_portee)
def culture(foyer_id: int) -> str:
    with reading() as session:
        return render_template(
            "culture/guichet/famille.html",
            foyer=foyer(session, foyer_id),
            cartes=cartes(session, foyer_id),
            inscriptions=mes_inscriptions(session, foyer_id, now()),
            maisons=maisons_de(current_user),
            sorties=[one for one in sorties_a_venir(session, now()) if one.ouverture(now()) in _RESERVABLES],
            pass_nom=get_settings().nom_pass_culture,
            saison=saison_de(today()),
            aujourdhui=today(),
            instant=now(),
        )


_RESERVABLES = (Ouverture.OUVERTE, Ouverture.COMPLETE)


@bp.route("/carte", methods=["GET", "POST"])
@access(*EQUIPE, on=foyer_a_portee)
def delivrer_carte(foyer_id: int) -> Page:
    with reading() as session:
        household = foyer(session, foyer_id)
        notices = session.scalars(
            select(AvisFiscal)
            .where(AvisFiscal.foyer_id == foyer_id, AvisFiscal.valide_jusqu_au >= today())
            .order_by(AvisFiscal.vu_le.desc())
        ).all()
        seasons = saisons_ouvertes(today())
        grid = _grille(seasons[0].du)
    form = PassForm()
    form.proposer(household.membres, seasons, [(one.id, one.vu_le) for one in notices], grid)

    def write() -> None:
        with transaction() as session:
            notice = form.avis_id
            if form.avis is not None:
                notice = noter_avis(
                    session, foyer_id=foyer_id, avis=form.avis, instant=now(), par=current_user.compte_id
                ).id
            delivrer(
                session,
                foyer_id=foyer_id,
                membre_ids=form.membre_ids,
                avis_id=notice,
                saison=form.annee,
                instant=now(),
                par=current_user.compte_id,
            )

    if form.validate_on_submit() and _sans_doute(form, write):
        flash(_("C’est fait. Les cartes à imprimer sont prêtes dans un instant."), "succes")
        return _retour(foyer_id)
    page = {"form": form, "foyer": household, "pass_nom": get_settings().nom_pass_culture}
    return render_template("culture/guichet/carte.html", **page), 422 if form.errors else 200


@bp.post("/carte/<int:pass_id>/annuler")
@access(*EQUIPE, on=pass_a_portee)
def annuler_carte(foyer_id: int, pass_id: int) -> Response:
    with transaction() as session:
        annuler_pass(session, pass_id, instant=now(), par=current_user.compte_id)
    flash(_("Cette carte n’ouvre plus rien. Ce qu’elle coûtait revient sur le compte."), "succes")
    return _retour(foyer_id)


@bp.get("/carte/<int:pass_id>.pdf")
@access(*EQUIPE, on=pass_a_portee)
def carte_pdf(foyer_id: int, pass_id: int) -> Response:
    with reading() as session:
        document = find(session, f"pass:{pass_id}")
    if document is None:
        flash(_("Cette carte est en préparation. Elle sera prête dans quelques minutes."), "info")
        return _retour(foyer_id)
    return file_answer(document, "")


@bp.route("/reserver/<int:sortie_id>", methods=["GET", "POST"])
@access(*EQUIPE, on=foyer_a_portee)
def reserver(foyer_id: int, sortie_id: int) -> Page:
    with reading() as session:
        outing = sortie_annoncee(session, sortie_id)
        people = compagnons(session, outing, foyer_id)
    form = reservation(outing, people)
    wait = request.form.get("geste") == "attendre"
    overlap = False

    def write() -> None:
        nonlocal overlap
        try:
            with transaction() as session:
                inscrire(
                    session,
                    sortie_id=sortie_id,
                    foyer_id=foyer_id,
                    personnes=form.personnes,
                    instant=now(),
                    par=current_user.compte_id,
                    attendre=wait,
                    chevauchement_su=bool(form.malgre.data),
                )
        except Chevauchement:
            overlap = True
            raise

    if form.validate_on_submit() and sans_refus(form, "malgre", write):
        flash(_("C’est noté, au nom de la famille."), "succes")
        return _retour(foyer_id)
    with reading() as session:
        household = foyer(session, foyer_id)
        seen = sortie_vue(session, sortie_id)
        prices = prix_des_places(session, seen, foyer_id, people, now())
    opened = seen.ouverture(now())
    page = {"form": form, "s": seen, "membres": people, "prix": prices, "ouverture": opened, "chevauche": overlap}
    page |= {"foyer": household}
    page |= {"complete": opened is Ouverture.COMPLETE, "pass_nom": get_settings().nom_pass_culture}
    return render_template("culture/guichet/reserver.html", **page), 422 if form.errors else 200


@bp.route("/<int:inscription_id>/annuler", methods=["GET", "POST"])
@access(*EQUIPE, on=inscription_a_portee)
def annuler_des_places(foyer_id: int, inscription_id: int) -> Page:
    with reading() as session:
        seen = inscription_vue(session, inscription_id)
        household = foyer(session, foyer_id)
    if seen is None or seen.etat != EtatInscription.CONFIRMEE or not seen.places:
        flash(_("Il n’y a plus de place à rendre pour cette sortie."), "info")
        return _retour(foyer_id)
    chosen = [seat.id for seat in seen.places if str(seat.id) in request.form.getlist("place")]
    if not chosen:
        fault = _("Choisissez qui ne vient pas. Rien n’a été changé.") if request.method == "POST" else ""
        page = render_template("culture/guichet/annuler.html", i=seen, foyer=household, faute=fault)
        return page, 422 if fault else 200

    def write() -> None:
        with transaction() as session:
            annuler(session, inscription_id, places=chosen, instant=now(), par=current_user.compte_id)

    return _faire(foyer_id, write, _("C’est noté. Ce qui était dû revient sur le compte."))


@bp.post("/<int:inscription_id>/accepter")
@access(*EQUIPE, on=inscription_a_portee)
def accepter_des_places(foyer_id: int, inscription_id: int) -> Response:
    def write() -> None:
        with transaction() as session:
            accepter(session, inscription_id, instant=now(), par=current_user.compte_id)

    return _faire(foyer_id, write, _("C’est fait : les places sont réservées."))


@bp.post("/<int:inscription_id>/laisser")
@access(*EQUIPE, on=inscription_a_portee)
def laisser_des_places(foyer_id: int, inscription_id: int) -> Response:
    def write() -> None:
        with transaction() as session:
            laisser(session, inscription_id, instant=now(), par=current_user.compte_id)

    return _faire(foyer_id, write, _("C’est noté : la famille n’attend plus pour cette sortie."))


def _sans_doute(form: PassForm, write: Callable[[], None]) -> bool:
    """Like `sans_refus`; what the agent has to confirm is shown at the box to tick."""
    try:
        write()
    except AConfirmer as doubt:
        form.demander(doubt.quoi, doubt.sentence)
        return False
    except Introuvable:
        raise
    except Refus as refus:
        form.refuser("saison", refus.sentence)
        return False
    return True


def _faire(foyer_id: int, write: Callable[[], None], said: str) -> Response:
    try:
        write()
    except Introuvable:
        raise
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(said, "succes")
    return _retour(foyer_id)


def _retour(foyer_id: int) -> Response:
    return redirect(url_for("guichet_culture.culture", foyer_id=foyer_id))


def _grille(jour: date) -> tuple[int, int] | None:
    """What a pass costs, reduced and full, in centimes; None when the town has set no price."""
    try:
        with reading() as session:
            grid = grille_au(session, jour)
            return grid.reduit, grid.plein
    except Refus:
        return None
