"""Orders before the futures are known, the rest after: one program over all of them.

The program of each future is built once by the one model. Side by side, with the orders that they
share, they are the stochastic program; alone they say what it would be worth to know; with the
orders of another plan they say what that plan costs in each future.
"""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import Problem, SolverError
from planner.base.pandas_texts import with_texts_as_objects
from planner.base.words import some
from planner.clock.days import float_year
from planner.inputs.build import PreparedScenario
from planner.lp.outcome import PROVEN_GAP_FRAC
from planner.outputs.answer import Answer
from planner.outputs.own_folder import RUNS_FOLDER, STOCHASTIC, STOCHASTIC_FILE, file_entry, require_own_folder
from planner.results.cost_difference import PlanCost
from planner.results.ended import worst_exit_code
from planner.results.read import read_results
from planner.runs.folder import write_run
from planner.runs.names import folder_of_file
from planner.studies.solve.asking import hear_warnings
from planner.studies.solve.solves import site_outages
from planner.studies.stochastic.extensive_form import FutureProgram
from planner.studies.stochastic.study import TOGETHER, Compared, OrderPlan, StochasticPrograms
from planner.studies.sweep import answers as kept
from planner.studies.sweep.answers import no_regret
from planner.studies.sweep.file import SweepFile, find_sweep
from planner.studies.sweep.futures import Sweep, inputs_of, read_sweep
from planner.studies.sweep.one import answer_of, lead_months, orders_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planner.base.arrays import Floats
    from planner.lp import Outcome, ProgressEvent
    from planner.runs.plan import Plan
    from planner.scenario import Changes, Scenario
    from planner.studies.stochastic.study import Planned

# --- What a stochastic program found: orders, costs by future, what it is worth to know; its files ---

TABLES: Final = ("decided", "costs", "plans", "worth", "futures", "results", "orders", "no_regret")
"""Tables of the folder, each a file."""


