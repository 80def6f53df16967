"""Racks: bought, delivered, alive, moved, and used only where they may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.declared import TRACE, DualPrice, Table
from planner.check.existing import in_pools, since
from planner.check.frames import column_by, isin, lookup, once, sum_by, to_frame
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.check.case import Case


_POOL = ("site", "rack", "hall", "duty", "year")
_USE = ("site", "rack", "hall", "workload", "year")


@rule(unit="MW", rereads="racks.lot_rack_mw")
def lots_from_scenario(case: Case) -> Excess:
    """Purchases come in racks where the scenario asks for integers, else in any amount."""
    p = case.inputs.racks
    lots, installs = to_frame(p.lot, mw=p.lot_rack_mw), to_frame(p.install)
    peak_kw = column_by(case.racks, "rack", "peak_kw").astype("float64")
    due = installs[np.full(len(installs), case.scenario.racks.whole)]
    return Excess.differs(
        lots[list(_POOL)], lots["mw"].to_numpy(), lookup(peak_kw, lots, ("rack",), np.nan) / 1000.0
    ).and_also(
        Excess.count_broken(due[list(_POOL)], ~isin(due, lots, _POOL)),
        Excess.count_broken(lots[list(_POOL)], ~isin(lots, due, _POOL)),
    )


@once
def alive_mw(case: Case) -> pd.DataFrame:
    """List the pools of racks with what of them is alive."""
    racks = case.inputs.racks
    pools = to_frame(racks.fleet, stock_mw=racks.stock_mw)
    bought = lookup(_bought_and_alive(case, pools), pools, _POOL)
    return pools.assign(alive_mw=pools["stock_mw"].to_numpy() + bought + _moved_and_alive(case, pools))


def _bought_and_alive(case: Case, pools: pd.DataFrame) -> pd.Series[float]:
    """Purchases still alive at the end of what a year stands for. [MW]"""
    install = case.plan("installs")
    life = column_by(case.racks, "rack", "life_years")
    dies = install["year"] + lookup(life, install, ("rack",))  # first year no longer in service
    paired = since(install.assign(dies=dies), pools, ("site", "rack", "hall", "duty"))
    paired = paired[case.last_calendar_year(paired["year_now"]) < paired["dies"]]
    return sum_by(paired, ("site", "rack", "hall", "duty", "year_now"), paired["installed_mw"])


def _moved_and_alive(case: Case, pools: pd.DataFrame) -> Floats:
    """Arrivals less departures still alive, by pool. [MW]"""
    moves = case.plan("moves")
    life = column_by(case.racks, "rack", "life_years")
    dies = _vintage_year(moves) + lookup(life, moves, ("rack",))
    inward = moves["direction"] == "in"
    signed = moves.assign(
        dies=dies,
        duty=np.where(inward, "inference", "training"),
        signed_mw=np.where(inward, moves["moved_mw"], -moves["moved_mw"]),
    )
    paired = since(signed, pools, ("site", "rack", "hall", "duty"))
    paired = paired[case.last_calendar_year(paired["year_now"]) < paired["dies"]]
    net = sum_by(paired, ("site", "rack", "hall", "duty", "year_now"), paired["signed_mw"])
    return lookup(net, pools, _POOL)


@rule(unit="racks")
def rack_counts(case: Case) -> Excess:
    """Racks counted are nameplate over the nameplate of one rack."""
    peak_kw = column_by(case.racks, "rack", "peak_kw")
    parts = [
        Excess.differs(
            table[["site", "rack", "hall", "year"]],
            table["racks"].to_numpy() * lookup(peak_kw, table, ("rack",), np.nan) / 1000.0,
            table[column].to_numpy(),
        )
        for table, column in (
            (case.uses.assign(racks=case.plan("plan")["racks"]), "in_service_mw"),
            (case.plan("installs"), "installed_mw"),
        )
    ]
    return parts[0].and_also(*parts[1:])


@rule(unit="MW")
def companions_reported(case: Case) -> Excess:
    """Racks in use have the companions that their deployment needs."""
    uses = case.uses
    expected = uses["in_service_mw"] * uses["companion_mw_per_mw"]
    reported = case.plan("plan")["companion_mw"].to_numpy()
    return Excess.differs(uses[list(_USE)], reported, expected.to_numpy())


@rule(unit="MW")
def fleet_table(case: Case) -> Excess:
    """Each pool of racks has the racks alive: in use, on standby, and the rest parked."""
    fleet = case.plan("fleet")
    plan, pools = in_pools(case, case.plan("plan")), alive_mw(case).set_index(list(_POOL))
    used, standby = (sum_by(plan, _POOL, plan[name]) for name in ("used_mw", "standby_mw"))
    place = fleet[list(_POOL)]
    return Excess.differs(place, fleet["used_mw"].to_numpy(), lookup(used, fleet, _POOL)).and_also(
        Excess.differs(place, fleet["standby_mw"].to_numpy(), lookup(standby, fleet, _POOL)),
        Excess.differs(
            place,
            (fleet["used_mw"] + fleet["standby_mw"] + fleet["parked_mw"]).to_numpy(),
            fleet["alive_mw"].to_numpy(),
        ),
        *(
            Excess.differs(place, fleet[name].to_numpy(), lookup(pools[name], fleet, _POOL, np.nan))
            for name in ("alive_mw", "stock_mw")
        ),
    )


def _vintage_year(moves: pd.DataFrame) -> Floats:
    """Return the year in which a cohort entered service; labels are stock-2022 or 2027."""
    return np.asarray(moves["vintage"].str.removeprefix("stock-"), dtype=np.float64)


# --- paid as it is used ---------------------------------------------------------------------


def _fleet_rows(case: Case) -> pd.DataFrame:
    pools = alive_mw(case)
    return pools.loc[pools["alive_mw"] > TRACE, ["site", "rack", "hall", "duty", "year"]]


HEADING: Final = "Racks"
IMPLIED: Final[Mapping[str, Table]] = {"fleet": _fleet_rows}
DECISIONS: Final[Mapping[str, tuple[str, str]]] = {
    "used": ("plan", "used_mw"),
    "install": ("installs", "installed_mw"),
    "move_out": ("moves", "moved_mw"),
    "move_in": ("moves", "moved_mw"),
}
PRICES: Final[Mapping[str, DualPrice]] = {"deliveries": DualPrice("USD/MW", paid="once")}
