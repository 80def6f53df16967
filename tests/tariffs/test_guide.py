"""The guide says what is: its bills come out as shown, and its scenario is billed."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from planner.inputs import build_inputs
from planner.scenario import load_scenario

GUIDE = Path(__file__).parents[2] / "docs" / "tariffs.md"


def test_what_the_guide_shows_in_python_is_so() -> None:
    failed, tried = doctest.testfile(str(GUIDE), module_relative=False, encoding="utf-8")

    assert failed == 0
    assert tried >= 14


def test_the_scenario_of_the_guide_bills_its_sites(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```yaml\n(.*?)^```", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    file = tmp_path / "billed.yaml"
    file.write_text(text, encoding="utf-8")

    tariffs = build_inputs(load_scenario(str(file))).tariffs

    billed = {
        account.tariff.name: {str(tariffs.bills.customer.labels("site")[at]) for at in account.customers}
        for account in tariffs.accounts
    }
    assert billed == {"us-va-dominion-energy + us-large-load-default": {"south", "coast"}, "own-rate": {"north"}}
    assert tariffs.bills.take.size > 0
