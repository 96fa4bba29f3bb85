"""One scene for each fact that is delivered: the rows that it names, and what its actor leaves behind, once.

A scene stands in the town of `tests.securite.scene`: a hand-out's afternoon, the next week still open.
"""

from tests.workers.faits_de_l_argent import DE_L_ARGENT
from tests.workers.faits_de_la_culture import DE_LA_CULTURE
from tests.workers.faits_des_paniers import DES_PANIERS

SCENES = DES_PANIERS | DE_L_ARGENT | DE_LA_CULTURE
