"""The queries of docs/runs.md give what they say, over all runs and all sweeps of a folder."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from test_run_folder import named

from planner.runs import Run, save_run
from planner.runs.names import change_tags

PAGE = Path(__file__).parents[2] / "docs" / "runs.md"


@pytest.fixture
def queries(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries of the page, to be asked in a folder with two runs and two sweeps."""
    halved = run.tables["builds"].assign(built_mw=lambda table: table["built_mw"] / 2)
    meta, tables = {**run.meta, "differs": {"years": "[2027]"}}, {**run.tables, "builds": halved}
    changed = Run(meta, tables, run.inputs_tables)
    for one, name in ((run, "odd-aa11"), (changed, "odd-bb22")):
        folder = save_run(named(one, name), tmp_path / "runs", workbook=False)
    change_tags(folder, ["march", "board"])
    for sweep, axis in (("prices", "price"), ("delays", "delay")):
        (tmp_path / "sweeps" / sweep).mkdir(parents=True)
        table = pd.DataFrame({"future": [f"{axis}=7", f"{axis}=9"], axis: [7.0, 9.0]})
        table.to_parquet(tmp_path / "sweeps" / sweep / "futures.parquet", index=False)
    monkeypatch.chdir(tmp_path)
    return re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_every_query_of_the_page_gives_what_it_says(queries: list[str], run: Run) -> None:
    costs, halls, futures = (duckdb.sql(query).df() for query in queries)

    musd = run.tables["solution"]["objective_musd"].item()
    assert sorted(costs["run"]) == ["odd-aa11", "odd-bb22"]
    assert costs["objective_musd"].tolist() == [musd, musd]
    tagged = costs.set_index("run").loc["odd-bb22"]
    assert (list(tagged["tags"]), tagged["differs"]) == (["board", "march"], '{"years":"[2027]"}')

    built = run.tables["builds"].groupby("site")["built_mw"].sum()
    assert built.sum() > 0.0
    by_site = halls.set_index("site")
    assert by_site["odd-aa11"].to_dict() == pytest.approx(built.to_dict())
    assert by_site["odd-bb22"].to_dict() == pytest.approx((built / 2).to_dict())

    by_future = futures.set_index("future")
    assert by_future["sweep"].to_dict() == {
        **dict.fromkeys(("price=7", "price=9"), "prices"),
        **dict.fromkeys(("delay=7", "delay=9"), "delays"),
    }
    assert by_future.loc["price=9", "price"] == 9.0
    assert by_future.loc["price=9", ["delay"]].isna().all()
