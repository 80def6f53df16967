"""Tariffs: bills of a plan, and tariffs of a planner's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.bills import BILL_COLUMNS, BilledLoad, BillHours, bill_of
from planner.check.chain import site_power
from planner.check.declared import CostLine
from planner.check.frames import column_by, once, table_of
from planner.check.verdict import Excess, rule, sums_reported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case

# --- Who is billed by which tariff, read a second time from the scenario and table `tariffs` ------

_ALL_MONTHS = tuple(range(1, 13))
_OFF_THE_HOUR = {
    4.5: "Asia/Kabul",
    5.5: "Asia/Kolkata",
    5.75: "Asia/Kathmandu",
    6.5: "Asia/Yangon",
    9.5: "Australia/Darwin",
}
_WHOLE_DAY = {"months": _ALL_MONTHS, "weekdays": "all", "from_hour": 0, "to_hour": 24}


class Written:
    """A tariff as it stands in the scenario, or in the table in the same words."""

    def __init__(self, case: Case, use: Any, rise_frac: float, offset_h: float) -> None:
        stated = case.scenario.energy.own_tariffs.get(use.tariff)
        hours = _OFF_THE_HOUR.get(offset_h) or f"Etc/GMT{'-' if offset_h >= 0 else '+'}{abs(offset_h):.0f}"
        # calendar year from which on it is billed
        self.first_year: int = case.years[0] if use.from_year is None else int(use.from_year)
        if stated is None:
            charges, terms, bundled = _of_table(case, use)
        else:
            charges = {
                kind: getattr(stated, kind) for kind in ("energy", "demand", "coincident_peak", "capacity", "standing")
            }
            terms, bundled = stated.terms, stated.bundle == "bundled" and bool(stated.energy)
            rise_frac = rise_frac if stated.escalation_real_frac is None else stated.escalation_real_frac
            hours = stated.time_zone or hours
        self.charges: Mapping[str, tuple[Any, ...]] = charges  # charges by kind, with the keys of a scenario
        # term_years, exit_fee_months, reduction_frac
        self.terms = terms or SimpleNamespace(term_years=0.0, exit_fee_months=0, reduction_frac=0.0)
        self.is_bundled = bundled  # whether the energy itself is in it
        self.rise_frac = rise_frac  # yearly real rise of its prices. [1/year]
        self.time_zone = hours  # IANA name
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
    table = case.data("tariffs").set_index("tariff")
    row = table.loc[use.tariff]
    asked = row if use.terms is None else table.loc[use.terms].combine_first(row)
    charges: dict[str, tuple[Any, ...]] = dict.fromkeys(
        ("energy", "demand", "coincident_peak", "capacity", "standing"), ()
    )
    has_energy = pd.notna(row["energy_charge_usd_per_mwh"])
    if pd.notna(row["demand_charge_usd_per_kw_month"]):
        charges["demand"] = (
            SimpleNamespace(
                name="demand",
                usd_per_kw_month=float(row["demand_charge_usd_per_kw_month"]),
                tier_limits_kw=(),
                ratchet=None,
                min_take_frac=_figure(asked["min_take_frac"]),
                **_WHOLE_DAY,
            ),
        )
    if has_energy:
        price = float(row["energy_charge_usd_per_mwh"])
        energy = {"name": "energy", "usd_per_mwh": price, "tier_limits_mwh": (), "periods": ()}
        charges["energy"] = (SimpleNamespace(**energy),)
    terms = None
    if use.terms is not None:
        names = ("term_years", "exit_fee_months", "reduction_frac")
        terms = SimpleNamespace(**{name: _figure(asked[name]) for name in names})
    return charges, terms, bool(has_energy and row["bundle"] == "bundled")


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
    hours = BillHours(case, tariff.time_zone, tariff.first_year)
    power, calendar = site_power(case), np.arange(tariff.first_year, case.calendar[-1] + 1)
    model_year = np.array([max(y for y in case.years if y <= year) for year in calendar])
    at_site = np.flatnonzero((power.site_year["site"] == site).to_numpy())
    row_of = {int(power.site_year["year"].iloc[row]): int(row) for row in at_site}
    slots_per_day = 24 // case.scenario.time.slot_h
    load = np.zeros((len(calendar), power.grid_mw.shape[1] // slots_per_day, slots_per_day))
    opened = case.plan("site_year").set_index(list(_SITE))["open_frac"]
    open_frac = np.zeros(len(calendar))
    for place, year in enumerate(model_year):
        if int(year) in row_of:
            load[place] = power.grid_mw[row_of[int(year)]].reshape(-1, slots_per_day)
            open_frac[place] = opened.get((site, int(year)), 0.0)
    in_force = [_in_force(case, site, int(y), int(m), tariff) for y, m in zip(calendar, model_year, strict=True)]
    return BilledLoad(hours, load, open_frac, np.array(in_force))


def _in_force(case: Case, site: str, year: int, model_year: int, tariff: Written) -> float:
    table = case.plan("capacity_contracts")
    rows = table[(table["site"] == site) & (table["year"] == model_year)]
    ramp = [*tariff.ramp_frac]
    shares = [ramp[year - v] if year - v < len(ramp) else 1.0 for v in rows["signed_year"]]
    return float(np.sum(rows["kept_mw"].to_numpy() * np.array(shares)))


def _line(kind: str) -> Callable[[Case], pd.DataFrame]:
    def paid(case: Case) -> pd.DataFrame:
        bills = own_bills(case)
        rows = bills[bills["kind"] == kind]
        return rows[["site", "calendar_year"]].assign(musd=rows["usd"] / 1e6)

    return paid


def fee_usd_per_mw(case: Case, table: pd.DataFrame) -> Floats:
    """Return the fee for a MW of each vintage given up in each year. [USD/MW]"""
    tariffs = written_tariffs(case)
    usd = []
    for site, vintage, year in table[["site", "signed_year", "year"]].to_numpy().tolist():
        tariff, terms = tariffs[site], tariffs[site].terms
        passed = 12 * (year - vintage)
        left = max(0, round(12 * terms.term_years) - passed)
        per_mw = sum(
            _least_usd(charge, month % 12 + 1) * tariff.ramp_share((passed + month) // 12)
            for month in range(min(int(terms.exit_fee_months), left))
            for charge in tariff.charges["demand"]
        )
        usd.append(per_mw * (1.0 + tariff.rise_frac) ** (year - 2025) if passed else 0.0)
    return np.array(usd, dtype=np.float64)


def _least_usd(charge: Any, month: int) -> float:
    if month not in charge.months or not charge.min_take_frac:
        return 0.0
    return 1000.0 * float(charge.min_take_frac) * float(charge.usd_per_kw_month)


def _exit_lines(case: Case) -> pd.DataFrame:
    """Lines of what is given up for a fee, as table `capacity_contracts` has it."""
    table = case.plan("capacity_contracts")
    table = table[table["fee_musd"] > 0.0]
    by_year = table.groupby(["site", "year"], as_index=False)[["fee_mw", "fee_musd"]].sum()
    usd = by_year["fee_musd"] * 1e6
    return table_of(
        {
            "site": by_year["site"],
            "calendar_year": by_year["year"],
            "tariff": by_year["site"].map({site: of.name for site, of in written_tariffs(case).items()}),
            "rule": "exit fee",
            "item": "capacity given up",
            "unit": "MW",
            "kind": "exit_fee",
            "quantity": by_year["fee_mw"],
            "usd": usd,
            "exact_usd": usd,
        }
    )


@rule(unit="USD", floor=20_000.0)
def bill_lines_reported(case: Case) -> Iterator[Excess]:
    """Reported bills follow, line by line, from hours, rules and prices of the tariff."""
    table, expected = case.plan("bills"), own_bills(case)
    if not len(table) and not len(expected) and not len(case.plan("capacity_contracts")):
        return
    amounts = expected.groupby([*_LINE, "tariff", "kind"], as_index=False)[["quantity", "usd", "exact_usd"]].sum()
    lines = pd.concat([amounts, _exit_lines(case)], ignore_index=True)
    is_paid = (lines["usd"].abs() > _CENT) | (lines["exact_usd"].abs() > _CENT)
    lines = lines[is_paid].reset_index(drop=True)
    over = (lines["usd"] - lines["exact_usd"]).to_numpy()
    lines = lines.assign(over=np.where(np.abs(over) > _CENT, over, 0.0))
    sums = {"charged_usd": "usd", "exact_usd": "exact_usd", "charged_above_exact_usd": "over"}
    names = table.merge(lines[[*_LINE, "tariff", "kind", "quantity"]], on=list(_LINE))
    words = (names["tariff_x"] != names["tariff_y"]) | (names["kind_x"] != names["kind_y"])
    quantity = names["quantity_x"].to_numpy() * _USD_TO_A_UNIT
    yield from sums_reported(_LINE, table, lines, sums)
    yield Excess.count_broken(names[list(_LINE)], words)
    yield Excess.differs(names[list(_LINE)], quantity, names["quantity_y"].to_numpy() * _USD_TO_A_UNIT)


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


HEADING: Final = "Bills"
LINES: Final[Mapping[str, CostLine]] = {f"tariff_{kind}": CostLine("energy", _line(kind)) for kind in _KINDS}
