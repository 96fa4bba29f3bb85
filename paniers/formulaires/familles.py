"""The forms of families and producers: whatever arrives, the answer is a French sentence beside the field."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from wtforms import Field, HiddenField, SelectChoice, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, StopValidation
from wtforms.widgets import TextInput

from foyers.champs import ChampCartes, ChampDate, ChampEuros, Visible, cle, sans_blancs
from foyers.formulaires import Formulaire
from foyers.queries import MaisonVue
from kernel.errors import Refus
from kernel.formats import jour
from kernel.web.words import _, _l
from paiements.models.en_ligne import Mode
from paniers.commandes import MESSAGE_LE_PLUS_LONG
from paniers.offres import PrixRefuse
from paniers.queries.familles import MaisonOuverte
from paniers.regles.quantites import Unite

VARIETE_LA_PLUS_LONGUE = 60
TOUT_DE_SUITE = "maintenant"
_NOMBRE = re.compile(r"[0-9]{1,9}([.,][0-9]{1,3})?", re.ASCII)


class ChampNombre(Field):  # type: ignore[misc]
    """A positive number as people write it: ``1,80``, ``25``, ``1 250 kg``; a Decimal once valid."""

    widget = TextInput()
    data: Any

    def __init__(self, label: Any, manque: Any, *, montant: bool = False, **options: Any) -> None:
        self.entier, self.montant = False, montant
        super().__init__(label, [InputRequired(manque)], **options)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if self.data is None:
            return ""
        return (f"{self.data:.2f}" if self.montant else f"{self.data.normalize():f}").replace(".", ",")

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        compact = re.sub(r"(kg|€|\s)", "", str(valuelist[0])) if valuelist else ""
        if compact and _NOMBRE.fullmatch(compact):
            self.data = Decimal(compact.replace(",", "."))

    def pre_validate(self, form: Any) -> None:
        if not self.raw_data or not self.raw_data[0]:
            return  # its validator asks for it; blanks alone are no number
        if self.data is None or self.data <= 0:
            raise StopValidation(_("Écrivez un nombre plus grand que zéro, en chiffres. Exemple : 25"))
        if self.entier and self.data != self.data.to_integral_value():
            raise StopValidation(_("Ce produit se compte en pièces : écrivez un nombre entier."))


class SimulateurForm(Formulaire):
    """Read from the address: nothing is sent, nothing is kept."""

    qf = ChampEuros(
        _l("Votre quotient familial"),
        filters=[sans_blancs],
        render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": 12},
    )


class _AvecMaisons(Formulaire):
    maison = ChampCartes(_l("Votre maison des habitants"), _l("Choisissez une maison."), coerce=cle)

    def proposer(self, maisons: Sequence[MaisonVue]) -> None:
        self.maison.choices = [SelectChoice(str(m.id), m.nom) for m in maisons]


class AbonnementForm(_AvecMaisons):
    nombre = ChampCartes(
        _l("Combien de paniers chaque semaine ?"),
        _l("Choisissez un ou deux paniers."),
        coerce=cle,
        choices=[SelectChoice("1", _l("Un panier")), SelectChoice("2", _l("Deux paniers"))],
    )
    paiement = ChampCartes(
        _l("Comment payer ?"),
        _l("Choisissez comment payer."),
        choices=[
            SelectChoice(Mode.CARTE.value, _l("Par carte")),
            SelectChoice(Mode.MAISON.value, _l("À la maison des habitants")),
        ],
    )

    def ouvertes(self, places: Sequence[MaisonOuverte]) -> None:
        self.proposer([place.maison for place in places])

    def proposer_paiement(self, *, carte: bool) -> None:
        """Whether a card may be chosen: not where none is saved by whoever takes online payments."""
        if not carte:
            _sans_carte(self.paiement)


class SouscriptionForm(AbonnementForm):
    """The same, filled in by an agent: a card that is not saved yet is the family's to give, on its own page."""


class PaiementForm(Formulaire):
    paiement = AbonnementForm.paiement

    def proposer_paiement(self, *, carte: bool) -> None:
        if not carte:
            _sans_carte(self.paiement)


