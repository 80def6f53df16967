"""What is found of a scenario without a plan beside its rows: what is short, and settings that are tried."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from planner.base.units import HOURS_PER_YEAR
from planner.base.words import amount, round_down
from planner.family.table_columns import sum_at
from planner.inputs.build import Cell, PreparedScenario
from planner.limits import moved_by
from planner.limits.limit import ProposedChange, lead_key, site_key, without_new_halls
from planner.scenario import Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from planner.inputs.inputs import Inputs

# --- What can be found without a solve: users whom nothing can serve ------------------------------
#
# A necessary condition, so a scenario that has a plan passes it. How many MW of a limit are short is
# what relaxing it finds, exactly.


@dataclass(frozen=True)
class Shortage:
    """Users of a year whom no plan can serve."""

    place: dict[str, str]  # where and when, by labels
    needed: float  # the nearest round trip and the bound on it, or what is asked for and what can be served
    there_is: float
    unit: str  # unit of both
    words: str  # the same as a sentence


def shortages(question: PreparedScenario) -> tuple[Shortage, ...]:
    """Compare demand that may not go unmet with reach, year by year."""
    p = question.inputs
    return () if p.demand.unmet.size else tuple(_out_of_reach(p))


def _out_of_reach(p: Inputs) -> Iterator[Shortage]:
    """Users that no site can serve in a year, whom no cloud serves either."""
    demand, lever, shape = p.demand.demand, p.levers.adopted, (len(p.sets.workload), len(p.sets.year))
    saving: Any = (lever["workload"], lever["year"])
    saved_frac = sum_at(shape, saving, p.levers.saving_frac * p.levers.max_adoption_frac)
    has_way = saved_frac[demand["workload"], demand["year"]] >= 1.0
    for over in (p.demand.served, p.rent.rented):
        has_way[demand.find(over)] = True
    keyed = p.demand.no_route.set_index(["region", "workload"])
    nearest = keyed[["nearest_site", "nearest_rtt_ms", "bound_ms"]].apply(tuple, axis=1).to_dict()
    route = set(zip(p.demand.route.labels("region"), p.demand.route.labels("workload"), strict=True))
    for i in np.flatnonzero(~has_way).tolist():
        region, workload, year = demand.tuples(i)
        kh100e = float(p.demand.demand_kh100e[i])
        place = {"region": region, "workload": workload, "year": year}
        who = f"{workload} of {region} in {year} ({amount(kh100e)} kH100e)"
        if (region, workload) in nearest:
            site, rtt, bound = nearest[region, workload]
            if rtt > bound:
                words = f"{who}: no site within {amount(bound)} ms; the nearest, {site}, is at {rtt:.1f} ms"
                yield Shortage(place, rtt, bound, "ms", words)
                continue
        why = (
            "sites in reach have no racks for it in that year: new halls and racks come too late, "
            "or none of a kind that it admits"
            if (region, workload) in route
            else "no site in reach that its residency admits"
        )
        yield Shortage(place, kh100e, 0.0, "kH100e", f"{who}: {why}")


# --- Changes that no row can tell: lead times, latency, rates of use, rules that are on or off ----

_MOST_MONTHS: Final = 60
_MOST_RTT_MS: Final = 400
_SITES_TRIED: Final = 3
_PERMIT_STEPS: Final = 1000
_TARGET_STEP: Final = 0.1  # [% points]

_BLOCK_STEPS: Final = 100
_Step = tuple[str, Any, float]
_Label = TypeVar("_Label", str, int)


@dataclass(frozen=True)
class Search:
    """A setting that is tried at several values, the mildest first."""

    name: str  # what is relaxed, in words
    unit: str  # unit of the steps
    # rules of the model whose limits it moves, as a conflict names them; empty where it widens what there is to choose
    # from
    rules: tuple[str, ...]
    steps: Sequence[float]  # sizes of the change, growing: what one step makes possible the next one does too
    change: Callable[[float], ProposedChange]  # from a step to the change


def least(search: Search, is_enough: Callable[[ProposedChange], bool]) -> tuple[float, ProposedChange] | None:
    """Find the smallest step that is enough, by halving."""
    steps = search.steps
    if not steps or not is_enough(search.change(steps[-1])):
        return None
    at = bisect_left(steps, True, 0, len(steps) - 1, key=lambda step: is_enough(search.change(step)))
    return steps[at], search.change(steps[at])


def searches(question: PreparedScenario, workloads: Sequence[str], sites: Sequence[str]) -> Iterator[Search]:
    """List what is worth trying."""
    for tried in (_switches, _siting, _blocks, _failover, _permits, _clean):
        yield from tried(question)
    yield from (*_latency(question, workloads), *_leads(question, sites), _earlier(question))


def _switches(question: PreparedScenario) -> Iterator[Search]:
    """Rules that are on, or ways out that are off."""
    s = question.scenario
    shed, standby = s.grid.non_firm.shed, s.supply.standby
    # Ways out move no limit: they widen what there is to choose from.
    ways_out: tuple[tuple[bool, str, str, Any], ...] = (
        (s.demand.unmet == "forbid", "let demand stay unmet", "demand.unmet", "allow"),
        (not s.rent.allow, "rent compute", "rent.allow", True),
        (not s.lease.allow, "lease halls", "lease.allow", True),
        (not s.retrofit.allow, "retrofit halls", "retrofit.allow", True),
        (not s.cascade.allow, "move racks from training to inference", "cascade.allow", True),
    )
    hourly, shedding = s.contracts.matching.mode == "hourly", "grid.non_firm.shed"
    rules: tuple[tuple[bool, str, str, Any], ...] = (
        (not s.build.committed, "count halls under construction", "build.committed", True),
        (s.deliveries.limit, "do without the limits of vendors", "deliveries.limit", False),
        (s.siting.whole_openings, "relax whole openings", "siting.whole_openings", False),
        (s.racks.whole, "relax whole racks", "racks.whole", False),
        (s.supply.whole_sources, "build on-site technologies of any size", "supply.whole_sources", False),
        (shed.allow, "shed load in any stress hour", f"{shedding}.max_hours_per_year", 8760.0),
        (shed.allow, "shed any share of the energy of a site", f"{shedding}.max_energy_frac", 1.0),
        (s.water.limit, "do without the water limits", "water.limit", False),
        (s.water.stress_limits, "do without permits by water stress", "water.stress_limits", False),
        (hourly, "count clean power by the year", "contracts.matching.mode", "annual"),
    )
    for of in (ways_out, rules):
        for is_tried, words, key, value in of:
            if is_tried:
                yield _only(words, moved_by(key) if of is rules else (), Setting(tuple(key.split(".")), value))
    if standby.allow:
        hours = ("supply", "override", standby.source_id, "max_hours_per_year")
        rules_of = moved_by("supply.override.{source}.max_hours_per_year")
        yield _only("run standby generators in any hour", rules_of, Setting(hours, None))


def _only(words: str, rules: tuple[str, ...], setting: Setting) -> Search:
    """Return what is done or not: a search of one step."""
    return Search(words, "-", rules, (1.0,), lambda _: ProposedChange((words,), (setting,)))


def _stepped(
    name: str, unit: str, rules: tuple[str, ...], most: int, key: tuple[str, ...], of: Callable[[float], _Step]
) -> Search:
    """Return a setting that moves by 1, 2, 3 and so on; `of` a step are its words, its value and its share."""

    def change(step: float) -> ProposedChange:
        words, value, share = of(step)
        return ProposedChange((words,), (Setting(key, value),), share=share)

    return Search(name, unit, rules, [1.0 * step for step in range(1, most + 1)], change)


def _siting(question: PreparedScenario) -> Iterator[Search]:
    """Halls of any size, more sites, sites that may open after all, or need not, or may grow."""
    siting = question.scenario.siting
    if siting.phase_mw is not None:
        any_size = Setting(("siting", "phase_mw"), None)
        yield _only("commission halls of any size", moved_by("siting.phase_mw"), any_size)
    sites = len(question.inputs.sets.site)
    for key, now in (("at_most_sites", siting.at_most_sites), ("exactly_sites", siting.exactly_sites)):
        if now is not None:

            def more(step: float, now: int = now) -> _Step:
                return f"+{step:.0f} sites open", now + int(step), step / now

            yield _stepped("number of sites", "sites", moved_by(f"siting.{key}"), sites - 1, ("siting", key), more)
    for key, words in (("must_not_open", "may open after all"), ("must_open", "need not open")):
        listed: tuple[str, ...] = getattr(siting, key)
        for site in listed:
            kept = tuple(other for other in listed if other != site)
            yield _only(f"{site} {words}", moved_by(f"siting.{key}"), Setting(("siting", key), kept))
    in_scope = question.inputs.sets.site.labels
    for site in without_new_halls(question.scenario):
        if site in in_scope:
            setting = Setting(site_key(question.scenario, site, "new_halls"), True)
            yield _only(f"allow new halls at {site}", moved_by("sites.{site}.new_halls"), setting)


def _blocks(question: PreparedScenario) -> Iterator[Search]:
    """Smaller blocks, workload by workload: by one hundredth after the other."""
    p, labels = question.inputs.siting, question.inputs.sets.workload.labels
    for code in np.unique(p.block["workload"]):
        workload, now = labels[code], float(p.block_mw[p.block["workload"] == code][0])

        def smaller(step: float, workload: str = workload, now: float = now) -> _Step:
            block_mw = round_down(now * (1.0 - step / _BLOCK_STEPS), 3)
            return f"a block of at most {amount(block_mw)} MW of {workload}", block_mw, step / _BLOCK_STEPS

        rules, key = moved_by("siting.block_mw.{workload}"), ("siting", "block_mw", workload)
        yield _stepped(f"block of {workload}", "% of the block", rules, _BLOCK_STEPS - 1, key, smaller)


def _failover(question: PreparedScenario) -> Iterator[Search]:
    """No failover for a workload that asks for it."""
    in_scope = question.inputs.sets.workload.labels
    for workload, figures in question.scenario.workloads.items():
        if figures.failover and workload in in_scope:
            setting = Setting(("workloads", workload, "failover"), False)
            without = _only(f"no failover for {workload}", moved_by("workloads.{workload}.failover"), setting)
            yield replace(without, name=f"failover of {workload}")


def _permits(question: PreparedScenario) -> Iterator[Search]:
    """More water per MW, in basins of one class or of all; a site's halls could grow too, so no row says which."""
    p = question.inputs.carbon
    classes = np.asarray(p.stress_class, dtype=np.str_)[p.water_permit["site"]]
    now = dict(zip(classes.tolist(), p.water_permit_m3_per_mw.tolist(), strict=True))
    if not now:
        return
    # No hall evaporates more in a year than its thirstiest hour would, all year.
    most = float(question.inputs.power.wue_l_per_kwh.max()) * HOURS_PER_YEAR
    column = "limit_m3_per_mw_per_year"

    def change(more_m3: float, names: tuple[str, ...]) -> ProposedChange:
        words = tuple(
            f"+{amount(more_m3)} m3 a year of water per MW of halls in basins of class {name}" for name in names
        )
        cells = tuple(Cell("water_classes", column, {"stress_class": name}, now[name] + more_m3) for name in names)
        share = max(more_m3 / now[name] if now[name] else np.inf for name in names)
        return ProposedChange(words, (), cells, share)

    for title, names in _all_and_each("water permits", {name: f"of class {name}" for name in now}):
        whole = most - min(now[name] for name in names)
        steps = [whole * step / _PERMIT_STEPS for step in range(1, _PERMIT_STEPS + 1)]
        if whole > 0.0:
            more = partial(change, names=names)
            yield Search(title, "m3/MW", moved_by("table water_classes"), steps, more)