class Stochastic(Answer):
    """What is ordered before the futures are known, what follows in each, and what that is worth."""

    kind = STOCHASTIC
    fields = (
        *("name", "label", "question", "file", "scenario", "known_from"),
        *("cvar_weight", "cvar_tail", "is_relaxed", "sizes"),
    )
    saved = TABLES
    listed = ("decided", "left_out", "costs", "plans", "worth", "futures", "no_regret")

    def __init__(self, sweep: Sweep, study: StochasticPrograms, found: Compared, planned: Planned) -> None:
        """Make the tables of what was found, and of the plans with the orders that all futures can have."""
        file, risk, weights = sweep.file, study.uncertainty.risk, study.weights
        names = [future.name for future in study.futures]
        ordered, runs, left_out = planned
        answers = {name: answer_of(name, plan) for name, plan in runs.items()}
        # name of the file, its title, and the question that it answers; empty where it has none
        self.name, self.label, self.question = file.name, file.title, file.question
        self.file = file_entry(file.path, file.sha256)  # where it is, its hash, and whether it ships
        self.scenario = file.draft.name  # name of the base scenario
        self.known_from = study.uncertainty.known_from  # year from which on it is known which future comes
        self.cvar_weight = risk.weight  # how much bad futures count; 0 for the expected cost
        # share of all likelihood that is the worst futures; None where no CVaR is asked for
        self.cvar_tail = risk.tail if risk.is_asked else None
        # whether the futures have integers, which costs, regrets and worths leave out
        self.is_relaxed = study.has_integers
        self.sizes: Mapping[str, int] = found.sizes  # rows, columns and nonzeros of the program of all futures
        self.runs: Mapping[str, Plan] = runs  # the checked plan of each future
        # what was rounded to an order that is not feasible in every future, and so is not ordered; without rows where
        # there is none
        self.left_out = pd.DataFrame(left_out, columns=["kind", "site", "item"], dtype=object)
        # a row per order: kind, site, item, order_by [year], committed (the year in which halls that are under way come
        # in; missing of others), unit; ``ordered`` in the checked plans, ``least`` and ``most`` that any future alone
        # would order at that date, and ``minimax_regret``, what the plan of least greatest regret orders
        self.decided = _decided(study, found, ordered)
        # a row per plan and future: plan, future, weight, cost_musd, regret_musd, and what of each is the penalty of
        # unmet demand: penalty_musd, regret_penalty_musd; missing where the orders of the plan leave none in the future
        costs = pd.concat([_costs(study, plan, found) for plan in found.plans], ignore_index=True)
        self.costs = costs.replace(np.inf, np.nan)
        # a row per plan: expected_musd, penalty_musd (of that), cvar_musd (where a CVaR is asked for), objective_musd,
        # greatest_regret_musd
        self.plans = _plans(study, found.plans, costs)
        # measure, value_musd, penalty_musd (of that): wait_and_see, stochastic, single_future, evpi, vss, and plans:
        # the objective at the cost of the checked plans, with integers where futures have them
        of_runs = [PlanCost.from_stored(runs[name].run.meta, runs[name].costs) for name in names]
        self.worth = _worth(study, found, of_runs)
        # a row per future: weight, cost alone and with the orders, regret, what of each is penalty, and of the plan
        # with integers its status, cost, penalty, gap, verdict and run
        alone = {"weight": weights, "alone_musd": found.least, "alone_penalty_musd": found.least_penalties}
        of_plan = {"objective_musd": "plan_musd", "penalty_musd": "plan_penalty_musd"}
        kinds = ["status", *of_plan, "gap_frac", "checked", "rules", "broken", "run"]
        solved = kept.futures(sweep.questions, answers)[kinds].rename(columns=of_plan)
        of_orders = _costs(study, found.stochastic, found).drop(columns=["plan", "future", "weight"])
        self.futures = pd.concat([pd.DataFrame({"future": names, **alone}), of_orders, solved], axis=1)
        # as of a sweep: key figures and orders of the checked plans; what every future orders by a year, each as if it
        # were certain
        self.results, self.orders = (of(sweep.questions, answers) for of in (kept.figures, kept.orders))
        begins = {one.name: float_year(one.question.scenario.decisions_start) for one in study.futures}
        self.no_regret = no_regret(_orders_alone(study.futures, found.alone), begins)

    @property
    def exit_code(self) -> int:
        """That of the worst of its plans."""
        return worst_exit_code(plan.exit_code for plan in self.runs.values())

    def save(self, folder: str | Path) -> Path:
        """Write each run whole, then the tables that name them; return the folder."""
        home = Path(folder)
        require_own_folder(home, STOCHASTIC, Path(self.file["file"]))
        names = {name: write_run(plan, home / RUNS_FOLDER).name for name, plan in self.runs.items()}
        named = copy(self)
        named.futures = self.futures.assign(run=self.futures["future"].map(names))
        return Answer.save(named, home)


def folder_of(path: str | Path, out: str | Path | None = None) -> Path:
    """Return the folder of a stochastic program: the one named, or one that its file has alone."""
    if out is not None:
        return Path(out)
    return folder_of_file(find_sweep(path), Path("stochastic"), STOCHASTIC_FILE)


# --- Orders before the futures are known, the rest after: one program over all of them ------------

_CLOCK: Final[Mapping[tuple[str, ...], Callable[[Scenario], object]]] = {
    ("years",): lambda scenario: list(scenario.years),
    ("decisions_start",): lambda scenario: str(scenario.decisions_start),
    ("finance", "end_of_horizon"): lambda scenario: scenario.finance.end_of_horizon,
}
"""What all futures have in common, by key path."""
_WINDOW: Final = ("foresight", "window_years")
_MOST_NAMED: Final = 4


