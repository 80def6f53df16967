"""Tariffs as they are written, the bills of a plan by them, and the lists that the program bills through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.bills import BILL_COLUMNS, BilledLoad, BillHours, bill_of
from planner.check.days import year_days
from planner.check.frames import by_keys, column_by, isin, keyed, lookup, once, table_of, to_frame
from planner.check.verdict import Excess, rule, sums_reported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.declared import CostLine

    Codes = NDArray[np.integer[Any]]

# --- Who is billed by which tariff, read a second time from the scenario and table `tariffs` ------

_ALL_MONTHS = tuple(range(1, 13))
_CHARGE_KINDS = ("energy", "demand", "coincident_peak", "capacity", "standing")
_DEMAND = {"name": "demand", "months": _ALL_MONTHS, "weekdays": "all", "from_hour": 0, "to_hour": 24}
_DEMAND |= {"tier_limits_kw": (), "ratchet": None}
_ENERGY = {"name": "energy", "tier_limits_mwh": (), "periods": ()}


class Written:
    """A tariff as it stands in the scenario, or in the table in the same words."""

    def __init__(self, case: Case, use: Any, rise_frac: float, offset_h: float) -> None:
        stated = case.scenario.energy.own_tariffs.get(use.tariff)
        hours: str | tzinfo = timezone(timedelta(hours=offset_h))
        # calendar year from which on it is billed
        self.first_year: int = case.years[0] if use.from_year is None else int(use.from_year)
        if stated is None:
            charges, terms, bundled = _of_table(case, use)
        else:
            charges = {kind: getattr(stated, kind) for kind in _CHARGE_KINDS}
            terms, bundled = stated.terms, stated.bundle == "bundled" and bool(stated.energy)
            rise_frac = rise_frac if stated.escalation_real_frac is None else stated.escalation_real_frac
            hours = stated.time_zone or hours
        self.charges: Mapping[str, tuple[Any, ...]] = charges  # charges by kind, with the keys of a scenario
        # term_years, exit_fee_months, reduction_frac
        self.terms = terms or SimpleNamespace(term_years=0.0, exit_fee_months=0, reduction_frac=0.0)
        self.is_bundled = bundled  # whether the energy itself is in it
        self.rise_frac = rise_frac  # yearly real rise of its prices. [1/year]
        self.time_zone = hours  # IANA name, or hours from UTC
        # its id; with terms of the table, both ids
        self.name: str = use.tariff if stated is not None or use.terms is None else f"{use.tariff} + {use.terms}"
        self.ramp_frac: tuple[float, ...] = use.ramp_frac  # share of signed capacity in force in its first years

    def ramp_share(self, contract_year: int) -> float:
        """Share of signed capacity in force in a year of the contract."""
        return [*self.ramp_frac, 1.0][min(contract_year, len(self.ramp_frac))]


@once
def written_tariffs(case: Case) -> dict[str, Written]:
    """Find the tariff of every site of the plan that has one."""
    settings = case.scenario.energy
    zone = column_by(case.sites, "site", "zone")
    offset = column_by(case.sites, "site", "utc_offset_h").astype("float64")
    rise = case.finance_of_sites("electricity_real_escalation")
    if settings.escalation_real_frac is not None:
        rise = rise * 0.0 + settings.escalation_real_frac
    found = {}
    for site in case.site_year["site"].unique():
        named = [use for use in settings.tariffs if use.sites not in (None, "all") and site in use.sites]
        zoned = [use for use in settings.tariffs if zone[site] in use.zones]
        rest = [use for use in settings.tariffs if not use.zones and use.sites in (None, "all")]
        for use in [*named, *zoned, *rest][:1]:
            found[str(site)] = Written(case, use, float(rise[site]), float(offset[site]))
    return found


def _of_table(case: Case, use: Any) -> tuple[dict[str, tuple[Any, ...]], Any, bool]:
    table = case.by("tariffs", "tariff")
    row = table.loc[use.tariff]
    asked = row if use.terms is None else table.loc[use.terms].combine_first(row)
    charges: dict[str, tuple[Any, ...]] = dict.fromkeys(_CHARGE_KINDS, ())
    monthly, price = row["demand_charge_usd_per_kw_month"], row["energy_charge_usd_per_mwh"]
    if pd.notna(monthly):
        least = _figure(asked["min_take_frac"])
        charges["demand"] = (SimpleNamespace(**_DEMAND, usd_per_kw_month=float(monthly), min_take_frac=least),)
    if pd.notna(price):
        charges["energy"] = (SimpleNamespace(**_ENERGY, usd_per_mwh=float(price)),)
    terms = None
    if use.terms is not None:
        names = ("term_years", "exit_fee_months", "reduction_frac")
        terms = SimpleNamespace(**{name: _figure(asked[name]) for name in names})
    return charges, terms, bool(pd.notna(price) and row["bundle"] == "bundled")


def _figure(cell: Any) -> float:
    return 0.0 if pd.isna(cell) else float(cell)


# --- Bills by a tariff, computed again hour by hour and line by line ------------------------------

_KINDS = ("energy", "demand", "capacity", "standing")
_SITE = ("site", "year")
_CENT = 0.01  # [USD]; lines of less are left out of the tables
_USD_TO_A_UNIT = 1e4  # so that a unit and its price are held more closely than money
_LINE = ("site", "calendar_year", "rule", "item", "unit")
_MONTH = ("site", "month", "rule", "item", "unit")


@once
def own_bills(case: Case) -> pd.DataFrame:
    """Bill every site that has a tariff, month by month and line by line."""
    parts = [
        bill_of(tariff, _load(case, site, tariff)).assign(site=site) for site, tariff in written_tariffs(case).items()
    ]
    if not parts:
        return table_of({name: [] for name in ("site", *BILL_COLUMNS)})
    return pd.concat(parts, ignore_index=True)


def _load(case: Case, site: str, tariff: Written) -> BilledLoad:
    slots, per_day = case.inputs.sets.slot.labels, 24 // case.scenario.time.slot_h
    power = case.plan("power_slot")
    wide = power[power["site"] == site].pivot(index="year", columns="slot", values="grid_mw").reindex(columns=slots)
    calendar = range(tariff.first_year, case.calendar[-1] + 1)
    drawn = {year: mw.reshape(-1, per_day) for year, mw in zip(wide.index, wide.fillna(0.0).to_numpy(), strict=True)}
    none = np.zeros((len(slots) // per_day, per_day))
    opened = case.plan("site_year").set_index(list(_SITE))["open_frac"].to_dict()
    kept = case.plan("capacity_contracts")
    kept = kept[kept["site"] == site]
    contracts = list(zip(kept["year"], kept["signed_year"], kept["kept_mw"], strict=True))
    in_force = [
        sum(mw * tariff.ramp_share(now - signed) for year, signed, mw in contracts if year == case.model_year[now])
        for now in calendar
    ]
    return BilledLoad(
        BillHours(case, tariff.time_zone, tariff.first_year),
        np.array([drawn.get(case.model_year[now], none) for now in calendar]),
        np.array([opened.get((site, case.model_year[now]), 0.0) for now in calendar]),
        np.array(in_force, dtype=np.float64),
    )


def _line(kind: str) -> Callable[[Case], pd.DataFrame]:
    def paid(case: Case) -> pd.DataFrame:
        bills = own_bills(case)
        rows = bills[bills["kind"] == kind]
        return rows[["site", "calendar_year"]].assign(musd=rows["usd"] / 1e6)

    return paid


def fee_usd_per_mw(case: Case, table: pd.DataFrame) -> Floats:
    """Return the fee for a MW of each vintage given up in each year: minimum bills of the months left. [USD/MW]"""
    usd = []
    for site, vintage, year in table[["site", "signed_year", "year"]].to_numpy().tolist():
        tariff, passed = written_tariffs(case)[site], 12 * (year - vintage)
        left = max(0, round(12 * tariff.terms.term_years) - passed) if passed else 0
        per_mw = sum(
            1000.0 * charge.min_take_frac * charge.usd_per_kw_month * tariff.ramp_share((passed + month) // 12)
            for month in range(min(int(tariff.terms.exit_fee_months), left))
            for charge in tariff.charges["demand"]
            if month % 12 + 1 in charge.months and charge.min_take_frac
        )
        usd.append(per_mw * (1.0 + tariff.rise_frac) ** (year - 2025))
    return np.array(usd, dtype=np.float64)


def _exit_lines(case: Case) -> pd.DataFrame:
    """Lines of what is given up for a fee, as table `capacity_contracts` has it."""
    table = case.plan("capacity_contracts")
    table = table[table["fee_musd"] > 0.0]
    by_year = table.groupby(["site", "year"], as_index=False)[["fee_mw", "fee_musd"]].sum()
    usd, names = by_year["fee_musd"] * 1e6, {site: of.name for site, of in written_tariffs(case).items()}
    words = {"rule": "exit fee", "item": "capacity given up", "unit": "MW", "kind": "exit_fee"}
    amounts = {"quantity": by_year["fee_mw"], "usd": usd, "exact_usd": usd}
    return by_year.assign(calendar_year=by_year["year"], tariff=by_year["site"].map(names), **words, **amounts)


@rule(unit="USD", floor=20_000.0)
def bill_lines_reported(case: Case) -> Iterator[Excess]:
    """Reported bills follow, line by line, from hours, rules and prices of the tariff."""
    table, expected = case.plan("bills"), own_bills(case)
    if not len(table) and not len(expected) and not len(case.plan("capacity_contracts")):
        return
    amounts = expected.groupby([*_LINE, "tariff", "kind"], as_index=False)[["quantity", "usd", "exact_usd"]].sum()
    lines = pd.concat([amounts, _exit_lines(case)], ignore_index=True)
    yield Excess.count_broken(keyed(table, _LINE), ~isin(table, lines, _LINE))
    is_paid = (lines["usd"].abs() > _CENT) | (lines["exact_usd"].abs() > _CENT)
    lines = lines[is_paid].reset_index(drop=True)
    over = (lines["usd"] - lines["exact_usd"]).to_numpy()
    lines = lines.assign(over=np.where(np.abs(over) > _CENT, over, 0.0))
    sums = {"charged_usd": "usd", "exact_usd": "exact_usd", "charged_above_exact_usd": "over"}
    names = table.merge(lines[[*_LINE, "tariff", "kind", "quantity"]], on=list(_LINE))
    words = (names["tariff_x"] != names["tariff_y"]) | (names["kind_x"] != names["kind_y"])
    quantity = names["quantity_x"].to_numpy() * _USD_TO_A_UNIT
    yield from sums_reported(_LINE, table, lines, sums)
    yield Excess.count_broken(keyed(names, _LINE), words)
    yield Excess.differs(keyed(names, _LINE), quantity, names["quantity_y"].to_numpy() * _USD_TO_A_UNIT)


def _month_lines(case: Case) -> pd.DataFrame:
    """Lines of the exact bill, tier by tier: the key, quantity, usd_per_unit, usd and basis."""
    rows, tariffs = [], written_tariffs(case)
    lines: list[Any] = list(own_bills(case).itertuples())
    for line in lines:
        item = _month_item(tariffs[line.site], line)
        unit = "kW" if line.unit == "kW-month" else line.unit
        for number, (units, price) in enumerate(line.tiers, start=1):
            name = f"{item}, tier {number}" if len(line.tiers) > 1 else item
            if abs(units * price) > _CENT:
                key = line.site, line.month, line.rule, name, unit
                rows.append((*key, units, price, units * price, line.basis))
    columns = [*_MONTH, "quantity", "usd_per_unit", "usd", "basis"]
    return pd.DataFrame(rows, columns=columns)


def _month_item(tariff: Written, line: Any) -> str:
    """Name an item as the exact bill does: it counts the hours of the system's peak."""
    if line.item != "system peak hours":
        return str(line.item)
    kind, word = ("coincident_peak", "highest") if line.unit == "kW" else ("capacity", "mean")
    count = {f"{of.name} {line.calendar_year}": len(of.hours) for of in tariff.charges[kind]}
    return f"{word} of {count[line.rule]} system peak hours"


