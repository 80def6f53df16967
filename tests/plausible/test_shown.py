"""A warning is shown before the solve, and stays with the run and its workbook."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from python_calamine import CalamineWorkbook

from planner.cli import main

SETTING = "new_sites.coast.retail_usd_per_mwh=0.08"
SAID = (
    f"--set {SETTING}: new_sites.coast.retail_usd_per_mwh is 0.08 [USD/MWh], outside the plausible"
    " 20 to 400; a price in USD/kWh times 1,000 is USD/MWh; in cents per kWh, times 10"
)


def test_a_warning_is_on_stderr_in_the_run_and_among_the_risks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(main, ["solve", "tiny", "--set", SETTING])

    assert result.exit_code == 0, result.output
    lines = result.stderr.splitlines()
    assert lines.index(f"warning: {SAID}") < next(at for at, line in enumerate(lines) if line.endswith("Solving"))
    (folder,) = Path("runs").iterdir()
    meta = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    after_assumed = [note for note in meta["notes"] if not note.startswith("Assumed for you")]
    assert after_assumed[0] == f"Warning: {SAID}."
    risks = CalamineWorkbook.from_path(str(folder / "plan.xlsx")).get_sheet_by_name("Risks")
    assert f"Warning: {SAID}." in [cell for row in risks.to_python() for cell in row]
    assert "- Warning: --set new_sites.coast" in result.stdout
