"""The program of a scenario with columns for racks by site and zone, and a limit of cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check import Verdict, check_inputs
from planner.lp import Index
from planner.lp.index import UNIT
from planner.model import build_model
from planner.model.money import objective_musd, penalty_musd
from planner.results.proof import read_proof
from planner.results.read import read_results
from planner.results.store import cleaned
from planner.studies.solve.asking import with_plan
from planner.studies.solve.at_plan import plan_session
from planner.studies.solve.checked_plan import verdict_on
from planner.studies.solve.failover import FailureCuts, site_outages
from planner.studies.solve.rounding import RULES, rounded
from planner.studies.solve.solves import STOPPED, Solves
from planner.studies.solve.whole_numbers import find_plan

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.check.checked_inputs import CheckedInputs
    from planner.inputs.prepared import PreparedScenario
    from planner.lp import Expression, Outcome
    from planner.lp.outcome import Method
    from planner.studies.solve.asking import Asking

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
        proof = read_proof(model.problem, plan)
        return verdict_on(scenario, inputs, results, plan, proof, checked=self._checked)

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
