"""Tariffs from rows of the table `tariffs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.base.errors import InputError, Problem
from planner.tariffs.contract import Terms
from planner.tariffs.demand import DemandCharge
from planner.tariffs.energy import flat_energy
from planner.tariffs.tariff import Tariff

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.tariffs.rule import TariffRule


def tariff_from_row(row: Mapping[str, Any], *, terms: Mapping[str, Any] | None = None) -> Tariff:
    """Make a tariff of a row of table `tariffs`.

    A row of layer `rate` has prices, a row of layer `terms` what a large load must sign; the
    minimum take applies to the demand charge, and that of the terms goes before that of the
    rate. Where `bundle` is `delivery`, or a row has no energy charge, the energy itself is to be
    bought elsewhere.

    >>> from planner.tables import read_table
    >>> rows = read_table("tariffs").set_index("tariff", drop=False)
    >>> tariff = tariff_from_row(
    ...     rows.loc["us-va-dominion-energy"].to_dict(),
    ...     terms=rows.loc["us-va-dominion-energy-virginia-gs-5"].to_dict(),
    ... )
    >>> [(rule.name, rule.curvature.value) for rule in tariff.rules]
    [('demand', 'convex'), ('energy', 'linear')]
    >>> tariff.rules[0].min_take_frac, tariff.terms.term_years
    (0.85, 14.0)
    """
    problems = _layer_problems(row, "rate")
    if terms is not None:
        problems += _layer_problems(terms, "terms")
    if problems:
        raise InputError(problems)
    asked = row if terms is None else {**row, **_given(terms)}
    rules: list[TariffRule] = []
    demand_usd = _number(row, "demand_charge_usd_per_kw_month")
    if demand_usd is not None:
        take = _number(asked, "min_take_frac") or 0.0
        rules.append(DemandCharge("demand", demand_usd, min_take_frac=take))
    energy_usd = _number(row, "energy_charge_usd_per_mwh")
    if energy_usd is not None:
        rules.append(flat_energy("energy", energy_usd))
    name = row["tariff"] if terms is None else f"{row['tariff']} + {terms['tariff']}"
    return Tariff(name, tuple(rules), None if terms is None else _terms(asked))


def _terms(row: Mapping[str, Any]) -> Terms:
    return Terms(
        load_min_mw=_number(row, "load_min_mw") or 0.0,
        ramp_years_max=_number(row, "ramp_years_max"),
        term_years=_number(row, "term_years") or 0.0,
        exit_fee_months=round(_number(row, "exit_fee_months") or 0.0),
        reduction_frac=_number(row, "reduction_frac") or 0.0,
    )


def _layer_problems(row: Mapping[str, Any], layer: str) -> list[Problem]:
    if row["layer"] == layer:
        return []
    what_is = f"row {row['tariff']!r} is of layer {row['layer']!r}"
    fix = "pass a rate, and the row of terms as `terms`"
    return [Problem("tariffs", None, None, what_is, f"of layer {layer!r}", fix)]


def _given(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not _is_blank(value)}


def _number(row: Mapping[str, Any], column: str) -> float | None:
    value = row.get(column)
    return None if _is_blank(value) else float(value)  # type: ignore[arg-type]


def _is_blank(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124  NaN is a blank cell
