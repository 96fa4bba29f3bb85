"""The forms of what venues invoice."""

from collections.abc import Sequence
from typing import Any

from wtforms import SelectChoice, StringField
from wtforms.validators import DataRequired, InputRequired, Length, StopValidation

from culture.factures import FactureSaisie
from culture.queries.factures import FactureVue
from foyers.champs import ChampChoix, ChampDate, Visible, cle, sans_blancs
from foyers.formulaires import Formulaire
from kernel.formats import euros
from kernel.web.words import _, _l
from paiements.formulaires.caisse import ChampSomme
from paiements.formulaires.en_ligne import ChampMotif

REFERENCE_MAX = 40
LE_PLUS_HAUT = 10_000_000


class _Montant(ChampSomme):
    """A sum that somebody is really asked for."""

    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        if self.centimes is not None and not 0 < self.centimes <= LE_PLUS_HAUT:
            raise StopValidation(_("Le montant va de 0,01 à 100 000,00 €."))


class FactureForm(Formulaire):
    reference = StringField(
        _l("Numéro de la facture"),
        [
            DataRequired(_l("Écrivez le numéro qui est sur la facture.")),
            Length(max=REFERENCE_MAX, message=_l("Écrivez le numéro en quarante signes au plus.")),
            Visible(),
        ],
        filters=[sans_blancs],
        render_kw={"autocomplete": "off", "maxlength": REFERENCE_MAX},
    )
    datee_du = ChampDate(_l("Date de la facture"), [InputRequired(_l("Choisissez la date que porte la facture."))])
    montant = _Montant(
        _l("Montant à payer, toutes taxes comprises"),
        [DataRequired(_l("Écrivez le montant à payer."))],
        filters=[sans_blancs],
        render_kw={"inputmode": "decimal", "autocomplete": "off", "maxlength": 12},
    )

    @property
    def saisie(self) -> FactureSaisie:
        """Of a valid form only."""
        assert self.montant.centimes is not None
        return FactureSaisie(self.reference.data, self.datee_du.data, self.montant.centimes)


class RepriseForm(Formulaire):
    facture = ChampChoix(_l("Facture"), _l("Choisissez la facture que vous reprenez."), coerce=cle)
    motif = ChampMotif(
        _l("Pourquoi ?"), _l("Écrivez pourquoi vous reprenez cette facture : la raison reste avec elle.")
    )

    def proposer(self, factures: Sequence[FactureVue]) -> None:
        """Fill the list of those that stand; the only one is chosen already."""
        listed = [SelectChoice(str(one.id), f"{one.reference}, {euros(one.montant)}") for one in factures if one.vaut]
        self.facture.choices = listed if len(listed) == 1 else [SelectChoice("", _l("Choisissez…")), *listed]
