"""The form of the two questions after an outing."""

from typing import Any

from wtforms import BooleanField, SelectChoice, TextAreaField
from wtforms.validators import Length, Optional

from culture.models.soiree import AvisSortie
from foyers.champs import ChampCartes, Visible, sans_blancs
from foyers.formulaires import Formulaire
from kernel.web.words import _l

MOT_MAX = 500


class AvisForm(Formulaire):
    note = ChampCartes(
        _l("La sortie vous a-t-elle plu ?"),
        _l("Choisissez une des quatre réponses."),
        choices=[
            SelectChoice("4", _l("Beaucoup")),
            SelectChoice("3", _l("Bien")),
            SelectChoice("2", _l("Un peu")),
            SelectChoice("1", _l("Pas du tout")),
        ],
    )
    mot = TextAreaField(
        _l("Un mot à nous dire ?"),
        [
            Optional(),
            Length(max=MOT_MAX, message=str(_l("C’est trop long : %(n)d signes au plus.", n=MOT_MAX))),
            Visible(),
        ],
        filters=[sans_blancs],
        render_kw={"maxlength": MOT_MAX, "rows": 4},
    )
    partage = BooleanField(_l("Le lieu peut lire mon mot, sans mon nom"))

    @staticmethod
    def connu(given: AvisSortie | None) -> dict[str, Any]:
        """What the form shows at first: the answer already given."""
        return {} if given is None else {"note": str(given.note), "mot": given.mot, "partage": given.partage}
