"""Lists and prices of bills: held against the tariffs as written, on loads made up for the trial.

The program bills through lists of peaks, billing demands, tiers and prices. They are right if, for
any load, they charge what the tariff charges. So loads are made up, each with another day as the
highest, and billed twice: through the lists, and hour by hour from what is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.bills import BilledLoad, BillHours, bill_of
from planner.check.days import year_days
from planner.check.frames import lookup, to_frame
from planner.check.tariffs import fee_usd_per_mw, written_tariffs
from planner.check.verdict import Excess, rule, sums_reported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.tariffs import Written

    Codes = NDArray[np.integer[Any]]

_KINDS = ("energy", "demand", "capacity", "standing")
_BILL = ("trial", "site", "calendar_year", "kind")
_LINE = ("trial", "site", "calendar_year", "unit")
_SEED = 1  # any will do: loads differ from slot to slot

_USUAL_MW, _HIGHEST = 100.0, 4.0

_LOW_MW = (0.03, 0.3, 3.0)


@dataclass(frozen=True, eq=False)
class _Trial:
    """A load made up, the same at every site."""

    load_mw: Floats  # by model year, day and time slice of the day. [MW]
    open_frac: Floats  # by model year. [-]
    in_force_mw: Floats  # by calendar year. [MW]


def _trials(case: Case) -> Iterator[_Trial]:
    """Make up loads: each day the highest once as years rise and once as they fall."""
    rng = np.random.default_rng(_SEED)
    years, calendar = len(case.years), len(case.calendar)
    days = len(year_days(case).is_peak)
    shape = (years, days, 24 // case.scenario.time.slot_h)
    rises = 1.0 + 0.5 * np.arange(years)
    for day in range(days):
        for by_year in (rises, rises[::-1]):
            load = _USUAL_MW * rng.uniform(1.0, 1.1, shape)
            load[:, day] *= _HIGHEST * by_year[:, None]
            yield _Trial(load, rng.uniform(0.5, 1.0, years), np.zeros(calendar))
    for low_mw in _LOW_MW:  # that ends in each of the lower tiers at some time
        load = low_mw * 10.0 ** rng.uniform(0.0, 1.0, shape)
        yield _Trial(load, rng.uniform(0.5, 1.0, years), np.zeros(calendar))
    load = _USUAL_MW * rng.uniform(1.0, 1.1, shape)
    yield _Trial(load, np.ones(years), 1e4 * rng.uniform(1.0, 2.0, calendar))


def _amounts(values: Floats, place: Codes) -> Floats:
    """Return values at places, missing where a list has no such place."""
    known = (place >= 0) & (place < len(values))
    return np.asarray(np.append(values, np.nan)[np.where(known, place, -1)])


def _find(index: Any, among: Any, names: tuple[str, ...]) -> Codes:
    """Return the place of each tuple in another list, by some of its axes."""
    known = pd.MultiIndex.from_arrays([among[name] for name in names])
    return np.asarray(known.get_indexer(pd.MultiIndex.from_arrays([index[name] for name in names])))


def _collected(size: int, place: Codes, values: Floats) -> Floats:
    """Add values up at places; one that goes nowhere makes all of them missing."""
    if not (((place >= 0) & (place < size)).all()):
        return np.full(size, np.nan)
    return np.bincount(place, weights=values, minlength=size).astype(np.float64)


class _Lists:
    """Bills of the program, as functions of a trial."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.p = case.inputs.tariffs
        bills = self.p.bills
        self.bills = bills
        self.step_peak = _find(bills.peak_step, bills.peak, ("site", "peak"))
        self.step_load = _find(bills.peak_step, bills.load, ("site", "step"))
        self.floor_peak = _find(bills.floor, bills.peak, ("site", "peak"))
        self.floor_billed = _find(bills.floor, bills.billed, ("site", "billed"))
        self.take_billed = _find(bills.take, bills.billed, ("site", "billed"))
        self.tier_stair = _find(bills.tier, bills.stair, ("site", "stair"))
        self.tier = np.array([float(tier) for tier in bills.tier.labels("tier")])
        self.lines = to_frame(bills.line)[["site", "charge", "calendar"]]
        self.unit = np.array([unit for _, _, unit in bills.line_names], dtype=object)

    def bill(self, trial: _Trial) -> pd.DataFrame:
        """Return site, calendar_year, kind, unit, usd, units and in_tiers of every line."""
        bills, p, case = self.bills, self.p, self.case
        site_year = case.site_year
        year = pd.Index(case.years).get_indexer(pd.Index(site_year["year"]))
        load = _amounts(trial.load_mw.reshape(len(case.years), -1)[year].ravel(), p.load_place)
        connected = _amounts(trial.open_frac[year], p.connected_place)
        absent = p.connected_place == -1  # a site that is not in the plan is not connected
        connected = np.where(absent, 0.0, connected)
        peak = np.zeros(bills.peak.size)
        np.maximum.at(peak, self.step_peak, load[self.step_load])
        billed = np.array(bills.past_mw)
        np.maximum.at(billed, self.floor_billed, bills.floor_share_frac * peak[self.floor_peak])
        span = pd.Index(case.calendar).get_indexer(pd.Index(bills.take.labels("span")).astype("int64"))
        most = bills.take_share_frac * trial.in_force_mw[span]
        np.maximum.at(billed, self.take_billed, most)
        sources = {"load": load, "peak": peak, "billed": billed, "connected": connected}
        sources["tier"] = self._tiers(sources)
        usd, units, in_tiers = np.zeros((3, bills.line.size))
        for kind, prices in bills.prices.items():
            amount = _amounts(sources[kind], prices.place)
            usd += _collected(len(usd), prices.line, prices.usd * amount)
            units += _collected(len(units), prices.line, prices.units * amount)
            if kind == "tier":
                amount = _amounts(1000.0 * self.tier * sources[kind] ** 2, prices.place)
                in_tiers += _collected(len(units), prices.line, prices.units * amount)
        kind_of_line = np.array([*_KINDS, ""], dtype=object)
        known = (p.line_kind >= 0) & (p.line_kind < len(_KINDS))
        return self.lines[["site"]].assign(
            calendar_year=self.lines["calendar"].astype("int64"),
            kind=kind_of_line[np.where(known, p.line_kind, -1)],
            unit=self.unit[bills.line["charge"]],
            usd=usd,
            units=units,
            in_tiers=in_tiers,
        )

    def _tiers(self, sources: dict[str, Floats]) -> Floats:
        """Fill the tiers of every stair from the first on. [thousand units]"""
        bills = self.bills
        total = np.zeros(bills.stair.size)
        for kind, of in bills.stair_of.items():
            total += _collected(len(total), of.target, of.amount * _amounts(sources[kind], of.place))
        width = pd.Series(np.asarray(bills.tier_width))
        of_stair = pd.Series(self.tier_stair)
        end = width.groupby(of_stair).cumsum()
        begin = end.groupby(of_stair).shift(1).fillna(0.0).to_numpy()
        return np.clip(total[self.tier_stair] - begin, 0.0, width.to_numpy())


