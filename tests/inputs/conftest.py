"""Inputs of the made-up world, built on request with settings changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pytest

from planner.base.errors import InputError
from planner.inputs import TABLES, Inputs, build_inputs_from
from planner.scenario import load_scenario
from planner.tables import read_tables

MINI = Path(__file__).parent.parent / "fixtures" / "mini" / "mini.yaml"

Build = Callable[..., Inputs]


@pytest.fixture(scope="session")
def tables() -> Mapping[str, pd.DataFrame]:
    return read_tables(TABLES, load_scenario(MINI).data_files)


@pytest.fixture(scope="session")
def build(tables: Mapping[str, pd.DataFrame]) -> Build:
    """Build with settings as after ``--set`` and tables changed by name."""

    def build_mini(*settings: str, **changed: pd.DataFrame) -> Inputs:
        return build_inputs_from(load_scenario(MINI, settings), {**tables, **changed})

    return build_mini


@pytest.fixture(scope="session")
def mini(build: Build) -> Inputs:
    return build()


@pytest.fixture(scope="session")
def problems(build: Build) -> Callable[..., list[str]]:
    """Build something wrong and return its problems as texts."""

    def wrong(*settings: str, **changed: pd.DataFrame) -> list[str]:
        with pytest.raises(InputError) as error:
            build(*settings, **changed)
        return [str(problem) for problem in error.value.problems]

    return wrong
