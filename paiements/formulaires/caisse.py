"""The forms of the counter's money: what is paid, how, and the count of a till by coin and note."""

import re
import uuid
from typing import Any

from wtforms import HiddenField, StringField
from wtforms.validators import DataRequired, Length, Optional, StopValidation

from foyers.champs import Visible, sans_blancs
from foyers.formulaires import Formulaire
from kernel.formats import euros
from kernel.web.words import _l
from paiements.regles.monnaie import COUPURES, PLUS_PETIT_BILLET

_SOMME = re.compile(r"([0-9]{1,6})(?:[.,]([0-9]{1,2}))?", re.ASCII)
_NOMBRE = re.compile(r"[0-9]{1,4}", re.ASCII)
APPOINT = "appoint"


class ChampSomme(StringField):  # type: ignore[misc]
    """A sum as people write it: ``5,50``, ``5.5``, ``20 €``. `centimes` holds it once valid."""

    centimes: int | None = None

    def pre_validate(self, form: Any) -> None:
        self.centimes = None
        if self.data:
            self.centimes = _centimes(self.data)


class ChampCombien(StringField):  # type: ignore[misc]
    """How many; nothing written is none. `combien` holds it once valid."""

    combien: int = 0

    def pre_validate(self, form: Any) -> None:
        written = "".join((self.data or "").split()) or "0"
        if not _NOMBRE.fullmatch(written):
            raise StopValidation(str(_l("Écrivez combien il y en a, en chiffres.")))
        self.combien = int(written)


def _texte(label: Any, longueur: int, *checks: Any) -> StringField:
    long = _l("Ce texte est trop long. Raccourcissez-le.")
    return StringField(
        label,
        [*(checks or (Optional(),)), Length(max=longueur, message=long), Visible()],
        filters=[sans_blancs],
        render_kw={"maxlength": longueur, "autocomplete": "off"},
    )


class EncaissementForm(Formulaire):
    """`billet` is the button of a note that was tapped, or ``appoint``; `donne` another sum."""

    cle = HiddenField()
    montant = ChampSomme(
        _l("Montant à encaisser"),
        [DataRequired(_l("Écrivez le montant à encaisser."))],
        filters=[sans_blancs],
        render_kw={"inputmode": "decimal", "autocomplete": "off", "maxlength": 12},
    )
    donne = ChampSomme(
        _l("Une autre somme"),
        [Optional()],
        filters=[sans_blancs],
        render_kw={"inputmode": "decimal", "autocomplete": "off", "maxlength": 12},
    )
    reference = _texte(_l("Numéro"), 40)
    derogation = _texte(_l("Motif, pour des espèces au-delà du plafond"), 200)

    @property
    def cle_lue(self) -> uuid.UUID | None:
        try:
            return uuid.UUID(self.cle.data or "")
        except ValueError:
            return None


class AnnulationForm(Formulaire):
    motif = _texte(
        _l("Pourquoi ?"), 200, DataRequired(_l("Écrivez pourquoi cette quittance est annulée : le motif est gardé."))
    )


class RepriseForm(Formulaire):
    motif = _texte(
        _l("Pourquoi ?"), 200, DataRequired(_l("Écrivez pourquoi cette somme est reprise : le motif est gardé."))
    )


class VersementForm(Formulaire):
    especes = ChampSomme(
        _l("Espèces à verser"),
        [DataRequired(_l("Écrivez les espèces à verser."))],
        filters=[sans_blancs],
        render_kw={"inputmode": "decimal", "autocomplete": "off", "maxlength": 12},
    )


class ClotureForm(Formulaire):
    """One field for each note and coin; see `comptage`."""

    explication = _texte(_l("Ce que vous savez de l’écart"), 300)

    @property
    def comptage(self) -> dict[int, int]:
        """{coupure in centimes: how many}; of a valid form only."""
        return {coupure: self[f"c{coupure}"].combien for coupure in COUPURES}


def nom_de_coupure(coupure: int) -> str:
    """``billets de 20 €``, ``pièces de 50 centimes``."""
    if coupure < 100:
        return f"pièces de {coupure} centime{'s' if coupure > 1 else ''}"
    return f"{'billets' if coupure >= PLUS_PETIT_BILLET else 'pièces'} de {coupure // 100}\u00a0€"


for _coupure in COUPURES:
    setattr(
        ClotureForm,
        f"c{_coupure}",
        ChampCombien(
            nom_de_coupure(_coupure).capitalize(),
            [],
            render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": 4, "data-coupure": str(_coupure)},
        ),
    )


def ecrit(centimes: int) -> str:
    """A sum as a field shows it: ``5,50``."""
    return euros(centimes).replace("\u202f", "").partition("\u00a0")[0]


def _centimes(written: str) -> int:
    compact = "".join(written.replace("€", "").split())
    found = _SOMME.fullmatch(compact)
    if found is None:
        raise StopValidation(str(_l("Écrivez la somme en chiffres. Exemple : 5,50")))
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))
