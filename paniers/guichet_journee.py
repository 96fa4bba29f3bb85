"""A maison's day, from the arrival of the goods to its closing; for agents and the coordination."""

from flask import Response as Fichier
from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from kernel import documents
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.formats import jour as en_mots
from kernel.web.access import MINE, access
from kernel.web.files import file_answer
from kernel.web.words import _
from paniers import paroles_guichet as paroles
from paniers import queries_guichet as lire
from paniers import retraits
from paniers.porte import BUREAU, guichet, impression, maison_a_moi, meme_semaine


@access(*BUREAU, on=MINE)
def livraison() -> Response:
    """ "Tout est là": the goods have arrived."""
    with reading() as session:
        lieu, day = guichet(session).la()
    meme_semaine(day)
    try:
        with transaction() as session:
            retraits.livrer(session, day.semaine_id, par=current_user.compte_id, instant=now())
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(_("C’est noté : les paniers sont là. Bonne distribution !"), "succes")
    return redirect(url_for(".jour", maison=lieu.id), 303)


@access(*BUREAU, on=MINE)
def clore() -> str:
    with reading() as session:
        lieu, day = guichet(session).la()
        liste = lire.attendus(session, day.semaine_id, lieu.id)
    return render_template(
        "paniers/guichet/clore.html",
        lieu=lieu,
        jour=day,
        restants=[line for line in liste if line.reste],
        remis=sum(line.remis for line in liste),
        trop_tot=today() < day.retrait_le,
    )


@access(*BUREAU, on=MINE)
def clore_la_journee() -> Response:
    with reading() as session:
        lieu, day = guichet(session).la()
    meme_semaine(day)
    if today() < day.retrait_le:
        raise Refus(_("La distribution est %(jour)s : on ne peut pas la clore avant.", jour=en_mots(day.retrait_le)))
    with transaction() as session:
        left = retraits.clore_journee(session, day.semaine_id, lieu.id)
    flash(paroles.cloture(left), "succes")
    return redirect(url_for(".jour", maison=lieu.id, etat="tous"), 303)


@access(*BUREAU, on=MINE)
def feuille() -> str:
    with reading() as session:
        lieu, day = guichet(session).la()
        liste = lire.attendus(session, day.semaine_id, lieu.id)
    return render_template("paniers/guichet/feuille.html", lieu=lieu, jour=day, liste=liste, **impression(lieu))


@access(*BUREAU, on=maison_a_moi)
def dossier(semaine_id: int, maison_id: int) -> Fichier:
    with reading() as session:
        document = documents.find(session, lire.cle_du_dossier(semaine_id, maison_id))
    return file_answer(document, _("Ce dossier n’est pas encore prêt. Il se prépare quand les commandes partent."))
