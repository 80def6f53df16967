"""Sites and their limits, rented compute, levers, discounting."""

from __future__ import annotations

import numpy as np
import pytest

from planner.inputs import Inputs
from planner.lp import Axis, Index


def of_site(inputs: Inputs, name: str, site: str) -> float:
    return float(getattr(inputs.sites, name)[inputs.sets.site.code(site)])


def test_limits_of_sites_are_the_operators_share(mini):
    assert of_site(mini, "land_limit_mw", "elm") == pytest.approx(5200 * 0.2)
    assert of_site(mini, "opening_musd", "elm") == pytest.approx(29)
    assert of_site(mini, "fixed_musd_per_year", "oak") == pytest.approx(3.4)
    assert of_site(mini, "minimum_mw", "elm") == pytest.approx(90)
    assert mini.sites.is_existing.all()


def test_a_site_builds_for_every_year_since_the_model_year_before(mini, build):
    def rate(inputs: Inputs, year: str) -> float:
        return float(inputs.sites.build_rate_mw[inputs.sites.site_year.position("elm", year)])

    assert rate(mini, "2025") == pytest.approx(640 * 0.2)
    assert rate(mini, "2027") == pytest.approx(640 * 0.2 * 2)
    assert rate(build("build.rate_scale_frac=0.5"), "2027") == pytest.approx(640 * 0.2)
    assert rate(build("sites.elm.build_rate_mw_per_year=88"), "2027") == pytest.approx(88 * 2)


def test_land_holds_at_least_what_stands_and_is_committed(build):
    inputs = build("sites.oak.land_limit_mw=2.5")

    assert of_site(inputs, "land_limit_mw", "oak") > 100
    assert any("The land limit is below the existing" in note for note in inputs.notes)


def test_market_rates_and_budgets_count_the_years_between(build):
    inputs = build(
        "build.market_rate_mw_per_year={elm-market: 35}",
        "build.capex_budget_musd={2026: 480}",
        "build.cash_budget_musd=510",
    )

    rate = dict(zip(inputs.sites.market_rate.labels("year"), inputs.sites.market_rate_mw, strict=True))
    assert rate == {"2025": pytest.approx(35), "2027": pytest.approx(2 * 35)}
    assert inputs.sites.capex_budget.labels("year").tolist() == ["2027"]
    assert inputs.sites.capex_budget_musd == pytest.approx(2 * 480)
    assert inputs.sites.cash_budget.labels("year").tolist() == ["2025", "2027"]
    assert inputs.sites.cash_budget_musd == pytest.approx([510, 2 * 510])


def test_sites_and_countries_can_be_left_out(build):
    assert build("scope.exclude_sites=[elm]").sets.site.labels == ("oak",)
    assert build("sites.oak.exclude=true").sets.site.labels == ("elm",)
    assert build("scope.countries=all").sets.site.labels == ("oak", "elm", "ash")
    assert build("scope.demand_regions=[mesa]").demand.no_route.empty


def test_a_new_site_is_like_another_but_nothing_stands_there(build):
    inputs = build("new_sites.fir={name: Fir, country: US, lat: 41.5, lon: -87.4, like: oak}")
    row = inputs.sites.table.set_index("site").loc["fir"]

    assert (row["name"], row["lat"], row["zone"]) == ("Fir", 41.5, "east")
    assert of_site(inputs, "land_limit_mw", "fir") == of_site(inputs, "land_limit_mw", "oak")
    assert not inputs.sites.is_existing[inputs.sets.site.code("fir")]
    assert set(inputs.sites.site_year.frame().query("site == 'fir'")["year"]) == {"2027"}
    assert "fir" not in set(inputs.tables["sites"]["site"])


@pytest.mark.parametrize(
    ("listed", "in_scope"), [("all", ["oak", "elm", "fir"]), ("[oak, fir]", ["oak", "fir"]), ("[oak]", ["oak"])]
)
def test_a_list_of_sites_holds_for_own_sites_as_well(build, listed, in_scope):
    fir = "new_sites.fir={name: Fir, country: US, lat: 41.5, lon: -87.4, like: oak}"

    inputs = build(fir, f"scope.sites={listed}")

    assert list(inputs.sets.site.labels) == in_scope


def test_on_demand_compute_is_priced_by_use(mini):
    rent = mini.rent
    at = rent.bought.position("chat", "on_demand", "2027")

    usd_per_hour = 3.9 / 1.02 * (1 - 0.16) ** 2 * 1.33 / 0.62
    assert rent.price_musd_per_kh100e_year[at] == pytest.approx(usd_per_hour * 8.76)
    assert rent.term_years[at] == 1


