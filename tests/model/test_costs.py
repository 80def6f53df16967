"""Costs: every line by hand for decisions that are given, and all of them as the objective."""

from __future__ import annotations

import math

import pytest
from small_world import Solved, inputs_of, long_inputs_of, only, part, solve

from planner.family.payments import discount
from planner.model import ALL_COSTS

RATE = 1.083 / 1.024 - 1  # real cost of capital: 8.3 % nominal over 2.4 % inflation
OPEX_2027 = 1.003**2  # running costs grow by 0.3 % a year since 2025
EVERYTHING = (
    "new_sites.fir={name: Fir, country: US, lat: 35.2, lon: -90.1, like: elm, zone: west}",
    "lease.allow=true",
    "levers.allow=all",
    "carbon.price_usd_per_t=23",
    "demand.unmet_usd_per_h100e_hour=3.5",
    "finance.asset_wacc_nominal_frac.rack=0.12",
)


def payment(overnight: float, life: float, rate: float = RATE) -> float:
    """Yearly payment at mid-year that repays a cost over its life."""
    crf = rate / (1 - (1 + rate) ** -life)
    return overnight * crf / math.sqrt(1 + rate)


def unit_cost(inputs, room: str, name: str, index: str, *labels: str) -> float:
    """Return a coefficient that tests of the inputs work out by hand."""
    arrays = getattr(inputs, room)
    return float(getattr(arrays, name)[getattr(arrays, index).position(*labels)])


@pytest.fixture(scope="module", params=["annuity", "truncated_salvage", "perpetuity"])
def everything(request) -> Solved:
    """A case with every kind of cost on offer, by each end of the horizon."""
    return solve(inputs_of(*EVERYTHING, f"finance.end_of_horizon={request.param}"))


# --- the list ---------------------------------------------------------------------------


def test_the_objective_is_the_list_of_costs_discounted(everything):
    factor = discount(everything.model)

    by_item = {}
    for item in ALL_COSTS:
        line = item.build(everything.model)
        by_item[item.name] = (everything.value(line) * factor[line.over["calendar"]]).sum()

    assert sum(by_item.values()) == pytest.approx(everything.cost_musd, rel=1e-9)
    assert len([musd for musd in by_item.values() if abs(musd) > 0.01]) > 10


def test_no_cost_is_negative_but_what_is_sold_or_financed_cheaper(everything):
    sold = {"financing_premium"}
    if everything.model.p.finance.end_of_horizon == "truncated_salvage":
        sold |= {item.name for item in ALL_COSTS if item.upfront}

    for item in ALL_COSTS:
        if item.name not in sold:
            assert min(everything.payments(item.name).values()) >= -1e-9, item.name


def test_unmet_demand_is_a_line_of_its_own(inputs):
    # No racks and no rent: all 45.2 and 192.9 kH100e of chat, 119.4 and 218.0 of training.
    solved = solve(inputs, lambda m: [only(m.used, {}), only(m.rented, {}), only(m.bought, {})])

    unmet = solved.payments("unmet_compute")

    asked = {"2025": 0.0, "2027": 0.0}
    for position, kh100e in enumerate(inputs.demand.demand_kh100e):
        asked[inputs.demand.demand.tuples(position)[2]] += kh100e
    musd_per_kh100e = 20 * 8760 * 1000 / 1e6
    assert unmet == pytest.approx(
        {
            ("2025",): musd_per_kh100e * asked["2025"],
            ("2026",): musd_per_kh100e * asked["2025"],
            ("2027",): musd_per_kh100e * asked["2027"],
        }
    )
    assert set(solved.payments("rented_compute").values()) == {0.0}


# --- what is bought ---------------------------------------------------------------------


def test_racks_are_repaid_from_the_year_they_enter_service():
    # 1.92 MUSD a rack of 104 kW, 15 % network, 1.3 % sales tax, 2.2 % cheaper a year; 6 years
    rack = ("elm", "chip26", "plate_dry|N", "training", "2026")
    solved = solve(long_inputs_of(), lambda m: [only(m.install, {rack: 9.5})])

    paid = solved.payments("rack_purchase")

    capex = 1.92 * 1.15 / 0.104 * 1.013 * (1 - 0.022)
    yearly = payment(9.5 * capex, 6)
    by_year = {year: paid["elm", str(year)] for year in range(2025, 2031)}
    assert by_year == pytest.approx({2025: 0.0} | dict.fromkeys(range(2026, 2031), yearly))


