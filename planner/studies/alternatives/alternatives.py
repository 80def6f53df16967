"""Plans that cost little more than the least: how far they differ, and plans that differ most."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem
from planner.inputs.prepared import PreparedScenario
from planner.outputs.study_files import PLANS, RANGES, Alternatives
from planner.results.store import cleaned
from planner.scenario import Scenario, load_scenario
from planner.studies.alternatives.near import NearOptimal
from planner.studies.solve.asking import Asking, Pace

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from planner.base.arrays import Floats
    from planner.lp import Outcome
    from planner.scenario import Changes

SLACKS: Final = (0.01, 0.02, 0.05)
_KINDS: Final = ("zone", "site")
_NOTHING_MW: Final = 0.05
_SAME: Final = 1e-6  # relative
_ROUNDING_MW: Final = 1e-4
_Bounds = dict[tuple[str, int], tuple[float, float]]


def alternatives(
    scenario: str | Path | Scenario,
    *,
    slacks: Sequence[float] = SLACKS,
    of: Sequence[str] = _KINDS,
    different: int = 3,
    plans: bool = True,
    overrides: Changes = (),
    on_stage: Callable[[str], None] | None = None,
    interrupt: threading.Event | None = None,
) -> Alternatives:
    """Find plans that cost little more than the plan of least cost.

    Parameters
    ----------
    scenario : str, Path or Scenario
        A file, the name of a shipped scenario, or one already loaded.
    slacks : sequence of float
        How much more plans may cost, as shares of the plan's cost. [-]
    of : sequence of str
        Whose least and most MW is looked for: ``site``, ``zone`` or both.
    different : int
        For each slack, how many plans to find that differ most from those found so far; fewer
        where the next one would be one of these.
    plans : bool
        Make a plan for each end of a range, too; without, ranges take less than half as long.
    overrides : sequence of str or dict
        Settings as after ``--set``, or a dict of them.
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
