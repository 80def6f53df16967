"""The figures of docs/grid-says-maybe.md, from studies that were solved.

Run by hand from the root of the repository, after ``dcplan sweep bench/grid_says_maybe.yaml``,
``dcplan stochastic us-uncertain`` with the settings that the page names, and ``dcplan solve`` of
the four ``us-headroom-*pct``, minutes of processor time for each future; what a MW more is worth is
taken from what ``headroom_scenarios.py`` left.
``python bench/grid_says_maybe.py`` then keeps what the page needs of their folders, or of those
that are named in this order, as csv in docs/img, draws it, and writes the tables of the page.
``python bench/grid_says_maybe.py --page`` writes them again from the csv files alone.
"""

from __future__ import annotations

import json
import re
import sys
from itertools import zip_longest
from math import isfinite
from pathlib import Path

import pandas as pd

from planner.base.words import moment
from planner.outputs.plots import Drawing
from planner.outputs.report.charts import Line, curves
from planner.outputs.report.sections.studies import plan_name

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "grid-says-maybe.md"
FOLDERS = ("sweeps/grid_says_maybe", "stochastic/us-uncertain", "runs")
FUTURES, BY_YEAR, ORDERS, HEADROOM, COUNTRY, ZONES, DECIDED, PLANS, WORTH = (
    DOCS / "img" / f"grid-says-maybe-{name}.csv"
    for name in (*("futures", "years", "orders", "headroom", "country", "zones"), *("decided", "plans", "worth"))
)
WORTH_OF_MW = DOCS / "img" / "us-headroom-zones.csv"
DRAWING = DOCS / "img" / "grid-says-maybe.svg"
DRAWN = {
    "facility_mean_mw": ("Mean power of all own sites", "MW"),
    "new_firm_mw": ("New firm connection", "MW"),
    "rented_pct": ("Compute that is rented", "% of demand"),
}
GW_2030 = {"lbnl_low": 55, "brief_30_to_90": 90, "lbnl_high": 124}
"""AI of the United States in 2030 by path, as docs/demand-paths.md has them. [GW]"""
LATER = ", a year later"
RATES = (0.25, 0.5, 1.0, 5.0)
RATE_OF_LATER = 0.5
MONTHS = 12
YEARS = (2028, 2030)
MOST_ROWS = 12
A_SHARE = 0.05  # of a MW: less is nothing


def keep(sweep: Path, stochastic: Path, runs: Path) -> None:
    """Keep what the page needs of a sweep, of a stochastic program and of a folder of runs."""
    keep_sweep(sweep)
    keep_country(runs)
    for name, file in (("decided", DECIDED), ("plans", PLANS), ("worth", WORTH)):
        pd.read_parquet(stochastic / f"{name}.parquet").round(3).to_csv(file, index=False)


def keep_sweep(folder: Path) -> None:
    """Keep what the page needs of the sweep of an operator of a tenth, and draw it."""
    results, table = _futures(folder)
    all_orders = pd.read_parquet(folder / "orders.parquet")
    halls = all_orders[all_orders["kind"] == "halls"].groupby("future")["mw"].sum()
    table["halls_ordered_mw"] = table["future"].map(halls)
    table.round(6).to_csv(FUTURES, index=False)
    orders = pd.read_parquet(folder / "no_regret.parquet")
    orders = orders[orders["year"].isin(YEARS) & orders["kind"].isin(["halls", "racks"])]
    orders.round(3).to_csv(ORDERS, index=False)
    _limits(_headroom(folder)).to_csv(HEADROOM, index=False)
    _by_year(results, table).round(4).to_csv(BY_YEAR, index=False)


def _by_year(results: pd.DataFrame, futures: pd.DataFrame) -> pd.DataFrame:
    """Return what is drawn of the futures at one headroom: a row per path, delay and year."""
    of = futures[futures["headroom_pct"] == RATE_OF_LATER].set_index("future")
    of = of[["path", "delay_months"]]
    rows = results[results["year"].notna() & results["future"].isin(list(of.index))]
    wide = rows.pivot_table(index=["future", "year"], columns="figure", values="value")
    wide["rented_pct"] = wide["rented_kh100e"] / wide["demand_kh100e"] * 100.0
    return of.join(wide[list(DRAWN)].reset_index("year"))