def _as_written(case: Case, trials: Sequence[_Trial]) -> pd.DataFrame:
    """Bill trials by what is written, once for sites with the same tariff and clock."""
    model_year = np.searchsorted(case.years, case.calendar, side="right") - 1
    here = set(case.inputs.tariffs.bills.customer.labels("site"))
    bills: dict[Any, pd.DataFrame] = {}
    parts = []
    for site, tariff in written_tariffs(case).items():
        if site not in here:
            continue
        mine = case.site_year.loc[case.site_year["site"] == site, "year"]
        there = np.isin(case.years, mine)  # else nothing is drawn, and nobody is connected
        key = (*_alike(tariff), *there.tolist())
        if key not in bills:
            hours = BillHours(case, tariff.time_zone, tariff.first_year)
            is_billed = np.array(case.calendar) >= tariff.first_year
            year = model_year[is_billed]
            every = (
                BilledLoad(
                    hours,
                    one.load_mw[year] * there[year][:, None, None],
                    one.open_frac[year] * there[year],
                    one.in_force_mw[is_billed],
                )
                for one in trials
            )
            bills[key] = pd.concat([bill_of(tariff, billed).assign(trial=n) for n, billed in enumerate(every)])
        parts.append(bills[key].assign(site=site))
    return pd.concat(parts, ignore_index=True)


def _alike(tariff: Written) -> tuple[Any, ...]:
    """What makes the bills of two sites the same for the same load."""
    return repr(tariff.charges), tariff.first_year, tariff.time_zone, tariff.rise_frac


