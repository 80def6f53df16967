"""Seconds to solve a changed program from the last basis, beside solving it afresh.

Run from the root of the repository: ``python bench/warm_resolve.py``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import with_arrays
from case import Case, make_case

from planner.lp import HighsSession


def changes(case: Case) -> dict[str, Case]:
    noise = np.random.default_rng(20250202)
    return {
        "demand, each by -5 to 10 %": replace(case, demand=case.demand * noise.uniform(0.95, 1.1, case.demand.shape)),
        "headroom by -10 %": replace(case, headroom=case.headroom * 0.9),
        "energy prices, each by -20 to 20 %": replace(
            case, price=case.price * noise.uniform(0.8, 1.2, case.price.shape)
        ),
        "cost of building by 20 %": replace(case, cost_build=case.cost_build * 1.2),
        "PUE, each by -2 to 5 %": replace(case, pue=case.pue * noise.uniform(0.98, 1.05, case.pue.shape)),
        "demand by 5 %, prices by 10 %": replace(case, demand=case.demand * 1.05, price=case.price * 1.1),
    }


def main() -> None:
    case = make_case(regions=30, sites=25, years=6, slots=24, routes=12)
    problem = with_arrays.build(case)
    print(problem.sizes())
    print("| change | sent | method | warm s | cold s | x |")
    print("|---|---|---|---|---|---|")
    for name, changed in changes(case).items():
        next_problem = with_arrays.build(changed)
        session = HighsSession(problem)
        session.solve()
        change = session.update(next_problem)
        warm, cold = session.solve(), HighsSession(next_problem).solve()
        if abs(warm.objective - cold.objective) > 1e-6 * abs(cold.objective):
            message = f"{name}: warm {warm.objective}, cold {cold.objective}"
            raise AssertionError(message)
        sent = change.costs + change.bounds + change.coefficients
        print(
            f"| {name} | {sent:,} numbers | {warm.method_used} | {warm.seconds:.3f} "
            f"| {cold.seconds:.3f} | {cold.seconds / warm.seconds:.0f} |"
        )


if __name__ == "__main__":
    main()
