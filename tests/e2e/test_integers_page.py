"""What the guide to whole numbers shows can be written so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from planner.inputs import build_inputs
from planner.scenario import load_scenario

PAGE = (Path(__file__).parents[2] / "docs" / "integers.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_the_guide_shows_settings() -> None:
    assert len(BLOCKS) == 4


@pytest.mark.parametrize("block", BLOCKS, ids=[f"block_{n}" for n in range(len(BLOCKS))])
def test_what_is_shown_can_be_written_and_reckoned_with(block: str, tmp_path: Path) -> None:
    (csv,) = re.findall(r"^```csv\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    (tmp_path / "service_cost.csv").write_text(csv, encoding="utf-8")
    path = tmp_path / "plan.yaml"
    path.write_text(f"version: 1\nextends: us-base\n{block}", encoding="utf-8")

    inputs = build_inputs(load_scenario(path))

    assert inputs.siting.whole_openings