def test_racks_are_paid_for_as_long_as_they_live():
    rack = ("elm", "liquid25", "plate_dry|N", "training", "2025")  # lives four years
    solved = solve(long_inputs_of(), lambda m: [only(m.install, {rack: 9.5})])

    paid = solved.payments("rack_purchase")

    yearly = payment(9.5 * 3.05 * 1.12 / 0.134 * 1.013, 4)
    by_year = {year: paid["elm", str(year)] for year in range(2025, 2031)}
    assert by_year == pytest.approx(dict.fromkeys(range(2025, 2029), yearly) | {2029: 0, 2030: 0})
    whole = sum(musd * (1 + RATE) ** -(year - 2025 + 0.5) for year, musd in by_year.items())
    assert whole == pytest.approx(9.5 * 3.05 * 1.12 / 0.134 * 1.013)  # paid back, no more


def test_halls_are_repaid_with_interest_from_the_month_they_are_commissioned(inputs):
    # Elm is ready on 1 February 2027 and pays for 11 of 12 months. Money is spent over 1.75
    # years before.
    hall = ("elm", "plate_dry|N", "2027")
    solved = solve(inputs, lambda m: [only(m.build, {hall: 15.0})])

    interest = ((1 + RATE) ** 1.75 - 1) / (1.75 * math.log(1 + RATE)) - 1
    capex = unit_cost(inputs, "halls", "build_capex_musd_per_mw", "build", *hall)
    paid = solved.payments("hall_construction")
    assert paid["elm", "2027"] == pytest.approx(payment(15.0 * capex * (1 + interest), 14) * 11 / 12)
    assert paid["elm", "2026"] == 0.0


def test_retrofits_are_repaid_from_the_month_the_work_is_done(inputs):
    # Begun on 1 March 2025, done on 1 November: 2 months of 2025.
    work = ("oak", "air_dry|2N", "plate_dry|2N", "2025")
    solved = solve(inputs, lambda m: [only(m.retrofit, {work: 20.0})])

    # 2,050 USD/kW at Oak's index of 1.06, and what construction costs more from 2025 on
    capex = unit_cost(inputs, "halls", "retrofit_capex_musd_per_mw", "retrofit", *work)
    paid = solved.payments("hall_retrofit")
    yearly = payment(20.0 * capex, 14)
    assert capex == pytest.approx(2.05 * 1.06, rel=0.03)
    assert [paid["oak", str(year)] for year in (2025, 2026, 2027)] == pytest.approx([yearly * 2 / 12, yearly, yearly])


def test_connections_are_repaid_from_the_month_they_are_energised(inputs):
    solved = solve(inputs, lambda m: [only(m.expand, {("elm", "2025"): 12.0})])

    # on 15 September 2026: 3.5 months, then the year
    yearly = payment(12.0 * (152_000 + 645_000) / 1e6, 14)
    paid = solved.payments("interconnection")
    assert [paid["elm", str(year)] for year in (2025, 2026, 2027)] == pytest.approx([0.0, yearly * 3.5 / 12, yearly])


def test_openings_and_fixed_costs_follow_the_share_that_is_open():
    inputs = inputs_of(EVERYTHING[0])
    fir = ("fir", "2027")

    solved = solve(inputs, lambda m: [part(m.open, site="fir") == 0.8, only(m.opened, {fir: 0.8})])

    assert solved.payments("site_opening")[fir] == pytest.approx(payment(0.8 * 29.0, 14))
    assert solved.payments("site_fixed")[fir] == pytest.approx(0.8 * 11.5 * OPEX_2027)
    assert solved.payments("site_fixed")["oak", "2027"] == pytest.approx(3.4 * OPEX_2027)


def test_moved_racks_are_paid_for_in_the_year_they_move(inputs):
    moved = ("oak", "liquid25", "plate_dry|N", "stock-2025", "2027")
    solved = solve(inputs, lambda m: [only(m.move_out, {moved: 6.0})])

    paid = solved.payments("rack_moves")

    assert paid["oak", "2027"] == pytest.approx(6.0 * 400 * 1000 / 1e6)
    assert sum(paid.values()) == pytest.approx(paid["oak", "2027"])


