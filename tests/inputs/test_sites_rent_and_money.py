"""Sites and their limits, rented compute, levers, discounting."""

from __future__ import annotations

import numpy as np
import pytest

from planner.lp import Axis, Index


def test_sites_and_countries_can_be_left_out(build):
    assert build("scope.exclude_sites=[elm]").sets.site.labels == ("oak",)
    assert build("sites.oak.exclude=true").sets.site.labels == ("elm",)
    assert build("scope.countries=all").sets.site.labels == ("oak", "elm", "ash")
    assert build("scope.demand_regions=[mesa]").demand.no_route.empty


@pytest.mark.parametrize(
    ("listed", "in_scope"), [("all", ["oak", "elm", "fir"]), ("[oak, fir]", ["oak", "fir"]), ("[oak]", ["oak"])]
)
def test_a_list_of_sites_holds_for_own_sites_as_well(build, listed, in_scope):
    fir = "new_sites.fir={name: Fir, country: US, lat: 41.5, lon: -87.4, like: oak}"

    inputs = build(fir, f"scope.sites={listed}")

    assert list(inputs.sets.site.labels) == in_scope


def may_rent(inputs):
    rent = inputs.rent
    frame = rent.rented.frame().assign(capacity=rent.rented_capacity_frac)
    return frame[frame["year"] == "2025"].set_index(["region", "workload"])["capacity"].to_dict()


TRAIN = {("(anywhere)", "train"): 1.0}


def test_work_without_residency_is_rented_where_no_table_has_a_cloud(build, tables):
    campuses = tables["sites"].assign(archetype="campus")

    inputs = build(sites=campuses)

    assert may_rent(inputs) == TRAIN
    (note,) = [note for note in inputs.notes if note.startswith("May not be rented")]
    assert note == (
        "May not be rented, no cloud that residency national admits: chat in 2 of 2"
        " regions, 100 % of its demand (bay, mesa)."
    )


def test_users_whom_every_site_can_serve_rent_where_they_have_a_cloud(build):
    # From elm 2,150 km to bay and 1,150 to mesa; the one cloud, oak, is 3,100 km from mesa.
    inputs = build("scope.sites=[elm]", "rent.placeless=false", "workloads.train.rtt_bound_ms=47")

    assert [users for users in may_rent(inputs) if users[1] == "train"] == [("bay", "train")]


@pytest.mark.parametrize(("lat", "is_tight"), [(41.9, True), (32.8, False)])
def test_spread_rent_is_near_where_one_of_its_clouds_may_fail(build, tables, lat, is_tight):
    sites = tables["sites"].set_index("site")
    sites.loc["ash", ["country", "lat", "lon"]] = "US", lat, -77.6
    near = "workloads.chat={tight_rtt_ms: 22, tight_share_frac: 0.4}"

    inputs = build(near, "rent={placeless: false, availability_pct: 90}", sites=sites.reset_index())

    rent = inputs.rent.rented.frame().assign(is_tight=inputs.rent.rented_is_tight)
    assert set(rent.loc[(rent["region"] == "bay") & (rent["workload"] == "chat"), "is_tight"]) == {is_tight}


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
