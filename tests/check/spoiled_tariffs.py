"""One thing wrong with a plan that tariffs bill, and the check of that name."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

import pandas as pd
from spoiled import cells, largest, limit, times

from planner.scenario import load_scenario

BILLED = Path(__file__).parent / "tariffs.yaml"


def setting(keys, value, plan):
    """Judge the plan against another scenario than it was made for."""
    scenario = load_scenario(str(BILLED), [f"{keys}={value}"])
    return dataclasses.replace(plan, scenario=scenario)


def own(key, value):
    return partial(setting, f"energy.own_tariffs.large.{key}", value)


def charge(kind, place, **keys):
    """Judge by a tariff of which one charge has other figures."""

    def judged(plan):
        block = plan.scenario.energy.own_tariffs["large"]
        charges = list(getattr(block, kind))
        charges[place] = charges[place].model_copy(update=keys)
        block = block.model_copy(update={kind: tuple(charges)})
        tariffs = {**plan.scenario.energy.own_tariffs, "large": block}
        energy = plan.scenario.energy.model_copy(update={"own_tariffs": tariffs})
        scenario = plan.scenario.model_copy(update={"energy": energy})
        return dataclasses.replace(plan, scenario=scenario)

    return judged


def drawn_without_a_contract(plan):
    table = plan.tables["capacity_contracts"]
    less = {name: lambda old: 0.9 * old for name in ("signed_mw", "released_mw", "kept_mw")}
    return plan.reported(capacity_contracts=cells(table, slice(None), **less))


def fee_paid_a_year_early(plan):
    table = plan.tables["capacity_contracts"]
    (last,) = largest(table, "fee_mw")
    fee_mw = table["fee_mw"].iloc[last]
    early = cells(cells(table, [last], fee_mw=0.0), [last - 1], fee_mw=fee_mw)
    return plan.reported(capacity_contracts=early)


def made_up(name, amounts, plan):
    table = plan.tables[name]
    return plan.reported(**{name: pd.concat([table, table.iloc[[0]].assign(rule="made up", **amounts)])})


SPOILED_TARIFFS = (
    ("a line is made up", "bill_lines_reported", partial(made_up, "bills", {"charged_usd": 0.0, "exact_usd": 0.0})),
    ("a line of a month is made up", "bill_months_reported", partial(made_up, "bill_months", {"usd": 0.0})),
    ("a line is reported cheaper", "bill_lines_reported", partial(times, "bills", "charged_usd", 0.99)),
    ("the exact bill is reported cheaper", "bill_lines_reported", partial(times, "bills", "exact_usd", 0.99)),
    ("a month is reported as more expensive", "bill_months_reported", partial(times, "bill_months", "usd", 1.02)),
    ("less is signed for", "tables_as_stated", drawn_without_a_contract),
    ("more is kept than is left", "tables_as_stated", partial(times, "capacity_contracts", "kept_mw", 1.1)),
    ("a fee is forgotten", "tables_as_stated", partial(times, "capacity_contracts", "fee_mw", 0.9)),
    ("a fee is reported lower", "tables_as_stated", partial(times, "capacity_contracts", "fee_musd", 0.9)),
    ("a fee is paid too early", "tables_as_stated", fee_paid_a_year_early),
    ("less may go free", "program_as_stated", own("terms.reduction_frac", 0.05)),
    ("the term is longer", "exit_fees_from_tariffs", own("terms.exit_fee_months", 6)),
    ("prices rise faster", "costs_paid", own("escalation_real_frac", 0.03)),
    ("the clock has no summer time", "costs_paid", own("time_zone", "Etc/GMT+6")),
    ("energy is costlier", "costs_paid", charge("energy", 0, usd_per_mwh=(44.0, 49.0))),
    ("a tier is wider", "costs_paid", charge("energy", 0, tier_limits_mwh=(9100.0,))),
    ("peaks are costlier", "costs_paid", charge("demand", 0, usd_per_kw_month=9.6)),
    ("less must be taken", "costs_paid", charge("demand", 0, min_take_frac=0.8)),
    ("no ratchet holds", "costs_paid", charge("demand", 1, ratchet=None)),
    ("capacity is costlier", "costs_paid", charge("capacity", 0, usd_per_mw_day=275.0)),
    ("the system peaks later", "costs_paid", charge("capacity", 0, hours=(21,))),
    ("the meter is costlier", "costs_paid", charge("standing", 0, usd_per_month=950.0)),
    (
        "a ramp is slower",
        "costs_paid",
        partial(
            setting,
            "energy.tariffs",
            "[{tariff: large, zones: [east], ramp_frac: [0.6, 0.95]}, {tariff: wires, sites: [elm], from_year: 2026}]",
        ),
    ),
    (
        "the wires are billed later",
        "delivered_prices",
        partial(
            setting,
            "energy.tariffs",
            "[{tariff: large, zones: [east], ramp_frac: [0.6, 0.8]}, {tariff: wires, sites: [elm], from_year: 2027}]",
        ),
    ),
    ("power is reported as more expensive", "delivered_prices", partial(limit, "grid", "energy_usd_per_mwh", 1.01)),
)
