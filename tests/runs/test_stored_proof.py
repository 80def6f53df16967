"""The proof of a plan in its run folder: written, hashed, and enough to judge the plan again."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from click.testing import CliRunner

from planner.base.errors import InputError
from planner.cli import main
from planner.outputs.files import sha256_of
from planner.outputs.own_folder import files_in
from planner.results.proof import Proof
from planner.results.schema import PROOF_TABLES
from planner.runs import load_run, save_run, write_run
from planner.runs.meta import meta_bytes, sealed
from planner.runs.reopen import reopen

if TYPE_CHECKING:
    from pathlib import Path

    from planner.runs.plan import Plan


@pytest.fixture(scope="module")
def stored(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(plan, tmp_path_factory.mktemp("runs"), workbook=False)


@pytest.fixture
def copied(stored: Path, tmp_path: Path) -> Path:
    return shutil.copytree(stored, tmp_path / stored.name)


def changed(folder: Path, path: str, **columns: object) -> None:
    """Write other cells into a stored table, and its new SHA-256 into run.json."""
    frame = pd.read_parquet(folder / path)
    frame.assign(**columns).to_parquet(folder / path, index=False)
    changed_meta(folder, sha256=digests(folder))


def digests(folder: Path) -> dict[str, str]:
    files = {name: path for name, path in files_in(folder) if name != "run.json"}
    return {name: sha256_of(path) for name, path in files.items()}


def changed_meta(folder: Path, **content: object) -> None:
    """Write another run.json, with the seal that such a run would have."""
    meta = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (folder / "run.json").write_bytes(meta_bytes(sealed({**meta, **content})))


def test_stored_input_tables_that_lack_a_column_or_have_a_key_twice_are_named(copied: Path) -> None:
    racks, zones = copied / "inputs" / "racks.parquet", copied / "inputs" / "grid_zones.parquet"
    pd.read_parquet(racks).drop(columns="liquid_heat_frac").to_parquet(racks, index=False)
    table = pd.read_parquet(zones)
    pd.concat([table, table[:1]]).to_parquet(zones, index=False)
    changed_meta(copied, sha256=digests(copied))

    with pytest.raises(InputError) as error:
        reopen(copied)

    text = str(error.value)
    assert "racks.parquet: the table has no liquid_heat_frac; must be a table with the columns" in text
    assert "grid_zones.parquet: the table has two rows of one zone; must be" in text


def test_a_run_json_that_was_edited_is_not_checked(copied: Path) -> None:
    meta = json.loads((copied / "run.json").read_text(encoding="utf-8"))
    (copied / "run.json").write_text(json.dumps({**meta, "iterations": 17}, indent=2), encoding="utf-8")

    shown = CliRunner().invoke(main, ["check", str(copied)])

    assert shown.exit_code == 2
    assert "run.json: it was changed since it was written; must be as dcplan wrote it; put it back" in shown.output


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("ok", False),
        ("broken", 7),
        ("name", "other"),
        ("verified", "All is well."),
        ("tested", 6),
        ("place", "nowhere"),
        ("worst", 7.5),
        ("unit", "GUSD"),
        ("tolerance", 9.5),
    ],
)
def test_a_stored_rule_that_says_otherwise_is_found_though_its_hash_was_rewritten(
    copied: Path, column: str, value: object
) -> None:
    cells = pd.read_parquet(copied / "tables/checks.parquet")[column].tolist()
    changed(copied, "tables/checks.parquet", **{column: [*cells[:5], value, *cells[6:]]})

    found = reopen(copied).verdict()

    assert [check.name for check in found.broken] == ["files_as_written"]
    assert found["files_as_written"].place == "tables/checks.parquet"


def test_the_proof_comes_back_as_it_was(plan: Plan, stored: Path) -> None:
    found = Proof.of_tables(load_run(stored).proof_tables)

    for name, frame in plan.proof.tables.items():
        pd.testing.assert_frame_equal(found.tables[name], frame, check_categorical=False, check_dtype=False)
    names = {f"proof/{name}.parquet" for name in PROOF_TABLES}
    assert names <= set(load_run(stored).meta["sha256"])
    assert load_run(stored).meta["check"]["proven"].startswith("Optimal, proven")


def test_a_proof_is_as_its_dictionary_says(plan: Plan) -> None:
    for name, table in PROOF_TABLES.items():
        frame = plan.proof.tables[name]
        keys = list(table.primary_key)

        assert len(frame) > 0
        assert not keys or not frame.duplicated(keys).any()
        for field in table.fields:
            assert not (field.required and frame[field.name].isna().any()), field.name
            assert field.type == "string" or str(frame[field.name].dtype).startswith(field.dtype.rstrip("0123456789"))


def test_a_run_stored_again_keeps_its_proof(stored: Path, tmp_path: Path) -> None:
    again = save_run(load_run(stored), tmp_path, workbook=False)

    verdict = reopen(again).verdict()
    assert verdict.ok
    assert verdict["strong_duality"].tested == 1


def test_the_rows_of_the_program_can_be_read_by_their_labels(plan: Plan, stored: Path) -> None:
    rows = pd.read_parquet(stored / "proof" / "rows.parquet")

    demand = rows[rows["family"] == "demand_balance"].dropna(axis=1)
    shown = plan.tables["prices"].query("block == 'demand_balance'")
    assert {"region", "workload", "year", "lower", "upper", "dual"} <= set(demand.columns)
    assert sorted(demand["dual"]) == pytest.approx(sorted(shown["raw_dual"]))


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_duals_changed_everywhere_are_found_from_the_folder_alone(copied: Path, factor: float) -> None:
    dual = factor * pd.read_parquet(copied / "proof/rows.parquet")["dual"]
    changed(copied, "proof/rows.parquet", dual=dual)
    prices = pd.read_parquet(copied / "tables/prices.parquet")
    reported = {name: factor * prices[name] for name in ("value", "raw_dual")}
    changed(copied, "tables/prices.parquet", **reported)

    broken = {check.name for check in reopen(copied).verdict().broken}

    assert {"strong_duality", "bound_proven"} <= broken
    assert not {"files_as_written", "prices_as_solved"} & broken


def test_a_proof_file_that_was_changed_is_named(copied: Path) -> None:
    frame = pd.read_parquet(copied / "proof/rows.parquet")
    frame.assign(dual=1.01 * frame["dual"]).to_parquet(copied / "proof/rows.parquet", index=False)

    verdict = reopen(copied).verdict()

    assert verdict["files_as_written"].place == "proof/rows.parquet"
    assert not verdict["strong_duality"].ok


def test_a_bound_changed_in_run_json_alone_is_found(copied: Path) -> None:
    changed_meta(copied, bound_musd=600.0)

    broken = {check.name for check in reopen(copied).verdict().broken}

    assert broken == {"bound_proven", "gap_of_bound", "solution_table"}


@pytest.mark.parametrize("name", PROOF_TABLES)
@pytest.mark.parametrize("how", ["gone", "cut"])
def test_a_proof_that_is_gone_or_cut_is_named(copied: Path, name: str, how: str) -> None:
    path = copied / "proof" / f"{name}.parquet"
    path.unlink() if how == "gone" else path.write_bytes(path.read_bytes()[:100])

    with pytest.raises(InputError, match="the proof of the plan cannot be read") as caught:
        reopen(copied).verdict()

    assert f"{name}.parquet" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "columns", "message"),
    [
        ("rows", {"dual": "much"}, "column dual of table rows"),
        ("matrix", {"column": 10**6}, "names a column that is none of"),
        ("matrix", {"row": -1}, "names a row that is none of"),
        ("columns", {"integer": 0.5}, "column integer of table columns"),
    ],
)
def test_a_proof_of_another_form_is_refused(plan: Plan, name: str, columns: dict[str, object], message: str) -> None:
    tables = {**plan.proof.tables, name: plan.proof.tables[name].assign(**columns)}

    with pytest.raises(ValueError, match=message):
        Proof.of_tables(tables)


def test_check_says_what_is_proven(stored: Path) -> None:
    shown = CliRunner().invoke(main, ["check", str(stored)])

    assert shown.exit_code == 0, shown.output
    assert "no plan of it costs less than 637.454 MUSD" in " ".join(shown.output.split())


def test_a_label_that_no_rule_can_look_up_breaks_rules_and_not_the_check(copied: Path) -> None:
    path = "proof/columns.parquet"
    rack = pd.read_parquet(copied / path)["rack"].astype("str").replace({"gb200_nvl72": "a100_air"})
    changed(copied, path, rack=rack)

    verdict = reopen(copied).verdict()

    assert verdict["tables_as_stated"].place.startswith("cannot be computed: KeyError")