@rule(
    unit="USD or units",
    floor=1000.0,
    rereads=(
        "tariffs.bills.floor_share_frac tariffs.bills.take_share_frac tariffs.bills.stair_of.place "
        "tariffs.bills.stair_of.target tariffs.bills.stair_of.amount tariffs.bills.tier_width "
        "tariffs.bills.prices.place tariffs.bills.prices.line tariffs.bills.prices.usd "
        "tariffs.bills.prices.units tariffs.load_place tariffs.connected_place tariffs.line_kind"
    ),
)
def bill_lists_from_tariffs(case: Case) -> Iterator[Excess]:
    """Trial loads are billed by the program as the tariffs are written, paid and counted."""
    if not case.inputs.tariffs.bills.line.size:
        return
    lists, trials = _Lists(case), tuple(_trials(case))
    reported = pd.concat([lists.bill(one).assign(trial=n) for n, one in enumerate(trials)])
    expected = _as_written(case, trials).rename(columns={"quantity": "units"})
    for key, amount in ((_BILL, "usd"), (_LINE, "units"), (_LINE, "in_tiers")):
        yield from sums_reported(key, reported, expected, {amount: amount})
    # Who is connected when: by labels, since many lines ask nothing of it.
    over = lists.bills.connected
    place = to_frame(over)[["site", "calendar"]].set_axis(["site", "year"], axis=1)
    model_year = np.searchsorted(case.years, place["year"].astype("int64"), side="right") - 1
    known = pd.MultiIndex.from_frame(case.site_year)
    due = known.get_indexer(pd.MultiIndex.from_arrays([place["site"], np.array(case.years)[model_year]]))
    yield Excess.count_broken(place, np.asarray(case.inputs.tariffs.connected_place) != due)


@rule(
    unit="MW",
    rereads=(
        "tariffs.in_force_signed.place tariffs.in_force_signed.target tariffs.in_force_signed.amount "
        "tariffs.in_force_released.place tariffs.in_force_released.target tariffs.in_force_released.amount"
    ),
)
def capacity_in_force_from_terms(case: Case) -> Excess:
    """Contracted capacity is in force as far as its ramp has come, less what was given up."""
    p = case.inputs.tariffs
    rng = np.random.default_rng(_SEED)
    signed = to_frame(p.signed, mw=rng.uniform(1.0, 2.0, p.signed.size))
    left = to_frame(p.released, mw=rng.uniform(0.1, 0.2, p.released.size))
    target = to_frame(p.bills.contracted)
    reported = np.zeros(len(target))
    for rows, of, sign in ((signed, p.in_force_signed, 1.0), (left, p.in_force_released, -1.0)):
        amount = of.amount * _amounts(rows["mw"].to_numpy(), of.place)
        reported += sign * _collected(len(reported), of.target, amount)
    tariffs = written_tariffs(case)
    expected = np.zeros(len(target))
    for rows, since, sign in ((signed, "vintage", 1.0), (left, "year", -1.0)):
        pairs = rows.merge(target.reset_index(), on="site", suffixes=("", "_now"))
        span = pairs["span"].astype("int64")
        begun = pairs[since].astype("int64") <= span
        passed = span - pairs["vintage"].astype("int64")
        share = [
            tariffs[site].ramp_share(years) if counts else 0.0
            for site, years, counts in zip(pairs["site"], passed, begun, strict=True)
        ]
        expected += sign * np.bincount(
            pairs["index"], weights=pairs["mw"] * np.array(share, np.float64), minlength=len(expected)
        )
    return Excess.differs(target[["site", "span"]], reported, expected)


@rule(unit="USD/MW or share", rereads="tariffs.fee_musd_per_mw tariffs.free_frac")
def exit_terms_from_tariffs(case: Case) -> Iterator[Excess]:
    """Capacity given up early costs the minimum bills of the months left, but for a free share."""
    p, tariffs = case.inputs.tariffs, written_tariffs(case)
    every = to_frame(p.released).rename(columns={"vintage": "signed_year"})
    every = every.assign(signed_year=every["signed_year"].astype("int64"))
    fees = to_frame(p.fee, musd=p.fee_musd_per_mw).rename(columns={"vintage": "signed_year"})
    fees = fees.assign(signed_year=fees["signed_year"].astype("int64"))
    key = ["site", "signed_year", "year"]
    reported = lookup(fees.set_index(key)["musd"], every, key)
    expected = fee_usd_per_mw(case, every[key]) if len(every) else np.zeros(0)
    vintages = fees[["site", "signed_year"]].drop_duplicates().reset_index(drop=True)
    free = np.array([tariffs[site].terms.reduction_frac for site in vintages["site"]], np.float64)
    same = len(free) == len(p.free_frac)
    shares = np.asarray(p.free_frac) if same else np.full(len(free), np.nan)
    yield Excess.differs(every[key], reported * 1e6, expected)
    yield Excess.differs(vintages, shares, free)


TAKEN_AS_GIVEN: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("tariffs.bills.stair_line", "tariffs.bills.stairs"),
        "say by how much a charge in falling tiers exceeds the tariff: what is paid comes from the"
        " lists, which bill_lists_from_tariffs tries, and bill_lines_reported recomputes both sums",
    ),
    "tariffs.accounts": "make the exact bills that are shown beside what a plan pays;"
    " bill_months_reported recomputes these for the plan, month by month",
    "tariffs.bills.past_mw": "always 0, since no scenario says what was drawn before the plan;"
    " bill_lists_from_tariffs fails where it is more than a peak",
}
