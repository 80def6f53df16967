"""What a study of sensitivity found: factors ranked by what came of their futures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem
from planner.base.words import some
from planner.outputs.sensitivity import BOUND, BY, COST, FACTOR, INDICES, RANKS, Sensitivity
from planner.results.cost_difference import intervals_ranked
from planner.results.ended import PLANNED
from planner.studies.sensitivity.design import OUTPUTS, indices_of, ranked, ranks_of, rows_per_block
from planner.studies.sensitivity.futures import BASE, without_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.studies.sensitivity.design import Design
    from planner.studies.sensitivity.futures import Factor
    from planner.studies.sweep.solve_sweep import SweepResult

_NAMED: Final = 3


@dataclass(frozen=True, eq=False)
class SolvedFutures:
    """What was asked, and what came of every future of a study."""

    design: Design
    of: str
    factors: Sequence[Factor]
    points: pd.DataFrame
    solved: SweepResult

    def to_sensitivity(self, scenario: str, left_out: pd.DataFrame, unmoved: int) -> Sensitivity:
        """Make the table of the study, and say what it is of."""
        futures = self.solved.futures.set_index("future")
        output = self._outputs()
        penalty = futures["penalty_musd"]
        points = self.points.assign(
            output=output.reindex(self.points["future"]).to_numpy(),
            penalty_musd=penalty.reindex(self.points["future"]).to_numpy(),
        )
        method, blocks, dropped = self.design.method, 0, 0
        if method == "tornado":
            columns = self._tornado(futures, output)
        else:
            columns, blocks, dropped = self._of_blocks(points, futures)
        gaps = (futures["objective_musd"] - futures["bound_musd"]).dropna()
        asked = (method, self.of, OUTPUTS[self.of], self.design.size, self.design.seed if method != "tornado" else 0)
        gap = float(gaps.max()) if self.of == COST and gaps.max() > 0.0 else 0.0
        broken = int((futures["broken"] != "").sum())
        tables = (self._table(columns), left_out, points)
        return Sensitivity(scenario, *asked, *tables, float(output[BASE]), gap, blocks, dropped, broken, unmoved)

    def _outputs(self) -> pd.Series[float]:
        """Return the output of each future with a plan, nan of the others."""
        futures = self.solved.futures
        if self.of in {COST, BOUND}:
            values = futures.set_index("future")[self.of]
        else:
            rows = self.solved.results
            rows = rows[(rows["figure"] == self.of) & rows["year"].notna()]
            last = rows.sort_values("year").groupby("future").tail(1)
            values = last.set_index("future")["value"]
        planned = futures.loc[futures["status"].isin(sorted(PLANNED)), "future"]
        unstated = planned[values.reindex(planned).isna().to_numpy()].tolist()
        if unstated:
            what_is = f"of is {self.of!r}, missing in the last year of {some(unstated, _NAMED)}"
            must_be = "an output that every plan states in its last year"
            fix = "ask of another output; no future is solved again for it"
            raise InputError([Problem.of("sensitivity", what_is, must_be, fix)])
        return values.reindex(planned).reindex(futures["future"]).astype(float)

    def _tornado(self, futures: pd.DataFrame, output: pd.Series[float]) -> dict[str, Any]:
        names = {end: [f"{one.name}={end}" for one in self.factors] for end in ("low", "high")}
        change = {end: output[of].to_numpy() - output[BASE] for end, of in names.items()}
        of_cost = 1.0 if self.of == COST else np.nan
        penalty = futures["penalty_musd"] * of_cost
        gap = ((futures["objective_musd"] - futures["bound_musd"]).clip(lower=0.0) * of_cost).fillna(0.0)
        ends = []
        for end, of in names.items():
            # The least cost of a plan is between its bound and its own cost.
            least, most = change[end] - gap[of].to_numpy(), change[end] + gap[BASE]
            nearest = np.where(least * most <= 0.0, 0.0, np.minimum(np.abs(least), np.abs(most)))
            ends.append((nearest, np.maximum(np.abs(least), np.abs(most))))
        swing, least, most = (np.fmax(*of) for of in (map(np.abs, change.values()), *zip(*ends, strict=True)))
        without = [
            " and ".join(end for end, of in change.items() if np.isnan(of[at])) for at in range(len(self.factors))
        ]
        # Where an end has no plan the factor decides whether there is one at all.
        decides = np.array(list(map(bool, without)))
        key, lower, upper = (np.where(decides, np.inf, np.nan_to_num(one)) for one in (swing, least, most))
        first, last = intervals_ranked(lower, upper)
        return {
            "rank": ranked(key),
            **{f"at_{end}": of for end, of in change.items()},
            "swing": swing,
            "swing_least": least,
            "swing_most": most,
            "without_plan": without,
            **{f"penalty_at_{end}": penalty[of].to_numpy() - penalty[BASE] for end, of in names.items()},
            "rank_low": first,
            "rank_high": last,
            "same_rank_frac": np.nan,
            "rank_of_half": pd.NA,
        }

    def _of_blocks(self, points: pd.DataFrame, futures: pd.DataFrame) -> tuple[dict[str, Any], int, int]:
        rows = rows_per_block(self.design.method, len(self.factors))
        shares = points[[one.name for one in self.factors]].to_numpy(np.float64)
        y = points["output"].to_numpy(np.float64)
        whole = ~np.isnan(y.reshape(-1, rows)).any(axis=1)
        if whole.sum() < 2:
            status = futures.loc[~futures["status"].isin(sorted(PLANNED)), "status"]
            counts = ", ".join(f"{count} {name}" for name, count in status.value_counts().items())
            raise without_plan(*status)(
                f"{int(whole.sum())} of {len(whole)} trajectories or base samples have a plan at"
                f" each of their points, and 2 are needed ({counts}; table futures in"
                f" {self.solved.folder} says why)"
            )
        kept = whole.repeat(rows)
        indices = indices_of(self.design, shares[kept], y[kept])
        ranks = ranks_of(self.design, shares[kept], y[kept])
        columns = {
            **indices,
            "rank": ranked(indices[BY[self.design.method]]),
            "rank_low": ranks.low,
            "rank_high": ranks.high,
            "same_rank_frac": ranks.same,
            "rank_of_half": ranks.half,
        }
        return columns, int(whole.sum()), int((~whole).sum())

    def _table(self, columns: Mapping[str, Any]) -> pd.DataFrame:
        table = pd.DataFrame([_of_factor(one) for one in self.factors]).assign(**columns)
        known = table["first_order_musd"].notna()
        order = table["first_order_musd"].rank(ascending=False, method="first")
        table["first_order_rank"] = order.where(known).astype("Int64")
        table = table.astype({"rank_of_half": "Int64"})
        names = [*FACTOR, *INDICES[self.design.method], *RANKS]
        return table[names].sort_values("rank").reset_index(drop=True)


def _of_factor(factor: Factor) -> dict[str, Any]:
    first = factor.figures[0]
    is_one = len(factor.figures) == 1
    own = {name: getattr(first, name) for name in ("item", "value", "low", "high", "kind", "source")}
    every = {"item": f"all {len(factor.figures)}", **dict.fromkeys(("value", "low", "high"), np.nan)}
    return {
        **{"factor": factor.name, "table": first.table, "column": first.column, "unit": first.unit},
        **(own if is_one else {**every, "kind": "", "source": ""}),
        **{"figures": len(factor.figures), "first_order_musd": factor.first_order_musd},
    }
