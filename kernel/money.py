"""Money: whole centimes, never a float."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Self

NO_BREAK = "\N{NO-BREAK SPACE}"
NARROW = "\N{NARROW NO-BREAK SPACE}"


@dataclass(frozen=True, order=True, slots=True)
class Euros:
    """An amount in euros, kept as whole centimes; may be negative."""

    centimes: int

    def __post_init__(self) -> None:
        # Types are not checked at run time, and a float of euros that slips in here would be lost centimes.
        if type(self.centimes) is not int:
            raise TypeError("Euros are counted in whole centimes")

    @classmethod
    def rounded(cls, centimes: Decimal) -> Self:
        """The nearest whole centime, halves away from zero: the one place where money is rounded."""
        return cls(int(centimes.quantize(Decimal(1), ROUND_HALF_UP)))

    def __add__(self, other: "Euros") -> "Euros":
        return Euros(self.centimes + other.centimes)

    def __sub__(self, other: "Euros") -> "Euros":
        return Euros(self.centimes - other.centimes)

    def __neg__(self) -> "Euros":
        return Euros(-self.centimes)

    def __mul__(self, times: int) -> "Euros":
        if not isinstance(times, int):
            raise TypeError("Euros are multiplied by whole numbers; use rounded() for rates")
        return Euros(self.centimes * times)

    def __bool__(self) -> bool:
        return self.centimes != 0

    def __str__(self) -> str:
        """As French people write it: ``1 234,50 €`` with no-break spaces and a true minus sign."""
        sign = "−" if self.centimes < 0 else ""
        whole, cents = divmod(abs(self.centimes), 100)
        return f"{sign}{whole:,}".replace(",", NARROW) + f",{cents:02d}{NO_BREAK}€"


ZERO = Euros(0)
