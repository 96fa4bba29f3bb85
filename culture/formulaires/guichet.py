"""The forms of the counter: a pass issued on the spot."""

from collections.abc import Sequence
from datetime import datetime

from wtforms import BooleanField, SelectChoice, StringField
from wtforms.validators import Length

from culture.formulaires.familles import ChampCases
from culture.pass_culture import AvisVu
from culture.regles.tarifs import Saison
from foyers.champs import ChampCartes, ChampChoix, cle, sans_blancs
from foyers.formulaires import Formulaire
from foyers.queries import MembreVu
from kernel.clock import today
from kernel.formats import euros, jour_court
from kernel.web.words import _l

VU, SANS = "vu", "sans"
_COURT = Length(max=80, message=str(_l("C’est trop long : 80 signes au plus.")))


class PassForm(Formulaire):
    """Who gets a pass, for which season, and what notice was shown."""

    membres = ChampCases(_l("Pour qui ?"))
    saison = ChampChoix(_l("Saison"), _l("Choisissez la saison."), coerce=cle)
    statut = ChampCartes(_l("Avis d’impôt"), _l("Choisissez ce que la famille a montré."))
    reference = StringField(
        _l("Référence de l’avis"), [_COURT], filters=[sans_blancs], render_kw={"autocomplete": "off", "maxlength": 80}
    )
    declarant = StringField(
        _l("Nom du déclarant"), [_COURT], filters=[sans_blancs], render_kw={"autocomplete": "off", "maxlength": 80}
    )
    revenus = ChampChoix(_l("Revenus de l’année"), _l("Choisissez l’année écrite sur l’avis."), coerce=cle)
    nom_confirme = BooleanField(_l("J’ai vérifié : l’avis concerne bien ce foyer"))
    partage_confirme = BooleanField(_l("J’ai vérifié : l’avis compte pour deux foyers (garde partagée)"))

    def proposer(
        self,
        membres: Sequence[MembreVu],
        saisons: Sequence[Saison],
        avis: Sequence[tuple[int, datetime]],
        prix: tuple[int, int] | None,
    ) -> None:
        """Fill the lists; a notice seen before counts again, without asking for it anew."""
        low, full = prix or (0, 0)
        self.membres.choices = [SelectChoice(str(one.id), f"{one.prenom} {one.nom}") for one in membres]
        self.saison.choices = [SelectChoice(str(one.annee), one.nom) for one in saisons]
        seen = [
            SelectChoice(f"avis-{key}", _l("Avis déjà vu le %(jour)s : %(prix)s", jour=jour_court(at), prix=euros(low)))
            for key, at in avis
        ]
        self.statut.choices = [
            *seen,
            SelectChoice(VU, _l("Avis « non imposable » vu aujourd’hui : %(prix)s", prix=euros(low))),
            SelectChoice(SANS, _l("Imposable, ou pas d’avis : %(prix)s", prix=euros(full))),
        ]
        last = today().year - 1
        self.revenus.choices = [SelectChoice(str(year), str(year)) for year in (last, last - 1, last - 2)]

    @property
    def membre_ids(self) -> list[int]:
        return [int(key) for key in self.membres.data or ()]

    @property
    def annee(self) -> int:
        return int(self.saison.data)

    @property
    def avis_id(self) -> int | None:
        """A notice seen before; None for one seen today, or none at all."""
        kind, _sep, key = str(self.statut.data).partition("-")
        return int(key) if kind == "avis" else None

    @property
    def avis(self) -> AvisVu | None:
        """What the agent reads on the notice seen today."""
        if self.statut.data != VU:
            return None
        return AvisVu(
            self.reference.data or "",
            self.declarant.data or "",
            int(self.revenus.data),
            nom_confirme=bool(self.nom_confirme.data),
            partage_confirme=bool(self.partage_confirme.data),
        )

    def demander(self, quoi: str, phrase: str) -> None:
        """Show the doubt at its box."""
        self.refuser(quoi, phrase)