@rule(unit="USD", floor=20_000.0)
def bill_months_reported(case: Case) -> Iterator[Excess]:
    """The reported exact bill follows by month and tier: units, price, and what set them."""
    table, expected = case.plan("bill_months"), _month_lines(case)
    yield from sums_reported(_MONTH, table, expected, {"usd": "usd"})
    yield Excess.count_broken(keyed(table, _MONTH), ~isin(table, expected, _MONTH))
    both = table.merge(expected, on=list(_MONTH))
    by_other = [reported not in may for reported, may in zip(both["basis_x"], both["basis_y"], strict=True)]
    key = both[list(_MONTH)]
    for name in ("quantity", "usd_per_unit"):
        yield Excess.differs(
            key,
            both[f"{name}_x"].to_numpy() * _USD_TO_A_UNIT,
            both[f"{name}_y"].to_numpy(dtype=np.float64) * _USD_TO_A_UNIT,
        )
    yield Excess.count_broken(key, np.array(by_other, dtype=np.bool_))


LINES: Final[Mapping[str, CostLine]] = {f"tariff_{kind}": ("energy", _line(kind)) for kind in _KINDS}

# --- Lists and prices of bills: held against the tariffs as written, on loads made up for the trial ---------------
#
# The program bills through lists of peaks, billing demands, tiers and prices. They are right if, for any load, they
# charge what the tariff charges. So loads are made up, each with another day as the highest, and billed twice: through
# the lists, and hour by hour from what is written.

