"""A family's outings: book for some of its people and guests, give seats back, answer an offer, see its passes."""

from collections.abc import Callable

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from culture.agenda import fichier_ical
from culture.attente import accepter, laisser
from culture.conditions import Chevauchement
from culture.formulaires.familles import reservation
from culture.ical import TYPE
from culture.inscriptions import annuler, inscrire
from culture.liens import places_du_jeton
from culture.models.inscriptions import Inscription
from culture.models.pass_culture import PassCulture
from culture.queries.familles import (
    InscriptionVue,
    cartes,
    compagnons,
    inscription_vue,
    mes_inscriptions,
    mes_sorties_passees,
    prix_des_places,
)
from culture.queries.sorties import Ouverture, sortie_annoncee, sortie_vue
from culture.regles.etats import EtatInscription
from culture.regles.tarifs import saison_de
from foyers.formulaires import sans_refus
from foyers.queries import foyer
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.documents import find
from kernel.errors import Introuvable, Refus
from kernel.formats import insecables
from kernel.settings import get_settings
from kernel.web.access import MINE, Person, Role, access, public
from kernel.web.files import file_answer
from kernel.web.security import signed_link
from kernel.web.words import _

Page = str | Response | tuple[str, int]


def inscription_du_foyer(person: Person, *, inscription_id: int, **_view_args: object) -> bool:
    """The booking of the address is the caller's household's."""
    with reading() as session:
        owner = session.scalar(select(Inscription.foyer_id).where(Inscription.id == inscription_id))
    return owner is not None and owner == person.foyer_id


def pass_du_foyer(person: Person, *, pass_id: int, **_view_args: object) -> bool:
    """The pass of the address is the caller's household's."""
    with reading() as session:
        owner = session.scalar(select(PassCulture.foyer_id).where(PassCulture.id == pass_id))
    return owner is not None and owner == person.foyer_id


@access(Role.HABITANT, on=MINE)
def reserver(sortie_id: int) -> Page:
    with reading() as session:
        outing = sortie_annoncee(session, sortie_id)
        people = compagnons(session, outing, current_user.foyer_id)
    form = reservation(outing, people, seul=len(people) == 1)
    wait = request.form.get("geste") == "attendre"
    overlap = False
    states: list[str] = []

    def write() -> None:
        nonlocal overlap
        try:
            with transaction() as session:
                made = inscrire(
                    session,
                    sortie_id=sortie_id,
                    foyer_id=current_user.foyer_id,
                    personnes=form.personnes,
                    instant=now(),
                    attendre=wait,
                    chevauchement_su=bool(form.malgre.data),
                )
                states.append(made.etat)
        except Chevauchement:
            overlap = True
            raise

    if form.validate_on_submit() and sans_refus(form, "malgre", write):
        flash(_c_est_note(insecables(outing.titre), states[-1]), "succes")
        return redirect(url_for("culture.mes_sorties"))
    with reading() as session:
        seen = sortie_vue(session, sortie_id)
        prices = prix_des_places(session, seen, current_user.foyer_id, people, now())
    opened = seen.ouverture(now())
    page = {"form": form, "s": seen, "membres": people, "prix": prices, "ouverture": opened, "chevauche": overlap}
    page |= {"complete": opened is Ouverture.COMPLETE, "pass_nom": get_settings().nom_pass_culture}
    return render_template("culture/reserver.html", **page), 422 if form.errors else 200


@access(Role.HABITANT, on=MINE)
def mes_sorties() -> str:
    with reading() as session:
        passes = cartes(session, current_user.foyer_id)
        return render_template(
            "culture/mes_sorties.html",
            inscriptions=mes_inscriptions(session, current_user.foyer_id, now()),
            passees=mes_sorties_passees(session, current_user.foyer_id, now()),
            cartes=[one for one in passes if one.vaut(today())],
            anciennes=[one for one in passes if one.au < today() and not one.annule],
            membres=foyer(session, current_user.foyer_id).membres,
            maison=foyer(session, current_user.foyer_id).maison,
            pass_nom=get_settings().nom_pass_culture,
            saison=saison_de(today()),
            instant=now(),
        )


