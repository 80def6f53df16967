"""The file of own hours that docs/stress.md shows can be read, once it has all hours."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from planner.base.errors import InputError
from planner.stress import read_own_hours

PAGE = (Path(__file__).parents[2] / "docs" / "stress.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```csv\n(.*?)```", PAGE, flags=re.DOTALL)[0].splitlines()
SITES = ("us-ga-atlanta", "us-va-ashburn")


def test_the_example_lacks_nothing_but_hours(tmp_path: Path) -> None:
    file = tmp_path / "my_hours.csv"
    file.write_text("\n".join(SHOWN) + "\n", encoding="utf-8")

    with pytest.raises(InputError) as error:
        read_own_hours(file, SITES)

    (problem,) = error.value.problems
    assert "us-va-ashburn has 3 hours" in str(problem)


def test_the_example_can_be_read_to_its_last_hour(tmp_path: Path) -> None:
    file = tmp_path / "my_hours.csv"
    rest = [SHOWN[-1].replace(",2,", f",{hour},", 1) for hour in range(3, 8760)]
    file.write_text("\n".join([*SHOWN, *rest]) + "\n", encoding="utf-8")

    own = read_own_hours(file, SITES)

    assert own.dry_c[1, :3].tolist() == [1.4, 0.9, 0.6]
    assert own.wholesale_usd_per_mwh[1, :2].tolist() == [31.7, 29.2]
    assert np.isnan(own.wet_c[1, 2:]).all()
    assert np.isnan(own.dry_c[0]).all()