def test_reserved_compute_idles_as_own_racks_do(mini):
    rent = mini.rent
    at = rent.bought.position("train", "reserved", "2025")

    usd_per_hour = 3.9 / 0.99 * (1 - 0.54) * 1.33 / (0.83 / 1.03)
    assert rent.price_musd_per_kh100e_year[at] == pytest.approx(usd_per_hour * 8.76)
    assert rent.term_years[at] == 3


def test_a_price_of_rent_can_be_given(build):
    inputs = build("rent.price_usd_per_h100e_hour={2025: 2.9, 2026: 2.2}")

    at = inputs.rent.bought.position("chat", "on_demand", "2027")

    assert inputs.rent.price_musd_per_kh100e_year[at] == pytest.approx(2.2 * 1.33 / 0.62 * 8.76)


def test_the_depth_of_the_market_is_weighed_by_duty(mini, build):
    demand = mini.demand.demand.frame().assign(kh100e=mini.demand.demand_kh100e)
    of_class = demand[demand["year"] == "2025"].groupby("workload")["kh100e"].sum()
    train = of_class["train"] / of_class.sum()

    depth = 0.2 * 0.62 / (train / 480 + (1 - train) / 540)

    assert mini.rent.depth_kh100e[0] == pytest.approx(depth)
    deeper = build("rent.depth_scale_frac=1.5").rent.depth_kh100e
    assert deeper == pytest.approx(1.5 * mini.rent.depth_kh100e)


def test_clouds_with_a_place_serve_only_users_near_them(build, mini):
    assert mini.rent.rented.size == mini.demand.demand.size
    placed = build("rent.placeless=false")

    rented = placed.rent.rented.frame()

    # the metro is oak: it reaches Bay City and, with training, everyone
    assert set(zip(rented["region"], rented["workload"], strict=True)) == {("bay", "chat"), ("(anywhere)", "train")}


def may_rent(inputs):
    rent = inputs.rent
    frame = rent.rented.frame().assign(capacity=rent.rented_capacity_frac)
    return frame[frame["year"] == "2025"].set_index(["region", "workload"])["capacity"].to_dict()


TRAIN = {("(anywhere)", "train"): 1.0}
BAY, MESA = ("bay", "chat"), ("mesa", "chat")
ABROAD = "scope.countries=[US, CA]"  # where Ash is a metro too, 800 km from Oak
REGIONAL = "workloads.chat.residency=regional"
ANYWHERE = "workloads.chat.residency=none"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([], {**TRAIN, BAY: 1.0, MESA: 1.0}),
        # Oak is the one metro in the US, at 86 km from Bay and 3,000 km from Mesa.
        (["workloads.chat.residency=local"], {**TRAIN, BAY: 1.0}),
        # Chat wants 99.995 % (2N): more than one place has, so half of it in each of three.
        (["rent.availability_pct=99.99"], TRAIN),
        (["rent.availability_pct=99.99", ABROAD, REGIONAL], {**TRAIN, BAY: 2.0, MESA: 2.0}),
        (["rent.availability_pct=99.99", ABROAD, ANYWHERE], {**TRAIN, BAY: 1.5, MESA: 1.5}),
        (["rent.availability_pct=99.6", "rent.spread_availability_pct=99.8"], {("(anywhere)", "train"): 1.5}),
        # So does work that must survive the outage of a site, unless both may fail together.
        (["workloads.chat.failover=true"], TRAIN),
        (["workloads.chat.failover=true", ABROAD, REGIONAL], {**TRAIN, BAY: 2.0, MESA: 2.0}),
        (["workloads.chat.failover=true", "failover.from_year=2027", ABROAD, REGIONAL], {**TRAIN, BAY: 1.0, MESA: 1.0}),
        (["workloads.chat.failover=true", "failover.barred_within_km=900", ABROAD, REGIONAL], TRAIN),
    ],
)
def test_residency_availability_and_failover_bind_rented_compute(build, settings, expected):
    assert may_rent(build(*settings)) == expected


def test_work_without_residency_is_rented_where_no_table_has_a_cloud(build, tables):
    campuses = tables["sites"].assign(archetype="campus")

    inputs = build(sites=campuses)

    assert may_rent(inputs) == TRAIN
    (note,) = [note for note in inputs.notes if note.startswith("May not be rented")]
    assert note == (
        "May not be rented, no cloud that residency national admits: chat in 2 of 2"
        " regions, 100 % of its demand (bay, mesa)."
    )


