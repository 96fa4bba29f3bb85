"""The coordination's forms of a new grid and a new rhythm: whatever is typed, one French sentence beside the field."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from wtforms import BooleanField, Field, SelectChoice, StringField
from wtforms.validators import DataRequired, Length, Optional, StopValidation

from foyers.champs import ChampChoix, ChampEuros, Visible, cle, sans_blancs
from foyers.formulaires import Formulaire
from kernel.formats import jour_annee
from kernel.web.words import _, _l
from paniers.formulaires.familles import ChampNombre
from paniers.formulaires.semaine import ChampHeure
from paniers.queries.reglages import GrilleVue, RythmeVu
from paniers.reglages import COUT_LE_PLUS_HAUT, GrilleSaisie, RythmeSaisi
from paniers.regles import calendrier
from paniers.regles.tarifs import PLAFOND, PLANCHER

NOM_LE_PLUS_LONG = 60
RANGS = range(1, 9)
"""A grid has at most eight bands: towns that want more take a linear one."""

_PRIX = {"inputmode": "decimal", "autocomplete": "off", "maxlength": 12}


class ChampPrix(ChampNombre):
    """Euros and whole centimes, within bounds in centimes; `centimes` holds them once valid."""

    centimes: int | None = None

    def __init__(self, label: Any, manque: Any = None, *, bas: int, haut: int, hors: Any, **options: Any) -> None:
        self.bas, self.haut, self.hors = bas, haut, hors
        super().__init__(label, manque, montant=True, render_kw=_PRIX, **options)
        if manque is None:
            self.validators = [Optional()]
            self.flags.required = False

    def pre_validate(self, form: Any) -> None:
        self.centimes = None
        super().pre_validate(form)
        if self.data is None:
            return
        cents = self.data * 100
        if cents != cents.to_integral_value():
            raise StopValidation(_("Écrivez le prix avec deux chiffres après la virgule. Exemple : 5,50"))
        if not self.bas <= cents <= self.haut:
            raise StopValidation(str(self.hors))
        self.centimes = int(cents)


def _prix_de_panier(label: Any, manque: Any = None) -> ChampPrix:
    outside = _l("Un panier coûte de 4,00 à 9,00\N{NO-BREAK SPACE}€.")
    return ChampPrix(label, manque, bas=PLANCHER.centimes, haut=PLAFOND.centimes, hors=outside)


def _nom(label: Any, checks: Sequence[Any] = ()) -> StringField:
    long = _l("Écrivez ce nom en soixante lettres au plus.")
    return StringField(
        label,
        [*checks, Length(max=NOM_LE_PLUS_LONG, message=long), Visible()],
        filters=[sans_blancs],
        render_kw={"autocomplete": "off", "maxlength": NOM_LE_PLUS_LONG},
    )


class _AvecApercu(Formulaire):
    """Read twice: for the preview, then with `accord` to be written."""

    accord = BooleanField(_l("Oui, j’ai lu ce que cela change."))

    def en_clair(self) -> dict[str, str]:
        """The answers as they were typed, to be sent again by the preview's buttons."""
        return {
            field.name: str(field.raw_data[0])
            for field in self
            if field.name not in ("accord", "csrf_token") and field.raw_data
        }


class _GrilleForm(_AvecApercu):
    nom = _nom(_l("Nom de la grille"), [DataRequired(_l("Donnez un nom à la grille. Exemple : Grille 2027"))])
    effet_le = ChampChoix(_l("À partir du retrait du"), _l("Choisissez le premier jour de retrait de cette grille."))
    cout_reference = ChampPrix(
        _l("Coût de référence d’un panier"),
        _l("Écrivez ce que coûte un panier, avant que ses commandes ne le disent."),
        bas=1,
        haut=COUT_LE_PLUS_HAUT,
        hors=_l("Le coût de référence va de 0,01 à 100,00\N{NO-BREAK SPACE}€."),
    )

    def proposer(self, jours: Sequence[date]) -> None:
        """Fill the list of first days."""
        days = [SelectChoice(day.isoformat(), jour_annee(day)) for day in jours]
        self.effet_le.choices = [SelectChoice("", _l("Choisissez…")), *days]

    def remplir(self, grille: GrilleVue | None) -> None:
        """Start from the grid in force, which a new one mostly resembles."""
        self.process(formdata=None, data=self._depart(grille) if grille else {})

    @property
    def saisie(self) -> GrilleSaisie:
        """Of a valid form only."""
        assert self.cout_reference.centimes is not None
        return GrilleSaisie(
            nom=self.nom.data,
            effet_le=date.fromisoformat(self.effet_le.data),
            regle=self._regle(),
            cout_reference=self.cout_reference.centimes,
        )

    def _depart(self, grille: GrilleVue) -> dict[str, Any]:
        return {"cout_reference": _en_euros(grille.cout_reference)}

    def _regle(self) -> dict[str, Any]:
        raise NotImplementedError