@with_texts_as_objects
def stochastic(
    path: str | Path,
    overrides: Changes = (),
    *,
    on_stage: Callable[[str], None] | None = None,
    on_progress: Callable[[ProgressEvent], None] | None = None,
    on_warning: Callable[[Problem], None] | None = None,
    strict: bool = False,
) -> Stochastic:
    """Find the orders of least expected cost over the futures of a file, and a plan for each.

    Parameters
    ----------
    path : str or Path
        The file of a sweep with a block `uncertainty`, or the name of a shipped one.
    overrides : sequence of str or dict
        Settings of every future.
    on_stage, on_progress, on_warning, strict
        As for `planner.solve`.

    Returns
    -------
    Stochastic
        What is ordered, the checked plan of each future, and what it is worth to know.

    Raises
    ------
    InputError
        If anything in the file, the base scenario or the data is wrong, or the futures cannot be
        put together; with every problem.
    InfeasibleFuturesError
        If futures have no plan; with the reasons of each.
    InfeasibleError
        If no orders leave a plan in every future.
    LimitReachedError
        If a limit was reached before all was solved.
    SolverError
        If the solver failed, or a solve ended so far from its optimum that a plan would cost less
        than the least.

    Examples
    --------
    >>> found = stochastic("tiny-uncertain")
    >>> bool(found.futures["checked"].all())
    True
    """
    tell = on_stage or (lambda _: None)
    tell("read")
    sweep = read_sweep(path, overrides, _unlike)
    hear_warnings(sweep.warnings, on_warning, strict=strict)
    uncertainty = sweep.file.uncertainty
    assert uncertainty is not None
    tell("build")
    study = StochasticPrograms(sweep.file.name, programs(sweep, on_progress), uncertainty, tell, on_progress)
    found = study.compared()
    return Stochastic(sweep, study, found, study.runs(found.stochastic.ordered))


def programs(sweep: Sweep, on_progress: Callable[[ProgressEvent], None] | None = None) -> list[FutureProgram]:
    """Build the program of every future of a sweep, each a scenario."""
    made = []
    for one in sweep.questions:
        assert one.scenario is not None
        inputs = inputs_of(one, sweep.tables[one.tables_key])
        made.append(FutureProgram(one.name, PreparedScenario(one.scenario, inputs), on_progress))
    return made


def _unlike(file: SweepFile, scenarios: Mapping[str, Scenario]) -> list[Problem]:
    """Find futures that cannot be put together: of other years, or decided year by year."""
    base, _ = file.draft.checked()
    problems = []
    for key_path, setting in _CLOCK.items():
        found = {name: setting(scenario) for name, scenario in scenarios.items()}
        asked = list(found.values())
        # What only some futures change is theirs to take back, whichever comes first.
        of_base = None if base is None else setting(base)
        expected = of_base if of_base in asked else next(iter(asked), None)
        must_be = f"{expected}, the same in all futures of a stochastic program"
        for name in (name for name, value in found.items() if value != expected):
            what_is = f"future {name!r} has {'.'.join(key_path)} {found[name]}"
            fix = "remove it from this future, or give all futures the same"
            problems.append(Problem(*scenarios[name].place_of(key_path), what_is, must_be, fix))
    by_place: dict[tuple[str, int | None, int | None], list[str]] = {}
    for name, scenario in scenarios.items():
        if scenario.foresight.window_years is not None:
            by_place.setdefault(scenario.place_of(_WINDOW), []).append(name)
    for place, names in by_place.items():
        words = some([repr(name) for name in names], _MOST_NAMED)
        are = f"future {words} is" if len(names) == 1 else f"futures {words} are"
        what_is = f"{are} decided year by year (foresight.window_years)"
        must_be = "decided once, for the whole horizon, in a stochastic program"
        problems.append(Problem(*place, what_is, must_be, "remove foresight.window_years"))
    return problems


def _decided(study: StochasticPrograms, found: Compared, ordered: Floats) -> pd.DataFrame:
    alone = [plan.ordered for plan in found.own]
    table = study.orders.assign(
        ordered=ordered, least=np.min(alone, axis=0), most=np.max(alone, axis=0), minimax_regret=found.minimax.ordered
    )
    amounts = table[["ordered", "most", "minimax_regret"]].to_numpy(dtype=np.float64)
    return table.take(np.flatnonzero(amounts.max(axis=1, initial=0.0))).reset_index(drop=True)


