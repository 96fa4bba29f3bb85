"""Groups of a maison (a French class, a seniors' club): their list, whom they take along, the sheet to print."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from culture import groupes as gestes
from culture.formulaires.groupes import GroupeForm, InscrireGroupeForm, NomForm, NouveauGroupeForm
from culture.queries import groupes as lire
from culture.queries.sorties import Ouverture, sortie_vue, sorties_a_venir
from foyers.formulaires import sans_refus
from foyers.models import Foyer, Membre
from foyers.portee import atteint, maisons_de
from foyers.queries import MaisonVue, maisons
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.web.access import MINE, Person, Role, access
from kernel.web.words import _

bp = Blueprint("groupes", __name__, url_prefix="/guichet/groupes")

EQUIPE = (Role.AGENT, Role.COORDINATION)
Page = str | Response | tuple[str, int]


def groupe_a_portee(person: Person, *, groupe_id: int, **_args: object) -> bool:
    """The group belongs to one of the agent's maisons."""
    with reading() as session:
        return atteint(person, lire.maison_du_groupe(session, groupe_id))


@bp.route("", methods=["GET", "POST"])
@access(*EQUIPE, on=MINE)
def groupes() -> Page:
    """The groups of the agent's maisons; the form makes one."""
    form = NouveauGroupeForm()
    with reading() as session:
        form.proposer(_mes_maisons(session))
        found = lire.groupes(session, maisons_de(current_user))
    made: list[int] = []

    def write() -> None:
        with transaction() as session:
            made.append(
                gestes.creer_groupe(
                    session,
                    nom=form.nom.data,
                    maison_id=form.maison.data,
                    referent=form.referent.data or "",
                    telephone=form.telephone.data,
                    instant=now(),
                    par=current_user.compte_id,
                ).id
            )

    if form.validate_on_submit() and sans_refus(form, "nom", write):
        flash(_("Le groupe est là. Ajoutez-y des personnes."), "succes")
        return redirect(url_for("groupes.groupe", groupe_id=made[0]), 303)
    return render_template("culture/groupes/groupes.html", groupes=found, form=form), 422 if form.errors else 200


@bp.get("/<int:groupe_id>")
@access(*EQUIPE, on=groupe_a_portee)
def groupe(groupe_id: int) -> Page:
    return _page(groupe_id)


@bp.post("/<int:groupe_id>/noms")
@access(*EQUIPE, on=groupe_a_portee)
def ajouter_un_nom(groupe_id: int) -> Page:
    """Somebody without household."""
    form = NomForm()

    def write() -> None:
        with transaction() as session:
            gestes.ajouter(session, groupe_id, prenom=form.prenom.data, nom=form.nom.data)

    if form.validate_on_submit() and sans_refus(form, "nom", write):
        flash(_("%(prenom)s est sur la liste.", prenom=form.prenom.data), "succes")
        return redirect(url_for("groupes.groupe", groupe_id=groupe_id), 303)
    return _page(groupe_id, ajout=form)


@bp.post("/<int:groupe_id>/membres")
@access(*EQUIPE, on=groupe_a_portee)
def ajouter_un_membre(groupe_id: int) -> Response:
    """A member of a household that the agent looks after."""
    written = request.form.get("membre", "")
    if not (written.isascii() and written.isdecimal() and len(written) <= 18):
        raise Refus(_("Cherchez la personne par son nom, puis ajoutez-la."), status=422)
    key = int(written)
    with reading() as session:
        home = session.scalar(select(Foyer.maison_id).join(Membre, Membre.foyer_id == Foyer.id).where(Membre.id == key))
    if not atteint(current_user, home):
        raise Introuvable(_("Cette personne n’est pas dans vos foyers. Cherchez-la de nouveau par son nom."))
    return _faire(
        groupe_id, lambda session: gestes.ajouter(session, groupe_id, membre_id=key), _("C’est noté, sur la liste.")
    )


@bp.post("/<int:groupe_id>/personnes/<int:personne_id>/retirer")
@access(*EQUIPE, on=groupe_a_portee)
def retirer(groupe_id: int, personne_id: int) -> Response:
    said = _("Cette personne n’est plus sur la liste. Ses places réservées restent.")
    return _faire(groupe_id, lambda session: gestes.retirer(session, groupe_id, personne_id), said)


