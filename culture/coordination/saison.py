"""The coordination's page of a season, in ten seconds, and the same as a spreadsheet."""

from collections.abc import Sequence
from decimal import Decimal

from flask import Blueprint, Response, render_template, request

from culture.queries.saison import LigneDeSaison, saison_en_lignes, saisons_connues, total
from culture.regles.etats import LIBELLES_SORTIE, EtatSortie
from culture.regles.tarifs import Saison, saison_de
from foyers.queries import maisons
from kernel.clock import PARIS, today
from kernel.db import reading
from kernel.spreadsheet import MEDIA_TYPE, Cell, csv_file
from kernel.web.access import ALL, Role, access
from kernel.web.words import _

bp = Blueprint("bilan_culture", __name__, url_prefix="/coordination/sorties")

LECTURE = (Role.COORDINATION, Role.ADMINISTRATION)


@bp.get("/saison")
@access(*LECTURE, on=ALL)
def saison() -> str:
    season, maison_id = _demandee()
    with reading() as session:
        lines = saison_en_lignes(session, season, maison_id)
        known = saisons_connues(session)
        places = maisons(session, toutes=True)
    return render_template(
        "culture/coordination/saison.html",
        saison=season,
        saisons=known if season in known else [season, *known],
        maison_id=maison_id,
        maisons=places,
        lignes=lines,
        total=total(lines),
        etats=LIBELLES_SORTIE,
    )


@bp.get("/saison.csv")
@access(*LECTURE, on=ALL)
def saison_csv() -> Response:
    season, maison_id = _demandee()
    with reading() as session:
        lines = saison_en_lignes(session, season, maison_id)
    answer = Response(csv_file(_titres(), [_cellules(one) for one in lines]), content_type=MEDIA_TYPE)
    answer.headers["Content-Disposition"] = f"attachment; filename=sorties-{season.annee}-{season.annee + 1}.csv"
    return answer


def _demandee() -> tuple[Saison, int | None]:
    """What the address asks for; what it cannot mean is left out."""
    year, house = request.args.get("saison", ""), request.args.get("maison", "")
    known = year.isascii() and year.isdecimal() and 2000 <= int(year[:5]) < 2200
    maison_id = int(house) if house.isascii() and house.isdecimal() and len(house) < 10 else None
    return Saison(int(year)) if known else saison_de(today()), maison_id


def _titres() -> Sequence[str]:
    return (
        _("Date"),
        _("Sortie"),
        _("Maison"),
        _("État"),
        _("Places"),
        _("Prises"),
        _("Venues"),
        _("Absences"),
        _("Premières sorties"),
        _("Carte gratuite"),
        _("Carte payée"),
        _("Sans carte"),
        _("Coût"),
        _("dont facturé par le lieu"),
        _("Payé par les familles"),
        _("Participation du CCAS"),
    )


def _cellules(one: LigneDeSaison) -> Sequence[Cell]:
    mix = one.statuts
    return (
        one.debut_le.astimezone(PARIS).date(),
        one.titre,
        one.maison,
        LIBELLES_SORTIE[EtatSortie(one.etat)],
        one.places,
        one.prises,
        one.venues,
        one.absentes,
        one.premieres,
        *((mix.gratuits, mix.payants, mix.invites) if mix else (None, None, None)),
        *(Decimal(amount) / 100 for amount in (one.cout, one.facture, one.familles, one.ccas)),
    )