def test_nothing_is_rented_where_the_scenario_says_so(build):
    inputs = build("rent.allow=false")

    assert inputs.rent.rented.size == inputs.rent.bought.size == 0
    assert set(inputs.rent.barred) == {"rent.allow is false"}
    assert not [note for note in inputs.notes if note.startswith("May not be rented")]


def test_savings_of_levers_multiply(build):
    inputs = build("levers.allow=all")
    levers = inputs.levers

    quantization = levers.adopted.position("chat", "quantization", "2027")
    caching = levers.adopted.position("chat", "caching", "2027")

    together = 1 - (1 - 0.14) * (1 - 0.11)
    assert levers.saving_frac[[quantization, caching]].sum() == pytest.approx(together)
    # from 2026 over three years: two thirds in 2027; caching takes two
    assert levers.max_adoption_frac[quantization] == pytest.approx(0.8 * 2 / 3)
    assert levers.max_adoption_frac[caching] == pytest.approx(0.9)
    assert levers.cost_musd_per_kh100e_year[caching] == pytest.approx(0.07 * 8.76)
    assert set(levers.adopted.labels("year")) == {"2027"}


def test_only_levers_on_offer_are_listed(build, mini):
    assert mini.levers.adopted.size == 0
    one = build("levers.allow=[caching]")
    assert set(one.levers.adopted.labels("lever")) == {"caching"}
    assert one.levers.saving_frac == pytest.approx(0.11)


def test_money_is_discounted_at_the_real_rate(mini):
    real = 1.083 / 1.024 - 1

    assert mini.finance.rate_frac == pytest.approx(real)
    assert mini.finance.asset_rate_frac == pytest.approx(dict.fromkeys(("rack", "facility", "grid", "supply"), real))
    # 2025 stands for itself and 2026
    expected = (1 + real) ** -0.5 + (1 + real) ** -1.5
    assert mini.finance.year_weight == pytest.approx([expected, (1 + real) ** -2.5])
    assert mini.finance.opex_escalation == pytest.approx([1.0, 1.003**2])
    spread = np.linspace(0, 1.75, 100001)
    interest = ((1 + real) ** spread).mean() - 1
    assert mini.finance.build_idc_frac == pytest.approx(interest, rel=1e-4)


def test_running_costs_grow_from_the_year_of_the_money_whatever_the_first_year(build):
    # Upkeep grows by 0.3 % a year from 2025.
    assert build("years=[2027]").finance.opex_escalation == pytest.approx([1.003**2])


def test_capital_may_cost_each_asset_and_country_its_own_rate(build):
    inputs = build("finance.asset_wacc_nominal_frac={rack: 0.12}", "scope.countries=all")

    assert inputs.finance.asset_rate_frac["rack"] == pytest.approx(1.12 / 1.024 - 1)
    assert inputs.finance.asset_rate_frac["grid"] == pytest.approx(inputs.finance.rate_frac)
    assert inputs.finance.site_rate_adder_frac == pytest.approx([0.002, 0.002, 0.004])
    without = build("finance.country_risk=false")
    assert not without.finance.site_rate_adder_frac.any()


def test_twice_the_share_is_twice_of_everything(build, mini):
    double = build("operator.demand_share_frac=0.4")

    for name in ("demand.demand_kh100e", "racks.stock_mw", "halls.existing_mw", "grid.firm_mw"):
        room, attribute = name.split(".")
        single = getattr(getattr(mini, room), attribute)
        assert getattr(getattr(double, room), attribute) == pytest.approx(2 * single), name
    assert double.grid.headroom_mw == pytest.approx(2 * mini.grid.headroom_mw)
    assert double.rent.depth_kh100e == pytest.approx(2 * mini.rent.depth_kh100e)


def test_every_list_lies_on_the_axes_of_the_sets(mini):
    known = [value for value in vars(mini.sets).values() if isinstance(value, Axis)]
    known += [mini.grid.period, *map(mini.sets.hall.renamed, ("to_hall", "as_hall"))]

    lists = [
        (room, name, value)
        for room in ("demand", "rent", "levers", "racks", "halls", "sites", "power", "grid", "carbon")
        for name, value in vars(getattr(mini, room)).items()
        if isinstance(value, Index)
    ]

    assert len(lists) > 30
    for room, name, index in lists:
        assert all(axis in known for axis in index.axes), (room, name)
