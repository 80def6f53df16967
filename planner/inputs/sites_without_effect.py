"""Figures of sites that something else rules: a tariff, halls that exist, no new halls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.number_format import amount
from planner.inputs.existing import stated_sites
from planner.inputs.places import LEADS, own_key
from planner.inputs.table_columns import bools, floats, texts
from planner.inputs.tariffs_uses import billed_sites
from planner.scenario.messages import problem_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.errors import Problem
    from planner.inputs.case import ScopedCase

__all__ = ["idle_figures", "note_fixed_costs", "sites_without_effect"]


def idle_figures(case: ScopedCase) -> Mapping[str, Mapping[str, str]]:
    """Find the figures that have no effect at each site, whoever gave them."""
    billed = np.isin(np.arange(len(case.sites)), list(billed_sites(case)))
    closed = ~bools(case.sites, "new_halls")
    exists = stated_sites(case) | (floats(case.sites, "existing_mw") > 0.0)
    _, of_hall, of_grid = (~np.isnan(floats(case.sites, column)) for column in LEADS)
    free = np.full(len(case.sites), not case.scenario.energy.demand_charge)
    rules = (
        ("retail_usd_per_mwh", billed, "a tariff bills it from the first year"),
        ("demand_charge_usd_per_kw_month", billed, "a tariff bills it from the first year"),
        ("demand_charge_usd_per_kw_month", free, "energy.demand_charge is false"),
        ("build_rate_mw_per_year", closed, "new_halls is false there"),
        ("lead_time_months", of_hall & of_grid, "halls and connection have each their own lead"),
        ("hall_lead_months", closed, "new_halls is false there"),
        ("phase_mw", closed, "new_halls is false there"),
        ("opening_usd", exists, "it is open already"),
        ("minimum_size_mw", exists, "it is open already"),
    )
    found: dict[str, dict[str, str]] = {}
    for figure, is_idle, why in rules:
        for row in np.flatnonzero(is_idle):
            found.setdefault(case.ids("sites")[row], {}).setdefault(figure, why)
    return found


def note_fixed_costs(case: ScopedCase) -> None:
    """Note what a fixed cost of a site's own replaces, which it does not add to."""
    figure = "fixed_usd_per_year"
    of_kind = case.tables["site_archetypes"].set_index("archetype")[figure]
    for site, kind, own in zip(
        case.ids("sites"), texts(case.sites, "archetype"), floats(case.sites, figure), strict=True
    ):
        key_path = own_key(case.scenario, site, figure)
        if key_path is not None and own != of_kind[kind]:
            case.findings.add_note(
                f"{figure} of {site}, {amount(own, 4)} USD, replaces the {amount(of_kind[kind], 4)} USD of guards,"
                f" least crew and network that a site of kind {kind} has; it does not add to them.",
                key_path,
            )


def sites_without_effect(case: ScopedCase) -> Iterator[Problem]:
    """Find figures that a scenario gives for a site and that have no effect there."""
    for site, figures in idle_figures(case).items():
        for figure, why in figures.items():
            key_path = own_key(case.scenario, site, figure)
            if key_path is not None:
                what_is = f"{'.'.join(map(str, key_path))} has no effect: {why}"
                yield problem_at(case.scenario.tree, key_path, what_is, "", "remove it")
