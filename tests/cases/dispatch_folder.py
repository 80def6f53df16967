"""A dispatch case as a folder that a planner could have written: a scenario and tables of its own.

One site makes all its power itself, without a rack and without a grid. Money is real and costs
nothing to borrow, so that the annuity of an overnight cost is that cost over the life: a yearly
capital cost is written as life times as much.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

LIFE_YEARS = 25
SITE = "island"
YEAR = 2025
PROVENANCE = {"source": "published case", "source_year": 2025, "kind": "published"}


@dataclass(frozen=True)
class Source:
    """What makes or stores power.

    Parameters
    ----------
    id, role
        As in table `onsite_sources`.
    usd_per_mw_year
        Yearly cost of a MW; of a battery with its energy.
    usd_per_mwh
        Cost of output.
    existing_mw
        What stands and cannot be added to; None: to be sized.
    settings
        Further figures, as under `supply.override`.
    """

    id: str
    role: str
    usd_per_mw_year: float = 0.0
    usd_per_mwh: float = 0.0
    existing_mw: float | None = None
    settings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class DispatchCase:
    """A load that is given slot by slot, and what may serve it.

    Parameters
    ----------
    slot_h
        Length of a slot. [h]
    months, weight_days
        Of every day.
    load_mw
        Load, slots of all days.
    sources
        What may serve it.
    solar_frac, wind_frac
        Output over capacity, slots of all days.
    """

    slot_h: int
    months: Sequence[int]
    weight_days: Sequence[float]
    load_mw: Sequence[float]
    sources: Sequence[Source]
    solar_frac: Sequence[float] = ()
    wind_frac: Sequence[float] = ()


def write_folder(case: DispatchCase, folder: Path) -> Path:
    """Write a case as a scenario with its tables.

    Parameters
    ----------
    case : DispatchCase
        The case.
    folder : Path
        Where to.

    Returns
    -------
    Path
        The scenario file.
    """
    _write(folder / "onsite_sources.csv", (_source_row(source) for source in case.sources))
    _write(
        folder / "series_days.csv",
        (
            {
                "day": day,
                "month": month,
                "weight_days": repr(weight),
                "is_peak_day": "true" if day == 0 else "false",
                **PROVENANCE,
            }
            for day, (month, weight) in enumerate(zip(case.months, case.weight_days, strict=True))
        ),
    )
    peak_mw, per_day = max(case.load_mw), 24 // case.slot_h
    _write(
        folder / "site_series.csv",
        (
            {
                "site": SITE,
                "day": slot // per_day,
                "hour_utc": slot % per_day * case.slot_h,
                "other_load_frac": repr(load / peak_mw),
                "solar_frac": case.solar_frac[slot] if case.solar_frac else "",
                "wind_frac": case.wind_frac[slot] if case.wind_frac else "",
                **PROVENANCE,
            }
            for slot, load in enumerate(case.load_mw)
        ),
    )
    file = folder / "scenario.yaml"
    file.write_text(yaml.safe_dump(_scenario(case, peak_mw), sort_keys=False), encoding="utf-8")
    return file


def _scenario(case: DispatchCase, peak_mw: float) -> dict[str, Any]:
    sized = [source for source in case.sources if source.existing_mw is None]
    stands = {s.id: float(s.existing_mw) for s in case.sources if s.existing_mw is not None}
    no_rate = {"wacc_nominal_frac": 0.0, "inflation_frac": 0.0, "country_risk": False}
    return {
        "version": 1,
        "title": "One site that makes its own power",
        "data": {name: f"{name}.csv" for name in ("onsite_sources", "series_days", "site_series")},
        "scope": {"countries": ["US"], "sites": [SITE]},
        "years": [YEAR],
        "time": {"chronological": True, "slot_h": case.slot_h},
        "operator": {"stock_share_frac": 0.0},
        "demand": {"scale_frac": 0.0},
        "build": {"committed": False},
        "new_sites": {
            SITE: {
                "name": "Island",
                "country": "US",
                "lat": 45.0,
                "lon": -90.0,
                "like": "us-tx-dallas",
                "other_load_mw": peak_mw,
                "grid_firm_mw": {YEAR: 0.0},
                "lead_time_months": 600.0,
                "existing_source_mw": stands,
            }
        },
        "supply": {
            "allow": [source.id for source in sized],
            "override": {s.id: dict(s.settings) for s in case.sources if s.settings},
        },
        "finance": no_rate,
    }


def _source_row(source: Source) -> dict[str, Any]:
    usd_per_kw = repr(source.usd_per_mw_year * LIFE_YEARS / 1000.0)
    is_store = source.role == "storage"
    return {
        "onsite": source.id,
        "name": source.id,
        "year": YEAR,
        "role": source.role,
        "fuel": "",
        "capex_usd": usd_per_kw,
        "capex_low_usd": usd_per_kw,
        "capex_high_usd": usd_per_kw,
        "capex_unit": "kWh" if is_store else "kW",
        # A battery of fixed hours is paid with its power.
        "power_capex_usd_per_kw": usd_per_kw if is_store else "",
        "energy_capex_usd_per_kwh": 0 if is_store else "",
        "fixed_usd_per_unit_year": 0,
        "variable_usd_per_mwh": repr(source.usd_per_mwh),
        "heat_rate_mmbtu_per_mwh": "",
        "availability_frac": "" if is_store else 1,
        "efficiency_frac": 1 if is_store else "",
        "cycle_life_cycles": 1e6 if is_store else "",
        "min_load_frac": "",
        "min_size_mw": 0,
        "max_site_mw": "",
        "life_years": LIFE_YEARS,
        "co2_t_per_mwh": 0,
        "lead_months": 0,
        "max_hours_per_year": "",
        "basis": "",
        **PROVENANCE,
    }


def _write(file: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    listed = list(rows)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)
