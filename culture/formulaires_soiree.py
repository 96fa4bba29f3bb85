"""The forms of the evening: why somebody did not come, and who came instead."""

from wtforms import BooleanField, SelectChoice

from culture.etats import LIBELLES_MOTIF, Motif
from foyers.champs import ChampCartes, ChampNom
from foyers.formulaires import Formulaire
from kernel.web.words import _l

SANS_RAISON = "sans"
ABSENTE = "absente"
PREVENU = "prevenu"


class AbsenceForm(Formulaire):
    comment = ChampCartes(
        _l("Que s’est-il passé ?"),
        _l("Choisissez ce qui s’est passé."),
        choices=[
            SelectChoice(PREVENU, _l("Elle a prévenu")),
            SelectChoice(ABSENTE, _l("Personne ne sait")),
        ],
    )
    motif = ChampCartes(
        _l("Pourquoi, si elle l’a dit"),
        _l("Choisissez une raison, ou « Aucune raison donnée »."),
        choices=[
            SelectChoice(SANS_RAISON, _l("Aucune raison donnée")),
            *(SelectChoice(key.value, _l(label)) for key, label in LIBELLES_MOTIF.items()),
        ],
        default=SANS_RAISON,
    )

    @property
    def raison(self) -> Motif | None:
        return None if self.motif.data == SANS_RAISON else Motif(self.motif.data)


class RemplacementForm(Formulaire):
    prenom = ChampNom(_l("Prénom"), _l("Écrivez le prénom."), render_kw={"autocomplete": "off"})
    nom = ChampNom(_l("Nom"), _l("Écrivez le nom."), render_kw={"autocomplete": "off"})
    enfant = BooleanField(_l("C’est un enfant de moins de 18 ans"))
