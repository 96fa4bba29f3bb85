"""The coordination's forms of prices: a new grid, or what a grid costs from a day on, read twice for the preview."""

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, Field, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, StopValidation

from culture.regles.tarifs import PLAFOND, BaremeSortie, Forme
from foyers.champs import ChampDate, ChampEuros, Visible, sans_blancs
from foyers.formulaires import Formulaire
from kernel.money import Euros
from kernel.web.words import _, _l
from paiements.formulaires.caisse import ChampSomme

RANGS = range(1, 7)
"""A grid has at most six bands."""
NOM_MAX = 60
_SAISIE = {"inputmode": "decimal", "autocomplete": "off", "maxlength": 10}


class ChampPlace(ChampSomme):
    """What a seat costs: 0 to 5 €."""

    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        if self.centimes is not None and self.centimes > PLAFOND.centimes:
            raise StopValidation(_("Une place coûte de 0 à 5 €."))


class LignesForm(Formulaire):
    """Prices; `forme` decides which are asked. Lines of bands that are left empty do not count."""

    forme: Forme = Forme.UNIQUE

    @property
    def seuils(self) -> list[int]:
        """Of a valid form only."""
        return [limit.euros for limit, _price in self.remplies() if limit is not None and limit.euros is not None]

    @property
    def prix(self) -> list[int]:
        """Of a valid form only; centimes."""
        return [price.centimes for _limit, price in self.remplies()]

    def lignes(self) -> list[tuple[Field | None, Field]]:
        """The highest quotient (for bands) and the price of each line that may be filled in."""
        asked = [rang for rang in RANGS if f"prix_{rang}" in self]
        banded = self.forme is Forme.QUOTIENT
        return [(self[f"jusqu_a_{rang}"] if banded else None, self[f"prix_{rang}"]) for rang in asked]

    def remplies(self) -> list[tuple[Field | None, Field]]:
        return [line for line in self.lignes() if line[1].data or (line[0] is not None and line[0].data)]

    def validate(self, extra_validators: object = None) -> bool:
        checked = bool(super().validate(extra_validators))
        if checked:
            self._juger_les_lignes()
        return not self.errors

    def _juger_les_lignes(self) -> None:
        """One sentence beside each field that does not follow from the lines above it."""
        filled = self.remplies()
        if not filled:
            self.refuser("prix_1", _("Écrivez au moins un prix."))
        above: tuple[int | None, int | None] = (None, None)
        for rank, (limit, price) in enumerate(filled, start=1):
            if price.centimes is None:
                self.refuser(price.name, _("Écrivez le prix de cette tranche."))
            elif above[1] is not None and price.centimes < above[1]:
                self.refuser(price.name, _("Le prix ne baisse jamais quand les moyens montent : montez-le."))
            if limit is not None:
                self._juger_la_limite(limit, above[0], derniere=rank == len(filled))
            above = (limit.euros if limit is not None else None, price.centimes)

    def _juger_la_limite(self, limit: Field, above: int | None, *, derniere: bool) -> None:
        if derniere and limit.euros is not None:
            rest = _("La dernière tranche prend tout le reste, et qui n’a rien donné : laissez vide.")
            self.refuser(limit.name, rest)
        elif not derniere and limit.euros is None:
            self.refuser(limit.name, _("Écrivez jusqu’à quel quotient va cette tranche."))
        elif limit.euros is not None and above is not None and limit.euros <= above:
            self.refuser(limit.name, _("Ce quotient doit dépasser celui de la tranche d’avant."))


class PrixForm(LignesForm):
    """What a grid costs from a day on; with `accord` to be written."""

    effet_le = ChampDate(_l("Pour qui réserve à partir du"), [InputRequired(_l("Choisissez à partir de quel jour."))])
    accord = BooleanField(_l("Oui, j’ai lu ce que cela change."))

    def en_clair(self) -> dict[str, str]:
        """The answers as they were typed, to be sent again by the preview's buttons."""
        return {
            field.name: str(field.raw_data[0])
            for field in self
            if field.name not in ("accord", "csrf_token") and field.raw_data
        }


class GrilleForm(LignesForm):
    """A new grid: it has a name, and counts at once for the outings that choose it."""

    nom = StringField(
        _l("Nom du tarif"),
        [
            DataRequired(_l("Donnez un nom à ce tarif. Exemple : 3 € pour tous")),
            Length(max=NOM_MAX, message=_l("Écrivez ce nom en soixante lettres au plus.")),
            Visible(),
        ],
        filters=[sans_blancs],
        render_kw={"autocomplete": "off", "maxlength": NOM_MAX},
    )


def prix_form(forme: Forme, connu: BaremeSortie | None = None) -> PrixForm:
    """The form of what a grid of that form costs, filled with what it costs now."""
    made: PrixForm = _de_forme(PrixForm, forme)(data=_depart(connu) if connu is not None else None)
    return made


def grille_form(forme: Forme) -> GrilleForm:
    made: GrilleForm = _de_forme(GrilleForm, forme)()
    return made


def _de_forme(base: type[LignesForm], forme: Forme) -> Any:
    fields: dict[str, Any] = {"forme": forme}
    for rang, label in enumerate(_libelles(forme), start=1):
        if forme is Forme.QUOTIENT:
            fields[f"jusqu_a_{rang}"] = ChampEuros(
                _l("Tranche %(n)d : jusqu’au quotient", n=rang), [Optional()], render_kw=_SAISIE
            )
        missing = (
            [Optional()] if forme is Forme.QUOTIENT else [DataRequired(_l("Écrivez ce prix ; 0 si c’est gratuit."))]
        )
        fields[f"prix_{rang}"] = ChampPlace(label, missing, filters=[sans_blancs], render_kw=_SAISIE)
    return type("PrixDeForme", (base,), fields)


def _libelles(forme: Forme) -> Sequence[Any]:
    match forme:
        case Forme.UNIQUE:
            return [_l("Prix d’une place")]
        case Forme.STATUT:
            return [_l("Avec une carte gratuite"), _l("Avec une carte payée, et les invités")]
        case Forme.QUOTIENT:
            return [_l("Tranche %(n)d : prix d’une place", n=rang) for rang in RANGS]


def _depart(known: BaremeSortie) -> dict[str, str]:
    start = {f"prix_{rang}": _en_euros(price) for rang, price in enumerate(known.prix, start=1)}
    return start | {f"jusqu_a_{rang}": str(limit) for rang, limit in enumerate(known.seuils, start=1)}


def _en_euros(price: Euros) -> str:
    return f"{price.centimes // 100},{price.centimes % 100:02d}"
