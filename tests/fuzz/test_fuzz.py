"""Whatever the bytes, names and paths: a result, or problems with their place, and never a bug.

What was found, and each kind of file that was tried by hand, is kept in `corpus/`, one file each;
its name says what is odd, its ending what it is read as.
"""

from __future__ import annotations

import io
import os
import random
import string
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from click.testing import CliRunner
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from planner.base.errors import InputError
from planner.cli import main
from planner.inputs.build import validated
from planner.scenario import Scenario, load_scenario
from planner.tables import load_package, read_table

FACTOR = float(os.environ.get("DCPLAN_FUZZ", "1"))
"""More than 1 to search for longer."""
SEED = int(os.environ.get("DCPLAN_FUZZ_SEED") or random.SystemRandom().randrange(10**6))
HERE = Path(__file__).parent
CORPUS = sorted((HERE / "corpus").iterdir())
TINY = (HERE.parent.parent / "scenarios" / "tiny.yaml").read_text(encoding="utf-8")
TABLE = "site_limits"
COLUMNS = load_package()[TABLE].columns
CSV = load_package().path(TABLE).read_bytes()


def bounded(examples: int) -> Callable[..., Callable[..., None]]:
    bound = settings(
        max_examples=max(1, int(examples * FACTOR)), database=None, suppress_health_check=list(HealthCheck)
    )
    return lambda test: seed(SEED)(bound(test))


@pytest.fixture(autouse=True)
def _print_seed() -> None:
    print(f"DCPLAN_FUZZ_SEED={SEED}")  # noqa: T201  shown where a test fails


# --- what is tried --------------------------------------------------------------------------


def try_scenario(raw: bytes, folder: Path) -> None:
    file = folder / "odd.yaml"
    file.write_bytes(raw)
    try:
        assert isinstance(load_scenario(file), Scenario)
    except InputError as error:
        assert_reported(error)


def try_table(raw: bytes, folder: Path, ending: str) -> None:
    file = folder / f"{TABLE}{ending}"
    file.write_bytes(raw)
    try:
        assert list(read_table(file).columns) == list(COLUMNS)
    except InputError as error:
        assert_reported(error)


def assert_reported(error: InputError) -> None:
    assert error.exit_code == 2
    assert error.problems
    assert all(problem.file and problem.what_is for problem in error.problems)
    assert len(str(error)) < 200_000


@pytest.mark.parametrize("found", CORPUS, ids=lambda path: path.name)
def test_what_was_found_or_tried_is_read_or_refused(found: Path, tmp_path: Path) -> None:
    if found.suffix == ".yaml":
        try_scenario(found.read_bytes(), tmp_path)
    else:
        try_table(found.read_bytes(), tmp_path, found.suffix)


# --- bytes ----------------------------------------------------------------------------------


