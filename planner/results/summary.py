"""The plan in one line a year, and how the solve ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import HOURS_PER_YEAR, MWH_PER_TWH
from planner.model.money import PENALTIES
from planner.results.frame import ratio, result_table, total_by
from planner.results.power import wue_l_per_kwh

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.results.solved import SolvedCost, SolvedModel


__all__ = ["solution", "summary"]

_RENT = "rented_compute"


def summary(s: SolvedModel, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Make table `summary` from the tables of detail and the list of costs."""
    years = np.asarray([int(label) for label in s.p.sets.year.labels])

    def add(table: str, column: str) -> Floats:
        place = np.searchsorted(years, tables[table]["year"].to_numpy())
        return total_by(place, tables[table][column].to_numpy(), s.years)

    year_of_site = s.p.sites.site_year["year"].astype(np.intp)
    by_slot = np.zeros((s.years, len(s.p.sets.slot)))
    np.add.at(by_slot, year_of_site, s.facility_mw)
    it_mean, water_m3 = add("site_year", "it_mean_mw"), add("site_year", "water_m3")
    facility_mean = add("site_year", "facility_mean_mw")
    paid = _payments(s)
    cash = tables["cash"]
    spent_in = s.model_year_of[cash["calendar_year"].to_numpy() - s.p.finance.first_year]
    demand = {
        name: add("demand", name)
        for name in ("demand_kh100e", "served_kh100e", "rented_kh100e", "saved_kh100e", "unmet_kh100e")
    }
    return result_table(
        "summary",
        {
            "year": years,
            **demand,
            "shed_mwh": add("non_firm_year", "shed_mwh"),
            "lost_kh100e": add("non_firm_year", "lost_kh100e"),
            "sites_in_use": np.bincount(year_of_site[s.has_racks], minlength=s.years),
            "halls_mw": add("site_year", "halls_mw"),
            "built_mw": add("builds", "built_mw"),
            "nameplate_mw": add("site_year", "nameplate_mw"),
            "installed_mw": add("installs", "installed_mw"),
            "it_mean_mw": it_mean,
            "facility_mean_mw": facility_mean,
            "facility_peak_mw": by_slot.max(axis=1, initial=0.0),
            "energy_twh": facility_mean * HOURS_PER_YEAR / MWH_PER_TWH,
            "pue": ratio(facility_mean, it_mean),
            "water_m3": water_m3,
            "wue_l_per_kwh": wue_l_per_kwh(water_m3, it_mean),
            "emissions_kt": add("site_year", "emissions_kt"),
            "new_firm_mw": add("site_year", "new_firm_mw"),
            "capex_musd": add("site_year", "capex_musd"),
            "cash_musd": total_by(spent_in, cash["cash_musd"].to_numpy(), s.years),
            **paid,
            "cost_musd": sum(paid.values(), np.zeros(s.years)),
        },
    )


def _payments(s: SolvedModel) -> dict[str, Floats]:
    """Return the yearly payments of the plan, each line under one of four headings."""
    headings = ("upfront_musd", "opex_musd", "rent_musd", "unmet_musd")
    total = {heading: np.zeros(s.years) for heading in headings}
    for line in s.lines:
        total[_heading(line)] += s.yearly_musd(line).sum(axis=0)
    return total


def _heading(line: SolvedCost) -> str:
    if line.cost.name == _RENT:
        return "rent_musd"
    if line.cost.name in PENALTIES:
        return "unmet_musd"
    return "upfront_musd" if line.cost.upfront else "opex_musd"


def solution(s: SolvedModel) -> pd.DataFrame:
    """Make table `solution`: how the solve ended and what money means."""
    outcome, finance = s.outcome, s.p.finance

    def known(number: float) -> float:
        return number if np.isfinite(number) else np.nan

    return result_table(
        "solution",
        {
            "scenario": [s.p.name],
            "status": [outcome.status],
            "objective_musd": [outcome.objective],
            "dual_bound_musd": [known(outcome.dual_bound)],
            "gap_frac": [known(outcome.gap)],
            "has_duals": [outcome.has_duals],
            "duals_of": [outcome.duals_of if outcome.has_duals else ""],
            "whole_numbers": [int(s.model.problem.columns().integer.sum())],
            "found_by": [outcome.method_used],
            "discount_rate_frac": [finance.rate_frac],
            "base_year": [finance.base_year],
            "first_year": [finance.first_year],
            "last_year": [finance.last_year],
            "end_of_horizon": [finance.end_of_horizon],
        },
    )
