"""The coordination and the venues: where each stands, what it was told, its answers, its link, the group voucher."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from culture.contremarques import cle, etablir
from culture.liens import lien_du_lieu
from culture.models.soiree import Contremarque
from culture.partenaires import Position, solliciter
from culture.queries.partenaires import dossier, etapes, lieux_des_sorties
from kernel import documents
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.web.access import ALL, Role, access
from kernel.web.files import file_answer
from kernel.web.words import _

bp = Blueprint("coordination_partenaires", __name__, url_prefix="/coordination/sorties")

LECTURE = (Role.COORDINATION, Role.ADMINISTRATION)
TONS = {
    Position.A_DEMANDER: "a_venir",
    Position.DEMANDEE: "en_cours",
    Position.VUE: "en_cours",
    Position.CONFIRMEE: "fait",
    Position.A_RECONFIRMER: "attention",
    Position.ECART: "retard",
}


@bp.get("/lieux")
@access(*LECTURE, on=ALL)
def lieux() -> str:
    with reading() as session:
        lines = lieux_des_sorties(session, now())
    return render_template("culture/coordination/lieux.html", lignes=lines, tons=TONS)


@bp.get("/<int:sortie_id>/lieu")
@access(*LECTURE, on=ALL)
def lieu(sortie_id: int) -> str:
    with reading() as session:
        seen = dossier(session, sortie_id, now())
        steps = etapes(session, sortie_id)
    return render_template(
        "culture/coordination/lieu_sortie.html",
        s=seen,
        etapes=steps,
        tons=TONS,
        lien=lien_du_lieu(seen.sortie_id, seen.lieu_id),
        agit=current_user.role is Role.COORDINATION and seen.a_venir(now()),
    )


@bp.post("/<int:sortie_id>/lieu/demander")
@access(Role.COORDINATION, on=ALL)
def demander(sortie_id: int) -> Response:
    """Send the link to the venue, or send it again."""
    return _solliciter(sortie_id, _("Le lien part à l’instant vers le lieu."), par_courriel=True)


@bp.post("/<int:sortie_id>/lieu/transmis")
@access(Role.COORDINATION, on=ALL)
def transmis(sortie_id: int) -> Response:
    """The coordination has handed the link over itself."""
    return _solliciter(sortie_id, _("C’est noté : le lieu a son lien."), par_courriel=False)


@bp.post("/<int:sortie_id>/contremarque")
@access(Role.COORDINATION, on=ALL)
def faire_la_contremarque(sortie_id: int) -> Response:
    try:
        with transaction() as session:
            made = etablir(session, sortie_id, instant=now(), par=current_user.compte_id)
    except Introuvable:
        raise
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        said = _("La contremarque se prépare, puis elle part vers le lieu.")
        flash(said if made else _("La dernière contremarque dit déjà les bons nombres. Rien n’a changé."), "succes")
    return _retour(sortie_id)


@bp.get("/contremarques/<int:contremarque_id>.pdf")
@access(*LECTURE, on=ALL)
def contremarque(contremarque_id: int) -> Response:
    with reading() as session:
        made = session.get(Contremarque, contremarque_id)
        document = documents.find(session, cle(contremarque_id))
    if made is not None and document is None:
        flash(_("La contremarque est en préparation. Elle sera prête dans quelques minutes."), "info")
        return _retour(made.sortie_id)
    return file_answer(document, "")


def _solliciter(sortie_id: int, said: str, *, par_courriel: bool) -> Response:
    try:
        with transaction() as session:
            solliciter(session, sortie_id, par_courriel=par_courriel, instant=now(), par=current_user.compte_id)
    except Introuvable:
        raise
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(said, "succes")
    return _retour(sortie_id)


def _retour(sortie_id: int) -> Response:
    return redirect(url_for("coordination_partenaires.lieu", sortie_id=sortie_id), 303)