_TRIAL_BILL = ("trial", "site", "calendar_year", "kind")
_TRIAL_LINE = ("trial", "site", "calendar_year", "unit")
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


def _find(index: Any, among: Any, *names: str) -> Codes:
    """Return the place of each tuple in another list, by some of its axes."""
    known, asked = (pd.MultiIndex.from_arrays([of[name] for name in names]) for of in (among, index))
    return np.asarray(known.get_indexer(asked))


def _collected(size: int, place: Codes, values: Floats) -> Floats:
    """Add values up at places; one that goes nowhere makes all of them missing."""
    if not (((place >= 0) & (place < size)).all()):
        return np.full(size, np.nan)
    return np.bincount(place, weights=values, minlength=size).astype(np.float64)


def _by_lists(case: Case, trials: Sequence[_Trial]) -> pd.DataFrame:
    """Bill trials by the lists of the program: usd, units and in_tiers of every line."""
    p, bills, site_year = case.inputs.tariffs, case.inputs.tariffs.bills, case.site_year
    step_peak = _find(bills.peak_step, bills.peak, "site", "peak")
    step_load = _find(bills.peak_step, bills.load, "site", "step")
    floor_peak = _find(bills.floor, bills.peak, "site", "peak")
    floor_billed = _find(bills.floor, bills.billed, "site", "billed")
    take_billed = _find(bills.take, bills.billed, "site", "billed")
    of_stair = _find(bills.tier, bills.stair, "site", "stair")
    model_year = pd.Index(case.years).get_indexer(pd.Index(site_year["year"]))
    span = pd.Index(case.calendar).get_indexer(pd.Index(bills.take.labels("span")).astype("int64"))
    # Tiers of a stair are filled from the first on.
    number, width = bills.tier.labels("tier").astype(np.float64), pd.Series(np.asarray(bills.tier_width))
    end = width.groupby(of_stair).cumsum()
    begin = end.groupby(of_stair).shift(1).fillna(0.0).to_numpy()
    is_known = (p.line_kind >= 0) & (p.line_kind < len(_KINDS))
    lines = to_frame(bills.line)[["site"]].assign(
        calendar_year=bills.line.labels("calendar").astype(np.int64),
        kind=np.array([*_KINDS, ""], dtype=object)[np.where(is_known, p.line_kind, -1)],
        unit=np.array([unit for _, _, unit in bills.line_names], dtype=object)[bills.line["charge"]],
    )
    parts = []
    for trial, one in enumerate(trials):
        load = _amounts(one.load_mw.reshape(len(case.years), -1)[model_year].ravel(), p.load_place)
        connected = _amounts(one.open_frac[model_year], p.connected_place)
        connected[p.connected_place == -1] = 0.0  # a site that is not in the plan is not connected
        peak, billed = np.zeros(bills.peak.size), np.zeros(bills.billed.size)
        np.maximum.at(peak, step_peak, load[step_load])
        np.maximum.at(billed, floor_billed, bills.floor_share_frac * peak[floor_peak])
        np.maximum.at(billed, take_billed, bills.take_share_frac * one.in_force_mw[span])
        drawn, stairs = (
            {"load": load, "peak": peak, "billed": billed, "connected": connected},
            np.zeros(bills.stair.size),
        )
        for kind, of in bills.stair_of.items():
            stairs += _collected(len(stairs), of.target, of.amount * _amounts(drawn[kind], of.place))
        drawn["tier"] = np.clip(stairs[of_stair] - begin, 0.0, width.to_numpy())
        usd, units, in_tiers = np.zeros((3, bills.line.size))
        for kind, price in bills.prices.items():
            amount = _amounts(drawn[kind], price.place)
            usd += _collected(len(usd), price.line, price.usd * amount)
            units += _collected(len(units), price.line, price.units * amount)
            if kind == "tier":
                amount = _amounts(1000.0 * number * drawn[kind] ** 2, price.place)
                in_tiers += _collected(len(units), price.line, price.units * amount)
        parts.append(lines.assign(trial=trial, usd=usd, units=units, in_tiers=in_tiers))
    return pd.concat(parts)


