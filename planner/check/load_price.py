"""Price that rises with new load: curves from the data, load from the racks, all of it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.chain import site_power
from planner.check.frames import column_by, crossed, lookup, once, quotient, sum_by, to_frame
from planner.check.stock import base_year_facility_mw
from planner.check.table import table_of
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats
    from planner.check.case import Case

_ZONE = ("zone", "year")


@once
def new_load(case: Case) -> pd.DataFrame:
    """List the new load of every zone, year and time slice with what it pays above the price."""
    settings = case.scenario.energy.load_price
    if not settings.allow:
        numbers = ("hours", "new_mw", "usd", "last_adder_usd_per_mwh")
        labels = {"zone": [], "year": np.zeros(0, dtype=np.int64), "slot": []}
        return table_of({**labels, **dict.fromkeys(numbers, np.zeros(0))})
    power = site_power(case)
    zone_of = column_by(case.sites, "site", "zone")
    frame = crossed(power.site_year, power.slot[["slot", "hours"]])
    frame = frame.assign(zone=frame["site"].map(zone_of), mw=power.grid_mw.ravel())
    by_slot = frame.groupby(["zone", "year", "slot"], sort=False)
    load = by_slot.agg(mw=("mw", "sum"), hours=("hours", "first")).reset_index()
    before = lookup(existing_mw(case), load, ("zone",), np.nan)
    new = np.maximum(load["mw"].to_numpy() - before, 0.0)
    usd, last = np.zeros(len(load)), np.zeros(len(load))
    for zone in load["zone"].unique():
        here = (load["zone"] == zone).to_numpy()
        usd[here], last[here] = _priced(case, str(zone), new[here])
    hours = load["hours"].to_numpy()
    return load[["zone", "year", "slot", "hours"]].assign(
        new_mw=new, usd=usd * hours * settings.scale_frac, last_adder_usd_per_mwh=last * settings.scale_frac
    )


def existing_mw(case: Case) -> pd.Series[float]:
    """Return the connection of the base year by zone, from what stands at its sites. [MW]"""
    of_site = base_year_facility_mw(case)
    zone_of = dict(zip(case.scope["site"], case.scope["zone"], strict=True))
    return of_site.groupby(of_site.index.map(zone_of)).sum()


def curve(case: Case, zone: str) -> tuple[Floats, Floats]:
    """Read the blocks of a zone, the table's default where it has none of its own. Gives [MW, USD/MWh]."""
    table = case.data("price_blocks")
    rows = table[table["zone"] == zone]
    rows = (rows if len(rows) else table[table["zone"] == "default"]).sort_values("block")
    peak = float(column_by(case.data("grid_zones"), "zone", "peak_mw")[zone])
    share = peak * case.scenario.operator.headroom_share_frac
    ends = rows["up_to_peak_frac"].astype("float64").fillna(np.inf).to_numpy() * share
    return np.asarray(ends), rows["price_adder_usd_per_mwh"].to_numpy(dtype=np.float64)


def _priced(case: Case, zone: str, new_mw: Floats) -> tuple[Floats, Floats]:
    """Return what an hour of new load pays, and the adder of its last MW. [USD/h, USD/MWh]"""
    ends, adders = curve(case, zone)
    usd, last, begin = np.zeros(len(new_mw)), np.zeros(len(new_mw)), 0.0
    for end, adder in zip(ends, adders, strict=True):
        inside = np.clip(new_mw - begin, 0.0, end - begin)
        usd += adder * inside
        last = np.where(inside > 1e-6, adder, last)
        begin = end
    return usd, last


def _as_reported(case: Case, column: str, expected: pd.Series[float]) -> Excess:
    """Hold a column of the table against what it should be, by zone and year."""
    table = case.plan("load_price")
    return Excess.differs(table[list(_ZONE)], table[column].to_numpy(), lookup(expected, table, _ZONE))


@rule(unit="MWh", floor=10.0)
def load_price_reported(case: Case) -> Excess:
    """New load is reported for every zone that has some, and follows from its sites' draw."""
    load, table = new_load(case), case.plan("load_price")
    expected = sum_by(load, _ZONE, load["new_mw"] * load["hours"])
    every = load[list(_ZONE)].drop_duplicates().reset_index(drop=True)
    reported = sum_by(table, _ZONE, table["new_mwh"])
    complete = Excess.differs(every, lookup(reported, every, _ZONE), lookup(expected, every, _ZONE))
    return _as_reported(case, "new_mwh", expected).and_also(complete)


@rule(unit="MW", rows_of=("load_price",))
def load_price_peak_reported(case: Case) -> Excess:
    """The peak of a zone's new load is in the time slice in which its sites draw most."""
    peak = new_load(case).groupby(list(_ZONE), sort=False)["new_mw"].max()
    return _as_reported(case, "new_peak_mw", peak)


@rule(unit="MUSD", rows_of=("load_price",))
def load_price_paid(case: Case) -> Excess:
    """What new load pays above the price follows from the price steps of its zone."""
    load = new_load(case)
    return _as_reported(case, "musd", sum_by(load, _ZONE, load["usd"] / 1e6))


@rule(unit="USD/MWh", rows_of=("load_price",))
def load_price_adders_reported(case: Case) -> Excess:
    """Mean and marginal price adders of new load are reported as paid."""
    load, table = new_load(case), case.plan("load_price")
    usd = lookup(sum_by(load, _ZONE, load["usd"]), table, _ZONE)
    mwh = lookup(sum_by(load, _ZONE, load["new_mw"] * load["hours"]), table, _ZONE)
    last = load.groupby(list(_ZONE), sort=False)["last_adder_usd_per_mwh"].max()
    expected = {
        "mean_adder_usd_per_mwh": np.nan_to_num(quotient(usd, mwh)),
        "last_adder_usd_per_mwh": lookup(last, table, _ZONE),
    }
    return columns_reported(table, _ZONE, expected)


HEADING: Final = "Grid"


@rule(unit="MW or USD/MWh", rereads="load_price.standing_mw load_price.width_mw load_price.adder_usd_per_mwh")
def load_price_from_tables(case: Case) -> Excess:
    """Price steps of a zone start at existing load, and follow its curve in MW and price."""
    p, settings = case.inputs.load_price, case.scenario.energy.load_price
    zones = to_frame(p.zone_slot, mw=p.standing_mw)
    place = zones[["zone", "year", "slot"]]
    if not len(zones):
        return Excess.count_broken(place, np.zeros(0, dtype=np.bool_))
    expected = lookup(existing_mw(case), zones, ("zone",), np.nan)
    parts = [Excess.differs(place, zones["mw"].to_numpy(), expected)]
    rows = to_frame(p.block, mw=p.width_mw, usd=p.adder_usd_per_mwh)
    rows = rows.assign(number=rows["block"].astype("int64"))
    width, adder = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for zone in rows["zone"].unique():
        end_mw, usd = curve(case, str(zone))
        here = ((rows["zone"] == zone) & (rows["number"] <= len(usd))).to_numpy()
        number = rows["number"].to_numpy()[here] - 1
        width[here] = np.diff(end_mw, prepend=0.0)[number]
        adder[here] = settings.scale_frac * usd[number]
    place = rows[["zone", "block", "year", "slot"]]
    parts.append(Excess.differs(place, rows["mw"].to_numpy(), width))
    parts.append(Excess.differs(place, rows["usd"].to_numpy(), adder))
    return parts[0].and_also(*parts[1:])
