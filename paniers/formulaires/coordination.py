"""The coordination's forms: quantities per basket, and an offer that came by telephone."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from wtforms import SelectChoice

from foyers.champs import ChampChoix, cle
from kernel.errors import Refus
from kernel.web.words import _, _l
from paniers.formulaires.familles import OffreForm
from paniers.offres import Proposition
from paniers.queries.composition import OffreVue
from paniers.regles.bilan import QUANTITE_LA_PLUS_GRANDE
from paniers.regles.quantites import Unite

_ENTIER = re.compile(r"[0-9]{1,6}", re.ASCII)
TEXTE_LE_PLUS_LONG = 20


@dataclass(frozen=True, slots=True)
class Saisie:
    """Quantities per basket as typed: `quantites` are those above zero, `textes` what to show again."""

    textes: dict[int, str] = field(default_factory=dict)
    quantites: dict[int, int] = field(default_factory=dict)
    erreurs: dict[int, str] = field(default_factory=dict)


def champ(offre_id: int) -> str:
    """The name of an offer's field."""
    return f"q{offre_id}"


def lire_quantites(form: Mapping[str, str], offre_ids: Collection[int]) -> Saisie:
    """Read the fields of these offers and no others; an empty one is zero. Pure."""
    read = Saisie()
    for offer in offre_ids:
        typed = form.get(champ(offer), "").strip()
        read.textes[offer] = typed[:TEXTE_LE_PLUS_LONG]
        compact = re.sub(r"(\s|g$)", "", typed[:200])
        if compact in ("", "0"):
            continue
        if not _ENTIER.fullmatch(compact) or int(compact) > QUANTITE_LA_PLUS_GRANDE:
            read.erreurs[offer] = _("Écrivez un nombre entier, de 0 à 5 000.")
        elif int(compact):
            read.quantites[offer] = int(compact)
    return read


class OffreRecueForm(OffreForm):
    """An offer entered on a producer's behalf."""

    producteur = ChampChoix(_l("Producteur"), _l("Choisissez le producteur."), coerce=cle)
    produit = ChampChoix(_l("Produit"), _l("Choisissez le produit."), coerce=cle)
    unites: Mapping[int, str] = {}

    def proposer(self, producteurs: Sequence[tuple[int, str]], produits: Sequence[tuple[int, str, str]]) -> None:
        """Fill both lists: (id, name), and (id, name, unit) for the products."""
        empty = SelectChoice("", _l("Choisissez…"))
        self.producteur.choices = [empty, *(SelectChoice(str(key), name) for key, name in producteurs)]
        self.produit.choices = [
            empty,
            *(
                SelectChoice(str(key), f"{name} ({_('pièces') if unit == Unite.PIECE else _('kg')})")
                for key, name, unit in produits
            ),
        ]
        self.unites = {key: unit for key, _name, unit in produits}

    def validate(self, extra_validators: object = None) -> bool:
        chosen = self.produit.data
        self.compter_en(self.unites.get(chosen, Unite.GRAMME) if isinstance(chosen, int) else Unite.GRAMME)
        return bool(super().validate(extra_validators))

    def remplir(self, offre: OffreVue) -> None:
        """Start from an offer as it stands."""
        unit = 1 if offre.ingredient.en_pieces else 1000
        self.process(
            data={
                "producteur": str(offre.producteur_id),
                "produit": str(offre.produit_id),
                "variete": offre.variete,
                "quantite": Decimal(offre.ingredient.disponible) / unit,
                "lot": Decimal(offre.ingredient.lot) / unit,
                "prix": Decimal(offre.ingredient.prix) / 100,
            }
        )

    @property
    def proposition(self) -> Proposition:
        """The answers in grams or pieces, and centimes. Raises Refus for less than a gram or a centime."""
        unit = 1 if self.unites[self.produit.data] == Unite.PIECE else 1000
        cents = self.prix.data * 100
        if cents != cents.to_integral_value():
            raise Refus(_("Écrivez le prix avec deux chiffres après la virgule. Exemple : 1,80"), status=422)
        return Proposition(
            quantite=int(self.quantite.data * unit),
            lot=int(self.lot.data * unit),
            prix=int(cents),
            variete=self.variete.data or "",
        )
