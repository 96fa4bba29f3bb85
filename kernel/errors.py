"""How the software says no."""

from kernel.formats import insecables


class Refus(Exception):
    """A "no" said to a person: a French sentence that says what happened and what to do next.

    Nothing has been written when it reaches the page. A bug is never a Refus: it raises something else.
    """

    def __init__(self, sentence: str, *, status: int = 409) -> None:
        super().__init__(sentence)
        self.sentence = insecables(sentence)
        self.status = status


class Introuvable(Refus):
    """What the person asked for does not exist, or is not theirs to see: both look the same from outside."""

    def __init__(self, sentence: str = "Cette page n’existe pas, ou elle ne vous est pas ouverte.") -> None:
        super().__init__(sentence, status=404)