def _clean(question: PreparedScenario) -> Iterator[Search]:
    """A lower clean target: by the same points in every year, or while one figure of it holds."""
    target = question.scenario.contracts.matching.target_frac
    if target is None:
        return
    path = dict(target) if isinstance(target, Mapping) else {question.inputs.years.years[0]: target}
    keys = ("contracts", "matching", "target_frac")
    when = _held_words(tuple(path))

    def change(points: float, years: tuple[int, ...]) -> ProposedChange:
        less = points / 100.0
        lower = {y: max(0.0, round(old - less * (y in years), 6)) for y, old in path.items()}
        words = tuple(
            f"-{amount(100 * (path[year] - lower[year]))} % points of clean energy {when[year]}" for year in years
        )
        share = max((path[y] - lower[y]) / path[y] for y in years)
        return ProposedChange(words, (Setting(keys, lower),), share=share)

    for title, years in _all_and_each(
        "clean target", {year: when[year] for year, share in path.items() if share > 0.0}
    ):
        most = math.ceil(100.0 * max(path[year] for year in years) / _TARGET_STEP)
        steps = [_TARGET_STEP * step for step in range(1, most + 1)]
        less = partial(change, years=years)
        yield Search(title, "% points", moved_by(".".join(keys)), steps, less)


def _all_and_each(title: str, words: Mapping[_Label, str]) -> Iterator[tuple[str, tuple[_Label, ...]]]:
    """List what is moved together: all of some things, then each alone where there are several."""
    if words:
        yield title, tuple(words)
    if len(words) > 1:
        yield from ((f"{title} {of}", (one,)) for one, of in words.items())


