"""Exact bills of the load that a plan chose, month by month."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.tariffs import bill_metered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.lp import Index
    from planner.results.solved import SolvedModel
    from planner.tariffs import BillLine

__all__ = ["exact_lines"]


def exact_lines(s: SolvedModel) -> pd.DataFrame:
    """Lines of the exact bills of all sites, as `bill_months` has them.

    Standing charges count in proportion to the share of the site that is open.
    """
    p, terms = s.p.tariffs, s.model.tariffs
    customer, load = p.bills.customer, p.bills.load
    load_mw = np.zeros((customer.size, len(load.axes[-1])))
    load_mw[customer.find(load), load["step"]] = s.value(terms.load_mw)
    contracted = _by_site_and_year(p.bills.contracted, s.value(terms.contracted_mw))
    connected = _by_site_and_year(p.bills.connected, s.value(terms.connected))
    names = customer.labels("site")
    rows: list[tuple[object, ...]] = []
    for account in p.accounts:
        months = account.reading.calendar.months
        for at in account.customers:
            site = names[at]
            in_force = [contracted.get((site, str(month.year)), 0.0) for month in months]
            metered = account.reading.metered(load_mw[at], in_force)
            open_frac = {str(y): connected.get((site, str(y)), 0.0) for y, _ in months}
            lines = bill_metered(metered, account.tariff).lines
            rows += _bill_rows(str(site), lines, open_frac)
    columns = ["site", "month", "rule", "item", "unit", "basis", "quantity", "usd_per_unit", "usd"]
    return pd.DataFrame(rows, columns=columns)


def _by_site_and_year(over: Index, values: np.ndarray) -> dict[tuple[str, str], float]:
    site, year = (over.labels(axis.name) for axis in over.axes)
    return dict(zip(zip(site, year, strict=True), values.tolist(), strict=True))


def _bill_rows(site: str, lines: tuple[BillLine, ...], open_frac: dict[str, float]) -> Iterator[tuple[object, ...]]:
    for line in lines:
        is_standing_charge = line.basis == "calendar"
        share = open_frac[str(line.month.year)] if is_standing_charge else 1.0
        billed = replace(line, quantity=share * line.quantity)
        yield (
            site,
            str(billed.month),
            billed.rule,
            billed.item,
            billed.unit,
            billed.basis,
            billed.quantity,
            billed.usd_per_unit,
            billed.usd,
        )
