"""The form by which somebody is named who fetches a household's baskets."""

from collections.abc import Sequence
from datetime import date

from wtforms import SelectChoice

from foyers.champs import ChampCartes, ChampNom
from foyers.formulaires import Formulaire
from kernel.formats import jour
from kernel.web.words import _, _l
from paniers.queries.retrait import RetraitVu

TOUJOURS = "toujours"


class ProcheForm(Formulaire):
    prenom = ChampNom(_l("Son prénom"), _l("Écrivez le prénom."), render_kw={"autocomplete": "off"})
    nom = ChampNom(_l("Son nom"), _l("Écrivez le nom."), render_kw={"autocomplete": "off"})
    quand = ChampCartes(_l("Pour quels paniers ?"), _l("Choisissez un jour, ou tous les paniers."))

    def proposer(self, retraits: Sequence[RetraitVu]) -> None:
        """The next pick-ups, one by one, then all of them."""
        self._jours = {week.code: week.retrait_le for week in retraits}
        each = [SelectChoice(week.code, _("Seulement %(jour)s", jour=jour(week.retrait_le))) for week in retraits]
        self.quand.choices = [*each, SelectChoice(TOUJOURS, _("Toutes les semaines, jusqu’à nouvel ordre"))]

    def bornes(self, today: date) -> tuple[date, date | None]:
        """First and last pick-up day of a valid form."""
        day = self._jours.get(self.quand.data)
        return (today, None) if day is None else (day, day)
