"""What a run says of its plan: told from the tables, and only where there is something to tell."""

from __future__ import annotations

import re

import pytest

import planner
from planner.runs.notes import notes_of


def told(start: str, base: str = "tiny", *changes: str) -> tuple[planner.Plan, list[str]]:
    """Plan, and the notes that begin with some words."""
    plan = planner.solve(base, list(changes))
    assert plan.verdict.ok
    return plan, [note for note in notes_of(plan) if note.startswith(start)]


def declining(limit_kw: float) -> tuple[str, str, str]:
    """Bill all sites 9 USD for each kW of a month up to a limit, and 4 beyond."""
    demand = f"[{{usd_per_kw_month: [9, 4], tier_limits_kw: [{limit_kw}]}}]"
    own = f"{{fall: {{energy: [{{usd_per_mwh: 41}}], demand: {demand}}}}}"
    uses = "energy.tariffs=[{tariff: fall}]"
    return f"energy.own_tariffs={own}", uses, "energy.escalation_real_frac=0"


def test_a_bill_that_tiers_make_too_low_or_too_high_is_told_in_money_and_by_site() -> None:
    for limit_kw, word in ((20_000.0, "low"), (60_000.0, "high")):
        plan, notes = told("Tiers that decline", "tiny", *declining(limit_kw))

        # Coast never gets past the first tier. Its bill is 9 USD a kW; the plan pays 4 and, as far
        # as the site is open, 5 for each kW of the first tier in each month.
        bills = plan.tables["bills"].query("site == 'coast' and kind == 'demand'")
        opened = plan.site_year.query("site == 'coast'").set_index("year")["open_frac"]
        first_tier = 12 * limit_kw * opened[bills["calendar_year"]].sum()
        off_musd = 5.0 * (first_tier - bills["quantity"].sum()) / 1e6
        assert (off_musd > 0.0) == (word == "high")
        (note,) = notes
        found = re.search(r"([\d.]+) MUSD too (\w+) in coast", note)
        assert found is not None, note
        assert float(found[1]) == pytest.approx(abs(off_musd), abs=0.006)
        assert found[2] == word


def test_a_bill_without_declining_tiers_needs_no_note() -> None:
    rising = "[{usd_per_kw_month: [4, 9], tier_limits_kw: [20000]}]"
    own = f"energy.own_tariffs={{rise: {{energy: [{{usd_per_mwh: 41}}], demand: {rising}}}}}"
    plan, notes = told("Tiers", "tiny", own, "energy.tariffs=[{tariff: rise}]")

    assert plan.tables["bills"]["exact_usd"].sum() > 1e7
    assert notes == []