def draw() -> None:
    """Draw each path as planned and a year later."""
    table = pd.read_csv(BY_YEAR)
    years = sorted(int(year) for year in table["year"].unique())
    panels = []
    for figure, (title, unit) in DRAWN.items():
        drawn = []
        for colour, (path, gw) in enumerate(GW_2030.items()):
            for delay, look in ((0, "line"), (MONTHS, "line dashed")):
                of = table[(table["path"] == path) & (table["delay_months"] == delay)]
                points = [*zip(of["year"], of[figure], strict=True)]
                drawn.append(Line("" if delay else f"{path}, {gw} GW", points, colour, look))
        panels.append(curves(title, ("", unit), drawn, years=years))
    Drawing("The grid says maybe", "Dashed: every connection a year later", panels).write(DRAWING)


def keep_country(runs: Path) -> None:
    """Keep what the page needs of one planner for the whole country, by headroom rate.

    With integers, what is compared are bounds: differences of plans are less than their gaps.
    """
    lines = []
    for rate in RATES:
        (folder,) = runs.glob(f"us-headroom-{rate:g}pct-*")
        run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        assert run["check"]["ok"], folder
        room = pd.read_parquet(folder / "tables" / "headroom.parquet")
        last = room[room["year"] == room["year"].max()]
        lines.append(
            {
                "headroom_pct": rate,
                "bound_busd": run["bound_musd"] / 1e3,
                "cost_busd": run["objective_musd"] / 1e3,
                "limit_mw_2030": last["limit_mw"].sum(),
                "new_mw_2030": (last["new_firm_mw"] + last["new_non_firm_mw"]).sum(),
            }
        )
    pd.DataFrame(lines).round(6).to_csv(COUNTRY, index=False)
    zones = pd.read_csv(WORTH_OF_MW)
    zones["headroom_pct"] = zones["scenario"].str.extract(r"-([0-9.]+)pct", expand=False)
    zones = zones[["zone", "headroom_pct", "value_npv_usd_per_mw"]]
    zones[zones["value_npv_usd_per_mw"] >= 1.0].to_csv(ZONES, index=False)


