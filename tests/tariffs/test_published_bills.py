"""Bills that others published, from the folder of cases."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planner.tariffs import (
    BillingCalendar,
    CoincidentPeakCharge,
    DemandCharge,
    Metered,
    Tariff,
    Tiers,
    When,
    YearRatchet,
    bill,
    flat_energy,
)

FILE = Path(os.environ.get("DCPLAN_CASES", "/nowhere")) / "tariffs" / "cases.json"
pytestmark = pytest.mark.skipif(not FILE.exists(), reason="DCPLAN_CASES holds no tariffs")

YEAR = BillingCalendar.of_years(2022)  # their hours are counted from 1 in a year of 8,760
MW_PER_KW = 1e-3
MWH_PER_KWH = 1e-3


@pytest.fixture(scope="module")
def cases() -> dict[str, dict[str, Any]]:
    stored = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
    return {case["id"]: case for case in stored}


def load_mw(base_kw: float, **peaks_kw: float) -> np.ndarray:
    """A flat load with peaks in hours such as `h22`, the 22nd of the year."""
    load_kw = np.full(YEAR.n_hours, base_kw)
    for hour, peak_kw in peaks_kw.items():
        load_kw[int(hour[1:]) - 1] = peak_kw
    return load_kw * MW_PER_KW


def demand_by_month(prices: list[float], ratchet: YearRatchet) -> tuple[DemandCharge, ...]:
    """A charge for each price, in the months that have it."""
    months = {price: tuple(at + 1 for at, one in enumerate(prices) if one == price) for price in prices}
    return tuple(DemandCharge(f"at {price}", price, When(months=at), ratchet) for price, at in months.items())


def test_no_case_is_left_out(cases: dict[str, dict[str, Any]]) -> None:
    reported = {name.removeprefix("test_case_") for name in globals() if name.startswith("test_case_")}

    assert set(cases) == reported


def test_case_blended_flat(cases: dict[str, dict[str, Any]]) -> None:
    case = cases["blended_flat"]
    tariff = Tariff("blended", (flat_energy("energy", 0.10 / MWH_PER_KWH), DemandCharge("demand", 10.0)))

    found = bill(10_000 * MWH_PER_KWH / 8760, tariff, YEAR).usd_by_rule

    assert found == pytest.approx(case["expect"], rel=1e-9)
    assert found == pytest.approx(case["published"], rel=case["tol"])


def test_case_coincident_peak(cases: dict[str, dict[str, Any]]) -> None:
    case = cases["coincident_peak"]
    tariff = Tariff(
        "peaks",
        (
            CoincidentPeakCharge("winter", 10.0, YEAR.moments([0, 1, 99])),
            CoincidentPeakCharge("autumn", 5.0, YEAR.moments([5999, 6999])),
        ),
    )

    found_usd = bill(load_mw(1.0), tariff, YEAR).total_usd

    assert found_usd == pytest.approx(case["expect"], rel=case["tol"])


def test_case_tiered_tou_demand(cases: dict[str, dict[str, Any]]) -> None:
    case = cases["tiered_tou_demand"]
    tariff = Tariff("tiers", (DemandCharge("demand", Tiers((0.0, 12.0), (50.0,))),))

    found_usd = bill(1e6 * MWH_PER_KWH / 8760, tariff, YEAR).total_usd

    assert found_usd == pytest.approx(case["expect"], rel=case["tol"])


def test_case_lookback_35pct_all(cases: dict[str, dict[str, Any]]) -> None:
    case = cases["lookback_35pct_all"]
    prices = [10.5] * 3 + [11.5] * 6 + [10.5] * 3
    tariff = Tariff("ratchet", demand_by_month(prices, YearRatchet(0.35)))

    found_usd = bill(load_mw(1.0, h8=100.0), tariff, YEAR).total_usd

    assert found_usd == pytest.approx(case["expect"], rel=case["tol"])


def test_case_lookback_months(cases: dict[str, dict[str, Any]]) -> None:
    case = cases["lookback_months"]
    prices = [10.0, 10.0, 20.0, 50.0, 20.0, 10.0, 20.0, 20.0, 20.0, 20.0, 20.0, 5.0]
    ratchet = YearRatchet(0.75, months=(1, 4, 12))
    charges = demand_by_month(prices, ratchet)
    load = load_mw(100.0, h22=200.0, h2403=400.0, h4088=500.0, h8333=300.0)

    billing_mw = charges[0].billing_mw(Metered(load, YEAR, np.zeros(12)))
    found_usd = bill(load, Tariff("ratchet", charges), YEAR).total_usd

    assert billing_mw / MW_PER_KW == pytest.approx(np.array(case["billing_kw"]), rel=1e-12)
    assert found_usd == pytest.approx(case["expect"], rel=case["tol"])
