"""Who is billed by which tariff, read a second time from the scenario and table `tariffs`."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.check.frames import column_by
from planner.check.once import once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.case import Case

__all__ = ["Written", "written_tariffs"]

_ALL_MONTHS = tuple(range(1, 13))
_OFF_THE_HOUR = {
    4.5: "Asia/Kabul",
    5.5: "Asia/Kolkata",
    5.75: "Asia/Kathmandu",
    6.5: "Asia/Yangon",
    9.5: "Australia/Darwin",
}
_WHOLE_DAY = {"months": _ALL_MONTHS, "weekdays": "all", "from_hour": 0, "to_hour": 24}


@dataclass(frozen=True)
class Written:
    """A tariff as it stands in the scenario, or in the table in the same words."""

    name: str  # its id; with terms of the table, both ids
    charges: Mapping[str, tuple[Any, ...]]  # charges by kind, with the keys of a scenario
    terms: Any  # term_years, exit_fee_months, reduction_frac
    first_year: int  # calendar year from which on it is billed
    time_zone: str  # IANA name
    rise_frac: float  # yearly real rise of its prices. [1/year]
    ramp_frac: tuple[float, ...]  # share of signed capacity in force in its first years
    is_bundled: bool  # whether the energy itself is in it

    @property
    def has_take(self) -> bool:
        """Whether a charge has a minimum take."""
        return any(charge.min_take_frac for charge in self.charges["demand"])

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
            found[str(site)] = _written(case, use, float(rise[site]), float(offset[site]))
    return found


def _written(case: Case, use: Any, rise_frac: float, offset_h: float) -> Written:
    stated = case.scenario.energy.own_tariffs.get(use.tariff)
    hours = _OFF_THE_HOUR.get(offset_h) or f"Etc/GMT{'-' if offset_h >= 0 else '+'}{abs(offset_h):.0f}"
    first = case.years[0] if use.from_year is None else int(use.from_year)
    if stated is None:
        charges, terms, bundled = _of_table(case, use)
    else:
        charges = {
            kind: getattr(stated, kind) for kind in ("energy", "demand", "coincident_peak", "capacity", "standing")
        }
        terms, bundled = stated.terms, stated.bundle == "bundled" and bool(stated.energy)
        rise_frac = rise_frac if stated.escalation_real_frac is None else stated.escalation_real_frac
        hours = stated.time_zone or hours
    nothing = SimpleNamespace(term_years=0.0, exit_fee_months=0, reduction_frac=0.0)
    name = use.tariff if stated is not None or use.terms is None else f"{use.tariff} + {use.terms}"
    return Written(name, charges, terms or nothing, first, hours, rise_frac, use.ramp_frac, bundled)


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
