"""Write the tables of docs/plausibility.md from a stored run.

Run by hand, from the root of the repository: ``python bench/plausibility.py runs/us-base-<hash>``
writes each table in Markdown, and the figures that the text quotes, to stdout.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pandas as pd

import planner

if TYPE_CHECKING:
    from planner.runs.plan import Plan

LEAST_MW = 1e-3


def table(frame: pd.DataFrame, digits: dict[str, int]) -> str:
    """Write a frame as a Markdown table, numbers with so many digits."""
    rows = [list(map(str, frame.columns))]
    for values in frame.itertuples(index=False):
        cells = zip(frame.columns, values, strict=True)
        rows.append([_cell(value, digits.get(name)) for name, value in cells])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(frame.columns), *lines[1:]])


def _cell(value: object, digits: int | None) -> str:
    if digits is None or not isinstance(value, float):
        return str(value)
    return f"{value:,.{digits}f}"


def orders(plan: Plan) -> str:
    """Lots, halls and campuses: what can be ordered."""
    t = plan.tables
    lots, halls, blocks = t["installs"], t["halls"], t["blocks"]
    fill = halls.groupby("year")[["used_mw", "usable_mw"]].sum()
    frontier = blocks[blocks["workload"] == "train_frontier"]
    small = blocks[blocks["used_mw"] < blocks["block_mw"] - LEAST_MW]
    designs = halls[(halls["usable_mw"] > LEAST_MW) & (halls["year"] == halls["year"].max())]
    return "\n".join(
        [
            f"{len(lots)} lots, {(lots['racks'] < 1 - LEAST_MW).sum()} below one rack",
            f"halls filled: {(fill['used_mw'] / fill['usable_mw']).round(3).to_dict()}",
            f"fullest design at the end: {(designs['used_mw'] / designs['usable_mw']).max():.3f}",
            f"{len(small)} of {len(blocks)} blocks short",
            "sites with frontier training and the least of them, MW:",
            frontier.groupby("year")["used_mw"].agg(["size", "min", "max", "sum"]).round(1).to_string(),
        ]
    )


def prices_of_halls(plan: Plan) -> str:
    """Cost of new halls by topology, single builds, and what is dear. [USD/W]"""
    builds = plan.tables["builds"]
    builds = builds[builds["built_mw"] > LEAST_MW]
    new = builds.groupby("redundancy")[["overnight_musd", "built_mw"]].sum()
    new["usd_per_w"] = new["overnight_musd"] / new["built_mw"]
    each = builds["overnight_musd"] / builds["built_mw"]
    dear = builds[each > 20.0]
    share = dear["built_mw"].sum() / builds["built_mw"].sum()
    return "\n".join(
        [
            new.round(2).to_string(),
            f"single builds {each.min():.1f} to {each.max():.1f}; above 20: {share:.3f} of MW",
            dear.groupby(["site", "redundancy"])["built_mw"].sum().round(1).to_string(),
        ]
    )


def racks_bought(plan: Plan) -> str:
    """Racks by type, and what a MW costs with hall, companions and connection."""
    t = plan.tables
    racks = t["installs"].groupby("rack")[["overnight_musd", "installed_mw"]].sum()
    racks["USD/W with fabric"] = racks["overnight_musd"] / racks["installed_mw"]
    racks = racks.sort_values("installed_mw", ascending=False).reset_index()
    racks["rack"] = "`" + racks["rack"] + "`"
    shown = racks[["rack", "installed_mw", "USD/W with fabric"]]
    shown = shown.rename(columns={"rack": "Rack", "installed_mw": "MW bought"})
    halls = t["builds"]["overnight_musd"].sum() / t["builds"]["built_mw"].sum()
    mean = racks["overnight_musd"].sum() / racks["installed_mw"].sum()
    return "\n".join(
        [
            table(shown, {"MW bought": 0, "USD/W with fabric": 1}),
            f"all {racks['installed_mw'].sum():.0f} MW: {mean:.1f} USD/W; halls {halls:.1f}",
        ]
    )


def running(plan: Plan) -> str:
    """Upkeep of halls, share of energy, capex of the first years."""
    summary = plan.tables["summary"].set_index("year")
    costs = plan.costs
    paid = costs.pivot_table(index="calendar_year", columns="item", values="musd", aggfunc="sum")
    halls = paid[["hall_opex", "site_fixed"]].div(summary["halls_mw"], axis=0) * 1e3
    npv = costs.groupby("group")["npv_musd"].sum()
    items = costs.groupby("item")["npv_musd"].sum().sort_values(ascending=False)
    return "\n".join(
        [
            "USD/kW-year:",
            halls.round(0).to_string(),
            "NPV by group, BUSD:",
            (npv / 1e3).round(2).to_string(),
            (items / 1e3).round(2).head(14).to_string(),
            f"overnight capex to 2028: {summary.loc[:2028, 'capex_musd'].sum() / 1e3:.1f} BUSD, "
            f"cash {summary.loc[:2028, 'cash_musd'].sum() / 1e3:.1f}",
        ]
    )


def power(plan: Plan) -> str:
    """Power by year, from the path to the meter."""
    t = plan.tables
    s = t["summary"].set_index("year")
    fleet = t["reference"].groupby("year")["rack_gw"].sum()
    used = t["plan"].groupby("year")["used_mw"].sum()
    frame = pd.DataFrame(
        {
            "Year": s.index,
            "Nameplate facility, GW": (t["reference"].groupby("year")["facility_gw"].sum()).to_numpy(),
            "Racks of the reference fleet, GW": fleet.to_numpy(),
            "Racks of the plan, GW": used.to_numpy() / 1e3,
            "Metered peak, GW": s["facility_peak_mw"].to_numpy() / 1e3,
            "Metered mean, GW": s["facility_mean_mw"].to_numpy() / 1e3,
            "TWh": s["energy_twh"].to_numpy(),
            "PUE": s["pue"].to_numpy(),
            "Rented, %": (100 * s["rented_kh100e"] / s["demand_kh100e"]).to_numpy(),
            "Unmet, %": (100 * s["unmet_kh100e"] / s["demand_kh100e"]).to_numpy(),
        }
    )
    digits = dict.fromkeys(frame.columns[1:6], 2)
    per_mw = s["served_kh100e"].to_numpy() / used.to_numpy()
    return "\n".join(
        [
            table(frame, {**digits, "TWh": 1, "PUE": 3, "Rented, %": 1, "Unmet, %": 2}),
            f"kH100e served per MW of racks: {per_mw.round(3).tolist()}",
            f"mean IT, MW: {s['it_mean_mw'].round(0).tolist()}",
            f"sites in use: {s['sites_in_use'].tolist()}",
        ]
    )


def sites_of(plan: Plan) -> pd.DataFrame:
    """Sites with the retail price of power in the base year and the index of construction."""
    sites, tables = plan.inputs.sites.table, plan.inputs.tables
    price = tables["electricity_price"].sort_values("year").groupby("site")["retail_usd_per_mwh"]
    index = tables["facility_market"].set_index("market")["index"]
    return sites.assign(usd_per_mwh=sites["site"].map(price.first()), index=sites["market"].map(index))


def where(plan: Plan) -> str:
    """Racks by class in the last year: topology, kind of site, price, round trip, rent."""
    t, sites = plan.tables, sites_of(plan)
    last = t["summary"]["year"].max()
    used = t["plan"][t["plan"]["year"] == last].merge(sites, on="site")
    rows = []
    demand = t["demand"][t["demand"]["year"] == last]
    for workload, racks in used.groupby("workload", sort=False):
        mw = racks["used_mw"]
        of_class = demand[demand["workload"] == workload]
        served = of_class.dropna(subset=["mean_rtt_ms"])
        weight = served["served_kh100e"] / (served["served_kh100e"].sum() or float("nan"))
        rtt = (served["mean_rtt_ms"] * weight).sum(min_count=1)
        topology = mw.groupby(racks["redundancy"]).sum()
        rows.append(
            {
                "Class": f"`{workload}`",
                "MW": float(mw.sum()),
                "Halls": topology.idxmax(),
                "of them, %": 100 * topology.max() / mw.sum(),
                "In metros, %": 100 * mw[racks["archetype"] == "metro"].sum() / mw.sum(),
                "USD/MWh": (mw * racks["usd_per_mwh"]).sum() / mw.sum(),
                "Mean, ms": rtt,
                "Rented, %": 100 * of_class["rented_kh100e"].sum() / of_class["demand_kh100e"].sum(),
                "Sites": racks.loc[mw > LEAST_MW, "site"].nunique(),
            }
        )
    frame = pd.DataFrame(rows)
    digits = {"MW": 0, "of them, %": 0, "In metros, %": 0, "USD/MWh": 0, "Mean, ms": 0, "Rented, %": 1}
    best = used.groupby(["workload", "site"])["used_mw"].sum().sort_values(ascending=False)
    tops = [f"{w}: {best[w].head(8).round(0).to_dict()}" for w in ("train_frontier", "train_finetune")]
    mean = f"mean price of all sites {sites['usd_per_mwh'].mean():.0f} USD/MWh"
    return "\n".join([table(frame, digits), mean, *tops])


def built(plan: Plan) -> str:
    """What is built where and when, and what goes with it."""
    t, sites = plan.tables, sites_of(plan)
    builds = t["builds"]
    by_year = builds.pivot_table(index="year", columns="early", values="built_mw", aggfunc="sum")
    first = t["leads"].groupby("site")["service_start"].min()
    mw = (
        pd.DataFrame(
            {
                "MW built": builds.groupby("site")["built_mw"].sum(),
                "after the lead": builds[~builds["early"]].groupby("site")["built_mw"].sum(),
            }
        )
        .reindex(sites["site"], fill_value=0.0)
        .fillna(0.0)
    )
    with_ = sites.set_index("site").assign(first=first)
    rows = [
        f"{name}: "
        + ", ".join(
            f"{column} {mw[column].corr(with_[name]):.2f} ({mw[column].corr(with_[name], method='spearman'):.2f})"
            for column in mw
        )
        for name in ("index", "first", "usd_per_mwh")
    ]
    prices = t["prices"].query("value != 0")
    binds = prices.groupby(["block", "year"])["value"].agg(["size", "max"])
    return "\n".join(
        [
            by_year.round(0).to_string(),
            f"first year of service: {first.astype(int).value_counts().to_dict()}",
            *rows,
            binds.round(2).to_string(),
        ]
    )


def rented(plan: Plan) -> str:
    """Share of each class that is rented, or not served at all. [%]"""
    demand = plan.tables["demand"]
    sums = demand.groupby(["workload", "year"])[["demand_kh100e", "rented_kh100e", "unmet_kh100e"]].sum()
    share = 100 * sums["rented_kh100e"] / sums["demand_kh100e"]
    unmet = 100 * sums["unmet_kh100e"] / sums["demand_kh100e"]
    wide = share.unstack()
    wide = wide[(wide > 0.05).any(axis=1)].reset_index().rename(columns={"workload": "Class"})
    wide["Class"] = "`" + wide["Class"] + "`"
    digits = dict.fromkeys(wide.columns[1:], 1)
    gone = unmet[unmet > 0.01].unstack()
    return "\n".join([table(wide, digits), "unmet, %:", gone.round(2).to_string()])


PARTS = (orders, prices_of_halls, racks_bought, running, power, where, built, rented)


def main(run: str) -> None:
    """Write every part."""
    plan = planner.load(run)
    print(plan.tables["solution"].T.to_string())
    for part in PARTS:
        print(f"\n## {part.__name__}: {part.__doc__}\n\n{part(plan)}")


if __name__ == "__main__":
    main(sys.argv[1])