@st.composite
def spoiled(draw: st.DrawFn, raw: bytes) -> bytes:
    """Bytes with some places cut, doubled or replaced."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(raw)))
        end = draw(st.integers(start, min(len(raw), start + 40)))
        by = draw(st.one_of(st.binary(max_size=6), st.just(raw[start:end] * 2), st.just(b"")))
        raw = raw[:start] + by + raw[end:]
    return raw


NUMBERS = st.one_of(st.floats(), st.integers(-(10**20), 10**20), st.sampled_from(["1e300", "0x1F", "1_000", ".inf"]))
WORDS = st.one_of(
    st.text(max_size=12),
    st.text(string.printable, max_size=12),
    st.sampled_from(list(Scenario.model_fields)),
    st.sampled_from(["2025", "north", "all", "null", "~", "*a", "&a", "!!x", "- ", "{", "a: b"]),
)


@st.composite
def blocks(draw: st.DrawFn) -> str:
    """A scenario in flow style: keys of the schema with values of any kind below them."""
    value = st.recursive(
        st.one_of(NUMBERS.map(str), WORDS, st.sampled_from(["true", "null", "[]", "{}"])),
        lambda below: st.one_of(
            st.lists(below, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
            st.dictionaries(WORDS, below, max_size=3).map(
                lambda kept: "{" + ", ".join(f"{key}: {part}" for key, part in kept.items()) + "}"
            ),
        ),
        max_leaves=8,
    )
    lines = ["version: 1"]
    for key in draw(st.lists(st.sampled_from(list(Scenario.model_fields)), max_size=4)):
        fields = getattr(Scenario.model_fields[key].annotation, "model_fields", None)
        if fields and draw(st.booleans()):
            below = draw(st.sampled_from(list(fields)))
            lines.append(f"{key}: {{{below}: {draw(value)}}}")
        else:
            lines.append(f"{key}: {draw(value)}")
    return "\n".join(lines)


@bounded(60)
@given(raw=st.one_of(st.binary(max_size=200), spoiled(TINY.encode())))
def test_bytes_of_a_scenario(raw: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    try_scenario(raw, tmp_path_factory.getbasetemp())


@bounded(150)
@given(text=blocks())
def test_blocks_of_a_scenario(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    try_scenario(text.encode("utf-8", "surrogatepass"), tmp_path_factory.getbasetemp())


@bounded(6)
@given(text=blocks())
def test_a_scenario_with_its_data(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp() / "odd.yaml"
    file.write_bytes((TINY + "\n" + text.partition("\n")[2]).encode("utf-8", "surrogatepass"))

    for problem in validated(str(file), ()).problems:
        assert problem.what_is


@bounded(25)
@given(raw=st.one_of(st.binary(max_size=200), spoiled(CSV[:2000])))
def test_bytes_of_a_csv(raw: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    try_table(raw, tmp_path_factory.getbasetemp(), ".csv")


def as_workbook() -> bytes:
    raw = io.BytesIO()
    frame = read_table(TABLE).head(3).astype(object)
    with xlsxwriter.Workbook(raw) as book:
        sheet = book.add_worksheet(TABLE)
        sheet.write_row(0, 0, list(frame))
        for number, row in enumerate(frame.where(frame.notna(), None).to_numpy().tolist(), 1):
            sheet.write_row(number, 0, row)
    return raw.getvalue()


WORKBOOK = as_workbook()
PARTS = zipfile.ZipFile(io.BytesIO(WORKBOOK)).namelist()


@st.composite
def workbooks(draw: st.DrawFn) -> bytes:
    """A workbook one of whose parts is spoiled inside a whole package."""
    spoiled_part = draw(st.sampled_from(PARTS))
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as old, zipfile.ZipFile(made, "w") as new:
        for name in PARTS:
            raw = old.read(name)
            new.writestr(name, draw(spoiled(raw)) if name == spoiled_part else raw)
    return made.getvalue()


@bounded(50)
@given(raw=st.one_of(spoiled(WORKBOOK), workbooks()))
def test_bytes_of_a_workbook(raw: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    try_table(raw, tmp_path_factory.getbasetemp(), ".xlsx")


def as_parquet() -> bytes:
    raw = io.BytesIO()
    pd.DataFrame(read_table(TABLE).head(3)).to_parquet(raw)
    return raw.getvalue()


@bounded(50)
@given(raw=spoiled(as_parquet()))
def test_bytes_of_a_parquet_file(raw: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    try_table(raw, tmp_path_factory.getbasetemp(), ".parquet")


# --- names and paths ------------------------------------------------------------------------


@bounded(40)
@given(
    name=st.one_of(st.text(max_size=20), st.text("./\\ab~\0", max_size=12)),
    change=st.one_of(st.text(max_size=20), st.tuples(WORDS, WORDS).map("=".join)),
)
def test_names_paths_and_settings_on_the_command_line(name: str, change: str) -> None:
    for arguments in (["validate", "--", name], ["validate", "no-such", "--set", change]):
        done = CliRunner().invoke(main, arguments)

        assert done.exit_code == 2, (arguments, done.output)
        assert isinstance(done.exception, SystemExit)
