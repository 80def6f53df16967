"""A made-up run whose names try to break every export: formulas, markup, emoji, missing words.

Made from the schema of the result tables alone, with no solver, so that exports are tested on
tables that are all there. Totals add up where the workbook adds them up: NPV to the objective,
classes and zones to sites, years to the summary.
"""

from __future__ import annotations

from itertools import count, product
from typing import TYPE_CHECKING

import pandas as pd

from planner.results.schema import RUN_TABLES
from planner.results.store import checked
from planner.runs import Run

if TYPE_CHECKING:
    from planner.tables.descriptor import TableSchema

YEARS = (2025, 2027, 2030)
CALENDAR = tuple(range(2025, 2031))
RATE_FRAC = 0.06
BASE_YEAR = 2025

SITES = pd.DataFrame(
    [
        # site, name, country, region, lat, lon, zone
        ("=1+1", "=1+1", "US", "North America", 39.04, -77.49, "PJM"),
        ("<b>x</b>", '<b onload="x()">x</b> & "y"', "US", "North America", 33.45, -112.07, "=ZONE"),
        ("new-york", "New-York", "US", "North America", 40.71, -74.01, "NA"),
        ("new_york", "New_York", "US", "North America", 41.25, -95.93, "NA"),
        ("NO", "NO", "NO", "Europe", 59.91, 10.75, "NO"),
        ("NA", "NA", "NA", "Africa", -22.56, 17.08, "NO"),
        ("évry-🏭", "Évry 🏭 łódź", "FR", "Europe", 48.63, 2.43, "-2"),
        ("+cmd|' /C calc'!A0", "@SUM(A1:A2)", "JP", "Asia", 35.68, 139.69, "-2"),
        ("fiji", "-3.5", "FJ", "Oceania", -17.71, 178.07, "PJM"),
    ],
    columns=["site", "name", "country", "region", "lat", "lon", "zone"],
)
REGIONS = pd.DataFrame(
    [("los-angeles", "Los Angeles", "US", 34.05, -118.24), ("NULL", "=HYPERLINK(1)", "JP", 43.06, 141.35)],
    columns=["demand_region", "name", "country", "lat", "lon"],
)
WORKLOADS = {"train": "training", "-chat": "inference"}
ITEMS = {
    # item: (group, upfront)
    "rack_purchase": ("racks", True),
    "hall_construction": ("halls", True),
    "electricity_energy": ("energy", False),
    "unmet_compute": ("rent and unmet", False),
}
DOMAIN = {
    "site": tuple(SITES["site"]),
    "standby": tuple(SITES["site"]),
    "zone": tuple(SITES["zone"].unique()),
    "region": (*REGIONS["demand_region"], "(anywhere)"),
    "workload": tuple(WORKLOADS),
    "year": YEARS,
    "calendar_year": CALENDAR,
    "signed_year": YEARS[:2],
    "rack": ("=big",),
    "hall": ("dlc|2N",),
    "to_hall": ("dlc|N",),
    "cooling": ("dlc",),
    "redundancy": ("2N",),
    "duty": ("training", "inference"),
    "direction": ("out", "in"),
    "vintage": ("stock-2023", "2025"),
    "slot": ("d0h00", "d0h12"),
    "window": ("8h",),
    "period": ("winter", "summer"),
    "tier": ("on_demand", "reserved"),
    "lever": ("cache",),
    "item": tuple(ITEMS),
    "name": ("demand_is_met", "halls_hold_racks", "=cost_adds_up"),
}


def synthetic_run() -> Run:
    """Return the run, in memory."""
    tables = {name: filled(table) for name, table in RUN_TABLES.items()}
    tables["sites"] = _sites(tables["sites"])
    tables["site_year"] = _site_year(tables["site_year"])
    tables["plan"] = _plan(tables)
    tables["power_class"] = _classes(tables)
    tables["costs"] = _costs(tables["costs"])
    tables["demand"] = _demand(tables["demand"])
    tables["summary"] = _summary(tables)
    # No tariff bills the site that has a price of its own.
    tables["bills"] = tables["bills"].query("site != 'NO'").reset_index(drop=True)
    tables["bridge"] = _bridge(tables)
    tables["money_years"] = _money_years(tables)
    tables["money_items"] = _money_items(tables)
    tables["solution"] = _solution(tables)
    tables["unit_costs"] = tables["unit_costs"].assign(scope="total", level="total")
    tables["checks"] = tables["checks"].assign(ok=True, broken=0)
    for name, frame in tables.items():
        if name != "checks":
            checked(name, frame)
    return Run(_meta(tables), tables, _inputs())