# --- what is paid every year ------------------------------------------------------------


@pytest.fixture(scope="module")
def ten_mw(inputs) -> Solved:
    """Ten MW of one rack for chat at Oak in 2027, in the halls that stand."""
    racks = {("oak", "liquid27", "plate_dry|2N", "chat", "2027"): 10.0}
    return solve(inputs, lambda m: [only(m.used, racks), only(m.build, {}), only(m.retrofit, {})])


def test_companions_are_repaid_while_racks_are_in_use(ten_mw):
    # 0.11 MW of them per MW of racks, 10,500 USD/kW over 6 years
    yearly = payment(10.0 * 0.11 * 10_500 * 1000 / 1e6, 6)

    assert ten_mw.payments("companions")["oak", "2027"] == pytest.approx(yearly)


def test_racks_in_use_are_kept_up_and_insured(ten_mw):
    price = 7.45 * 1.11 / 0.228  # MUSD/MW

    yearly = 10.0 * price * (0.0055 + 0.0012) * OPEX_2027
    assert ten_mw.payments("it_maintenance")["oak", "2027"] == pytest.approx(yearly)


def test_halls_that_stand_are_run_whether_full_or_not(inputs, ten_mw):
    halls = inputs.halls
    oak_2027 = (halls.hall["site"] == inputs.sets.site.code("oak")) & (
        halls.hall["year"] == inputs.sets.year.code("2027")
    )

    yearly = (halls.existing_mw * halls.opex_musd_per_mw_year)[oak_2027].sum() * OPEX_2027
    assert ten_mw.payments("hall_opex")["oak", "2027"] == pytest.approx(yearly)


def test_a_leased_hall_costs_its_rent_and_no_upkeep():
    # 185 USD/kW-month
    inputs = inputs_of("lease.allow=true")
    hall = ("oak", "air_dry|3N2", "2027")

    def lease(mw: float) -> Solved:
        return solve(inputs, lambda m: [only(m.lease, {hall: mw}), only(m.build, {}), only(m.retrofit, {})])

    leased, nothing = lease(6.0), lease(0.0)

    assert leased.payments("lease_rent")["oak", "2027"] == pytest.approx(6.0 * 0.185 * 12)
    assert leased.at(leased.model.halls.usable_mw, *hall) == pytest.approx(6.0)
    assert leased.payments("hall_opex") == pytest.approx(nothing.payments("hall_opex"))


def test_water_is_paid_by_the_cubic_metre(inputs, ten_mw):
    m = ten_mw.model

    paid = ten_mw.payments("water")["oak", "2027"]

    assert paid == pytest.approx(ten_mw.at(m.water_m3, "oak", "2027") * 3.3 / 1e6)
    assert paid > 0.0


def test_emissions_are_paid_by_the_tonne():
    solved = solve(inputs_of("carbon.price_usd_per_t=23"))
    emitted_kt = solved.at(solved.model.emissions_kt, "elm", "2027")

    paid = solved.payments("carbon_price")["elm", "2027"]

    assert paid == pytest.approx(emitted_kt * 1000 * 23 / 1e6)
    assert emitted_kt > 100.0


def test_rent_is_paid_in_every_year_its_contract_runs(inputs):
    contracts = {
        ("chat", "reserved", "2025"): 6.0,  # three years
        ("chat", "on_demand", "2025"): 4.0,  # the two years that model year 2025 stands for
        ("chat", "on_demand", "2027"): 5.0,
    }
    solved = solve(inputs, lambda m: [only(m.bought, contracts)])

    # 3.9 USD per GPU-hour of 1.02 H100e, a third more for egress. Reserved costs 0.46 of that
    # and is in use as own racks are; on demand is cheaper by 16 % a year, in use 0.62 of the time.
    listed = 3.9 / 1.02 * 1.33 * 8760 * 1000 / 1e6
    reserved = 6.0 * listed * (1 - 0.54) / (0.56 / 1.12)
    at_first, later = 4.0 * listed / 0.62, 5.0 * listed * (1 - 0.16) ** 2 / 0.62
    assert solved.payments("rented_compute") == pytest.approx(
        {("2025",): reserved + at_first, ("2026",): reserved + at_first, ("2027",): reserved + later}
    )


