"""The forms of money online, of what the CCAS gives back or takes over, and of a difference that is explained."""

from typing import Any

from wtforms import StringField
from wtforms.validators import DataRequired, Length, ValidationError

from foyers.champs import Visible, sans_blancs
from foyers.formulaires import Formulaire
from kernel.formats import euros
from kernel.web.words import _, _l
from paiements import passerelle
from paiements.formulaires.caisse import ChampSomme


class ChampMotif(StringField):  # type: ignore[misc]
    """A reason that somebody will read."""

    def __init__(self, label: Any, manque: Any, **options: Any) -> None:
        long = Length(max=200, message=_l("Ce texte est trop long. Raccourcissez-le."))
        render = {"maxlength": 200, "autocomplete": "off"}
        super().__init__(label, [DataRequired(manque), long, Visible()], [sans_blancs], render_kw=render, **options)


class AvanceForm(Formulaire):
    montant = ChampSomme(
        _l("Combien voulez-vous payer d’avance ?"),
        [DataRequired(_l("Écrivez la somme que vous voulez payer."))],
        filters=[sans_blancs],
        render_kw={"inputmode": "decimal", "autocomplete": "off", "maxlength": 10},
    )

    def validate_montant(self, field: Any) -> None:
        least = passerelle.prestataire().capacites().minimum
        if (field.centimes or 0) < least:
            said = _(
                "Le paiement par carte commence à %(montant)s. Écrivez une somme plus grande.", montant=euros(least)
            )
            raise ValidationError(said)


class RemboursementForm(Formulaire):
    montant = ChampSomme(
        _l("Montant à rendre"),
        [DataRequired(_l("Écrivez le montant à rendre."))],
        filters=[sans_blancs],
        render_kw={"inputmode": "decimal", "autocomplete": "off", "maxlength": 10},
    )
    motif = ChampMotif(_l("Pourquoi"), _l("Écrivez pourquoi : la famille le lira."))


class AideForm(Formulaire):
    montant = ChampSomme(
        _l("Montant de l’aide"),
        [DataRequired(_l("Écrivez le montant de l’aide."))],
        filters=[sans_blancs],
        render_kw={"inputmode": "decimal", "autocomplete": "off", "maxlength": 10},
    )
    motif = ChampMotif(_l("Pourquoi"), _l("Écrivez pourquoi ; la famille ne le lira pas."))


class AnnulationAideForm(Formulaire):
    motif = ChampMotif(_l("Pourquoi"), _l("Écrivez pourquoi cette aide est annulée ; la famille ne le lira pas."))


class ResolutionForm(Formulaire):
    motif = ChampMotif(_l("Ce qui l’explique, ou ce que vous avez fait"), _l("Écrivez ce qui explique cet écart."))
