"""Plans that cost little more than the least: how far they differ, and plans that differ most."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem
from planner.check import Verdict, check_inputs
from planner.inputs.build import PreparedScenario
from planner.lp import Index
from planner.lp.index import UNIT
from planner.model import build_model
from planner.model.money import objective_musd, penalty_musd
from planner.outputs.study_files import PLANS, RANGES, Alternatives
from planner.results.proof import read_proof
from planner.results.read import read_results
from planner.results.store import cleaned
from planner.scenario import Scenario, load_scenario
from planner.studies.solve.asking import Asking, Pace, with_plan
from planner.studies.solve.at_plan import plan_session
from planner.studies.solve.checked_plan import verdict_on
from planner.studies.solve.failover import FailureCuts, site_outages
from planner.studies.solve.rounding import RULES, rounded
from planner.studies.solve.solves import STOPPED, Solves
from planner.studies.solve.whole_numbers import find_plan

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from planner.base.arrays import Floats
    from planner.check.all_checks import CheckedInputs
    from planner.lp import Expression, Outcome
    from planner.lp.outcome import Method
    from planner.scenario import Changes

# --- The program of a scenario with columns for racks by site and zone, and a limit of cost -------

_SITE: Final = "racks_at_site_mw"
_ZONE: Final = "racks_in_zone_mw"
_EXTRA: Final = "extra_cost_musd"
_LARGE: Final = 100_000
"""Coefficients from which on each solve of the whole starts from nothing: a plan at one end says
little about one at another. Of `us-base`, with 453,000, simplex was given up each time, after as
long as interior point takes."""
_SAME: Final = 1e-6
"""By how much a level may be missed so that rounding leaves a plan. [-]"""


class NearOptimal:
    """Plans of a scenario within a limit of cost, one direction after the other.

    The measures are columns, so that only their bounds and costs move between solves. What is
    found in a direction is solved again for least cost at that end: a plan that only seeks a
    direction pays for peaks and contracts that it has no use for.
    """

    def __init__(self, question: PreparedScenario, ask: Asking) -> None:
        self._question, self._ask = question, ask
        self.model = build_model(question.inputs)
        model, problem = self.model, self.model.problem
        self._cost, self._penalty = objective_musd(model), penalty_musd(model)
        self.has_integers = problem.isMIP()
        self._cuts = FailureCuts.where_asked(question.scenario, model)
        self._checked: CheckedInputs | None = None
        ask.report_stage("Solving: the plan of least cost")
        solver = question.scenario.solver
        session = plan_session(problem, solver, ends_at_gap=False)
        best = find_plan(model, session, solver, cuts=self._cuts, interrupt=ask.interrupt)
        self.best = self._good(best)
        sets = model.p.sets
        is_last = model.p.sites.site_year["year"] == len(sets.year) - 1
        at_site = model.nameplate_mw.select(is_last, "site_in_last_year")
        site = Index.full("site", sets.site)
        self._site = problem.variable(_SITE, site)
        problem.rows("racks_at_site", self._site == at_site.sum_to(site))
        zone = Index.full("zone", sets.zone)
        self._zone = problem.variable(_ZONE, zone)
        in_zone = self._site.map(zone, np.arange(site.size), np.asarray(sets.site_zone))
        problem.rows("racks_in_zone", self._zone == in_zone)
        self._extra = problem.variable(_EXTRA, UNIT)
        problem.rows("near_optimal", self._cost <= self._extra.total() + self.best.objective)
        if model.unmet.over.size:  # or plans would differ by what they do not serve
            unmet = model.unmet.total()
            most = float(unmet.value(self.best.x)[0])
            problem.rows("held_unmet", unmet <= most + _SAME * max(most, _SAME))
        self.best_mw = _racks(at_site.sum_to(site), self.best)
        self._session = plan_session(problem, solver, ends_at_gap=False)
        self._objective: Expression | None = self._cost
        self._is_large = problem.matrix().value.size > _LARGE
        self._last = {"site": problem.column_block(_SITE).start, "zone": problem.column_block(_ZONE).start}

    def place(self, by: str) -> tuple[str, ...]:
        """Return the ids of all sites or zones."""
        return (self._site if by == "site" else self._zone).over.axes[0].labels

    def of_place(self, by: str, site_mw: Floats) -> Floats:
        """Add up MW by site to those by place. [MW]"""
        if by == "site":
            return site_mw
        zones = self.model.p.sets.site_zone
        return np.asarray(np.bincount(zones, site_mw, minlength=self._zone.over.size), np.float64)

    def site_mw(self, outcome: Outcome) -> Floats:
        """Return the racks of a solution by site. [MW]"""
        return _racks(self._site, outcome)

    def penalty_musd(self, outcome: Outcome) -> float:
        """Return what of the cost of a solution is the penalty of unmet demand. [MUSD]"""
        return float(cleaned(self._penalty.value(outcome.x))[0])

    def extreme(self, by: str, at: int, sign: float, extra_musd: float, what: str) -> Outcome:
        """Find the least (sign 1) or the most (-1) of a place within a limit of extra cost."""
        column = self._site if by == "site" else self._zone
        weights = np.zeros(column.over.size)
        weights[at] = sign
        return self._towards((column * weights).total(), extra_musd, what)

    def away_from(self, weights: Floats, extra_musd: float, what: str) -> Outcome:
        """Find the solution with the least of weighted racks by site within extra cost."""
        return self._towards((self._site * weights).total(), extra_musd, what)

    def cheapest(self, bounds: dict[tuple[str, int], tuple[float, float]], what: str) -> Outcome | None:
        """Find the plan of least cost with racks of places within bounds, integers whole."""
        lower, upper = self._bounds()
        for (by, at), (least, most) in bounds.items():
            column = self._last[by] + at
            lower[column], upper[column] = least, most
        self._minimise(self._cost)
        self._ask.report_stage(f"Solving: the plan of least cost there, {what}")
        # Of a site that is held at nothing, 1e-6 MW would be left, and break rules of the check.
        found = self._within(lower, upper, strictly=True)
        if found.status == "infeasible":  # what lies within tolerances of a solve is no plan
            return None
        found = self._good(found)
        if not self.has_integers:
            return found
        columns = self.model.problem.columns()
        for rule in RULES:
            whole = rounded(self.model, found.x, rule)[columns.integer]
            for low, high in ((lower, upper), self._bounds()):  # its racks too, or openings alone
                fixed_low, fixed_high = low.copy(), high.copy()
                fixed_low[columns.integer] = fixed_high[columns.integer] = whole
                outcome = self._within(fixed_low, fixed_high, strictly=True)
                if outcome.status == "optimal":
                    return outcome
        return None

    def verdict(self, outcome: Outcome) -> Verdict:
        """Check a plan as `dcplan solve` checks its own; nothing is claimed of its optimality."""
        # Of the program it is a plan like any other, of which no bound is known.
        plan = replace(outcome, status="time_limit", has_duals=False, dual_bound=-np.inf, gap=np.inf)
        model, scenario = self.model, self._question.scenario
        inputs = model.p if self._cuts is None else self._cuts.inputs
        if self._checked is None or not self._checked.is_of(scenario, inputs):
            self._checked = check_inputs(scenario, inputs)
        results = read_results(model, plan, site_outages(model, plan))
        return verdict_on(scenario, inputs, results, plan, read_proof(model.problem, plan), checked=self._checked)

    def _towards(self, objective: Expression, extra_musd: float, what: str) -> Outcome:
        lower, upper = self._bounds()
        upper[self.model.problem.column_block(_EXTRA).start] = extra_musd
        self._minimise(objective)
        self._ask.report_stage(f"Solving: {what}")
        return self._good(self._within(lower, upper))

    def _bounds(self) -> tuple[Floats, Floats]:
        columns = self.model.problem.columns()
        return columns.lower.copy(), columns.upper.copy()

    def _minimise(self, objective: Expression) -> None:
        if objective is not self._objective:
            self.model.problem.minimise(objective)
            self._session.update(self.model.problem)
            self._objective = objective

    def _within(self, lower: Floats, upper: Floats, *, strictly: bool = False) -> Outcome:
        solver, interrupt = self._question.scenario.solver, self._ask.interrupt
        solves = Solves(self.model, self._session, solver, self._cuts, None, interrupt)
        method: Method = "ipx" if self._is_large and not self._session.has_pieces else "auto"
        outcome = solves.solve_within(lower, upper, method=method, strictly=strictly)
        if outcome.status in STOPPED:
            self._good(outcome)
        return outcome

    def _good(self, outcome: Outcome) -> Outcome:
        return with_plan(outcome, self._question.scenario.name, "alternatives were found")


def _racks(expression: Expression, outcome: Outcome) -> Floats:
    """Return MW of a solution without numerical noise, which may be negative. [MW]"""
    return np.maximum(cleaned(expression.value(outcome.x)), 0.0)


# --- Plans that cost little more than the least: how far they differ, and plans that differ most ---

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
    scenario : str, Path or Scenario
        A file, the name of a shipped scenario, or one already loaded.
    overrides : sequence of str or dict
        Settings as after ``--set``, or a dict of them.
    slacks : sequence of float
        How much more plans may cost, as shares of the plan's cost. [-]
    of : sequence of str
        Whose least and most MW is looked for: ``site``, ``zone`` or both.
    different : int
        For each slack, how many plans to find that differ most from those found so far; fewer
        where the next one would be one of these.
    plans : bool
        Make a plan for each end of a range, too; without, ranges take less than half as long.
    on_stage : callable, optional
        Called with each solve.
    interrupt : threading.Event, optional
        Set it to stop.

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
    wrong = [slack for slack in slacks if not 0.0 < slack < np.inf]
    if wrong or not slacks:
        found = f"a slack is {wrong[0]:g}" if wrong else "no slack is given"
        raise InputError([Problem.of("--slack", found, "shares of cost above 0")])
    twice = [slack for slack, count in Counter(slacks).items() if count > 1]
    if twice:
        found = f"{100.0 * twice[0]:g} % is given more than once"
        raise InputError([Problem.of("--slack", found, "each percentage once")])
    unknown = [kind for kind in of if kind not in _KINDS]
    if unknown:
        raise InputError([Problem.of("--of", f"it is {unknown[0]!r}", " or ".join(_KINDS))])
    if different < 0:
        raise InputError([Problem.of("--different", f"it is {different}", "0 or more")])
    scenario = load_scenario(scenario, overrides)
    question = PreparedScenario.from_scenario(scenario)
    ask = Asking(on_stage or (lambda _: None), interrupt)
    kinds, shares = tuple(dict.fromkeys(of)), sorted(slacks)
    return _Search(question, ask, shares, kinds, different, plans=plans).all()


class _Search:
    """Alternatives found so far."""

    def __init__(
        self,
        question: PreparedScenario,
        ask: Asking,
        slacks: Sequence[float],
        of: tuple[str, ...],
        different: int,
        *,
        plans: bool,
    ) -> None:
        self._with_plans = plans
        self._question, self._slacks, self._of, self._different = question, slacks, of, different
        self._near = NearOptimal(question, ask)
        self._report = ask.report_stage
        self._ranges: list[tuple[object, ...]] = []
        self._plans: list[tuple[object, ...]] = []
        self._mw: list[Floats] = [self._near.best_mw]
        self._not_found = 0
        places = sum(len(self._near.place(by)) for by in of)
        self._total = len(slacks) * (2 * places + different)
        self._done, self._pace = 0, Pace()

    def all(self) -> Alternatives:
        near = self._near
        for slack in self._slacks:
            for by in self._of:
                self._extremes(slack, by)
            self._differ(slack)
        self._report(f"All {self._total} directions are solved; {len(self._plans)} plans found")
        sites = pd.DataFrame(
            np.array(self._mw).T,
            index=pd.Index(near.place("site"), name="site"),
            columns=[str(number) for number in range(len(self._mw))],
        )
        return Alternatives(
            self._question.scenario.name,
            near.best.objective,
            near.best.dual_bound,
            int(self._question.inputs.years.years[-1]),
            pd.DataFrame(self._ranges, columns=list(RANGES)),
            pd.DataFrame(self._plans, columns=list(PLANS)),
            sites,
            near.has_integers,
            self._not_found,
        )

    def _extremes(self, slack: float, by: str) -> None:
        near, extra = self._near, self._extra(slack)
        own = near.of_place(by, near.best_mw)
        for at, place in enumerate(near.place(by)):
            ends = []
            for kind, sign in (("least", 1.0), ("most", -1.0)):
                outcome = near.extreme(by, at, sign, extra, self._what(slack, kind, place))
                end = float(near.of_place(by, near.site_mw(outcome))[at])
                ends.append(end)
                if not self._with_plans:
                    self._done += 1
                    continue
                low, high = _about(end)
                bounds: _Bounds = {(by, at): (0.0, high) if sign > 0.0 else (low, np.inf)}
                self._take(slack, kind, by, place, bounds)
            least, most = ends
            in_plans = "all" if least > _NOTHING_MW else "some" if most > _NOTHING_MW else "none"
            self._ranges.append((slack, by, place, float(own[at]), least, most, in_plans))

    def _differ(self, slack: float) -> None:
        near, extra = self._near, self._extra(slack)
        found = [near.best_mw]
        for number in range(1, self._different + 1):
            together = np.sum(found, axis=0)
            weights = together / max(float(together.max()), _SAME)
            outcome = near.away_from(weights, extra, self._what(slack, "different", str(number)))
            mw = near.site_mw(outcome)
            if any(np.abs(mw - one).max() < _NOTHING_MW for one in found):
                self._done += self._different + 1 - number
                break  # nothing differs more from what there is
            bounds: _Bounds = {("site", at): _about(one) for at, one in enumerate(mw.tolist())}
            taken = self._take(slack, "different", "", str(number), bounds)
            found.append(mw if taken is None else near.site_mw(taken))

    def _take(self, slack: float, kind: str, by: str, place: str, bounds: _Bounds) -> Outcome | None:
        """Make a plan of an end of a direction, check it and keep it."""
        near = self._near
        plan = near.cheapest(bounds, self._what(slack, kind, place))
        self._done += 1
        limit = near.best.objective + self._extra(slack)
        if plan is None or plan.objective > limit + _SAME * abs(limit):
            self._not_found += 1
            return None
        mw = near.site_mw(plan)
        cost = near.best.objective
        more = (plan.objective - cost) / abs(cost) if cost else np.nan
        self._mw.append(mw)
        self._plans.append(
            (
                len(self._mw) - 1,
                slack,
                kind,
                by,
                place,
                plan.objective,
                float(cleaned(np.asarray(more))),
                near.penalty_musd(plan) - near.penalty_musd(near.best),
                float(np.abs(cleaned(mw - near.best_mw)).sum()) / 2.0,
                near.verdict(plan).ok,
            )
        )
        return plan

    def _extra(self, slack: float) -> float:
        return abs(self._near.best.objective) * slack

    def _what(self, slack: float, kind: str, place: str) -> str:
        before = min(self._done, self._total - 1)
        return f"{kind} {place} at {slack:.2%} ({self._pace.describe(before, self._total)})"


def _about(mw: float) -> tuple[float, float]:
    """Return a range around MW so that rounding leaves a plan; nothing stays nothing."""
    if mw < _ROUNDING_MW:
        return 0.0, 0.0
    return mw * (1.0 - _SAME), mw * (1.0 + _SAME)
