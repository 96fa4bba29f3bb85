"""The bench's frame: what it judges, and that it names what it has not measured."""

from pathlib import Path

import pytest

from bench import report
from bench.__main__ import ROWS, as_json, main, table
from bench.figures import Figure, exponent, peak_of, shown


def test_a_figure_is_judged_by_its_target_or_only_shown() -> None:
    met, missed = Figure("P2", "un", 0.4, "ms", "", most=0.5), Figure("P2", "deux", 900, "/s", "", least=1000)
    shown_only = Figure("P2", "trois", 3, "ms", "")
    assert [figure.verdict for figure in (met, missed, shown_only)] == ["atteint", "manqué", "repère"]
    assert [figure.target for figure in (met, missed, shown_only)] == ["≤ 0,500", "≥ 1 000", ""]
    lines = table([met, missed, shown_only]).splitlines()
    assert [line.split()[-1] for line in lines[1:]] == ["atteint", "manqué", "repère"]
    assert len({len(line) for line in lines}) == 1


def test_numbers_are_written_as_french_does() -> None:
    assert [shown(value) for value in (0, 0.4567, 12.34, 1870.4, 0.05)] == ["0", "0,457", "12,3", "1 870", "0,050"]


def test_growth_in_proportion_has_exponent_one() -> None:
    assert exponent(2.0, 20.0) == pytest.approx(1)
    assert exponent(2.0, 200.0) == pytest.approx(2)


def fill(size: int) -> int:
    return len(bytearray(size))


@pytest.mark.long
def test_a_process_of_its_own_tells_its_own_peak() -> None:
    ours = bytearray(400_000_000)  # more than a process with every row of the bench loaded
    small, large = peak_of(fill, 1_000), peak_of(fill, 100_000_000)
    assert large[1] == 100_000_000
    assert 90_000_000 < large[0] - small[0] < 110_000_000
    assert large[0] < len(ours)


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(report, "PAGE", tmp_path / "performance.md")
    return tmp_path / "performance.md"


def measured(value: float) -> dict[str, object]:
    figure = as_json(Figure("P2", "un bon", value, "ms", "One.", most=0.5))
    return {"le": "2026-11-25T10:00", "machine": "m", "charge": "0.4", "mesures": [figure]}


def test_the_page_names_every_row_that_is_not_measured(page: Path) -> None:
    assert set(report.TITLES) == {f"P{number}" for number in range(1, 11)}
    assert set(report.TITLES) - set(ROWS) == {"P7"}
    report.write_page({"P2": measured(0.4)})
    assert "| un bon | 0,400 ms | ≤ 0,500 | atteint | One. |" in page.read_text()
    assert [name for name in report.TITLES if f"- {name}. " in page.read_text()] == [
        name for name in report.TITLES if name != "P2"
    ]


def test_a_row_that_is_short_says_why_and_one_that_is_not_says_nothing(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "WHY_SHORT", {"P2": "Layout alone takes half a millisecond."})
    report.write_page({"P2": measured(0.6)})
    assert "Layout alone takes" in page.read_text()
    report.write_page({"P2": measured(0.4)})
    assert "Layout alone takes" not in page.read_text()


def test_an_unknown_row_is_refused_and_nothing_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["P42"]) == 2
    assert f"Pas de mesure P42. Il y a : {', '.join(ROWS)}." in capsys.readouterr().err