def _plans(study: StochasticPrograms, plans: Sequence[OrderPlan], costs: pd.DataFrame) -> pd.DataFrame:
    risk, weights = study.uncertainty.risk, study.weights
    table = pd.DataFrame(
        {
            "plan": [plan.name for plan in plans],
            "expected_musd": [plan.costs @ weights for plan in plans],
            "cvar_musd": [risk.cvar(plan.costs, weights) for plan in plans],
            "penalty_musd": [plan.penalties @ weights for plan in plans],
            "objective_musd": [risk.objective(plan.costs, weights) for plan in plans],
            "greatest_regret_musd": costs.groupby("plan", sort=False)["regret_musd"].max().to_numpy(),
        }
    )
    if not risk.is_asked:  # without a tail it would be the expected cost once more
        table = table.drop(columns="cvar_musd")
    return table.replace(np.inf, np.nan)


def _worth(study: StochasticPrograms, found: Compared, planned: Sequence[PlanCost]) -> pd.DataFrame:
    risk, weights, both = study.uncertainty.risk, study.weights, (found.stochastic, found.single)
    of_plans = np.array([(one.penalty_musd, one.cost_musd) for one in planned]).T
    of = (
        (found.least_penalties, found.least),
        *((one.penalties, one.costs) for one in both),
        (of_plans[0], of_plans[1]),
    )
    value = [risk.objective(costs, weights) for _, costs in of]
    part = [risk.part(penalties, costs, weights) for penalties, costs in of]
    plans = [f"all futures with the orders of plan {one.name}" for one in both]
    more = above_least(np.array(value[1:3]), np.array(value[:2]), plans)
    measures = ["wait_and_see", TOGETHER, "single_future", "evpi", "vss", "plans"]
    table = pd.DataFrame({"measure": measures, "value_musd": [*value[:3], *more, value[3]]})
    penalties = [*part[:3], part[1] - part[0], part[2] - part[1], part[3]]
    return table.assign(penalty_musd=penalties).replace(np.inf, np.nan)


def above_least(costs: Floats, least: Floats, of: Sequence[str]) -> Floats:
    """Return how much more costs are than the least; noise, up to the gap of an optimal solve, is 0. [MUSD]"""
    with np.errstate(invalid="ignore"):  # without a plan both may be infinite
        above = costs - least
    may_miss = PROVEN_GAP_FRAC * np.maximum(np.abs(least), 1.0)
    for at in np.flatnonzero(above < -may_miss)[:1]:
        raise SolverError(
            f"{of[at]}: the cost is {costs[at]:,.4f} MUSD, and it cannot be below"
            f" {least[at]:,.4f} MUSD; so a solve ended off its optimum, and nothing is written;"
            " try another solver.method or a lower solver.tolerance"
        )
    return np.maximum(above, 0.0)


def _costs(study: StochasticPrograms, plan: OrderPlan, found: Compared) -> pd.DataFrame:
    """Return what each future costs with a plan and more than if it were certain, and what of it is penalty."""
    names = [future.name for future in study.futures]
    of = [f"future {name} with the orders of plan {plan.name}" for name in names]
    table = pd.DataFrame({"plan": plan.name, "future": names, "weight": study.weights})
    return table.assign(
        cost_musd=plan.costs,
        penalty_musd=plan.penalties,
        regret_musd=above_least(plan.costs, found.least, of),
        regret_penalty_musd=plan.penalties - found.least_penalties,
    )


def _orders_alone(futures: Sequence[FutureProgram], alone: Sequence[Outcome]) -> pd.DataFrame:
    """Return what every future orders as if it were certain, as table `orders` of a sweep."""
    found = (
        (one, read_results(one.model, of, site_outages(one.model, of))) for one, of in zip(futures, alone, strict=True)
    )
    rows = ((one.name, *order) for one, of in found for order in orders_in(of.tables, lead_months(one.model.p)))
    return pd.DataFrame(rows, columns=["future", *kept.OF_ORDER])