@bp.route("/<int:groupe_id>/modifier", methods=["GET", "POST"])
@access(*EQUIPE, on=groupe_a_portee)
def modifier(groupe_id: int) -> Page:
    with reading() as session:
        seen = lire.groupe(session, groupe_id)
    as_it_is = {"nom": seen.nom, "referent": seen.referent, "telephone": seen.telephone}
    form = GroupeForm(data=None if request.method == "POST" else as_it_is)

    def write() -> None:
        with transaction() as session:
            gestes.modifier_groupe(
                session,
                groupe_id,
                nom=form.nom.data,
                referent=form.referent.data or "",
                telephone=form.telephone.data,
            )

    if form.validate_on_submit() and sans_refus(form, "nom", write):
        flash(_("C’est noté."), "succes")
        return redirect(url_for("groupes.groupe", groupe_id=groupe_id), 303)
    return render_template("culture/groupes/modifier.html", g=seen, form=form), 422 if form.errors else 200


@bp.post("/<int:groupe_id>/fermer")
@access(*EQUIPE, on=groupe_a_portee)
def fermer(groupe_id: int) -> Response:
    with transaction() as session:
        gestes.fermer_groupe(session, groupe_id, instant=now())
    flash(_("Ce groupe n’est plus dans la liste. Ce qu’il a réservé reste réservé."), "succes")
    return redirect(url_for("groupes.groupes"), 303)


@bp.route("/<int:groupe_id>/sorties/<int:sortie_id>", methods=["GET", "POST"])
@access(*EQUIPE, on=groupe_a_portee)
def reserver(groupe_id: int, sortie_id: int) -> Page:
    """Who of the group comes: all are booked, or nobody."""
    with reading() as session:
        seen, outing = lire.groupe(session, groupe_id), sortie_vue(session, sortie_id)
        listed = lire.personnes(session, groupe_id, now())
        booked = lire.deja_inscrites(session, groupe_id, sortie_id)
    there = [one for one in listed if _cle_de(one) in booked]
    form = InscrireGroupeForm()
    form.proposer([one for one in listed if one not in there])

    def write() -> None:
        with transaction() as session:
            gestes.inscrire_groupe(
                session,
                groupe_id=groupe_id,
                sortie_id=sortie_id,
                personnes=form.choisies,
                instant=now(),
                par=current_user.compte_id,
            )

    if form.validate_on_submit() and sans_refus(form, "personnes", write):
        flash(_("C’est réservé pour le groupe."), "succes")
        return redirect(url_for("groupes.groupe", groupe_id=groupe_id), 303)
    page = {"g": seen, "s": outing, "form": form, "deja": there, "ouverte": outing.ouverture(now()) in _OUVERTES}
    return render_template("culture/groupes/reserver.html", **page), 422 if form.errors else 200


_OUVERTES = (Ouverture.OUVERTE, Ouverture.COMPLETE)


@bp.get("/<int:groupe_id>/liste")
@access(*EQUIPE, on=groupe_a_portee)
def liste(groupe_id: int) -> str:
    """The list to print, with room to sign."""
    with reading() as session:
        seen, people = lire.groupe(session, groupe_id), lire.personnes(session, groupe_id, now())
    page = {"g": seen, "personnes": people, "aujourdhui": today(), "maison_nom": seen.maison}
    return render_template("culture/groupes/liste.html", **page)


def _page(groupe_id: int, *, ajout: NomForm | None = None) -> tuple[str, int]:
    wanted = request.args.get("q", "").strip()[:80]
    with reading() as session:
        seen, people = lire.groupe(session, groupe_id), lire.personnes(session, groupe_id, now())
        found = lire.chercher_membres(session, wanted, maisons_de(current_user), people) if wanted else []
        booked = lire.sorties_du_groupe(session, groupe_id, now())
        coming = [one for one in sorties_a_venir(session, now()) if one.ouverture(now()) is Ouverture.OUVERTE]
    page = render_template(
        "culture/groupes/groupe.html",
        g=seen,
        personnes=people,
        cherche=wanted,
        trouves=found,
        reservees=booked,
        sorties=coming,
        ajout=ajout or NomForm(formdata=None),
    )
    return page, 422 if ajout is not None and ajout.errors else 200


def _cle_de(one: lire.PersonneDuGroupe) -> tuple[int | None, str, str]:
    return (one.membre_id, "", "") if one.membre_id else (None, one.prenom, one.nom)


def _mes_maisons(session: Session) -> list[MaisonVue]:
    mine = maisons_de(current_user)
    return [one for one in maisons(session, toutes=True) if mine is None or one.id in mine]


def _faire(groupe_id: int, act: Callable[[Session], None], said: str) -> Response:
    try:
        with transaction() as session:
            act(session)
    except Introuvable:
        raise
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(said, "succes")
    return redirect(url_for("groupes.groupe", groupe_id=groupe_id), 303)