def test_levers_are_paid_for_what_they_save():
    inputs = inputs_of("levers.allow=all")
    lever = ("chat", "caching", "2027")
    solved = solve(inputs, lambda m: [only(m.adopted, {lever: 0.5})])

    # caching saves 0.11, scaled as it comes with quantization: together 0.2346, not 0.25
    asked = sum(
        kh100e
        for position, kh100e in enumerate(inputs.demand.demand_kh100e)
        if inputs.demand.demand.tuples(position)[1:] == ("chat", "2027")
    )
    saved = 0.5 * 0.11 * 0.2346 / 0.25 * asked
    assert solved.payments("efficiency_levers")[("2027",)] == pytest.approx(saved * 0.07 * 8760 * 1000 / 1e6)


# --- cost of capital --------------------------------------------------------------------


def test_capital_in_a_country_costs_its_premium(inputs):
    # 0.2 % a year in the United States, on what is bought there
    rack = ("elm", "chip26", "plate_dry|N", "training", "2027")
    others = ("build", "retrofit", "expand")
    solved = solve(inputs, lambda m: [only(m.install, {rack: 9.5}), *(only(getattr(m, x), {}) for x in others)])

    cost = 9.5 * 1.92 * 1.15 / 0.104 * 1.013 * (1 - 0.022) ** 2
    premium = payment(cost, 6, RATE + 0.002) - payment(cost, 6)
    paid = solved.payments("financing_premium")
    assert paid["elm", "2027"] == pytest.approx(premium)
    assert solved.payments("rack_purchase")["elm", "2027"] == pytest.approx(payment(cost, 6))


def test_country_risk_can_be_left_out(mini):
    without = solve(inputs_of("finance.country_risk=false"))

    assert set(without.payments("financing_premium").values()) == {0.0}
    assert without.cost_musd < mini.cost_musd - 0.1


def test_costlier_capital_for_racks_alone_is_a_premium_on_racks():
    settings = ("finance.asset_wacc_nominal_frac.rack=0.12", "finance.country_risk=false")
    rack = ("elm", "chip26", "plate_dry|N", "training", "2027")
    solved = solve(inputs_of(*settings), lambda m: [only(m.install, {rack: 9.5})])

    cost = 9.5 * 1.92 * 1.15 / 0.104 * 1.013 * (1 - 0.022) ** 2
    premium = payment(cost, 6, 1.12 / 1.024 - 1) - payment(cost, 6)
    assert solved.payments("financing_premium")["elm", "2027"] == pytest.approx(premium)


@pytest.mark.parametrize("rule", ["annuity", "truncated_salvage", "perpetuity"])
def test_costlier_capital_costs_more_under_every_end_of_the_horizon(rule):
    rule_and_risk = (f"finance.end_of_horizon={rule}", "finance.country_risk=false")
    plain = solve(inputs_of(*rule_and_risk))
    costlier = solve(inputs_of(*rule_and_risk, "finance.asset_wacc_nominal_frac.rack=0.14"))

    assert costlier.cost_musd > plain.cost_musd * (1 + 1e-6)


def test_costlier_capital_is_a_premium_on_what_is_bought_and_sold_at_book_value_too():
    settings = ("finance.asset_wacc_nominal_frac.rack=0.12", "finance.country_risk=false")
    rack = ("elm", "chip26", "plate_dry|N", "training", "2027")
    solved = solve(
        inputs_of(*settings, "finance.end_of_horizon=truncated_salvage"), lambda m: [only(m.install, {rack: 9.5})]
    )

    # Bought on 1 January, sold on 31 December after one of six years, both moved to mid-year.
    cost = 9.5 * 1.92 * 1.15 / 0.104 * 1.013 * (1 - 0.022) ** 2
    spent = cost * (math.sqrt(1 + RATE) - 5 / 6 / math.sqrt(1 + RATE))
    costlier = payment(1.0, 6, 1.12 / 1.024 - 1) / payment(1.0, 6) - 1
    assert solved.payments("rack_purchase")["elm", "2027"] == pytest.approx(spent)
    assert solved.payments("financing_premium")["elm", "2027"] == pytest.approx(spent * costlier)
