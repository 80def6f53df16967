"""Turns published siting problems into scenario folders that `planner.solve` takes as any other.

A customer is a demand region, what it asks for is compute of one class, a candidate is a site of
one's own. Racks, halls, power, water and connections cost nothing, so that opening sites and
serving customers from them is all there is to pay. One kH100e takes one MW of racks and halls.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from planner.base.paths import DATA_DIR

CLASS, RACK, LIKE = "chat_interactive", "gb200_nvl72", "us-tx-dallas"
USD_PER_UNIT = 1000.0  # one unit of the problem's money, so that the sums are some thousand MUSD
H100E_PER_KH100E, USD_PER_MUSD = 1e3, 1e6


def write_scenario(
    folder: Path, sites: pd.DataFrame, demand: pd.Series, unit_cost: pd.DataFrame, siting: Mapping[str, Any]
) -> Path:
    """Write a scenario with its tables.

    Parameters
    ----------
    folder : Path
        Written into.
    sites : DataFrame
        Columns capacity (in units of demand) and fixed_cost, by site.
    demand : Series
        Demand by customer; a unit is one H100e.
    unit_cost : DataFrame
        Cost of serving one unit of demand, customers by sites.
    siting : mapping
        Settings of the block `siting`.

    Returns
    -------
    Path
        The scenario.
    """
    regions = _regions(demand)
    regions.to_csv(folder / "demand_regions.csv", index=False)
    for table, frame in _free_of_cost().items():
        frame.to_csv(folder / f"{table}.csv", index=False)
    pairs = unit_cost.stack().rename("usd_per_h100e_year").rename_axis(["from", "to"])
    (pairs * USD_PER_UNIT).reset_index().to_csv(folder / "service_cost.csv", index=False)
    scenario = {
        "version": 1,
        "title": folder.name,
        "data": {table: f"{table}.csv" for table in ("demand_regions", "facility_cost", "facility_market", "cooling")},
        "scope": {"countries": ["US"], "sites": list(sites.index), "workloads": [CLASS]},
        "years": [2025],
        "decisions_start": "2024-01-01",
        "time": {"season_days": 4, "slot_h": 12},
        "new_sites": {site: _site(row) for site, row in sites.iterrows()},
        "siting": {"whole_openings": True, "service_cost_table": "service_cost.csv", **siting},
        "operator": {"demand_share_frac": 1, "stock_share_frac": 0},
        "demand": {
            "unmet": "forbid",
            "explicit": [
                {
                    "workload": CLASS,
                    "demand_region": region,
                    "unit": "kh100e",
                    "by_year": {2025: float(units) / H100E_PER_KH100E},
                }
                for region, units in demand.items()
            ],
        },
        "workloads": {
            CLASS: {
                "racks": [RACK],
                "shape": "flat",
                "redundancy_min": "N",
                "residency": "none",
                "rtt_bound_ms": 1000,
                "tight_rtt_ms": None,
                "tight_share_frac": None,
                "utilisation_frac": 1,
                "spare_frac": 0,
                "companion_frac": 0,
                "peak_over_mean_frac": 1,
            }
        },
        "racks": {"allow": [RACK], "override": {RACK: {"peak_kw": 100, "inference_h100e": 100, "capex_usd": 0}}},
        "halls": {"cooling": ["dlc_hybrid_dry"], "redundancy": ["N"], "ramp_mean_frac": 1, "diversity_frac": 1},
        "energy": {"price_scale_frac": 0, "demand_charge": False},
        "grid": {"expansion_usd_per_mw": 0, "headroom_scale_frac": 1000000},
        "water": {"limit": False, "price_scale_frac": 0},
        "finance": {"wacc_nominal_frac": 0, "inflation_frac": 0, "property_tax": False},
        **{block: {"allow": False} for block in ("retrofit", "cascade", "rent", "lease")},
        "deliveries": {"limit": False},
        "flexibility": {"deferral": False},
        "solver": {"whole_numbers": "search", "gap_frac": 1e-9},
    }
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump(scenario, sort_keys=False), encoding="utf-8")
    return path


def units_of(musd: float) -> float:
    """Return the money of a plan in units of the problem."""
    return musd * USD_PER_MUSD / USD_PER_UNIT


def _site(row: pd.Series) -> dict[str, Any]:
    mw = float(row["capacity"]) / H100E_PER_KH100E
    return {
        "name": str(row.name),
        "country": "US",
        "lat": 32.8,
        "lon": -96.8,
        "like": LIKE,
        "lead_time_months": 0,
        "land_limit_mw": mw,
        "build_rate_mw_per_year": mw,
        "opening_usd": 0,
        "fixed_usd_per_year": float(row["fixed_cost"]) * USD_PER_UNIT,
        "minimum_size_mw": 0,
    }


def _regions(demand: pd.Series) -> pd.DataFrame:
    one = pd.read_csv(DATA_DIR / "demand_regions.csv", dtype=str).iloc[[0] * len(demand)]
    return one.assign(demand_region=list(demand.index), name=list(demand.index))


def _free_of_cost() -> dict[str, pd.DataFrame]:
    """Tables of the data with nothing to pay in them."""
    tables = {
        name: pd.read_csv(DATA_DIR / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("facility_cost", "facility_market", "cooling")
    }
    cost = tables["facility_cost"]
    # A connection is free by a setting, which takes the place of these figures.
    free = cost["group"].isin(["capex", "opex"]) & ~cost["unit"].isin(["-", "exponent", "USD/MW facility"])
    for column in ("value", "low", "high"):
        if column in cost:
            cost.loc[free, column] = "0"
    tables["facility_market"]["land_usd_per_m2"] = "0"
    for column in ("capex_usd_per_kw", "capex_low_usd_per_kw", "capex_high_usd_per_kw"):
        tables["cooling"][column] = "0"
    return tables
