"""The forms of contracts: whatever arrives is answered in French, beside its field."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from wtforms import SelectChoice, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from foyers.champs import ChampChoix, ChampDate, Visible, cle, sans_blancs
from foyers.formulaires import Formulaire
from kernel.web.words import _, _l
from paniers.contrats import NUMERO_LE_PLUS_LONG
from paniers.offres import PRIX_LE_PLUS_HAUT

_PRIX = re.compile(r"[0-9]{1,3}([.,][0-9]{1,2})?", re.ASCII)
TEXTE_LE_PLUS_LONG = 20


@dataclass(frozen=True, slots=True)
class PrixSaisis:
    """Prices as typed: `prix` in centimes, `textes` what to show again, `erreurs` what cannot be read."""

    textes: dict[int, str] = field(default_factory=dict)
    prix: dict[int, int] = field(default_factory=dict)
    erreurs: dict[int, str] = field(default_factory=dict)


def champ_prix(produit_id: int) -> str:
    """The name of a product's field."""
    return f"p{produit_id}"


def deja_convenus(prix: Mapping[int, int]) -> PrixSaisis:
    """The fields as a list says them: ``1,80``."""
    return PrixSaisis({product: f"{price // 100},{price % 100:02d}" for product, price in prix.items()}, dict(prix))


def lire_prix(form: Mapping[str, str], produit_ids: Collection[int]) -> PrixSaisis:
    """Read the fields of these products and no others; an empty one is no agreed price. Pure."""
    read = PrixSaisis()
    for product in produit_ids:
        typed = form.get(champ_prix(product), "").strip()
        read.textes[product] = typed[:TEXTE_LE_PLUS_LONG]
        compact = re.sub(r"[€\s]", "", typed[:200])
        if not compact:
            continue
        cents = int(Decimal(compact.replace(",", ".")) * 100) if _PRIX.fullmatch(compact) else 0
        if 0 < cents <= PRIX_LE_PLUS_HAUT:
            read.prix[product] = cents
        else:
            read.erreurs[product] = _("Écrivez un prix de 0,01 € à 200,00 €. Exemple : 1,80")
    return read


class ContratForm(Formulaire):
    """A new contract; its prices come after."""

    producteur = ChampChoix(_l("Producteur"), _l("Choisissez le producteur."), coerce=cle)
    numero = StringField(
        _l("Numéro du contrat"),
        [
            DataRequired(_l("Écrivez le numéro du contrat.")),
            Length(max=NUMERO_LE_PLUS_LONG, message=_l("Écrivez le numéro en quarante signes au plus.")),
            Visible(),
        ],
        filters=[sans_blancs],
        render_kw={"autocomplete": "off", "maxlength": NUMERO_LE_PLUS_LONG},
    )
    debut = ChampDate(_l("Premier jour"), [InputRequired(_l("Choisissez le premier jour."))])
    fin = ChampDate(_l("Dernier jour"), [InputRequired(_l("Choisissez le dernier jour."))])

    def proposer(self, producteurs: Sequence[tuple[int, str]]) -> None:
        """Fill the list of farms."""
        self.producteur.choices = [
            SelectChoice("", _l("Choisissez…")),
            *(SelectChoice(str(key), name) for key, name in producteurs),
        ]


class ListeForm(Formulaire):
    """From when a list of prices counts; the prices are read by their own names (`champ_prix`)."""

    effet_le = ChampDate(
        _l("À partir du retrait du"), [InputRequired(_l("Choisissez le premier jour de cette liste."))]
    )


class FinForm(Formulaire):
    fin = ChampDate(_l("Dernier jour"), [InputRequired(_l("Choisissez le dernier jour."))])
