"""Problems and notes are placed where a planner can fix them."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.inputs.case import Findings
from planner.scenario import load_scenario
from planner.tables.places import TableCell

BASE = "version: 1\nscope: {countries: [US]}\ntime: {slot_h: 6}\n"
RACKS = "rack,peak_kw\nbig,132\nsmall,11\n"


@pytest.fixture
def findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Findings:
    """Return findings of a scenario that extends another and has a table of its own."""
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(BASE, encoding="utf-8")
    Path("racks.csv").write_text(RACKS, encoding="utf-8")
    Path("mine.yaml").write_text(
        "version: 1\nextends: base.yaml\ndata: {racks: racks.csv}\nyears: [2026, 2028]\n", encoding="utf-8"
    )
    return Findings(load_scenario("mine.yaml"))


def test_a_problem_with_a_setting_has_its_place(findings: Findings) -> None:
    findings.add(("years",), "one year is odd", "even", "choose another")

    (problem,) = findings.problems
    assert str(problem) == "mine.yaml:4:1: one year is odd; must be even; choose another"


def test_a_problem_with_a_table_names_the_file_that_was_read(findings: Findings) -> None:
    findings.add("racks", "no rack is left", "one at least", "")
    findings.add("sites", "no site is left", "one at least", "")

    own, shipped = (str(problem) for problem in findings.problems)
    assert own == "racks.csv: no rack is left; must be one at least"
    assert shipped == "data/sites.csv: no site is left; must be one at least"


def test_a_problem_with_a_row_has_its_line_and_column(findings: Findings) -> None:
    findings.add(TableCell("racks", 1, "peak_kw"), "peak_kw is 11", "at least 20", "")
    findings.add(TableCell("racks", 2, "peak_kw"), "a row was added", "none")  # longer than its file
    findings.add(TableCell("racks", 0, "life_years"), "no such column", "one")

    assert [(p.line, p.column) for p in findings.problems] == [(3, 7), (None, None), (None, None)]
    assert str(findings.problems[0]) == "racks.csv:3:7: peak_kw is 11; must be at least 20"


def test_notes_of_a_setting_have_a_place_unless_it_is_handed_down(findings: Findings) -> None:
    findings.add_note("of the plan")
    findings.add_note("of my years", ("years",))
    findings.add_note("of their scope", ("scope", "countries"))

    assert findings.notes == ["of the plan", "of my years", "of their scope"]
    assert [str(noted) for noted in findings.noted_settings] == ["mine.yaml:4:1: of my years"]


def test_it_stops_with_every_problem_and_only_then(findings: Findings) -> None:
    findings.add_note("no problem")
    findings.stop_if_wrong()
    findings.add(("years",), "one", "another")
    findings.add("sites", "two", "another")

    with pytest.raises(InputError) as raised:
        findings.stop_if_wrong()

    assert [problem.what_is for problem in raised.value.problems] == ["two", "one"]