def _sans_carte(field: Any) -> None:
    field.choices = [choice for choice in field.choices if choice.value == Mode.MAISON.value]


class MaisonForm(_AvecMaisons):
    pass


class NombreForm(Formulaire):
    nombre = AbonnementForm.nombre


class AttenteForm(_AvecMaisons):
    """To wait for a place where it is full."""

    nombre = AbonnementForm.nombre


class DepartForm(Formulaire):
    """To leave at once, or with a later pick-up of the term."""

    dernier = ChampCartes(_l("Jusqu’à quand ?"), _l("Choisissez votre dernier panier."))

    def proposer(self, jours: Sequence[date]) -> None:
        later = [SelectChoice(day.isoformat(), _("Après le panier du %(jour)s", jour=jour(day))) for day in jours]
        self.dernier.choices = [SelectChoice(TOUT_DE_SUITE, _("Dès maintenant")), *later]

    @property
    def jour(self) -> date | None:
        """The last pick-up chosen; None for at once."""
        return None if self.dernier.data == TOUT_DE_SUITE else date.fromisoformat(self.dernier.data)


class PauseForm(Formulaire):
    du = ChampDate(_l("Premier jour sans panier"), [InputRequired(_l("Choisissez le premier jour."))])
    au = ChampDate(_l("Dernier jour sans panier"), [InputRequired(_l("Choisissez le dernier jour."))])


class ReponseForm(Formulaire):
    """A producer's answer to an order: two buttons, `reponse` says which one was pressed."""

    reponse = HiddenField()
    version = HiddenField()
    message = TextAreaField(
        _l("Un mot pour la coordination"),
        [
            Length(max=MESSAGE_LE_PLUS_LONG, message=_l("Votre message est trop long : mille caractères au plus.")),
        ],
        filters=[lambda text: text.strip().replace("\r\n", "\n") if text else ""],
        render_kw={"rows": 4, "maxlength": MESSAGE_LE_PLUS_LONG},
    )

    def validate_message(self, field: Field) -> None:
        Visible()(self, _SansRetours(field))

    @property
    def version_lue(self) -> int | None:
        """The version of the order that was answered, None when the page did not say."""
        text = str(self.version.data or "")
        return int(text) if re.fullmatch("[0-9]{1,4}", text, re.ASCII) else None


class _SansRetours:
    """A field's text without its line ends, which are the one control sign that a message may hold."""

    def __init__(self, field: Field) -> None:
        self.data = (field.data or "").replace("\n", " ").replace("\t", " ")


class OffreForm(Formulaire):
    """An offer of one product: kilograms or pieces, as the product is counted."""

    variete = StringField(
        _l("Variété"),
        [
            Length(max=VARIETE_LA_PLUS_LONGUE, message=_l("Écrivez la variété en soixante lettres au plus.")),
            Visible(),
        ],
        filters=[sans_blancs],
        render_kw={"autocomplete": "off", "maxlength": VARIETE_LA_PLUS_LONGUE},
    )
    quantite = ChampNombre(
        _l("Quantité en tout"),
        _l("Écrivez la quantité que vous pouvez livrer."),
        render_kw={"inputmode": "decimal", "autocomplete": "off", "maxlength": 16},
    )
    lot = ChampNombre(
        _l("Par lots de"),
        _l("Écrivez ce que contient une caisse ou un lot."),
        render_kw={"inputmode": "decimal", "autocomplete": "off", "maxlength": 16},
    )
    prix = ChampNombre(
        _l("Prix hors taxe"),
        _l("Écrivez votre prix."),
        montant=True,
        render_kw={"inputmode": "decimal", "autocomplete": "off", "maxlength": 16},
    )

    def compter_en(self, unite: str) -> None:
        """Pieces are whole numbers; grams are given in kilograms."""
        self.quantite.entier = self.lot.entier = unite == Unite.PIECE

    def noter(self, write: Callable[[], None]) -> bool:
        """Run `write`; a refusal is shown on the price or the quantity that it is about, and False returned."""
        try:
            write()
        except PrixRefuse as refus:
            self.refuser("prix", refus.sentence)
        except Refus as refus:
            self.refuser("quantite", refus.sentence)
        else:
            return True
        return False
