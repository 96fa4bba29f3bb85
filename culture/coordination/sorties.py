"""The coordination's outings: the season's list, one outing as it is written, published, closed, cancelled."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from sqlalchemy import Row, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from culture.avis import lus_par_la_coordination
from culture.coordination.partenaires import TONS
from culture.formulaires.coordination import AnnulationForm, ImageForm, LieuForm, SortieForm, connu_de, sortie_form
from culture.models.sorties import GrilleSortie, Lieu, Sortie, SortieQuota
from culture.queries.coordination import inscrits, semaine_passee
from culture.queries.partenaires import dossier
from culture.queries.sorties import sortie_vue, toutes_les_sorties
from culture.regles.etats import LIBELLES_SORTIE, EtatSortie
from culture.sorties import annuler_sortie, clore, creer, illustrer, modifier, publier
from foyers.formulaires import sans_refus
from foyers.queries import maisons
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.formats import insecables
from kernel.uploads import BYTES_MAX
from kernel.web.access import ALL, Role, access
from kernel.web.security import takes_file
from kernel.web.words import _

bp = Blueprint("coordination_culture", __name__, url_prefix="/coordination/sorties")

LECTURE = (Role.COORDINATION, Role.ADMINISTRATION)
Page = str | Response | tuple[str, int]


@bp.get("")
@access(*LECTURE, on=ALL)
def sorties() -> str:
    with reading() as session:
        seen = toutes_les_sorties(session, semaine_passee(now()))
    return render_template("culture/coordination/sorties.html", sorties=seen, etats=LIBELLES_SORTIE, instant=now())


@bp.route("/nouvelle", methods=["GET", "POST"])
@access(Role.COORDINATION, on=ALL)
def nouvelle() -> Page:
    form = _formulaire({"places_par_foyer": 6, "invites_par_foyer": 2, "duree": 120})
    made: list[int] = []

    def write() -> None:
        with transaction() as session:
            made.append(creer(session, form.programme, instant=now(), par=current_user.compte_id).id)

    if form.validate_on_submit() and sans_refus(form, "debut_le", write):
        flash(_("C’est écrit. Personne ne la voit encore : relisez-la, puis publiez-la."), "succes")
        return redirect(url_for("coordination_culture.sortie", sortie_id=made[0]))
    return render_template("culture/coordination/ecrire.html", form=form, s=None), 422 if form.errors else 200


@bp.get("/<int:sortie_id>")
@access(*LECTURE, on=ALL)
def sortie(sortie_id: int) -> str:
    return _page(sortie_id)


@bp.route("/<int:sortie_id>/modifier", methods=["GET", "POST"])
@access(Role.COORDINATION, on=ALL)
def modifier_sortie(sortie_id: int) -> Page:
    with reading() as session:
        seen = sortie_vue(session, sortie_id, brouillon=True)
        kept = select(SortieQuota.maison_id, SortieQuota.places).where(SortieQuota.sortie_id == sortie_id)
        known = connu_de(session.get_one(Sortie, sortie_id), dict(session.execute(kept).all()))
    form = _formulaire(known)

    def write() -> None:
        with transaction() as session:
            modifier(session, sortie_id, form.programme, instant=now())

    if form.validate_on_submit() and sans_refus(form, "debut_le", write):
        flash(_("C’est noté. Si le lieu ou l’heure change, les inscrits sont prévenus, chacun une fois."), "succes")
        return redirect(url_for("coordination_culture.sortie", sortie_id=sortie_id))
    return render_template("culture/coordination/ecrire.html", form=form, s=seen), 422 if form.errors else 200


@bp.post("/<int:sortie_id>/publier")
@access(Role.COORDINATION, on=ALL)
def publier_sortie(sortie_id: int) -> Response:
    def act(session: Session) -> str:
        publier(session, sortie_id, instant=now(), par=current_user.compte_id)
        return _("La sortie est publiée. Son lieu reçoit un lien pour confirmer, s’il a une adresse e-mail.")

    return _faire(sortie_id, act)


@bp.post("/<int:sortie_id>/clore")
@access(Role.COORDINATION, on=ALL)
def clore_sortie(sortie_id: int) -> Response:
    def act(session: Session) -> str:
        clore(session, sortie_id, instant=now(), par=current_user.compte_id)
        return _("Les inscriptions sont closes. Une place qui se libère va encore à qui attend.")

    return _faire(sortie_id, act)


@bp.post("/<int:sortie_id>/annuler")
@access(Role.COORDINATION, on=ALL)
def annuler(sortie_id: int) -> Page:
    form = AnnulationForm()
    if not form.validate_on_submit():
        return _page(sortie_id, annulation=form), 422

    def act(session: Session) -> str:
        ended = annuler_sortie(session, sortie_id, form.motif.data, instant=now(), par=current_user.compte_id)
        return _("La sortie est annulée, %(n)d inscriptions avec elle. L’argent revient sur les comptes.", n=ended)

    return _faire(sortie_id, act)


@bp.post("/<int:sortie_id>/image")
@takes_file(BYTES_MAX)
@access(Role.COORDINATION, on=ALL)
def image(sortie_id: int) -> Page:
    form = ImageForm()
    if not form.validate_on_submit():
        return _page(sortie_id, image=form), 422

    def act(session: Session) -> str:
        illustrer(session, sortie_id, form.image.pages[0], form.description.data, instant=now())
        return _("L’image est sur la page de la sortie.")

    return _faire(sortie_id, act)


@bp.route("/lieux/nouveau", methods=["GET", "POST"])
@access(Role.COORDINATION, on=ALL)
def nouveau_lieu() -> Page:
    form = LieuForm()

    def write() -> None:
        with transaction() as session:
            if session.scalar(select(Lieu.id).where(Lieu.nom == form.nom.data)) is not None:
                raise Refus(_("Un lieu de ce nom est déjà dans la liste."))
            given = {name: form[name].data for name in ("nom", "adresse", "code_postal", "ville", "noms_demandes")}
            rest = {name: form[name].data or "" for name in ("acces", "contact")}
            session.add(Lieu(**given, **rest, email=form.email.data or None, telephone=form.telephone.data or None))

    if form.validate_on_submit() and sans_refus(form, "nom", write):
        flash(_("Le lieu est dans la liste."), "succes")
        return redirect(url_for("coordination_culture.nouvelle"))
    return render_template("culture/coordination/lieu.html", form=form), 422 if form.errors else 200


def _formulaire(known: dict[str, Any]) -> SortieForm:
    with reading() as session:
        places = maisons(session, toutes=True)
        venues = session.execute(select(Lieu.id, Lieu.nom).where(Lieu.actif).order_by(Lieu.nom)).all()
        grids = select(GrilleSortie.id, GrilleSortie.nom).where(GrilleSortie.active).order_by(GrilleSortie.nom)
        form = sortie_form(places, known)
        form.proposer(_lisibles(venues), _lisibles(session.execute(grids).all()))
    return form


def _lisibles(rows: Sequence[Row[int, str]]) -> list[tuple[int, str]]:
    """Keys and stored names, whose French signs stay with their word."""
    return [(key, insecables(name)) for key, name in rows]


def _page(sortie_id: int, *, annulation: AnnulationForm | None = None, image: ImageForm | None = None) -> str:
    with reading() as session:
        seen = sortie_vue(session, sortie_id, brouillon=True)
        people = inscrits(session, sortie_id)
        said = lus_par_la_coordination(session, sortie_id)
        venue = dossier(session, sortie_id, now())
    return render_template(
        "culture/coordination/sortie.html",
        s=seen,
        inscrits=people,
        avis=said,
        lieu=venue,
        tons=TONS,
        etat_en_mots=LIBELLES_SORTIE[EtatSortie(seen.etat)],
        annulation=annulation or AnnulationForm(formdata=None),
        image=image or ImageForm(formdata=None),
        modifiable=current_user.role is Role.COORDINATION and seen.etat in _MODIFIABLES,
        instant=now(),
    )


_MODIFIABLES = (EtatSortie.BROUILLON, EtatSortie.PUBLIEE, EtatSortie.CLOSE)


def _faire(sortie_id: int, act: Callable[[Session], str]) -> Response:
    try:
        with transaction() as session:
            said = act(session)
    except Introuvable:
        raise
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(said, "succes")
    return redirect(url_for("coordination_culture.sortie", sortie_id=sortie_id))
