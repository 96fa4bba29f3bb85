"""The coordination's forms about when and where: a hand-out moved, cancelled or sent elsewhere, closing days."""

import re
from collections.abc import Sequence
from datetime import time
from typing import Any

from wtforms import Field, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError
from wtforms.widgets import TimeInput

from foyers.champs import ChampChoix, ChampDate, UnParmi, Visible, cle, sans_blancs
from foyers.formulaires import Formulaire
from foyers.queries import MaisonVue
from kernel.web.words import _, _l
from paniers.distributions import MOTIF_LE_PLUS_LONG

_HEURE = re.compile(r"([0-9]{1,2})\s*(?:[h:]\s*([0-9]{2})?)?(?::[0-9]{2})?", re.ASCII | re.IGNORECASE)


class ChampHeure(Field):  # type: ignore[misc]
    """An hour, from the browser's picker or written ``17 h 30``; or nothing."""

    widget = TimeInput()
    data: Any

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{self.data:%H:%M}" if self.data else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        if not valuelist or not str(valuelist[0]).strip():
            return
        read = _HEURE.fullmatch(str(valuelist[0]).strip()[:20])
        if read is None or int(read[1]) > 23 or int(read[2] or 0) > 59:
            raise ValueError(_("Écrivez l’heure ainsi : 17:00."))
        self.data = time(int(read[1]), int(read[2] or 0))


class ChampMotif(StringField):  # type: ignore[misc]
    """Why, in words that families read."""

    def __init__(self, **options: Any) -> None:
        long = _l("Écrivez le motif en deux cents caractères au plus.")
        super().__init__(
            _l("Pourquoi ?"),
            [
                DataRequired(_l("Dites pourquoi en quelques mots : les familles le lisent.")),
                Length(max=MOTIF_LE_PLUS_LONG, message=long),
                Visible(),
            ],
            filters=[sans_blancs],
            render_kw={"maxlength": MOTIF_LE_PLUS_LONG, "autocomplete": "off"},
            **options,
        )


class DeplacerForm(Formulaire):
    jour = ChampDate(_l("Nouveau jour"), [InputRequired(_l("Choisissez le nouveau jour."))])
    debut = ChampHeure(_l("De"))
    fin = ChampHeure(_l("À"))
    motif = ChampMotif()


class AccueillirForm(Formulaire):
    chez = ChampChoix(_l("Maison qui accueille"), _l("Choisissez la maison qui accueille."), coerce=cle)
    motif = ChampMotif(id="motif-accueil")  # the page holds the other form's as well

    def proposer(self, maisons: Sequence[tuple[int, str]]) -> None:
        """Fill the list with the maisons that hand out that week."""
        self.chez.choices = [SelectChoice("", _l("Choisissez…")), *(SelectChoice(str(k), name) for k, name in maisons)]


class ChampLieu(UnParmi, SelectField):  # type: ignore[misc]
    """One maison, or (0) all of them; whatever else arrives is answered."""

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if self.data is None:
            raise ValidationError(_("Choisissez une maison dans la liste."))


class FermetureForm(Formulaire):
    """Closing days of one maison, or (the first line) of all of them."""

    maison = ChampLieu(_l("Où"), coerce=cle)
    du = ChampDate(_l("Du"), [InputRequired(_l("Choisissez le premier jour."))])
    au = ChampDate(_l("Au"), [InputRequired(_l("Choisissez le dernier jour."))])
    motif = ChampMotif()

    def proposer(self, maisons: Sequence[MaisonVue]) -> None:
        self.maison.choices = [
            SelectChoice("0", _l("Toutes les maisons")),
            *(SelectChoice(str(m.id), m.nom) for m in maisons),
        ]


class AnnulerForm(Formulaire):
    motif = ChampMotif()