def _held_words(years: tuple[int, ...]) -> dict[int, str]:
    """Say when the figure of every year of a path holds: until the next, the last from then on."""
    words = {
        year: f"in {year}" if after == year + 1 else f"from {year} to {after - 1}" for year, after in pairwise(years)
    }
    return words | {years[-1]: f"from {years[-1]} on"}


def _latency(question: PreparedScenario, workloads: Sequence[str]) -> Iterator[Search]:
    """Longer round trips for workloads that conflict."""
    bound = question.inputs.workloads.set_index("workload")["rtt_bound_ms"]
    for workload in workloads:
        now = float(bound[workload])

        def change(step: float, workload: str = workload, now: float = now) -> _Step:
            return f"+{amount(step)} ms of round trip for {workload}", now + step, step / now

        most, key = max(1, _MOST_RTT_MS - math.floor(now) - 1), ("workloads", workload, "rtt_bound_ms")
        yield _stepped(f"latency of {workload}", "ms", (), most, key, change)


def _leads(question: PreparedScenario, sites: Sequence[str]) -> Iterator[Search]:
    """Shorter lead times, everywhere or at one site."""
    delay = question.scenario.lead_times.delay_months
    lead = question.inputs.halls.lead
    longest = int(lead["months"].max()) if len(lead) else _MOST_MONTHS
    most = min(_MOST_MONTHS, longest)

    def everywhere(step: float) -> _Step:
        return f"-{amount(step)} months of lead time everywhere", delay - step, step / max(longest, 1)

    key: tuple[str, ...] = ("lead_times", "delay_months")
    yield _stepped("lead times", "months", moved_by("lead_times.delay_months"), most, key, everywhere)
    of_site = lead.drop_duplicates("site").set_index("site")  # alike for all designs
    for site in [site for site in sites if site in of_site.index][:_SITES_TRIED]:
        now = float(of_site["months"][site])

        def here(step: float, site: str = site, now: float = now) -> _Step:
            return f"-{amount(step)} months of lead time at {site}", max(0.0, now - step), step / now

        key = lead_key(question.scenario, site, str(of_site["by"][site]))
        rules = moved_by(f"sites.{{site}}.{key[-1]}")
        yield _stepped(f"lead time at {site}", "months", rules, min(most, math.ceil(now)), key, here)


def _earlier(question: PreparedScenario) -> Search:
    """Decisions that are taken sooner, which racks need as well as halls."""
    start = question.scenario.decisions_start

    def earlier(step: float) -> _Step:
        months = start.year * 12 + start.month - 1 - int(step)
        day = date(months // 12, months % 12 + 1, min(start.day, 28)).isoformat()
        return f"{amount(step)} months earlier: decisions from {day} on", day, step / _MOST_MONTHS

    rules = moved_by("decisions_start")
    return _stepped("start of decisions", "months", rules, _MOST_MONTHS, ("decisions_start",), earlier)
