"""What stands in a template's context for what will be stamped on each copy of a page (``kernel/pdf_series.py``)."""

from markupsafe import Markup

from kernel import qr

FIELD_LETTERS = "qxzjkwyv"

_CODE = "place:"
_CODE_MARK = 9000


class NotAMaster(Exception):
    """The page is not made as a master must be: its like are laid out one by one."""


def placeholder(place: int, field: int) -> str:
    """What stands for a field's text: two letters that no sentence holds alone."""
    if not 0 <= place <= 9:
        raise ValueError("a master has ten places at most")
    return f"{FIELD_LETTERS[field]}{place}"


def code_placeholder(place: int) -> str:
    """What stands for a code's text."""
    return f"{_CODE}{place}"


def code_mark(place: int) -> int:
    """How far outside of its view a code's empty drawing is drawn, so that it can be told from all else."""
    return _CODE_MARK + place


def code(text: str, label: str = "Code QR") -> Markup:
    """The drawing of a code's text; of a placeholder, an empty one of the same size."""
    if not text.startswith(_CODE):
        return qr.svg(text, label)
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="qr" viewBox="0 0 {side} {side}"><title>{label}</title>'
        '<path fill="none" stroke="#000" stroke-width="1.02" d="M0 {y}.5h1"/></svg>'
    ).format(side=qr.SIDE, label=label, y=code_mark(int(text.removeprefix(_CODE))))
