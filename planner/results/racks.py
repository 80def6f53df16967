"""Tables of racks: what is in use, what there is, what is bought and moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import KW_PER_MW
from planner.results.store import cleaned, labels, result_table, total_by, words

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.lp import Variable
    from planner.results.solved import SolvedModel
    from planner.results.store import Cells


def plan(s: SolvedModel) -> pd.DataFrame:
    """Make table `plan`: racks in service by site, type, hall, workload and year."""
    used, sets = s.p.racks.used, s.p.sets
    rows = np.flatnonzero(s.in_service_mw)
    hall, workload = used["hall"][rows], used["workload"][rows]
    return result_table(
        "plan",
        {
            **labels(used, rows),
            "cooling": words(sets.cooling, sets.hall_cooling[hall]),
            "redundancy": words(sets.redundancy, sets.hall_redundancy[hall]),
            "duty": words(sets.duty, sets.workload_duty[workload]),
            "used_mw": s.used_mw[rows],
            "standby_mw": s.standby_mw[rows],
            "racks": s.in_service_mw[rows] * KW_PER_MW / s.p.racks.peak_kw[used["rack"][rows]],
            "companion_mw": s.per_mw_in_service(s.p.racks.companion_mw_per_mw)[rows],
            "load_kh100e": s.load_of_use_kh100e[rows],
        },
    )


def fleet(s: SolvedModel) -> pd.DataFrame:
    """Make table `fleet`: racks alive, in use, standing by and parked by pool."""
    pools, pool = s.p.racks.fleet, s.model.pool_of_used
    alive_mw = s.value(s.model.alive)
    used_mw = total_by(pool, s.used_mw, pools.size)
    standby_mw = total_by(pool, s.standby_mw, pools.size)
    rows = np.flatnonzero(alive_mw)
    return result_table(
        "fleet",
        {
            **labels(pools, rows),
            "alive_mw": alive_mw[rows],
            "stock_mw": s.p.racks.stock_mw[rows],
            "used_mw": used_mw[rows],
            "standby_mw": standby_mw[rows],
            "parked_mw": parked_mw(s)[rows],
        },
    )


def parked_mw(s: SolvedModel) -> Floats:
    """Return the racks that are alive and neither in use nor standing by. [pool of racks, MW]

    The solver's tolerance may use a trace more than there is; nothing is parked then.
    """
    in_service_mw = total_by(s.model.pool_of_used, s.in_service_mw, s.p.racks.fleet.size)
    return cleaned(np.maximum(s.value(s.model.alive) - in_service_mw, 0.0))


def installs(s: SolvedModel) -> pd.DataFrame:
    """Make table `installs`: racks bought."""
    over, racks = s.p.racks.install, s.p.racks
    mw = s.value(s.model.install)
    rows = np.flatnonzero(mw)
    return result_table(
        "installs",
        {
            **labels(over, rows),
            "installed_mw": mw[rows],
            "racks": mw[rows] * KW_PER_MW / racks.peak_kw[over["rack"][rows]],
            "overnight_musd": (racks.install_capex_musd_per_mw * mw)[rows],
        },
    )


def moves(s: SolvedModel) -> pd.DataFrame:
    """Make table `moves`: cohorts that leave training and enter inference."""
    leaving, entering = _moved(s, s.model.move_out), _moved(s, s.model.move_in)
    direction = np.repeat(["out", "in"], [len(leaving["year"]), len(entering["year"])])
    both: dict[str, Cells] = {
        name: np.concatenate((np.asarray(leaving[name]), np.asarray(entering[name]))) for name in leaving
    }
    return result_table("moves", {**both, "direction": direction})


def _moved(s: SolvedModel, decision: Variable) -> dict[str, NDArray[np.generic]]:
    mw = s.value(decision)
    rows = np.flatnonzero(mw)
    columns = {name: np.asarray(cells) for name, cells in labels(decision.over, rows).items()}
    return {**columns, "moved_mw": mw[rows]}
