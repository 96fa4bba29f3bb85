"""Form fields that take whatever a browser may send and answer with a French sentence, never with an error page."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import request
from wtforms import Field, FileField, Form, PasswordField, RadioField, SelectField, StringField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length, Optional, StopValidation
from wtforms.widgets import DateInput

from foyers.identifiants import Identifiant, lire_email, lire_identifiant, lire_telephone
from foyers.noms import NOM_MAX, a_des_signes_invisibles, est_un_nom
from kernel.errors import Refus
from kernel.uploads import pages_of
from kernel.web.words import _, _l

_ENTIER = re.compile(r"[0-9]{1,9}", re.ASCII)
_JOUR_FRANCAIS = re.compile(r"([0-9]{1,2})[/. -]([0-9]{1,2})[/. -]([0-9]{4})", re.ASCII)


def sans_blancs(text: str | None) -> str | None:
    """The text without blanks around it, single ones inside; None stays None."""
    return " ".join(text.split()) if text else text


class Visible:
    """Refuses control signs and the invisible ones that turn writing around: they hide what a name really is."""

    def __call__(self, form: Form, field: Field) -> None:
        if a_des_signes_invisibles(field.data or ""):
            raise StopValidation(str(_l("Ce texte contient des signes invisibles. Écrivez-le de nouveau, au clavier.")))


class Nom:
    """Letters of any writing, blanks, hyphens, apostrophes and dots, with one letter at least."""

    def __call__(self, form: Form, field: Field) -> None:
        if not est_un_nom(field.data or ""):
            raise ValidationError(
                str(_l("Écrivez ce nom avec des lettres. Traits d’union et apostrophes sont permis."))
            )


class _Repondu:
    """What the form does not send is empty, whatever the page had proposed."""

    data: Any

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = valuelist[0] if valuelist else ""


class ChampNom(_Repondu, StringField):  # type: ignore[misc]
    """A first or family name."""

    def __init__(self, label: Any, manque: Any, **options: Any) -> None:
        long = _l("Ce nom est trop long. Écrivez-le en 80 lettres au plus.")
        checks = [DataRequired(manque), Length(max=NOM_MAX, message=long), Visible(), Nom()]
        options.setdefault("render_kw", {}).update(maxlength=NOM_MAX)
        super().__init__(label, checks, filters=[sans_blancs], **options)


class ChampMotDePasse(PasswordField):  # type: ignore[misc]
    """A password as typed: nothing is taken off it, and it is never sent back."""

    def __init__(self, label: Any, manque: Any, *, nouveau: bool, **options: Any) -> None:
        kind = "new-password" if nouveau else "current-password"
        long = _l("Choisissez un mot de passe d’au plus 200 caractères.")
        super().__init__(
            label,
            [DataRequired(manque), Length(max=200, message=long)],
            render_kw={"autocomplete": kind, "maxlength": 200, "autocapitalize": "none", "spellcheck": "false"},
            **options,
        )


class ChampIdentifiant(_Repondu, StringField):  # type: ignore[misc]
    """An e-mail or a telephone; `identifiant` holds what it was read as once the form is valid."""

    identifiant: Identifiant = Identifiant()

    def pre_validate(self, form: Any) -> None:
        self.identifiant = Identifiant()
        if self.data:
            self.identifiant = _ou_phrase(lire_identifiant, self.data)


class ChampEmail(StringField):  # type: ignore[misc]
    """An e-mail, or nothing."""

    data: str | None

    def pre_validate(self, form: Any) -> None:
        self.data = _ou_phrase(lire_email, self.data) if self.data else None


class ChampTelephone(StringField):  # type: ignore[misc]
    """A telephone, or nothing."""

    data: str | None

    def pre_validate(self, form: Any) -> None:
        self.data = _ou_phrase(lire_telephone, self.data) if self.data else None


class UnParmi:
    """One of a list; whatever else arrives counts as not chosen."""

    data: Any

    def process_formdata(self: Any, valuelist: list[Any]) -> None:
        try:
            self.data = self.coerce(valuelist[0]) if valuelist else None
        except (ValueError, TypeError):
            self.data = None

    def pre_validate(self: Any, form: Any) -> None:
        if not any(choice.selected for choice in self.iter_choices()):
            self.data = None


class ChampChoix(UnParmi, SelectField):  # type: ignore[misc]
    """One line of a drop-down list."""

    def __init__(self, label: Any, manque: Any, **options: Any) -> None:
        super().__init__(label, [DataRequired(manque)], **options)


class ChampCartes(UnParmi, RadioField):  # type: ignore[misc]
    """One of a few cards."""

    def __init__(self, label: Any, manque: Any, **options: Any) -> None:
        super().__init__(label, [DataRequired(manque)], **options)


class ChampPiece(FileField):  # type: ignore[misc]
    """A picture or a PDF; `pages` are what was drawn of it, once the form is valid. Its name is never looked at."""

    pages: Sequence[bytes] = ()

    def __init__(self, label: Any, manque: Any = None, **options: Any) -> None:
        checks = [InputRequired(manque)] if manque else [Optional()]
        options.setdefault("render_kw", {}).update(accept="image/jpeg,image/png,application/pdf,.jpg,.jpeg,.png,.pdf")
        super().__init__(label, checks, **options)

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        sent = request.files.get(self.name)
        # A browser sends a file without name when none was chosen.
        self.content = sent.read() if sent and sent.filename else b""
        self.raw_data = [self.content] if sent and sent.filename else []

    def pre_validate(self, form: Any) -> None:
        self.pages = ()
        if self.raw_data:
            self.pages = _ou_phrase(pages_of, self.content)


def cle(value: Any) -> int:
    """The key that a list's value stands for; 0 for its empty first line."""
    return int(value) if value else 0


class ChampDate(Field):  # type: ignore[misc]
    """A day, from the browser's calendar or written ``26/11/2026``."""

    widget = DateInput()
    data: Any

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat() if self.data else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        if not valuelist or not valuelist[0]:
            return
        try:
            self.data = _jour(str(valuelist[0]).strip())
        except ValueError:
            raise ValueError(_("Choisissez un jour dans le calendrier, ou écrivez-le ainsi : 26/11/2026.")) from None


class ChampEuros(_Repondu, StringField):  # type: ignore[misc]
    """A whole number of euros as people write it: ``1 250``, ``650 €``, ``650,00``. `euros` holds it once valid."""

    euros: int | None = None

    def pre_validate(self, form: Any) -> None:
        self.euros = None
        if self.data:
            self.euros = _entier(self.data)


def _entier(written: str) -> int:
    """The euros, centimes dropped as the CAF does. Raises StopValidation."""
    compact = "".join(written.replace("€", "").split())
    whole = re.sub(r"[.,][0-9]{1,2}$", "", compact, flags=re.ASCII)
    if not _ENTIER.fullmatch(whole) or int(whole) > 99_999:
        raise StopValidation(str(_l("Écrivez le quotient en chiffres, entre 0 et 99 999. Exemple : 640")))
    return int(whole)


def _jour(text: str) -> date:
    """Raises ValueError."""
    french = _JOUR_FRANCAIS.fullmatch(text)
    if french is None:
        return date.fromisoformat(text)
    day, month, year = map(int, french.groups())
    return date(year, month, day)


def _ou_phrase(read: Any, given: Any) -> Any:
    try:
        return read(given)
    except Refus as refus:
        raise StopValidation(refus.sentence) from None
