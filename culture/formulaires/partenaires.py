"""The forms of a venue's page, which has no account: it confirms, says what is otherwise, or leaves a word."""

from typing import Any

from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from culture.formulaires.coordination import ChampNombre
from foyers.champs import Visible
from foyers.formulaires import Formulaire
from kernel.web.words import _l

CONDITIONS_MAX, MOT_MAX = 500, 1_000
PLACES_MAX = 2_000


def sans_bords(text: str | None) -> str:
    """The text without blanks around it; its lines stay."""
    return "\n".join(line.rstrip() for line in (text or "").strip().splitlines())


class LignesVisibles(Visible):
    """Like Visible, for a text of several lines."""

    def __call__(self, form: Any, field: Any) -> None:
        whole = field.data
        field.data = " ".join((whole or "").split())
        try:
            super().__call__(form, field)
        finally:
            field.data = whole


def _aire(label: Any, au_plus: int, manque: Any = None) -> TextAreaField:
    long = Length(max=au_plus, message=str(_l("C’est trop long : %(n)d signes au plus.", n=au_plus)))
    checks = [DataRequired(manque) if manque else Optional(), long, LignesVisibles()]
    return TextAreaField(label, checks, filters=[sans_bords], render_kw={"maxlength": au_plus, "rows": 3})


class _Lu(Formulaire):
    """`lue` is the mark of the figures that the page showed."""

    lue = HiddenField()


class ConfirmerForm(_Lu):
    pass


class EcartForm(_Lu):
    places = ChampNombre(_l("Combien de places pouvez-vous garder ?"), 0, PLACES_MAX)
    conditions = _aire(_l("Ce qui diffère"), CONDITIONS_MAX)


class MotForm(Formulaire):
    message = _aire(_l("Votre message"), MOT_MAX, _l("Écrivez votre message."))
