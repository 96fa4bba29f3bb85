"""A maison's day, from the arrival of the goods to its closing; for agents and the coordination."""

import re
from collections.abc import Mapping

from flask import Response as Fichier
from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from kernel import documents
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.formats import jour as en_mots
from kernel.outbox import publish
from kernel.web.access import MINE, access
from kernel.web.files import file_answer
from kernel.web.words import _
from paniers import arrivees, solidarite
from paniers.documents import feuille_jour
from paniers.events import FeuilleDemandee
from paniers.guichet import paroles
from paniers.guichet.porte import BUREAU, guichet, impression, maison_a_moi, meme_semaine
from paniers.queries import arrivee as queries_arrivee
from paniers.queries import guichet as lire
from paniers.queries import solidarite as queries_solidarite
from paniers.views.publiques import Page

_NOMBRE = re.compile(r"[0-9]{1,4}", re.ASCII)


@access(*BUREAU, on=MINE)
def livraison() -> Response:
    """ "Tout est là": the goods have arrived."""
    with reading() as session:
        lieu, day = guichet(session).la()
    meme_semaine(day)
    try:
        with transaction() as session:
            arrivees.noter(session, day.semaine_id, lieu.id, {}, par=current_user.compte_id, instant=now())
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(_("C’est noté : les paniers sont là. Bonne distribution !"), "succes")
    return redirect(url_for(".jour", maison=lieu.id), 303)


@access(*BUREAU, on=MINE)
def arrivee() -> Page:
    """What is missing, product by product, and from how many baskets."""
    with reading() as session:
        lieu, day = guichet(session).la()
        came = queries_arrivee.arrivee(session, day.semaine_id, lieu.id)
    saisie = {p.offre_id: request.form.get(f"manque-{p.offre_id}", "").strip() for p in came.produits}
    wrong = ""
    if request.method == "POST":
        meme_semaine(day)
        try:
            manques = _manques(saisie, deja=any(p.manque for p in came.produits))
            with transaction() as session:
                arrivees.noter(session, day.semaine_id, lieu.id, manques, par=current_user.compte_id, instant=now())
        except Refus as refus:
            wrong = refus.sentence
        else:
            flash(_note(manques), "succes")
            return redirect(url_for("guichet_paniers.jour", maison=lieu.id), 303)
    page = {"lieu": lieu, "jour": day, "arrivee": came, "faute": wrong, "saisie": saisie if wrong else {}}
    return render_template("paniers/guichet/arrivee.html", **page), 422 if wrong else 200


def _manques(saisie: Mapping[int, str], *, deja: bool) -> dict[int, int]:
    """Offer → how many baskets lack it. Raises Refus for what is no number; and for nothing at all, unless something
    was noted before (`deja`) and is taken back."""
    missing = {offre_id: _nombre(typed) for offre_id, typed in saisie.items()}
    if not deja and not any(missing.values()):
        raise Refus(
            _("Écrivez à combien de paniers un produit manque. Si rien ne manque : « Tout est là »."), status=422
        )
    return missing


def _note(manques: Mapping[int, int]) -> str:
    if any(manques.values()):
        return _("C’est noté. La coordination est prévenue, et chaque réponse dira ce qui manque.")
    return _("C’est noté : il ne manque plus rien.")


def _nombre(typed: str) -> int:
    """A number of baskets; nothing typed is none. Raises Refus."""
    if typed and not _NOMBRE.fullmatch(typed):
        raise Refus(_("Écrivez un nombre de paniers, en chiffres. Exemple : 5"), status=422)
    return int(typed or 0)


@access(*BUREAU, on=MINE)
def clore() -> Page:
    """What became of each basket that is still there: kept until tomorrow, or given; safe to do again."""
    with reading() as session:
        lieu, day = guichet(session).la()
        liste = lire.attendus(session, day.semaine_id, lieu.id)
        known = queries_solidarite.a_qui(session, lieu.id)
    left = [line for line in liste if line.reste]
    missing = ""
    if request.method == "POST":
        meme_semaine(day)
        _exiger_le_jour(day)
        try:
            with transaction() as session:
                fin = solidarite.clore(
                    session, day.semaine_id, lieu.id, _coches(left), request.form.get("a", ""),
                    par=current_user.compte_id, instant=now(),
                )  # fmt: skip
        except Refus as refus:
            if refus.status != 422:
                raise
            missing = refus.sentence
        else:
            flash(paroles.cloture(fin), "succes")
            return redirect(url_for("guichet_paniers.jour", maison=lieu.id, etat="tous"), 303)
    page = {
        "lieu": lieu,
        "jour": day,
        "restants": left,
        "coches": _coches(left) if request.method == "POST" else [line.id for line in left if line.a_donner],
        "a": request.form.get("a", ""),
        "faute": missing,
        "connus": known,
        "trop_tot": today() < day.retrait_le,
    }
    return render_template("paniers/guichet/clore.html", **page), 422 if request.method == "POST" else 200


def _coches(left: list[lire.Attendu]) -> list[int]:
    """The baskets that the form says were given: those ticked, or all that are left."""
    ticked = set(request.form.getlist("don"))
    return [line.id for line in left if "tout" in request.form or str(line.id) in ticked]


def _exiger_le_jour(day: lire.Jour) -> None:
    """Raises Refus before the maison's day."""
    if today() < day.retrait_le:
        raise Refus(_("La distribution est %(jour)s : on ne peut pas la clore avant.", jour=en_mots(day.retrait_le)))


@access(*BUREAU, on=MINE)
def feuille() -> str | Response:
    """The sheet of the day on the screen; posted, its PDF is asked for as the day stands now."""
    with reading() as session:
        lieu, day = guichet(session).la()
        if request.method == "GET":
            liste = lire.attendus(session, day.semaine_id, lieu.id)
            made = feuille_jour.faite_le(session, day.semaine_id, lieu.id)
            page = {"lieu": lieu, "jour": day, "liste": liste, "faite_le": made}
            return render_template("paniers/guichet/feuille.html", **page, **impression(lieu))
    meme_semaine(day)
    with transaction() as session:
        publish(session, FeuilleDemandee(day.semaine_id, lieu.id))
    flash(_("La feuille se prépare. Elle sera prête dans quelques secondes."), "info")
    return redirect(url_for("guichet_paniers.feuille", maison=lieu.id), 303)


@access(*BUREAU, on=MINE)
def feuille_pdf() -> Fichier:
    with reading() as session:
        lieu, day = guichet(session).la()
        document = documents.find(session, feuille_jour.cle(day.semaine_id, lieu.id))
    return file_answer(document, _("Cette feuille n’est pas encore prête. Revenez dans un instant."))


@access(*BUREAU, on=maison_a_moi)
def dossier(semaine_id: int, maison_id: int) -> Fichier:
    with reading() as session:
        document = documents.find(session, lire.cle_du_dossier(semaine_id, maison_id))
    return file_answer(document, _("Ce dossier n’est pas encore prêt. Il se prépare quand les commandes partent."))