def filled(table: TableSchema) -> pd.DataFrame:
    """Return rows for every combination of the keys' labels, with numbers that all differ."""
    number = count(17)
    rows = []
    for labels in product(*(_labels(table, key) for key in table.primary_key)):
        row: dict[str, object] = dict(zip(table.primary_key, labels, strict=True))
        for column in table.fields:
            if column.name in row:
                continue
            if column.dtype == "float64":
                row[column.name] = next(number) * 0.37
            elif column.dtype == "int64":
                row[column.name] = next(number)
            elif column.dtype == "bool":
                row[column.name] = next(number) % 2 == 0
            else:
                row[column.name] = f"={column.name} {next(number)}"
        rows.append(row)
    frame = pd.DataFrame(rows, columns=list(table.columns))
    return frame.astype({column.name: column.dtype for column in table.fields})


def _labels(table: TableSchema, key: str) -> tuple[object, ...]:
    """Return the labels of a key; a vintage is a cohort of racks in one table, a year in others."""
    is_whole = next(column.dtype for column in table.fields if column.name == key) == "int64"
    return YEARS if is_whole and key == "vintage" else DOMAIN.get(key, ("",))


def _sites(frame: pd.DataFrame) -> pd.DataFrame:
    known = SITES.set_index("site")
    return frame.assign(
        **{name: frame["site"].map(known[name]).astype("str") for name in ("name", "country", "region", "zone")},
        lat=frame["site"].map(known["lat"]),
        lon=frame["site"].map(known["lon"]),
    )


def _site_year(frame: pd.DataFrame) -> pd.DataFrame:
    zone = frame["site"].map(SITES.set_index("site")["zone"]).astype("str")
    it_mw = frame["it_mean_mw"]
    facility_mw = 1.25 * it_mw
    filled_in = frame.assign(
        zone=zone,
        facility_mean_mw=facility_mw,
        facility_peak_mw=1.4 * facility_mw,
        energy_mwh=8760.0 * facility_mw,
        nameplate_mw=1.7 * it_mw,
        pue=1.25,
        open_frac=0.5,
        opened_frac=0.25,
    )
    idle = (frame["site"] == "NA") & (frame["year"] == YEARS[0])
    measures = ["it_mean_mw", "facility_mean_mw", "facility_peak_mw", "energy_mwh", "nameplate_mw"]
    filled_in.loc[idle, measures] = 0.0
    filled_in.loc[idle, ["pue", "wue_l_per_kwh", "load_factor_frac"]] = float("nan")
    return filled_in


