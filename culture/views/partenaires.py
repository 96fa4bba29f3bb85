"""The page of a venue, by the link of a mail: how many come, its answer, the group voucher. Opening it changes nothing.

It knows figures; names only where the door wants them (`queries_partenaires`). Nobody signs in.
"""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from culture.contremarques import cle
from culture.formulaires.partenaires import ConfirmerForm, EcartForm, MotForm
from culture.liens import sortie_et_lieu_du_jeton
from culture.partenaires import GenreReponse, Reponse, repondre
from culture.queries.partenaires import DossierLieu, dossier
from foyers.formulaires import Formulaire, sans_refus
from kernel import documents
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.web.access import public
from kernel.web.files import file_answer
from kernel.web.security import limiter, signed_link
from kernel.web.words import _

bp = Blueprint("partenaires", __name__, url_prefix="/lieu")

Page = str | Response | tuple[str, int]
ENVOIS = "60/hour"
"""Answers from one address: more than a ticket office ever sends, fewer than would flood the coordination."""


@bp.errorhandler(Refus)
def lien_ferme(refus: Refus) -> Response:
    page = render_template("culture/partenaires/lien_ferme.html", phrase=refus.sentence)
    return _a_ne_pas_garder((page, refus.status))


@bp.route("/<jeton>", methods=["GET", "POST"])
@public("a signed link of one outing and its venue opens it")
@limiter.limit(ENVOIS, methods=["POST"])
@signed_link
def sortie(jeton: str) -> Response:
    seen = _ouvrir(jeton)
    forms: dict[str, Formulaire] = {
        "confirmer": ConfirmerForm(formdata=None, lue=seen.lue),
        "ecart": EcartForm(formdata=None, lue=seen.lue, places=seen.demandees),
        "mot": MotForm(formdata=None),
    }
    if request.method == "POST" and seen.a_venir(now()):
        said = _repondre(seen, forms)
        if said is not None:
            flash(said, "succes")
            return _a_ne_pas_garder(redirect(url_for("partenaires.sortie", jeton=jeton), 303))
        seen = _ouvrir(jeton)
    return _a_ne_pas_garder(_page(jeton, seen, forms))


@bp.get("/<jeton>/contremarque/<int:contremarque_id>.pdf")
@public("a signed link of one outing opens its group vouchers")
@signed_link
def contremarque(jeton: str, contremarque_id: int) -> Response:
    seen = _ouvrir(jeton)
    if contremarque_id not in {one.id for one in seen.contremarques}:
        raise Introuvable(_("Cette contremarque n’est pas celle de cette sortie. Reprenez le lien du courriel."))
    with reading() as session:
        document = documents.find(session, cle(contremarque_id))
    if document is None:
        flash(_("La contremarque est en préparation. Elle sera prête dans quelques minutes."), "info")
        return _a_ne_pas_garder(redirect(url_for("partenaires.sortie", jeton=jeton)))
    return _a_ne_pas_garder(file_answer(document, ""))


def _ouvrir(jeton: str) -> DossierLieu:
    """What the link names, if that outing still goes to that venue. Raises Refus."""
    sortie_id, lieu_id = sortie_et_lieu_du_jeton(jeton)
    try:
        with reading() as session:
            seen = dossier(session, sortie_id, now())
    except Introuvable:
        raise Refus(_("Ce lien ne mène plus à rien. Appelez la coordination."), status=404) from None
    if seen.lieu_id != lieu_id:
        raise Refus(_("Cette sortie a changé de lieu. Rien n’est attendu de vous."), status=410)
    return seen


def _repondre(seen: DossierLieu, forms: dict[str, Formulaire]) -> str | None:
    """Write the answer that the pressed button stands for, and what to say of it; None with the reason on its form."""
    match request.form.get("reponse"):
        case "vue":
            form = forms["confirmer"] = ConfirmerForm()
            answer = Reponse(genre=GenreReponse.VUE)
            said = _("C’est noté. Répondez quand vous voulez, par ce même lien.")
        case "ecart":
            form = forms["ecart"] = EcartForm()
            answer = Reponse(
                genre=GenreReponse.ECART, places=form.places.data or 0, conditions=form.conditions.data or ""
            )
            said = _("Merci. La coordination est prévenue et vous rappelle si besoin.")
        case "mot":
            form = forms["mot"] = MotForm()
            answer = Reponse(genre=GenreReponse.MOT, message=form.message.data or "")
            said = _("Votre message est chez la coordination.")
        case _:
            form = forms["confirmer"] = ConfirmerForm()
            answer = Reponse(genre=GenreReponse.CONFIRMEE)
            said = _("Merci, c’est confirmé. Rien d’autre à faire.")
    if not form.validate_on_submit() or not _dit_quelque_chose(form, seen):
        return None
    return said if _ecrire(seen, form, answer) else None


def _dit_quelque_chose(form: Formulaire, seen: DossierLieu) -> bool:
    """A difference differs in something."""
    if isinstance(form, EcartForm) and form.places.data == seen.demandees and not form.conditions.data:
        form.refuser("conditions", _("Dites ce qui diffère : un autre nombre de places, ou un mot."))
        return False
    return True


def _ecrire(seen: DossierLieu, form: Formulaire, answer: Reponse) -> bool:
    field = "message" if isinstance(form, MotForm) else "lue"

    def write() -> None:
        with transaction() as session:
            lue = None if isinstance(form, MotForm) else form["lue"].data
            repondre(session, seen.sortie_id, answer, lieu_id=seen.lieu_id, lue=lue, instant=now())

    return sans_refus(form, field, write)


def _page(jeton: str, seen: DossierLieu, forms: dict[str, Formulaire]) -> tuple[str, int]:
    changed = [str(error) for form in (forms["confirmer"], forms["ecart"]) for error in form["lue"].errors]
    for form in (forms["confirmer"], forms["ecart"]):
        form["lue"].data = seen.lue  # what the page shows from now on
        form["lue"].raw_data = None
    page = render_template(
        "culture/partenaires/sortie.html",
        s=seen,
        jeton=jeton,
        confirmer=forms["confirmer"],
        ecart=forms["ecart"],
        mot=forms["mot"],
        change=changed,
        a_venir=seen.a_venir(now()),
    )
    return page, 422 if any(form.errors for form in forms.values()) else 200


def _a_ne_pas_garder(answer: Page) -> Response:
    """A page behind a link is nobody's to keep: no cache, no search engine."""
    made = make_response(answer)
    made.headers["Cache-Control"] = "no-store, private"
    made.headers["X-Robots-Tag"] = "noindex"
    return made
