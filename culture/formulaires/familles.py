"""The forms of families and of the counter: who comes, a pass, a group."""

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, SelectChoice, SelectField, SelectMultipleField, StringField
from wtforms.validators import Length
from wtforms.widgets import CheckboxInput, ListWidget

from culture.conditions import Personne
from culture.models.sorties import Sortie
from culture.queries.familles import Compagnon
from culture.regles.etats import LIBELLES_BESOIN, Besoin
from foyers.champs import UnParmi, sans_blancs
from foyers.formulaires import Formulaire
from foyers.noms import NOM_MAX
from kernel.web.words import _l

AGES = range(18)


class ChampCases(SelectMultipleField):  # type: ignore[misc]
    """Some of a few, each a box to tick; whatever else arrives counts as not ticked."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = list(dict.fromkeys(valuelist))

    def pre_validate(self, form: Any) -> None:
        # Only now are the choices known for sure: a form fills its lists after it has read what was sent.
        known = {str(choice.value) for choice in self.iter_choices()}
        self.data = [value for value in self.data or () if value in known]


class ChampAge(UnParmi, SelectField):  # type: ignore[misc]
    """A child's age in years, or nothing: the use case says when it wants it."""

    def __init__(self, label: Any, **options: Any) -> None:
        ages = [SelectChoice(str(age), _l("%(n)d ans", n=age)) for age in AGES]
        super().__init__(label, choices=[SelectChoice("", _l("Choisissez…")), *ages], **options)


class ReservationForm(Formulaire):
    """Who comes; `pour` adds the household's people and the guests' lines, as the outing wants them."""

    malgre = BooleanField(_l("Réserver quand même, à la même heure qu’une autre sortie"))

    membres: Sequence[Compagnon] = ()
    invites: int = 0

    @property
    def personnes(self) -> list[Personne]:
        """Those ticked, and the guests who have a name."""
        going = [
            Personne(one.id, age=self._age(f"age_{one.id}"), besoins=self._besoins(f"besoins_{one.id}"))
            for one in self.membres
            if f"membre_{one.id}" in self and self[f"membre_{one.id}"].data
        ]
        for number in range(1, self.invites + 1):
            first, last = self[f"invite_{number}_prenom"].data, self[f"invite_{number}_nom"].data
            if first or last:
                child = bool(self[f"invite_{number}_enfant"].data)
                age = self._age(f"invite_{number}_age") if child else None
                needs = self._besoins(f"invite_{number}_besoins")
                going.append(Personne(None, first or "", last or "", adulte=not child, age=age, besoins=needs))
        return going

    def _age(self, name: str) -> int | None:
        given = self[name].data if name in self else None
        return int(given) if given else None

    def _besoins(self, name: str) -> tuple[Besoin, ...]:
        return tuple(Besoin(need) for need in self[name].data) if name in self else ()


def reservation(sortie: Sortie, membres: Sequence[Compagnon], *, seul: bool = False) -> ReservationForm:
    """The form of that household for that outing; who cannot come has no box."""
    fields: dict[str, Any] = {"membres": membres, "invites": sortie.invites_par_foyer}
    needs = [SelectChoice(need, LIBELLES_BESOIN[Besoin(need)]) for need in sortie.besoins]
    for one in membres:
        if not one.pass_ok or one.deja:
            continue
        fields[f"membre_{one.id}"] = BooleanField(f"{one.prenom} {one.nom}", default=seul)
        if sortie.age_minimum is not None and not one.adulte:
            fields[f"age_{one.id}"] = ChampAge(_l("Âge de %(prenom)s", prenom=one.prenom))
        if needs:
            label = _l("Accueil demandé pour %(prenom)s", prenom=one.prenom)
            fields[f"besoins_{one.id}"] = ChampCases(label, choices=needs)
    for number in range(1, sortie.invites_par_foyer + 1):
        fields |= _invite(number, sortie, needs)
    made: type[ReservationForm] = type("ReservationDuFoyer", (ReservationForm,), fields)
    return made()


def _invite(number: int, sortie: Sortie, needs: Sequence[SelectChoice]) -> dict[str, Any]:
    long = Length(max=NOM_MAX, message=str(_l("Ce nom est trop long. Écrivez-le en 80 lettres au plus.")))
    off = {"autocomplete": "off", "maxlength": NOM_MAX}
    made: dict[str, Any] = {
        f"invite_{number}_prenom": StringField(_l("Prénom"), [long], filters=[sans_blancs], render_kw=off),
        f"invite_{number}_nom": StringField(_l("Nom"), [long], filters=[sans_blancs], render_kw=off),
        f"invite_{number}_enfant": BooleanField(_l("C’est un enfant de moins de 18 ans")),
    }
    if sortie.age_minimum is not None:
        made[f"invite_{number}_age"] = ChampAge(_l("Âge, si c’est un enfant"))
    if needs:
        made[f"invite_{number}_besoins"] = ChampCases(_l("Accueil demandé"), choices=list(needs))
    return made