def _plan(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Split the nameplate of the sites: racks 0.6 and 0.25, companions 0.1 and 0.05."""
    frame = tables["plan"]
    site_year = tables["site_year"].set_index(["site", "year"])["nameplate_mw"]
    places = zip(frame["site"], frame["year"], strict=True)
    nameplate = pd.Series([site_year[place] for place in places])
    return frame.assign(
        duty=frame["workload"].map(WORKLOADS).astype("str"),
        used_mw=nameplate * frame["workload"].map({"train": 0.6, "-chat": 0.25}),
        companion_mw=nameplate * frame["workload"].map({"train": 0.1, "-chat": 0.05}),
    )


def _classes(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Split the sites' power 0.7 to 0.3 between the two classes."""
    frame = tables["power_class"]
    frame = (
        frame[[WORKLOADS[w] == d for w, d in zip(frame["workload"], frame["duty"], strict=True)]]
        if "duty" in RUN_TABLES["power_class"].primary_key
        else frame
    )
    share = frame["workload"].map({"train": 0.7, "-chat": 0.3})
    total = tables["site_year"].groupby("year")[["it_mean_mw", "facility_mean_mw", "energy_mwh", "nameplate_mw"]].sum()
    values = {name: share * frame["year"].map(total[name]) for name in total}
    return frame.assign(duty=frame["workload"].map(WORKLOADS).astype("str"), **values)


def _costs(frame: pd.DataFrame) -> pd.DataFrame:
    factor = (1.0 + RATE_FRAC) ** -(frame["calendar_year"] - BASE_YEAR + 0.5)
    return frame.assign(
        group=frame["item"].map({item: group for item, (group, _) in ITEMS.items()}).astype("str"),
        upfront=frame["item"].map({item: upfront for item, (_, upfront) in ITEMS.items()}),
        npv_musd=frame["musd"] * factor,
    )


def _demand(frame: pd.DataFrame) -> pd.DataFrame:
    parts = frame["served_kh100e"] + frame["rented_kh100e"] + frame["saved_kh100e"]
    return frame.assign(demand_kh100e=parts + frame["unmet_kh100e"])


def _summary(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    frame = tables["summary"]
    power = tables["site_year"].groupby("year").sum(numeric_only=True)
    demand = tables["demand"].groupby("year").sum(numeric_only=True)
    year = frame["year"]
    return frame.assign(
        **{name: year.map(demand[name]) for name in demand if name in frame and name != "year"},
        nameplate_mw=year.map(power["nameplate_mw"]),
        it_mean_mw=year.map(power["it_mean_mw"]),
        facility_mean_mw=year.map(power["facility_mean_mw"]),
        facility_peak_mw=1.3 * year.map(power["facility_mean_mw"]),
        energy_twh=year.map(power["energy_mwh"]) / 1e6,
        pue=1.25,
        sites_in_use=[8, 9, 9],
    )


def _money_years(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Add up; the price of work not done closes the payments of the cost table."""
    frame, costs = tables["money_years"], tables["costs"]
    of_year = costs.groupby("calendar_year")[["npv_musd", "musd"]].sum()
    payments = frame["calendar_year"].map(of_year["musd"])
    return frame.assign(
        cash_musd=frame["asset_cash_musd"] + frame["running_musd"],
        unmet_musd=payments - frame["repaid_musd"] - frame["running_musd"],
        payments_musd=payments,
        npv_musd=frame["calendar_year"].map(of_year["npv_musd"]),
    )


def _money_items(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Add up; the first asset closes cash and repayments of the years."""
    frame, years = tables["money_items"].copy(), tables["money_years"]
    is_contract = frame["item"] == "unmet_compute"
    frame["kind"] = is_contract.map({True: "contract", False: "asset"}).astype("str")
    none = ["overnight_musd", "cash_musd", "building_interest_musd", "interest_musd"]
    frame.loc[is_contract, none] = 0.0
    for name, total in (("cash_musd", "asset_cash_musd"), ("paid_musd", "repaid_musd")):
        of_assets = frame.loc[~is_contract, name].sum()
        frame.loc[frame.index[~is_contract][0], name] += years[total].sum() - of_assets
    frame["before_musd"] = frame["overnight_musd"] - frame["cash_musd"]
    frame["life_payments_musd"] = frame["paid_musd"] + frame["after_musd"]
    cost = frame["overnight_musd"] + frame["building_interest_musd"]
    frame.loc[~is_contract, "interest_musd"] = (frame["life_payments_musd"] - cost)[~is_contract]
    return frame


def _bridge(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Close each sum with its last term: the levels are those of the summary."""
    frame, summary = tables["bridge"], tables["summary"]
    level = frame["path_mw"]
    for name, terms in (
        ("nameplate_mw", "facility_share_mw restated_mw saved_mw rented_mw unmet_mw racks_mw standby_mw companion_mw"),
        ("it_mean_mw", "draw_mw load_mw"),
        ("facility_mean_mw", "cooling_mw loss_mw"),
        ("facility_peak_mw", "peak_mw"),
    ):
        *others, last = terms.split()
        frame = frame.assign(**{name: summary[name], last: summary[name] - level - frame[others].sum(axis=1)})
        level = summary[name]
    return frame


def _solution(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    objective_musd = tables["costs"]["npv_musd"].sum()
    frame = tables["solution"].assign(
        scenario="=odd names",
        status="optimal",
        objective_musd=objective_musd,
        dual_bound_musd=objective_musd,
        gap_frac=0.0,
        has_duals=True,
        discount_rate_frac=RATE_FRAC,
        base_year=BASE_YEAR,
        first_year=CALENDAR[0],
        last_year=CALENDAR[-1],
        end_of_horizon="annuity",
    )
    types = {column.name: column.dtype for column in RUN_TABLES["solution"].fields}
    return frame.astype(types)


def _meta(tables: dict[str, pd.DataFrame]) -> dict[str, object]:
    return {
        "format": 3,
        "run": "odd-names-0123456789",
        "scenario": "=odd names",
        "differs": {},
        "from_shipped": {"scenario": "=odd names", "differs": {}},
        "title": "=Odd <i>names</i> 🏭",
        "question": "-Do names survive?",
        "created": "2026-02-03T04:05:06+00:00",
        "status": "optimal",
        "objective_musd": float(tables["costs"]["npv_musd"].sum()),
        "bound_musd": float(tables["costs"]["npv_musd"].sum()),
        "gap_frac": 0.0,
        "check": {"ok": True, "rules": len(tables["checks"]), "broken": []},
        "notes": ["+a linear program smears small sites"],
        "method": "simplex",
        "iterations": 23,
        "message": "Optimal",
        "seconds": {"read": 0.4, "build": 0.3, "solve": 2.5},
        "sizes": {"rows": 31, "columns": 47, "nonzeros": 211},
        "versions": {"dcplan": "0.1.0", "python": "3.13.1"},
        "data": {"sites": {"file": "sites.csv", "shipped": True, "sha256": "5e" * 32}},
        "written": {"operator.demand_share_frac": "odd.yaml:3"},
        "merged": {
            "version": 1,
            "operator": {"demand_share_frac": 0.2},
            "years": list(YEARS),
            "decisions_start": "2025-03-31",
            "sites": {"NO": {"retail_usd_per_mwh": 41.5}},
            "new_sites": {},
        },
    }


def _inputs() -> dict[str, pd.DataFrame]:
    source = {"source": "=A source & co", "source_year": 2024, "kind": "estimate"}
    finance = pd.DataFrame(
        [("wacc_nominal", "world", 0.085, "1/year"), ("inflation", "NA", 0.025, "1/year")],
        columns=["item", "region", "value", "unit"],
    )
    return {"demand_regions": REGIONS.assign(**source), "finance": finance.assign(**source)}
