"""The forms of a family's money."""

from typing import Any

from wtforms.validators import DataRequired, ValidationError

from foyers.champs import sans_blancs
from foyers.formulaires import Formulaire
from kernel.web.words import _l
from paiements.echeances import MINIMUM
from paiements.formulaires_caisse import ChampSomme


class AvanceForm(Formulaire):
    montant = ChampSomme(
        _l("Combien voulez-vous payer d’avance ?"),
        [DataRequired(_l("Écrivez la somme que vous voulez payer."))],
        filters=[sans_blancs],
        render_kw={"inputmode": "decimal", "autocomplete": "off", "maxlength": 10},
    )

    def validate_montant(self, field: Any) -> None:
        if (field.centimes or 0) < MINIMUM:
            raise ValidationError(str(_l("Le paiement par carte commence à 0,50 €. Écrivez une somme plus grande.")))
