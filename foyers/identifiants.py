"""How a person is named at sign-in: an e-mail address or a telephone number, written in any usual way."""

from dataclasses import dataclass

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _

from kernel.errors import Refus

LONGUEUR_MAX = 254


@dataclass(frozen=True, slots=True)
class Identifiant:
    """An e-mail in lower case, or a telephone as ``+33612345678``; exactly one of them."""

    email: str | None = None
    telephone: str | None = None

    def __str__(self) -> str:
        return self.email or self.telephone or ""


def lire_identifiant(text: str) -> Identifiant:
    """What somebody typed in the field "e-mail or telephone". Raises Refus."""
    written = text.strip()
    if "@" in written:
        return Identifiant(email=lire_email(written))
    return Identifiant(telephone=lire_telephone(written))


def lire_email(text: str) -> str:
    """The address in lower case; its domain is not asked about. Raises Refus."""
    refus = Refus(_("Cette adresse e-mail semble incomplète. Exemple : samira@exemple.fr"), status=422)
    if len(text) > LONGUEUR_MAX:
        raise refus
    try:
        return validate_email(text.strip(), check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        raise refus from None


def lire_telephone(text: str) -> str:
    """A French number (or a foreign one written with its +) as ``+33612345678``. Raises Refus."""
    refus = Refus(_("Écrivez une adresse e-mail, ou un numéro de téléphone comme 06 12 34 56 78."), status=422)
    if len(text) > 40:
        raise refus
    try:
        number = phonenumbers.parse(text, "FR")
    except phonenumbers.NumberParseException:
        raise refus from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise refus
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
