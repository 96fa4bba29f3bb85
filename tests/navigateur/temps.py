"""The week of the tests' town: its instants, in order, and how to come to one of them. Time never goes back."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as heure
from enum import IntEnum
from typing import Any

import requests
from sqlalchemy import text
from sqlalchemy.orm import Session

from demo import actes
from demo.ville_a_part import VilleAPart
from kernel.clock import now, paris
from kernel.db import reading
from paniers.models.semaines import Semaine
from paniers.queries.composition import composee
from paniers.semaines import par_code

CODE = "2026-W48"


class Moment(IntEnum):
    """Where the town stands in its week."""

    VENDREDI = 0
    PUBLIE = 1
    CLOTURE = 2
    LUNDI = 3
    RETRAIT = 4
    FIN = 5


@dataclass(frozen=True, slots=True)
class Temps:
    """The clock of the town; to be used under the town's settings."""

    ville: VilleAPart

    def semaine(self) -> Semaine:
        with reading() as session:
            return par_code(session, CODE)

    def moment(self) -> Moment:
        week = self.semaine()
        if week.etat == "terminee":
            return Moment.FIN
        if week.etat in ("commandee", "livree"):
            return Moment.RETRAIT if now() >= paris(week.retrait_le, heure(17)) else Moment.LUNDI
        if week.etat == "cloturee":
            return Moment.CLOTURE
        return Moment.PUBLIE if self._publiee() else Moment.VENDREDI

    def aller(self, moment: Moment) -> None:
        """Let the town live until that moment: only the clock is moved, the rest happens by itself."""
        while (here := self.moment()) < moment:
            self._avancer(Moment(here + 1))

    def _avancer(self, moment: Moment) -> None:
        week = self.semaine()
        if moment is Moment.PUBLIE:
            actes.composer(random.Random(8), CODE)
            actes.attendre(self.ville, "the basket told", self._annoncee)
            self.tout_livre()
        elif moment is Moment.CLOTURE:
            self.attendre(week.cloture_le + timedelta(minutes=2), "cloturee")
        elif moment is Moment.LUNDI:
            self.attendre(week.commande_le + timedelta(minutes=1), "commandee")
        elif moment is Moment.RETRAIT:
            actes.avancer_l_horloge(paris(week.retrait_le, heure(17, 30)))
        else:
            self.attendre(paris(week.retrait_le + timedelta(days=1), heure(0, 10)), "terminee")

    def attendre(self, instant: datetime, etat: str) -> None:
        """Move the clock to `instant`, and wait until the week is in that state and everything is delivered."""
        actes.avancer_l_horloge(instant)
        actes.attendre(self.ville, etat, actes.est_dans_l_etat(CODE, etat))
        self.tout_livre()

    def tout_livre(self) -> None:
        actes.attendre(self.ville, "deliveries", actes.tout_est_livre)

    def courriels(self, adresse: str) -> list[dict[str, Any]]:
        """What the town's mailbox holds for that address, the newest first."""
        asked = {"pour": adresse, "corps": "1"}
        found: list[dict[str, Any]] = requests.get(
            f"{self.ville.courrier}/messages.json", params=asked, timeout=30
        ).json()
        return found

    def _annoncee(self, session: Session) -> bool:
        """Whether families have been told what the week's basket holds."""
        told = text("SELECT EXISTS (SELECT FROM message WHERE modele = 'paniers/composition' AND cle LIKE :week)")
        return bool(session.execute(told, {"week": f"semaine:{par_code(session, CODE).id}:%"}).scalar())

    def _publiee(self) -> bool:
        with reading() as session:
            made, _ = composee(session, par_code(session, CODE).id)
            return made is not None and made.publiee_le is not None
