"""What everybody reads of outings: the programme, one outing, the calendar; and the addresses of families' pages."""

from datetime import date

from flask import Blueprint, Response, render_template, request
from flask_login import current_user

from culture.agenda import fichier_ical
from culture.ical import TYPE
from culture.queries.familles import mes_inscriptions
from culture.queries.sorties import Filtre, image_de, mois_proposes, prix_a_venir, sortie_vue, sorties_a_venir
from culture.regles.etats import LIBELLES_BESOIN, LIBELLES_GENRE
from culture.views import avis as views_avis
from culture.views import familles as views_familles
from foyers.queries import maisons
from kernel.clock import now, today
from kernel.db import reading
from kernel.web.access import Role, public
from kernel.web.words import _

bp = Blueprint("culture", __name__)


@public("the programme is everybody's")
def sorties() -> str:
    wanted = _filtre()
    with reading() as session:
        return render_template(
            "culture/sorties.html",
            sorties=sorties_a_venir(session, now(), wanted),
            filtre=wanted,
            filtree=wanted != Filtre(),
            maisons=maisons(session, toutes=True),
            mois=mois_proposes(session, now()),
            genres=LIBELLES_GENRE,
            besoins=LIBELLES_BESOIN,
            instant=now(),
            aujourdhui=today(),
        )


@public("the programme is everybody's")
def sortie(sortie_id: int) -> str:
    with reading() as session:
        seen = sortie_vue(session, sortie_id)
        family = current_user.is_authenticated and current_user.role is Role.HABITANT
        mine = mes_inscriptions(session, current_user.foyer_id, now()) if family else []
        soon = prix_a_venir(session, seen)
    return render_template(
        "culture/sortie.html",
        s=seen,
        ouverture=seen.ouverture(now()),
        miennes=[one for one in mine if one.sortie.id == sortie_id],
        famille=family or not current_user.is_authenticated,
        bientot=soon,
        instant=now(),
    )


@public("the programme is everybody's")
def image(sortie_id: int) -> Response:
    with reading() as session:
        return Response(image_de(session, sortie_id), content_type="image/jpeg")


@public("the programme is everybody's, and a calendar signs in nowhere")
def calendrier() -> Response:
    with reading() as session:
        coming = sorties_a_venir(session, now(), _filtre())
    return Response(fichier_ical(_("Sorties culture"), coming, now()), content_type=TYPE)


def _filtre() -> Filtre:
    """What the address asks for; what it cannot mean is left out."""
    given = request.args
    house = given.get("maison", "")
    return Filtre(
        maison_id=int(house) if house.isascii() and house.isdecimal() and len(house) < 10 else None,
        genre=given["genre"] if given.get("genre") in set(LIBELLES_GENRE) else None,
        mois=_mois(given.get("mois", "")),
        besoin=given["acces"] if given.get("acces") in set(LIBELLES_BESOIN) else None,
        gratuit=given.get("prix") == "gratuit",
    )


def _mois(written: str) -> date | None:
    try:
        found = date.fromisoformat(f"{written}-01") if len(written) == 7 else None
    except ValueError:
        return None
    return found if found is None or 2000 <= found.year < 2200 else None


# The addresses, on one screen.
bp.get("/sorties")(sorties)
bp.get("/sorties.ics")(calendrier)
bp.get("/sorties/<int:sortie_id>")(sortie)
bp.get("/sorties/<int:sortie_id>/image.jpg")(image)
bp.route("/sorties/<int:sortie_id>/reserver", methods=["GET", "POST"])(views_familles.reserver)
bp.route("/sorties/places/<jeton>", methods=["GET", "POST"])(views_familles.places_par_lien)
bp.route("/sorties/avis/<jeton>", methods=["GET", "POST"])(views_avis.avis_par_lien)
bp.get("/mes-sorties")(views_familles.mes_sorties)
bp.get("/mes-sorties/<int:inscription_id>.ics")(views_familles.mon_agenda)
bp.route("/mes-sorties/<int:inscription_id>/annuler", methods=["GET", "POST"])(views_familles.annuler_des_places)
bp.post("/mes-sorties/<int:inscription_id>/accepter")(views_familles.accepter_des_places)
bp.post("/mes-sorties/<int:inscription_id>/laisser")(views_familles.laisser_des_places)
bp.get("/mon-pass/<int:pass_id>.pdf")(views_familles.carte_pdf)
