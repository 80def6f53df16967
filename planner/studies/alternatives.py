"""Plans that cost little more than the least: how far they differ, and plans that differ most."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import Problem, raise_all
from planner.inputs.build import PreparedScenario
from planner.lp import Expression, Index, Outcome
from planner.lp.index import UNIT
from planner.outputs.study_files import PLANS, RANGES, Alternatives
from planner.results.proof import read_proof
from planner.results.read import read_results
from planner.results.store import cleaned
from planner.scenario import Changes, Scenario, load_scenario
from planner.studies.solve.asking import Asking, Pace, WarmProgram, plan_session, with_plan
from planner.studies.solve.checked_plan import verdict_on
from planner.studies.solve.rounding import RULES, rounded
from planner.studies.solve.solves import STOPPED, site_outages
from planner.studies.solve.whole_numbers import find_plan

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from planner.base.arrays import Floats
    from planner.check import Verdict
    from planner.lp.outcome import Method

_LARGE: Final = 100_000
"""Coefficients from which on each solve of the whole starts from nothing: a plan at one end says
little about one at another. Of `us-base`, with 453,000, simplex was given up each time, after as
long as interior point takes."""
_SAME: Final = 1e-6
"""By how much a level may be missed so that rounding leaves a plan. [-]"""
SLACKS: Final = (0.01, 0.02, 0.05)
_KINDS: Final = ("zone", "site")
_NOTHING_MW: Final = 0.05
_ROUNDING_MW: Final = 1e-4
_Bounds = dict[tuple[str, int], tuple[float, float]]


def alternatives(
    scenario: str | Path | Scenario,
    overrides: Changes = (),
    *,
    slacks: Sequence[float] = SLACKS,
    of: Sequence[str] = _KINDS,
    different: int = 3,
    plans: bool = True,
    on_stage: Callable[[str], None] | None = None,
    interrupt: threading.Event | None = None,
) -> Alternatives:
    """Find plans that cost little more than the plan of least cost.

    Parameters
    ----------
    scenario, overrides, on_stage, interrupt
        As for `planner.solve`; the third is called with each solve.
    slacks : sequence of float
        How much more plans may cost, as shares of the plan's cost. [-]
    of : sequence of str
        Whose least and most MW is looked for: ``site``, ``zone`` or both.
    different : int
        For each slack, how many plans to find that differ most from those found so far; fewer
        where the next one would be one of these.
    plans : bool
        Make a plan for each end of a range, too; without, ranges take less than half as long.

    Returns
    -------
    Alternatives

    Raises
    ------
    InputError
        If the scenario cannot be used, a slack is not above 0 or is given twice, `of` names
        anything else, or `different` is negative.
    InfeasibleError
        If it has no plan.
    LimitReachedError, SolverError
        If a limit stopped it, or the solver failed.

    Notes
    -----
    Plans that differ most are found one after the other: each has the least of racks at sites that
    those before it use, each site weighted by the racks that they have there (modelling to generate
    alternatives: Brill, Chang and Hopkins 1982; with capacities as weights Lombardi et al. 2020). A
    direction is solved for its end, then for the least cost at that end. Unmet demand is held at
    its level in the plan.
    """
    wrong = [f"a slack is {one:g}" for one in slacks if not 0.0 < one < np.inf] + ["no slack is given"] * (not slacks)
    twice = [f"{100.0 * one:g} % is given more than once" for one, count in Counter(slacks).items() if count > 1]
    for option, found, must_be in (
        ("--slack", wrong, "shares of cost above 0"),
        ("--slack", twice, "each percentage once"),
        ("--of", [f"it is {kind!r}" for kind in of if kind not in _KINDS], " or ".join(_KINDS)),
        ("--different", [f"it is {different}"] * (different < 0), "0 or more"),
    ):
        raise_all([Problem.of(option, what_is, must_be) for what_is in found[:1]])
    scenario = load_scenario(scenario, overrides)
    question = PreparedScenario.from_scenario(scenario)
    search = _Search(question, Asking(on_stage or (lambda _: None), interrupt))
    return search.all(sorted(slacks), tuple(dict.fromkeys(of)), different, plans=plans)


class _Search(WarmProgram):
    """Plans of a scenario within a limit of cost, one direction after the other.

    The measures are columns, so that only their bounds and costs move between solves. What is found in a direction is
    solved again for least cost at that end: a plan that only seeks a direction pays for peaks and contracts that it has
    no use for.
    """

    def __init__(self, question: PreparedScenario, ask: Asking) -> None:
        super().__init__(question, ask.hooks)
        self._ask, model, problem = ask, self.model, self.model.problem
        self.has_integers = problem.has_integers
        ask.report_stage("Solving: the plan of least cost")
        solver = question.scenario.solver
        self.best = self._good(find_plan(model, self.session, solver, cuts=self.cuts, hooks=ask.hooks))
        sets = model.p.sets
        is_last = model.p.sites.site_year["year"] == len(sets.year) - 1
        at_site = model.nameplate_mw.select(is_last, "site_in_last_year")
        site, zone = Index.full("site", sets.site), Index.full("zone", sets.zone)
        of_site = problem.variable("racks_at_site_mw", site)
        problem.rows("racks_at_site", of_site == at_site.sum_to(site))
        of_zone = problem.variable("racks_in_zone_mw", zone)
        in_zone = of_site.map(zone, np.arange(site.size), np.asarray(sets.site_zone))
        problem.rows("racks_in_zone", of_zone == in_zone)
        self._racks = {"site": of_site, "zone": of_zone}
        self._extra_cost = problem.variable("extra_cost_musd", UNIT)
        problem.rows("near_optimal", self.cost <= self._extra_cost.total() + self.best.objective)
        if model.unmet.over.size:  # or plans would differ by what they do not serve
            unmet = model.unmet.total()
            most = float(unmet.value(self.best.x)[0])
            problem.rows("held_unmet", unmet <= most + _SAME * max(most, _SAME))
        self.best_mw = _mw(at_site.sum_to(site), self.best)
        self.session = plan_session(problem, solver, ends_at_gap=False)
        self._is_large = problem.matrix().value.size > _LARGE

    def place(self, by: str) -> tuple[str, ...]:
        """Return the ids of all sites or zones."""
        return self._racks[by].over.axes[0].labels

    def of_place(self, by: str, site_mw: Floats) -> Floats:
        """Add up MW by site to those by place. [MW]"""
        sets = self.model.p.sets
        return site_mw if by == "site" else np.bincount(sets.site_zone, site_mw, len(sets.zone)).astype(np.float64)

    def site_mw(self, outcome: Outcome) -> Floats:
        """Return the racks of a solution by site. [MW]"""
        return _mw(self._racks["site"], outcome)

    def towards(self, by: str, weights: Floats, extra_musd: float, what: str) -> Outcome:
        """Find the solution with the least of weighted racks by place within a limit of extra cost."""
        lower, upper = self.bounds()
        upper[self._extra_cost.first_column] = extra_musd
        self.minimise((self._racks[by] * weights).total())
        self._ask.report_stage(f"Solving: {what}")
        return self._good(self._within(lower, upper))

    def cheapest(self, bounds: dict[tuple[str, int], tuple[float, float]], what: str) -> Outcome | None:
        """Find the plan of least cost with racks of places within bounds, integers whole."""
        lower, upper = self.bounds()
        for (by, at), (least, most) in bounds.items():
            column = self._racks[by].first_column + at
            lower[column], upper[column] = least, most
        self.minimise(self.cost)
        self._ask.report_stage(f"Solving: the plan of least cost there, {what}")
        # Of a site that is held at nothing, 1e-6 MW would be left, and break rules of the check.
        found = self._within(lower, upper, strictly=True)
        if found.status == "infeasible":  # what lies within tolerances of a solve is no plan
            return None
        found = self._good(found)
        if not self.has_integers:
            return found
        integer = self.model.problem.columns().integer
        for rule in RULES:
            whole = rounded(self.model, found.x, rule)[integer]
            for low, high in ((lower.copy(), upper.copy()), self.bounds()):  # its racks too, or openings alone
                low[integer] = high[integer] = whole
                outcome = self._within(low, high, strictly=True)
                if outcome.status == "optimal":
                    return outcome
        return None

    def verdict(self, outcome: Outcome) -> Verdict:
        """Check a plan as `dcplan solve` checks its own; nothing is claimed of its optimality."""
        # Of the program it is a plan like any other, of which no bound is known.
        plan = replace(outcome, status="time_limit", has_duals=False, dual_bound=-np.inf, gap=np.inf)
        model, scenario = self.model, self.question.scenario
        results = read_results(model, plan, site_outages(model, plan))
        return verdict_on(scenario, model.p, results, plan, read_proof(model.problem, plan))

    def _within(self, lower: Floats, upper: Floats, *, strictly: bool = False) -> Outcome:
        method: Method = "ipx" if self._is_large and not self.session.has_pieces else "auto"
        outcome = self.solve(lower, upper, method=method, strictly=strictly)
        return self._good(outcome) if outcome.status in STOPPED else outcome

    def _good(self, outcome: Outcome) -> Outcome:
        return with_plan(outcome, self.question.scenario.name, "alternatives were found")

    def all(self, slacks: Sequence[float], of: tuple[str, ...], different: int, *, plans: bool) -> Alternatives:
        """Look in every direction."""
        self._ranges: list[tuple[object, ...]] = []
        self._plans: list[tuple[object, ...]] = []
        self._mw, self._not_found, self._done, self._pace = [self.best_mw], 0, 0, Pace()
        self._total = len(slacks) * (2 * sum(len(self.place(by)) for by in of) + different)
        for slack in slacks:
            for by in of:
                self._extremes(slack, by, plans=plans)
            self._differ(slack, different)
        self._ask.report_stage(f"All {self._total} directions are solved; {len(self._plans)} plans found")
        sites, numbers = pd.Index(self.place("site"), name="site"), map(str, range(len(self._mw)))
        return Alternatives(
            self.question.scenario.name,
            self.best.objective,
            self.best.dual_bound,
            int(self.question.inputs.years.years[-1]),
            pd.DataFrame(self._ranges, columns=list(RANGES)),
            pd.DataFrame(self._plans, columns=list(PLANS)),
            pd.DataFrame(np.array(self._mw).T, index=sites, columns=list(numbers)),
            self.has_integers,
            self._not_found,
        )

    def _extremes(self, slack: float, by: str, *, plans: bool) -> None:
        own, places = self.of_place(by, self.best_mw), self.place(by)
        for at, place in enumerate(places):
            ends = []
            for kind, sign in (("least", 1.0), ("most", -1.0)):
                weights = sign * (np.arange(len(places)) == at)
                outcome = self.towards(by, weights, self._extra(slack), self._what(slack, kind, place))
                ends.append(float(self.of_place(by, self.site_mw(outcome))[at]))
                if not plans:
                    self._done += 1
                    continue
                low, high = _about(ends[-1])
                self._take(slack, kind, by, place, {(by, at): (0.0, high) if sign > 0.0 else (low, np.inf)})
            least, most = ends
            in_plans = "all" if least > _NOTHING_MW else "some" if most > _NOTHING_MW else "none"
            self._ranges.append((slack, by, place, float(own[at]), least, most, in_plans))

    def _differ(self, slack: float, different: int) -> None:
        found = [self.best_mw]
        for number in range(1, different + 1):
            together = np.sum(found, axis=0)
            weights = together / max(float(together.max()), _SAME)
            what = self._what(slack, "different", str(number))
            mw = self.site_mw(self.towards("site", weights, self._extra(slack), what))
            if any(np.abs(mw - one).max() < _NOTHING_MW for one in found):
                self._done += different + 1 - number
                break  # nothing differs more from what there is
            bounds: _Bounds = {("site", at): _about(one) for at, one in enumerate(mw.tolist())}
            taken = self._take(slack, "different", "", str(number), bounds)
            found.append(mw if taken is None else self.site_mw(taken))

    def _take(self, slack: float, kind: str, by: str, place: str, bounds: _Bounds) -> Outcome | None:
        """Make a plan of an end of a direction, check it and keep it."""
        plan = self.cheapest(bounds, self._what(slack, kind, place))
        self._done += 1
        cost = self.best.objective
        limit = cost + self._extra(slack)
        if plan is None or plan.objective > limit + _SAME * abs(limit):
            self._not_found += 1
            return None
        mw = self.site_mw(plan)
        more = float(cleaned(np.asarray((plan.objective - cost) / abs(cost) if cost else np.nan)))
        penalty_musd = self.penalty_musd(plan) - self.penalty_musd(self.best)
        moved_mw = float(np.abs(cleaned(mw - self.best_mw)).sum()) / 2.0
        self._mw.append(mw)
        what = (len(self._mw) - 1, slack, kind, by, place)
        self._plans.append((*what, plan.objective, more, penalty_musd, moved_mw, self.verdict(plan).ok))
        return plan

    def _extra(self, slack: float) -> float:
        return abs(self.best.objective) * slack

    def _what(self, slack: float, kind: str, place: str) -> str:
        before = min(self._done, self._total - 1)
        return f"{kind} {place} at {slack:.2%} ({self._pace.describe(before, self._total)})"


def _mw(expression: Expression, outcome: Outcome) -> Floats:
    """Return MW of a solution without numerical noise, which may be negative. [MW]"""
    return np.maximum(cleaned(expression.value(outcome.x)), 0.0)


def _about(mw: float) -> tuple[float, float]:
    """Return a range around MW so that rounding leaves a plan; nothing stays nothing."""
    if mw < _ROUNDING_MW:
        return 0.0, 0.0
    return mw * (1.0 - _SAME), mw * (1.0 + _SAME)
