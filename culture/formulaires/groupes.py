"""The forms of groups: the group itself, a name on its list, who of it comes to an outing."""

from collections.abc import Sequence

from wtforms import SelectChoice, StringField
from wtforms.validators import DataRequired, Length, Optional

from culture.formulaires.familles import ChampCases
from culture.queries.groupes import PersonneDuGroupe
from foyers.champs import ChampChoix, ChampNom, ChampTelephone, Visible, cle, sans_blancs
from foyers.formulaires import Formulaire
from foyers.queries import MaisonVue
from kernel.web.words import _l

_LONG = Length(max=120, message=str(_l("C’est trop long : %(n)d signes au plus.", n=120)))
_OFF = {"autocomplete": "off", "maxlength": 120}


class GroupeForm(Formulaire):
    nom = StringField(
        _l("Nom du groupe"),
        [DataRequired(_l("Écrivez le nom du groupe.")), _LONG, Visible()],
        filters=[sans_blancs],
        render_kw=_OFF,
    )
    referent = StringField(_l("Qui s’en occupe"), [Optional(), _LONG, Visible()], filters=[sans_blancs], render_kw=_OFF)
    telephone = ChampTelephone(
        _l("Téléphone"), filters=[sans_blancs], render_kw={"autocomplete": "off", "maxlength": 40}
    )


class NouveauGroupeForm(GroupeForm):
    maison = ChampChoix(_l("Maison des habitants"), _l("Choisissez une maison dans la liste."), coerce=cle)

    def proposer(self, maisons: Sequence[MaisonVue]) -> None:
        """Fill the list of maisons."""
        first = SelectChoice("", _l("Choisissez…"))
        self.maison.choices = [first, *(SelectChoice(str(one.id), one.nom) for one in maisons)]


class NomForm(Formulaire):
    """Somebody without household."""

    prenom = ChampNom(_l("Prénom"), _l("Écrivez le prénom."), render_kw={"autocomplete": "off"})
    nom = ChampNom(_l("Nom"), _l("Écrivez le nom."), render_kw={"autocomplete": "off"})


class InscrireGroupeForm(Formulaire):
    personnes = ChampCases(_l("Qui vient ?"))

    def proposer(self, listed: Sequence[PersonneDuGroupe]) -> None:
        """A box for each who may be booked."""
        self.personnes.choices = [SelectChoice(str(one.id), f"{one.prenom} {one.nom}") for one in listed]

    @property
    def choisies(self) -> list[int]:
        return [int(key) for key in self.personnes.data or ()]