def _futures(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return table `results` of a sweep, and its futures with what they cost and have in 2030."""
    futures = pd.read_parquet(folder / "futures.parquet")
    results = pd.read_parquet(folder / "results.parquet")
    assert futures["checked"].all(), futures[["future", "status", "message"]]
    assert (futures["status"] == "optimal").all()
    last = results[results["year"] == results["year"].max()]
    of_last = last.pivot_table(index="future", columns="figure", values="value")
    is_later = futures["future"].str.endswith(LATER)
    table = pd.DataFrame(
        {
            "future": futures["future"],
            "path": futures["path"].mask(is_later, futures["future"].str.removesuffix(LATER)),
            "headroom_pct": futures["headroom"].fillna(RATE_OF_LATER),
            "delay_months": is_later * MONTHS,
            "cost_busd": futures["objective_musd"] / 1e3,
        }
    )
    for figure in ("facility_mean_mw", "halls_mw", "new_firm_mw"):
        table[f"{figure}_2030"] = futures["future"].map(of_last[figure])
    for figure in ("rented", "unmet"):
        share = of_last[f"{figure}_kh100e"] / of_last["demand_kh100e"]
        table[f"{figure}_frac_2030"] = futures["future"].map(share)
    return results, table


def _headroom(folder: Path) -> pd.DataFrame:
    """Return table `headroom` of all runs of a sweep, with the future."""
    runs = pd.read_parquet(folder / "futures.parquet").set_index("future")["run"]
    tables = {
        future: pd.read_parquet(folder / "runs" / run / "tables" / "headroom.parquet")
        for future, run in runs[runs != ""].items()
    }
    return pd.concat(tables, names=["future"]).reset_index(level="future")


def _limits(room: pd.DataFrame) -> pd.DataFrame:
    """Return by rate what all zones can take in the last year, and what is connected there."""
    last = room[room["year"] == room["year"].max()]
    columns = ["limit_mw", "committed_mw", "new_firm_mw", "spare_mw", "binds"]
    by_future = last.groupby(["rate_pct", "future"], as_index=False)[columns].sum()
    return by_future.groupby("rate_pct", as_index=False)[columns].max().round(3)


def blocks() -> dict[str, str]:
    """Return the tables of the page by name, in Markdown, from the csv files."""
    futures, country = pd.read_csv(FUTURES), pd.read_csv(COUNTRY)
    halls, racks = _things(pd.read_csv(ORDERS))
    every, some = halls[halls["least_2030"] >= A_SHARE], halls[halls["least_2030"] < A_SHARE]
    return {
        "cost": _cost(futures),
        "every": _halls(every.sort_values("least_2030", ascending=False), with_futures=False),
        "racks": _racks(racks.sort_values("least_2030", ascending=False)),
        "some": _halls(some.sort_values("most_2030", ascending=False), with_futures=True),
        "count": f"A future orders {futures['halls_ordered_mw'].min():,.0f} to"
        f" {futures['halls_ordered_mw'].max():,.0f} MW of halls by 2030. Of that,"
        f" {every['least_2030'].sum():,.0f} MW at {len(every)} sites are ordered in every future,"
        f" {every['least_2028'].sum():,.0f} MW of them to serve by 2028.",
        "dates": _dates(some, len(every)),
        "room": _room(pd.read_csv(HEADROOM), futures),
        "headroom": _worth_of_headroom(country),
        "zones": _zones(pd.read_csv(ZONES)),
        "delay": _delay(futures),
        "decided": _decided(pd.read_csv(DECIDED)),
        "plans": _plans(pd.read_csv(PLANS)),
        "worth": _worth(pd.read_csv(WORTH)),
    }


def _cost(futures: pd.DataFrame) -> str:
    """Cost by path and rate, and a year later. [BUSD]"""
    cost, later = _by_rate(futures), _later(futures)
    heads = ["path", "AI in 2030, GW", *(f"{rate:g} %" for rate in RATES)]
    heads.append(f"{RATE_OF_LATER:g} %, a year later")
    rows = [
        [path, gw, *(f"{cost.loc[path, rate]:,.2f}" for rate in RATES), f"{later[path]:,.2f}"]
        for path, gw in GW_2030.items()
    ]
    return _table(heads, rows)


def _room(limits: pd.DataFrame, futures: pd.DataFrame) -> str:
    """What zones can take of a tenth, beside what this operator connects. [GW]"""
    heads = ["headroom", "zones can take, GW", "under construction", "new, at most", "zones full, brief_30_to_90"]
    most = futures.groupby("headroom_pct")["new_firm_mw_2030"].max()
    rows = [
        [
            f"{row['rate_pct']:g} %",
            f"{row['limit_mw'] / 1e3:,.1f}",
            f"{row['committed_mw'] / 1e3:,.2f}",
            f"{most[row['rate_pct']] / 1e3:,.2f}",
            f"{row['binds']:.0f}",
        ]
        for row in limits.to_dict("records")
    ]
    return _table(heads, rows)


def _worth_of_headroom(country: pd.DataFrame) -> str:
    """What a GW costs less: the difference in cost over that in headroom. [MUSD/GW]"""
    heads = ["headroom", "zones can take, GW", "no plan costs less than, BUSD"]
    heads.append("each GW more is worth, MUSD")
    lines = country.to_dict("records")
    rows = []
    for line, after in zip_longest(lines, lines[1:]):
        each = ""
        if after is not None:
            saved = (line["bound_busd"] - after["bound_busd"]) * 1e3
            each = f"{saved / (after['limit_mw_2030'] - line['limit_mw_2030']) * 1e3:,.0f}"
        limit, bound = line["limit_mw_2030"], line["bound_busd"]
        rate = f"{line['headroom_pct']:g} %"
        rows.append([rate, f"{limit / 1e3:,.1f}", f"{bound:,.1f}", each])
    return _table(heads, rows)


def _zones(zones: pd.DataFrame) -> str:
    """What a GW more is worth, at the worth of its first MW, where it is worth most. [MUSD]"""
    wide = zones.pivot_table(index="zone", columns="headroom_pct", values="value_npv_usd_per_mw")
    wide = wide[list(RATES)].fillna(0.0).sort_values(RATES[0], ascending=False)
    rows = [[zone, *(f"{usd / 1e3:,.0f}" for usd in row)] for zone, *row in wide.head(MOST_ROWS).itertuples()]
    return _table(["zone", *(f"{rate:g} %" for rate in RATES)], rows)


def _delay(futures: pd.DataFrame) -> str:
    """What a year later costs. [MUSD]"""
    cost, later = _by_rate(futures)[RATE_OF_LATER], _later(futures)
    rows = []
    for path in GW_2030:
        more = (later[path] - cost[path]) * 1e3
        share = more / 10 / cost[path]
        rows.append([path, f"{more:,.0f}", f"{share:.1f} %", f"{more / MONTHS:,.0f}"])
    return _table(["path", "a year later costs, MUSD", "of the cost", "each month, MUSD"], rows)


def _decided(decided: pd.DataFrame) -> str:
    """Halls that the stochastic plan orders before it knows, by site. [MW]"""
    of = decided[(decided["kind"] == "halls") & (decided["ordered"] >= A_SHARE)]
    by = of.groupby("site").agg(mw=("ordered", "sum"), by=("order_by", "min"))
    by = by.sort_values("mw", ascending=False).head(MOST_ROWS)
    rows = [[site, *_mw(row["mw"]), moment(row["by"])] for site, row in by.iterrows()]
    return _table(["halls at", "ordered, MW", "the first by"], rows)


def _plans(plans: pd.DataFrame) -> str:
    heads = ["orders", "expected cost, BUSD", "greatest regret, BUSD"]
    rows = [
        [
            plan_name(row["plan"]),
            *(
                f"{row[name] / 1e3:,.2f}" if pd.notna(row[name]) else "no plan"
                for name in ("expected_musd", "greatest_regret_musd")
            ),
        ]
        for row in plans[plans["plan"] != "central"].to_dict("records")  # the same as that alone
    ]
    return _table(heads, rows)


def _worth(worth: pd.DataFrame) -> str:
    by = worth.set_index("measure")["value_musd"]
    return (
        f"To know which future comes would be worth **{by['evpi']:,.0f} MUSD**,"
        f" {by['evpi'] / by['stochastic'] * 100.0:.1f} % of what the plan is expected to cost. To"
        f" order for all three in place of the central one is worth **{by['vss']:,.0f} MUSD**."
    )


def _by_rate(futures: pd.DataFrame) -> pd.DataFrame:
    """Return cost by path and rate without delay. [BUSD]"""
    now = futures[futures["delay_months"] == 0]
    return now.pivot_table(index="path", columns="headroom_pct", values="cost_busd")


def _later(futures: pd.DataFrame) -> pd.Series:
    """Return cost by path with every connection a year later. [BUSD]"""
    return futures[futures["delay_months"] > 0].set_index("path")["cost_busd"]


def _things(orders: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return halls by site and racks by type with least and most by year. [MW]"""
    of_kind = []
    for kind, by in (("halls", "site"), ("racks", "item")):
        one = orders[orders["kind"] == kind]
        first, last = (one[one["year"] == year].set_index(by) for year in YEARS)
        table = last[["most_mw", "futures", "order_by"]].rename(columns={"most_mw": "most_2030"})
        table["least_2030"] = last["least_mw"]
        table["least_2028"] = first["least_mw"].reindex(last.index).fillna(0.0)
        of_kind.append(table.reset_index(names="thing"))
    return of_kind[0], of_kind[1]


def _halls(rows: pd.DataFrame, *, with_futures: bool) -> str:
    heads = ["halls at", "least by 2028, MW", "least by 2030", "most by 2030", "decided by"]
    if with_futures:
        heads[1:3] = ["futures"]
    lines = []
    for row in rows.head(MOST_ROWS).to_dict("records"):
        least = [row["futures"]] if with_futures else _mw(row["least_2028"], row["least_2030"])
        lines.append([row["thing"], *least, *_mw(row["most_2030"]), _moment(row["order_by"])])
    return _table(heads, lines)


def _moment(at: float) -> str:
    """Return a date in words; of committed halls there is none."""
    return moment(at) if isfinite(at) else "committed"


def _dates(some: pd.DataFrame, every: int) -> str:
    """Say when what only some futures order has to be decided."""
    by = some.groupby("order_by")["most_2030"].agg(["size", "sum"])
    parts = [f"{row['size']:.0f} by {moment(at)}" for at, row in by.iterrows()]
    return (
        f"Beside the {every} sites above, {len(some)} have halls in some futures alone, at most"
        f" {some['most_2030'].sum():,.0f} MW in all. What is to serve there in 2030 is decided long"
        f" before: at {', '.join(parts[:-1])} and {parts[-1]}."
    )


def _racks(rows: pd.DataFrame) -> str:
    heads = ["racks", "least by 2028, MW", "least by 2030", "most by 2030"]
    lines = [
        [row["thing"], *_mw(row["least_2028"], row["least_2030"], row["most_2030"])]
        for row in rows.head(MOST_ROWS).to_dict("records")
        if row["least_2030"] >= A_SHARE
    ]
    return _table(heads, lines)


def _mw(*amounts: float) -> list[str]:
    return [f"{mw:,.0f}" for mw in amounts]


def _table(heads: list[str], rows: list[list[object]], of_text: int = 1) -> str:
    lines = [heads, ["---"] * of_text + ["--:"] * (len(heads) - of_text), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def page_with(made: dict[str, str], text: str) -> str:
    """Return the text of the page with each table between its marks."""
    for name, table in made.items():
        marks = rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)"
        text, count = re.subn(marks, lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text, flags=re.DOTALL)
        assert count == 1, name
    return text


def main() -> None:
    if "--page" not in sys.argv:
        keep(*map(Path, sys.argv[1:] or FOLDERS))
        draw()
    PAGE.write_text(page_with(blocks(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
