"""Settings that are right each on its own but not together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from planner.scenario.messages import Finding, problem_at
from planner.scenario.tariffs_conflicts import wrong_tariffs

if TYPE_CHECKING:
    from planner.base.errors import Problem
    from planner.scenario.schema import Scenario
    from planner.scenario.tree import Keys


def contradictions(scenario: Scenario) -> list[Problem]:
    """Find settings of a scenario that conflict."""
    rules = (
        *(_start, _paths_that_begin_late, _load_factor_without_twh, _training_runs, _shocks_that_end_first),
        *(_both_in_and_out, _classes, _openings, _signed_ppas, wrong_tariffs),
    )
    return [problem_at(scenario.tree, *found) for rule in rules for found in rule(scenario)]


def _start(scenario: Scenario) -> Iterator[Finding]:
    if scenario.decisions_start.year > scenario.years[-1]:
        yield Finding(
            ("decisions_start",),
            f"decisions_start is {scenario.decisions_start}, after the last model year",
            f"in {scenario.years[-1]} or before",
            "move the start, or add years",
        )


def _paths_that_begin_late(scenario: Scenario) -> Iterator[Finding]:
    first_year = scenario.years[0]
    for keys, path in _full_paths(scenario):
        if isinstance(path, Mapping) and min(path) > first_year:
            yield Finding(
                keys,
                f"{keys[-1]} begins in {min(path)}, after the first model year",
                f"given for {first_year} or before",
                f"add {first_year} to it",
            )


def _full_paths(scenario: Scenario) -> Iterator[tuple[Keys, object]]:
    """Paths by year without a meaning before their first year."""
    demand = scenario.demand
    yield ("demand", "facility_gw"), demand.facility_gw
    yield ("demand", "ai_share_frac"), demand.ai_share_frac
    yield ("demand", "scale_frac"), demand.scale_frac
    for workload, factor in demand.workload_scale_frac.items():
        yield ("demand", "workload_scale_frac", workload), factor
    for position, explicit in enumerate(demand.explicit):
        yield ("demand", "explicit", position, "by_year"), explicit.by_year
    for workload, path in (demand.workload_share_frac or {}).items():
        yield ("demand", "workload_share_frac", workload), path
    for name, offer in scenario.contracts.ppa.items():
        yield ("contracts", "ppa", name, "price_usd_per_mwh"), offer.price_usd_per_mwh
    yield ("energy", "price_scale_frac"), scenario.energy.price_scale_frac
    yield ("rent", "price_usd_per_h100e_hour"), scenario.rent.price_usd_per_h100e_hour


def _load_factor_without_twh(scenario: Scenario) -> Iterator[Finding]:
    demand = scenario.demand
    if demand.load_factor_frac is not None and demand.facility_gw is not None:
        yield Finding(
            ("demand", "load_factor_frac"),
            "load_factor_frac is given, and facility_gw is nameplate power already",
            "given with a trajectory stated in TWh",
            "drop load_factor_frac",
        )


def _training_runs(scenario: Scenario) -> Iterator[Finding]:
    for position, explicit in enumerate(scenario.demand.explicit):
        is_run = explicit.unit == "training_run_pf_days"
        if is_run and explicit.days is None:
            yield Finding(
                ("demand", "explicit", position, "unit"),
                "unit is training_run_pf_days, and days is missing",
                "given with days, the length of the run",
                "add days, or count pf_days_per_year",
            )
        if not is_run and explicit.days is not None:
            yield Finding(
                ("demand", "explicit", position, "days"),
                f"days is given, and the unit is {explicit.unit}",
                "given for training_run_pf_days alone",
                "remove days",
            )


def _shocks_that_end_first(scenario: Scenario) -> Iterator[Finding]:
    for position, shock in enumerate(scenario.energy.shocks):
        if shock.last_year < shock.first_year:
            yield Finding(
                ("energy", "shocks", position, "last_year"),
                f"last_year is {shock.last_year}, before first_year",
                f"{shock.first_year} or later",
                "exchange the two",
            )


def _both_in_and_out(scenario: Scenario) -> Iterator[Finding]:
    scope, racks, siting = scenario.scope, scenario.racks, scenario.siting
    pairs: tuple[tuple[str, str, str, object, tuple[str, ...]], ...] = (
        ("scope", "sites", "exclude_sites", scope.sites, scope.exclude_sites),
        ("scope", "demand_regions", "exclude_demand_regions", scope.demand_regions, scope.exclude_demand_regions),
        ("racks", "allow", "exclude", racks.allow, racks.exclude),
        ("siting", "must_open", "must_not_open", siting.must_open, siting.must_not_open),
    )
    for block, listed, excluded, taken, left_out in pairs:
        for position, id_ in enumerate(left_out):
            if isinstance(taken, tuple) and id_ in taken:
                yield Finding(
                    (block, excluded, position),
                    f"{id_!r} is in {block}.{listed} and in {block}.{excluded}",
                    "in one of them",
                    "remove it from the other",
                )


def _classes(scenario: Scenario) -> Iterator[Finding]:
    for workload, figures in scenario.workloads.items():
        use, peak = figures.utilisation_frac, figures.peak_over_mean_frac
        if use is not None and peak is not None and use * peak > 1:
            yield Finding(
                ("workloads", workload, "peak_over_mean_frac"),
                f"utilisation_frac x peak_over_mean_frac of {workload} is {use * peak:g}",
                "at most 1",
                "racks cannot work above their full work: lower one of the two",
            )
        tight, bound = figures.tight_rtt_ms, figures.rtt_bound_ms
        if tight is not None and bound is not None and tight > bound:
            yield Finding(
                ("workloads", workload, "tight_rtt_ms"),
                f"tight_rtt_ms of {workload} is {tight:g}, above its rtt_bound_ms",
                f"at most {bound:g} [ms]",
                "tighten it, or set it to null for no tight bound",
            )


def _signed_ppas(scenario: Scenario) -> Iterator[Finding]:
    for name, signed in scenario.contracts.existing.items():
        keys = ("contracts", "existing", name)
        if name in scenario.contracts.ppa:
            yield Finding(
                keys,
                f"{name} is in contracts.existing and in contracts.ppa",
                "one name for each agreement",
                "rename one of the two",
            )
        if signed.last_year < signed.first_year:
            yield Finding(
                (*keys, "last_year"),
                f"last_year is {signed.last_year}, before first_year",
                f"{signed.first_year} or later",
                "exchange the two",
            )


def _openings(scenario: Scenario) -> Iterator[Finding]:
    siting = scenario.siting
    if siting.exactly_sites is not None and siting.at_most_sites is not None:
        yield Finding(
            ("siting", "at_most_sites"),
            "exactly_sites and at_most_sites are both given",
            "one of them",
            "remove one of the two",
        )
    for key, number in (("exactly_sites", siting.exactly_sites), ("at_most_sites", siting.at_most_sites)):
        if number is not None and not siting.whole_openings:
            yield Finding(
                ("siting", key),
                f"{key} is {number}, and siting.whole_openings is false",
                "given with siting.whole_openings: true, as fractional sites cannot count",
                f"set siting.whole_openings: true, or remove {key}",
            )
    most = siting.exactly_sites or siting.at_most_sites
    if most is not None and len(siting.must_open) > most:
        yield Finding(
            ("siting", "must_open"),
            f"{len(siting.must_open)} sites must open, and at most {most} may be open",
            f"at most {most} sites",
            "let more sites open, or shorten the list",
        )