class TranchesForm(_GrilleForm):
    """Bands, from the lowest quotients to the highest; lines left empty do not count."""

    def lignes(self) -> list[tuple[Field, Field, Field]]:
        """The name, the highest quotient and the price of each line that may be filled in."""
        return [(self[f"nom_{rang}"], self[f"jusqu_a_{rang}"], self[f"prix_{rang}"]) for rang in RANGS]

    def validate(self, extra_validators: object = None) -> bool:
        checked = bool(super().validate(extra_validators))
        return checked and self._lignes_coherentes()

    def _lignes_coherentes(self) -> bool:
        """One sentence beside each field that does not follow from the lines above it."""
        filled = self._remplies()
        if not filled:
            self.refuser("nom_1", _("Écrivez au moins une tranche."))
        for above, line in zip([None, *filled], filled, strict=False):
            self._juger(above, line, derniere=line is filled[-1])
        return not self.errors

    def _juger(self, above: tuple[Field, ...] | None, line: tuple[Field, ...], *, derniere: bool) -> None:
        nom, limit, price = line
        names = [other[0].data for other in self._remplies() if other is not line and other[0] is not nom]
        if not nom.data:
            self.refuser(nom.name, _("Donnez un nom à cette tranche. Exemple : A"))
        elif nom.data in names:
            self.refuser(nom.name, _("Deux tranches ont ce nom : donnez-en un autre à l’une d’elles."))
        if price.centimes is None:
            self.refuser(price.name, _("Écrivez le prix de cette tranche."))
        elif above and above[2].centimes is not None and price.centimes < above[2].centimes:
            self.refuser(price.name, _("Le prix ne baisse jamais quand le quotient monte : montez-le."))
        self._juger_la_limite(above, limit, derniere=derniere)

    def _juger_la_limite(self, above: tuple[Field, ...] | None, limit: Field, *, derniere: bool) -> None:
        if derniere and limit.euros is not None:
            rest = _("La dernière tranche prend tout le reste, et les familles sans justificatif : laissez vide.")
            self.refuser(limit.name, rest)
        elif not derniere and limit.euros is None:
            self.refuser(limit.name, _("Écrivez jusqu’à quel quotient va cette tranche."))
        elif above and limit.euros is not None and above[1].euros is not None and limit.euros <= above[1].euros:
            self.refuser(limit.name, _("Ce quotient doit dépasser celui de la tranche d’avant."))

    def _remplies(self) -> list[tuple[Field, Field, Field]]:
        return [line for line in self.lignes() if any(field.data for field in line)]

    def _depart(self, grille: GrilleVue) -> dict[str, Any]:
        start = super()._depart(grille)
        for rang, band in zip(RANGS, grille.tranches, strict=False):
            start |= {f"nom_{rang}": band.nom, f"prix_{rang}": _en_euros(band.prix)}
            start[f"jusqu_a_{rang}"] = "" if band.jusqu_a is None else str(band.jusqu_a)
        return start

    def _regle(self) -> dict[str, Any]:
        bands: list[dict[str, Any]] = []
        for nom, limit, price in self._remplies():
            last = {} if limit.euros is None else {"jusqu_a": limit.euros}
            bands.append({"nom": nom.data, **last, "prix": price.centimes})
        return {"forme": "tranches", "tranches": bands}


for _rang in RANGS:
    setattr(TranchesForm, f"nom_{_rang}", _nom(_l("Tranche %(rang)s, nom", rang=_rang)))
    setattr(
        TranchesForm,
        f"jusqu_a_{_rang}",
        ChampEuros(
            _l("Tranche %(rang)s, jusqu’au quotient", rang=_rang),
            filters=[sans_blancs],
            render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": 12},
        ),
    )
    setattr(TranchesForm, f"prix_{_rang}", _prix_de_panier(_l("Tranche %(rang)s, prix", rang=_rang)))


