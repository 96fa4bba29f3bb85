"""What is short, line by line, and what the coordination decides about it: whatever arrives is answered in French."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from wtforms import Field, HiddenField, StringField, ValidationError
from wtforms.validators import DataRequired, Length

from foyers.champs import Visible, sans_blancs
from foyers.formulaires import Formulaire
from kernel.web.words import _, _l
from paniers.documents.bon_commande import Article
from paniers.penuries import CREDIT_LE_PLUS_HAUT, MOTIF_LE_PLUS_LONG

_NOMBRE = re.compile(r"[0-9]{1,6}([.,][0-9]{1,3})?", re.ASCII)
_CREDIT = re.compile(r"[0-9]{1,3}([.,][0-9]{1,2})?", re.ASCII)
TEXTE_LE_PLUS_LONG = 20


@dataclass(frozen=True, slots=True)
class Disponibles:
    """What can be delivered of each line, as typed: `quantites` in grams or pieces, `textes` what to show again."""

    textes: dict[int, str] = field(default_factory=dict)
    quantites: dict[int, int] = field(default_factory=dict)
    erreurs: dict[int, str] = field(default_factory=dict)


def champ_disponible(offre_id: int) -> str:
    """The name of a line's field."""
    return f"d{offre_id}"


def en_texte(quantite: int, *, en_pieces: bool) -> str:
    """Grams as kilograms, as the field shows them: ``40,5``."""
    if en_pieces:
        return str(quantite)
    return f"{(Decimal(quantite) / 1000).normalize():f}".replace(".", ",")


def connus(articles: Sequence[Article], dits: Mapping[int, int]) -> Disponibles:
    """The fields as they stand: what was said to be left, else the whole line."""
    return Disponibles(
        {a.offre_id: en_texte(dits.get(a.offre_id, a.quantite), en_pieces=a.en_pieces) for a in articles}
    )


def lire_disponibles(form: Mapping[str, str], articles: Sequence[Article]) -> Disponibles:
    """Read the fields of these lines and no others; one that is missing or empty says that nothing lacks. Pure."""
    read = Disponibles()
    for article in articles:
        typed = form.get(champ_disponible(article.offre_id), "").strip()
        read.textes[article.offre_id] = typed[:TEXTE_LE_PLUS_LONG]
        compact = re.sub(r"(kg|pièces?|\s)", "", typed[:200])
        if not compact:
            continue
        amount = _quantite(compact, en_pieces=article.en_pieces)
        if amount is None:
            read.erreurs[article.offre_id] = _("Écrivez un nombre, en chiffres. Exemple : 40")
        elif amount > article.quantite:
            read.erreurs[article.offre_id] = _("La commande est de %(quantite)s : pas plus.", quantite=article.texte)
        else:
            read.quantites[article.offre_id] = amount
    return read


def il_manque(lus: Disponibles, articles: Sequence[Article]) -> bool:
    """Whether less than was ordered can be delivered of any line."""
    return any(lus.quantites.get(a.offre_id, a.quantite) < a.quantite for a in articles)


class CorrectionForm(Formulaire):
    """What goes with a correction; the way out for each product is read by its own name (`champ_choix`)."""

    credit = StringField(
        _l("Geste par panier"),
        filters=[sans_blancs],
        render_kw={"inputmode": "decimal", "autocomplete": "off", "maxlength": 8},
    )
    motif = StringField(
        _l("Pourquoi le panier change"),
        [
            DataRequired(_l("Écrivez pourquoi le panier change : les familles le liront.")),
            Length(max=MOTIF_LE_PLUS_LONG, message=_l("Dites pourquoi en deux cents lettres au plus.")),
            Visible(),
        ],
        filters=[sans_blancs],
        render_kw={"autocomplete": "off", "maxlength": MOTIF_LE_PLUS_LONG},
    )
    vues = HiddenField()

    def validate_credit(self, field: Field) -> None:
        compact = (field.data or "").replace("€", "").replace(" ", "")
        if compact and not _CREDIT.fullmatch(compact):
            raise ValidationError(_("Écrivez un montant en euros. Exemple : 0,50"))
        if self.centimes > CREDIT_LE_PLUS_HAUT:
            raise ValidationError(_("Le geste par panier va de 0 à 4,00 €."))

    @property
    def centimes(self) -> int:
        """The credit; nothing typed is none."""
        compact = (self.credit.data or "").replace("€", "").replace(" ", "").replace(",", ".")
        return int(Decimal(compact) * 100) if _CREDIT.fullmatch(compact) else 0

    @property
    def vues_lues(self) -> int:
        """How many corrections the page had shown; -1 when that cannot be read, which is then refused."""
        text = str(self.vues.data or "")
        return int(text) if re.fullmatch("[0-9]{1,4}", text, re.ASCII) else -1


def champ_choix(offre_id: int) -> str:
    """The name of the radio buttons of a product that falls short."""
    return f"choix-{offre_id}"


def _quantite(compact: str, *, en_pieces: bool) -> int | None:
    if not _NOMBRE.fullmatch(compact):
        return None
    amount = Decimal(compact.replace(",", ".")) * (1 if en_pieces else 1000)
    return int(amount) if amount == amount.to_integral_value() else None