def _as_written(case: Case, trials: Sequence[_Trial]) -> pd.DataFrame:
    """Bill trials by what is written, once for sites with the same tariff and clock."""
    model_year = np.searchsorted(case.years, case.calendar, side="right") - 1
    here = set(case.inputs.tariffs.bills.customer.labels("site"))
    bills: dict[Any, pd.DataFrame] = {}
    parts = []
    for site, tariff in ((site, tariff) for site, tariff in written_tariffs(case).items() if site in here):
        mine = case.site_year.loc[case.site_year["site"] == site, "year"]
        there = np.isin(case.years, mine)  # else nothing is drawn, and nobody is connected
        key = repr(tariff.charges), tariff.first_year, tariff.time_zone, tariff.rise_frac, *there.tolist()
        if key not in bills:
            hours = BillHours(case, tariff.time_zone, tariff.first_year)
            is_billed = np.array(case.calendar) >= tariff.first_year
            year = model_year[is_billed]
            of_trials = []
            for trial, one in enumerate(trials):
                load = one.load_mw[year] * there[year][:, None, None]
                billed = BilledLoad(hours, load, one.open_frac[year] * there[year], one.in_force_mw[is_billed])
                of_trials.append(bill_of(tariff, billed).assign(trial=trial))
            bills[key] = pd.concat(of_trials)
        parts.append(bills[key].assign(site=site))
    return pd.concat(parts, ignore_index=True)


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
    trials = tuple(_trials(case))
    reported = _by_lists(case, trials)
    expected = _as_written(case, trials).rename(columns={"quantity": "units"})
    for key, amount in ((_TRIAL_BILL, "usd"), (_TRIAL_LINE, "units"), (_TRIAL_LINE, "in_tiers")):
        yield from sums_reported(key, reported, expected, {amount: amount})
    # Who is connected when: by labels, since many lines ask nothing of it.
    place = to_frame(case.inputs.tariffs.bills.connected)[["site", "calendar"]].set_axis(["site", "year"], axis=1)
    model_year = np.searchsorted(case.years, place["year"].astype("int64"), side="right") - 1
    known = pd.MultiIndex.from_frame(case.site_year)
    due = known.get_indexer(pd.MultiIndex.from_arrays([place["site"], np.array(case.years)[model_year]]))
    yield Excess.count_broken(place, np.asarray(case.inputs.tariffs.connected_place) != due)


@rule(unit="USD/MW", rereads="tariffs.fee_musd_per_mw")
def exit_fees_from_tariffs(case: Case) -> Excess:
    """Capacity given up early costs the minimum bills of the months left."""
    p, key = case.inputs.tariffs, ["site", "signed_year", "year"]
    every, fees = (
        of.rename(columns={"vintage": "signed_year"}).astype({"signed_year": "int64"})
        for of in (to_frame(p.released), to_frame(p.fee, usd=p.fee_musd_per_mw * 1e6))
    )
    return Excess.differs(keyed(every, key), lookup(by_keys(fees, key, "usd"), every, key), fee_usd_per_mw(case, every))


TAKEN_AS_GIVEN: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("tariffs.in_force_signed", "tariffs.in_force_released", "tariffs.free_frac"),
        "read by no rule: rows of capacity that is signed for are stated from its terms without it, so that one that is"
        " wrong is found in the program",
    ),
    "tariffs.accounts": "make the exact bills that are shown beside what a plan pays;"
    " bill_months_reported recomputes these for the plan, month by month",
}