class LineaireForm(_GrilleForm):
    """A share of the quotient, between a floor and a ceiling."""

    taux = ChampNombre(
        _l("Part du quotient"),
        _l("Écrivez la part du quotient que coûte un panier. Exemple : 0,8"),
        render_kw=_PRIX,
    )
    plancher = _prix_de_panier(_l("Prix le plus bas"), _l("Écrivez le prix le plus bas."))
    plafond = _prix_de_panier(_l("Prix le plus haut"), _l("Écrivez le prix le plus haut."))

    def validate_taux(self, field: Field) -> None:
        if field.data is not None and field.data > 100:
            raise StopValidation(_("La part du quotient ne dépasse pas 100\N{NO-BREAK SPACE}%."))

    def validate_plafond(self, field: ChampPrix) -> None:
        low = self.plancher.centimes
        if field.centimes is not None and low is not None and field.centimes < low:
            raise StopValidation(_("Le prix le plus haut ne peut pas être sous le plus bas."))

    def _depart(self, grille: GrilleVue) -> dict[str, Any]:
        prices = [band.prix for band in grille.tranches] or [grille.plancher, grille.plafond]
        start = super()._depart(grille) | {"plancher": _en_euros(prices[0]), "plafond": _en_euros(prices[-1])}
        return start | ({"taux": Decimal(grille.taux.replace(",", "."))} if grille.taux else {})

    def _regle(self) -> dict[str, Any]:
        rate = f"{(self.taux.data / 100).normalize():f}"
        floor, ceiling = self.plancher.centimes, self.plafond.centimes
        return {"forme": "lineaire", "taux": rate, "plancher": floor, "plafond": ceiling}


def _jour(label: Any) -> ChampChoix:
    names = (_l("lundi"), _l("mardi"), _l("mercredi"), _l("jeudi"), _l("vendredi"), _l("samedi"), _l("dimanche"))
    days = [SelectChoice(str(number), name) for number, name in enumerate(names, start=1)]
    return ChampChoix(label, _l("Choisissez un jour."), coerce=cle, choices=days)


def _heure(label: Any) -> ChampHeure:
    return ChampHeure(label, [DataRequired(_l("Écrivez l’heure ainsi : 17:00."))])


class RythmeForm(_AvecApercu):
    """The days and hours of a week, from a Monday on."""

    effet_le = ChampChoix(_l("À partir de la semaine du"), _l("Choisissez la première semaine de ce rythme."))
    offres_jour = _jour(_l("Fin des offres, la semaine d’avant"))
    offres_heure = _heure(_l("Fin des offres, à"))
    publication_jour = _jour(_l("Publication du panier, la semaine d’avant"))
    publication_heure = _heure(_l("Publication du panier, à"))
    cloture_jour = _jour(_l("Clôture, la semaine d’avant"))
    cloture_heure = _heure(_l("Clôture, à"))
    commande_jour = _jour(_l("Départ des commandes"))
    commande_heure = _heure(_l("Départ des commandes, à"))
    retrait_jour = _jour(_l("Retrait"))

    def proposer(self, lundis: Sequence[date]) -> None:
        weeks = [SelectChoice(monday.isoformat(), jour_annee(monday)) for monday in lundis]
        self.effet_le.choices = [SelectChoice("", _l("Choisissez…")), *weeks]

    def remplir(self, rythme: RythmeVu | None) -> None:
        """Start from the rhythm in force."""
        names = RythmeSaisi.__dataclass_fields__.keys() - {"effet_le"}
        self.process(formdata=None, data={name: getattr(rythme, name) for name in names} if rythme else {})

    def validate(self, extra_validators: object = None) -> bool:
        if not super().validate(extra_validators):
            return False
        for name, sentence in calendrier.desordre(self.saisi).items():
            self.refuser(name, sentence)
        return not self.errors

    @property
    def saisi(self) -> RythmeSaisi:
        """Of a form whose fields are valid."""
        values = {name: self[name].data for name in RythmeSaisi.__dataclass_fields__}
        return RythmeSaisi(**values | {"effet_le": date.fromisoformat(self.effet_le.data)})


def _en_euros(centimes: int) -> Decimal:
    return Decimal(centimes) / 100