@access(Role.HABITANT, on=inscription_du_foyer)
def annuler_des_places(inscription_id: int) -> Page:
    seen = _lire(inscription_id)
    if seen.etat != EtatInscription.CONFIRMEE or not seen.places:
        flash(_("Il n’y a plus de place à rendre pour cette sortie."), "info")
        return redirect(url_for("culture.mes_sorties"))
    chosen = [seat.id for seat in seen.places if str(seat.id) in request.form.getlist("place")]
    if not chosen:
        fault = _("Choisissez qui ne vient pas. Rien n’a été changé.") if request.method == "POST" else ""
        late = now() >= seen.sortie.annulable_jusqu_a
        return render_template("culture/annuler.html", i=seen, passe=late, faute=fault), 422 if fault else 200
    return _faire(lambda: _annuler(inscription_id, chosen), _("C’est noté. Ce qui était dû revient sur votre compte."))


@access(Role.HABITANT, on=inscription_du_foyer)
def accepter_des_places(inscription_id: int) -> Response:
    def write() -> None:
        with transaction() as session:
            accepter(session, inscription_id, instant=now())

    return _faire(write, _("C’est fait : vos places sont réservées."))


@access(Role.HABITANT, on=inscription_du_foyer)
def laisser_des_places(inscription_id: int) -> Response:
    def write() -> None:
        with transaction() as session:
            laisser(session, inscription_id, instant=now())

    return _faire(write, _("C’est noté : vous n’attendez plus de place pour cette sortie."))


@access(Role.HABITANT, on=inscription_du_foyer)
def mon_agenda(inscription_id: int) -> Response:
    seen = _lire(inscription_id)
    answer = FlaskResponse(fichier_ical(seen.sortie.titre, [seen.sortie], now()), content_type=TYPE)
    answer.headers["Content-Disposition"] = "attachment; filename=sortie.ics"
    return answer


@access(Role.HABITANT, on=pass_du_foyer)
def carte_pdf(pass_id: int) -> Response:
    with reading() as session:
        document = find(session, f"pass:{pass_id}")
    if document is None:
        flash(_("Votre carte est en préparation. Elle sera prête dans quelques minutes."), "info")
        return redirect(url_for("culture.mes_sorties"))
    return file_answer(document, "")


@public("a signed link of ours, for seats that are offered; it lets its holder take or leave them, and nothing else")
@signed_link
def places_par_lien(jeton: str) -> Page:
    inscription_id = places_du_jeton(jeton)
    seen = _lire(inscription_id)
    if request.method == "POST":
        answer = request.form.get("reponse", "")
        if answer not in ("accepter", "laisser"):
            raise Refus(_("Choisissez entre prendre les places et les laisser."), status=400)
        with transaction() as session:
            (accepter if answer == "accepter" else laisser)(session, inscription_id, instant=now())
        return redirect(request.path, 303)
    over = seen.expire_le is not None and now() >= seen.expire_le
    return render_template("culture/places_lien.html", i=seen, s=seen.sortie, jeton=jeton, passee=over)


def _c_est_note(titre: str, etat: str) -> str:
    """The outing is named: on the page that follows it stands among others."""
    if etat == EtatInscription.EN_ATTENTE:
        return _(
            "C’est noté : vous attendez des places pour « %(titre)s ». Nous vous écrivons dès qu’il y en a.",
            titre=titre,
        )
    return _("C’est réservé : « %(titre)s ». Tout est ici, et nous vous écrivons.", titre=titre)


def _annuler(inscription_id: int, chosen: list[int]) -> None:
    with transaction() as session:
        annuler(session, inscription_id, places=chosen, instant=now())


def _faire(write: Callable[[], None], said: str) -> Response:
    """Do it and say so on the household's page; a refusal is said there too."""
    try:
        write()
    except Introuvable:
        raise
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(said, "succes")
    return redirect(url_for("culture.mes_sorties"))


def _lire(inscription_id: int) -> InscriptionVue:
    """Raises Introuvable."""
    with reading() as session:
        seen = inscription_vue(session, inscription_id)
    if seen is None:
        raise Introuvable
    return seen
