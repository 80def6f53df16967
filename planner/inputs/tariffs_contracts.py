"""Capacity that sites sign for, keep and give up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planner.base.units import USD_PER_MUSD
from planner.lp import Index
from planner.lp.join import distinct
from planner.tariffs.lists import Amounts
from planner.tariffs.months import MONTHS_A_YEAR, Month

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.base.arrays import Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.grid import GridInputs
    from planner.inputs.tariffs_uses import Customer
    from planner.tariffs import Tariff
    from planner.tariffs.lists import BillLists

__all__ = ["contract_lists"]


def contract_lists(
    case: ScopedCase, sets: Sets, customers: Sequence[Customer], bills: BillLists, grid: GridInputs
) -> dict[str, Any]:
    """Make the lists of contracts, of customers whose tariff has a minimum take."""
    of_site = {customer.site: customer for customer in customers}
    takes = np.unique(bills.contracted["site"])
    begin = np.full(len(sets.site), len(sets.year))
    begin[takes] = [of_site[int(site)].first for site in takes]
    firm = grid.firm
    contract = firm.select(np.flatnonzero(firm["year"] >= begin[firm["site"]]), "contract")
    billing = grid.billing
    covered = billing.select(np.flatnonzero(contract.find(billing) >= 0), "covered")
    vintage = sets.year.renamed("vintage")
    axes = (sets.site, vintage)
    signed = Index.sparse("signed", axes, (contract["site"], contract["year"]))
    then, now = np.nonzero(
        (signed["site"][:, None] == contract["site"]) & (signed["vintage"][:, None] < contract["year"])
    )
    released = Index.sparse(
        "released", (*axes, sets.year), (signed["site"][then], signed["vintage"][then], contract["year"][now])
    )
    year = case.year
    fee_usd = np.array(
        [_fee_usd_per_mw(of_site[int(s)], int(year[v]), int(year[t])) for s, v, t in zip(*released.codes, strict=True)],
        dtype=np.float64,
    )
    with_fee = np.flatnonzero(fee_usd > 0.0)
    fee = released.select(with_fee, "fee")
    of_vintage = distinct(fee, "site", "vintage")
    free = [_terms_free(of_site[int(site)].tariff) for site in of_vintage["site"]]
    return {
        "contract": contract,
        "covered": covered,
        "signed": signed,
        "released": released,
        "fee": fee,
        "fee_musd_per_mw": fee_usd[with_fee] / USD_PER_MUSD,
        "free_frac": np.array(free, dtype=np.float64),
        "in_force_signed": _in_force(case, signed, bills, of_site),
        "in_force_released": _in_force(case, released, bills, of_site),
    }


def _terms_free(tariff: Tariff) -> float:
    return 0.0 if tariff.terms is None else tariff.terms.reduction_frac


def _fee_usd_per_mw(customer: Customer, signed: int, left: int) -> float:
    """Minimum bills of the months that a fee counts, per MW given up. [USD/MW]"""
    tariff = customer.tariff
    if tariff.terms is None:
        return 0.0
    passed = MONTHS_A_YEAR * (left - signed)
    months_left = max(0, round(MONTHS_A_YEAR * tariff.terms.term_years) - passed)
    usd = 0.0
    for month in range(min(tariff.terms.exit_fee_months, months_left)):
        in_force = _ramp(customer.ramp_frac, (passed + month) // MONTHS_A_YEAR)
        billed = Month(left, 1).later(month)
        usd += sum(rule.minimum_usd(billed, in_force) for rule in tariff.takes)
    return usd * tariff.price_factor(left)


def _ramp(ramp_frac: tuple[float, ...], contract_year: int) -> float:
    return ramp_frac[contract_year] if contract_year < len(ramp_frac) else 1.0


def _in_force(case: ScopedCase, over: Index, bills: BillLists, of_site: dict[int, Customer]) -> Amounts:
    """Share of what was signed, or given up since, that each calendar year has in force."""
    contracted = bills.contracted
    calendar = np.array([int(label) for label in contracted.axis("span").labels], dtype=np.int64)
    of_span = calendar[contracted["span"]]
    model_year = np.searchsorted(case.year, of_span, side="right") - 1
    since = over["year"] if "year" in over.axis_names else over["vintage"]
    source, target = np.nonzero((over["site"][:, None] == contracted["site"]) & (since[:, None] <= model_year))
    passed = of_span[target] - case.year[over["vintage"][source]]
    share: Floats = np.array(
        [
            _ramp(of_site[int(site)].ramp_frac, int(years))
            for site, years in zip(over["site"][source], passed, strict=True)
        ],
        dtype=np.float64,
    )
    return Amounts(source, target, share)
