"""Own sources: what stands, what it may put out, what is sold, what leaves."""

from __future__ import annotations

import numpy as np
import pytest
from small_world import Wish, assert_bites, at, changed, inputs_of, is_possible, only, paid_to_draw, part

from planner.base.errors import InputError
from planner.inputs import Inputs
from planner.model import Model

MARGIN = 0.001
ENGINES = ("oak", "engine", "2027")
SLOT = ("oak", "2027", "d2h18")


def of_slot(source: str) -> tuple[str, ...]:
    site, year, slot = SLOT
    return site, source, year, slot


@pytest.fixture(scope="module")
def engines() -> Inputs:
    """Engines may be built: ordered in March 2025 they run from June 2026."""
    return inputs_of("supply.allow=[engine]")


@pytest.fixture(scope="module")
def sunny() -> Inputs:
    """Panels may be built, and what they yield may be sold."""
    return inputs_of("supply.allow=[panel]", "supply.export.allow=true")


def with_engines(mw: float, *wishes: Wish) -> Wish:
    """Have so many MW of engines at Oak from 2027 and no others, and more."""

    def wish(m: Model):
        yield only(m.supply.source_mw, {ENGINES: mw})
        for more in wishes:
            yield from more(m)

    return wish


def put_out(mw: float) -> Wish:
    return lambda m: [at(m.supply.output_mw, *of_slot("engine")) == mw]


def test_a_scenario_without_a_source_builds_not_one_row_or_column_for_it():
    plain = Model(inputs_of())
    supply = (name for name in vars(plain.supply) if name.endswith(("_mw", "_mwh")))

    assert {name: getattr(plain.supply, name).over.size for name in supply} == dict.fromkeys(
        (
            "source_mw",
            "store_mwh",
            "redeploy_mw",
            "capacity_mw",
            "energy_mwh",
            "output_mw",
            "charge_mw",
            "discharge_mw",
            "level_mwh",
            "worn_mwh",
            "curtail_mw",
            "export_mw",
        ),
        0,
    )
    assert plain.p.balance.slot.size == 0


def test_source_capacity_bites_when_more_serves_than_was_built(engines):
    def serve(mw: float) -> Wish:
        return with_engines(40.0, lambda m: [at(m.supply.capacity_mw, *ENGINES) == mw])

    assert_bites("source_capacity", engines, serve(40.0), serve(40.0 + MARGIN))


def test_source_limit_bites_at_what_a_site_has_room_for(engines):
    assert_bites("source_limit", engines, with_engines(110), with_engines(110 + MARGIN))


def test_source_limit_counts_what_stands():
    standing = inputs_of("supply.allow=[engine]", "sites.oak.existing_source_mw={engine: 27}")

    assert_bites("source_limit", standing, with_engines(110 - 27), with_engines(83 + MARGIN))


WHOLE = "supply={allow: [engine], whole_sources: true, override: {engine: {min_size_mw: 33}}}"


def test_plant_least_bites_at_the_smallest_plant():
    whole = inputs_of(WHOLE)

    assert_bites("plant_least", whole, with_engines(33.0), with_engines(33.0 - MARGIN))
    assert is_possible(whole, with_engines(0.0))


def test_plant_or_none_bites_where_there_is_no_plant():
    # Oak has room for 110 MW, of which 27 stand; without the binary any part of the rest is built.
    whole = inputs_of(WHOLE, "sites.oak.existing_source_mw={engine: 27}")

    def has_plant(value: float) -> Wish:
        return lambda m: [at(m.supply.has_plant, *ENGINES) == value]

    inside, outside = with_engines(50.0, has_plant(1.0)), with_engines(50.0, has_plant(0.0))
    assert_bites("plant_or_none", whole, inside, outside)
    assert set(whole.supply.plant_room_mw[whole.supply.plant["site"] == 0]) == {110.0 - 27.0}


def test_only_whole_sources_have_rows_and_columns_of_plants():
    for settings in ((), ("supply.whole_sources=true",), ("supply.allow=[engine]",)):
        m = Model(inputs_of(*settings))
        assert m.supply.has_plant.over.size == 0
        assert not m.problem.isMIP()
    assert Model(inputs_of(WHOLE)).problem.isMIP()


def test_output_limit_bites_at_the_capacity_that_is_available(engines):
    most_mw = 0.91 * 40.0

    assert_bites(
        "output_limit", engines, with_engines(40.0, put_out(most_mw)), with_engines(40.0, put_out(most_mw + MARGIN))
    )


def test_engines_that_start_within_a_year_count_for_the_rest_of_it():
    inputs = inputs_of("supply.allow=[engine]", "years=[2025, 2026]", "supply.sites=[oak]")
    first = ("oak", "engine", "2026")
    started = inputs.supply.build.position(*first)
    m = Model(inputs)
    capacity = m.supply.in_service_mw

    # From March 2025, 15 months: 1 June 2026, so seven months of 2026.
    assert inputs.supply.build_start[started] == pytest.approx(2025 + 2 / 12 + 15 / 12)
    assert capacity.value_of_term[capacity.row == capacity.over.position(*first)] == pytest.approx([7 / 12])


def test_a_source_leaves_at_the_end_of_its_life():
    inputs = inputs_of(
        "supply.allow=[engine]",
        "supply.override.engine={life_years: 2, lead_months: 4}",
        "supply.sites=[oak]",
        "years=[2025, 2026, 2027]",
        "demand.facility_gw={2025: 1.25, 2027: 2}",
    )
    capacity = Model(inputs).supply.in_service_mw

    def share(built: str, year: str) -> float:
        column = inputs.supply.build.position("oak", "engine", built)
        row = capacity.over.position("oak", "engine", year)
        here = (capacity.row == row) & (capacity.column == first + column)
        return float(capacity.value_of_term[here].sum())

    first = Model(inputs).supply.source_mw.first_column
    # In service from July 2025 to June 2027.
    assert [share("2025", year) for year in ("2025", "2026", "2027")] == [0.5, 1.0, 0.5]
    assert [share("2026", year) for year in ("2025", "2026", "2027")] == [0.0, 1.0, 1.0]


def test_run_hours_bites_at_the_hours_of_the_permit():
    gensets = inputs_of("supply.standby={allow: true, source: genset}")
    full_h = 170.0

    def run(hours: float) -> Wish:
        def wish(m: Model):
            made = part(m.supply.output_mwh, site="oak", year="2027")
            capacity = part(m.supply.capacity_mw, site="oak", year="2027")
            yield capacity >= 5.0
            yield made - hours * capacity >= 0.0

        return wish

    assert_bites("run_hours", gensets, run(full_h), run(full_h + 0.01))


def test_stand_by_generators_are_as_many_as_the_halls_need():
    inputs = inputs_of("supply.standby={allow: true, source: genset, mw_per_hall_mw: 0.7}")
    m = Model(inputs)
    halls = m.halls.usable_mw.over
    standing = inputs.halls.existing_mw[(halls["site"] == 0) & (halls["year"] == 0)].sum()
    capacity = m.supply.in_service_mw

    assert capacity.constants[capacity.over.position("oak", "genset", "2025")] == pytest.approx(0.7 * standing)


def test_curtailment_limit_bites_at_what_the_sun_yields(sunny):
    noon = ("oak", "2027", "d2h18")
    inputs = paid_to_draw(sunny, *noon)
    share = inputs.supply.availability_frac[0, 0, inputs.sets.slot.code("d2h18")]

    def throw_away(mw: float) -> Wish:
        return lambda m: [
            only(m.supply.source_mw, {("oak", "panel", "2027"): 30.0}),
            at(m.supply.curtail_mw, *noon) == mw,
            at(m.import_mw, *noon) <= 400.0,
        ]

    assert 0.3 < share < 0.8
    assert_bites("curtailment_limit", inputs, throw_away(share * 30), throw_away(share * 30 + MARGIN))


def sell(mw: float) -> Wish:
    return lambda m: [only(m.supply.source_mw, {("oak", "panel", "2027"): 30.0}), at(m.supply.export_mw, *SLOT) == mw]


def test_export_source_bites_at_what_is_made_at_the_site(sunny):
    share = sunny.supply.availability_frac[0, 0, sunny.sets.slot.code(SLOT[-1])]

    assert_bites("export_source", sunny, sell(share * 30), sell(share * 30 + MARGIN))


def test_export_connection_bites_at_the_firm_connection(sunny):
    firm = sunny.grid.firm_mw.copy()
    firm[sunny.grid.firm.position("oak", "2027")] = 5.0
    narrow = changed(sunny, "grid", firm_mw=firm)

    def sold(mw: float) -> Wish:
        return lambda m: [*sell(mw)(m), only(m.expand, {}), only(m.lease, {})]

    assert_bites("export_connection", narrow, sold(5.0), sold(5.0 + MARGIN))


def test_redeployment_limit_bites_when_more_leaves_than_was_built():
    """What stands from before is no bridge and may not leave in its place."""
    inputs = inputs_of(
        "supply={allow: [engine], bridge: {sources: [engine]}}", "sites.oak.existing_source_mw={engine: 27}"
    )

    def leave(mw: float) -> Wish:
        return lambda m: [
            only(m.supply.source_mw, {("oak", "engine", "2025"): 20.0}),
            part(m.supply.redeploy_mw, site="oak", source="engine", vintage="2025") == mw,
        ]

    assert_bites("redeployment_limit", inputs, leave(20.0), leave(20.0 + MARGIN))


def test_what_has_left_puts_out_nothing():
    inputs = inputs_of("supply={allow: [engine], bridge: {sources: [engine]}}")
    capacity = Model(inputs).supply.in_service_mw
    leaves = inputs.supply.redeploy.position("oak", "engine", "2025", "2027")
    column = Model(inputs).supply.redeploy_mw.first_column + leaves
    at_row = {
        inputs.supply.capacity.tuples(row): value
        for row, value in zip(
            capacity.row[capacity.column == column], capacity.value_of_term[capacity.column == column], strict=True
        )
    }

    assert at_row == {("oak", "engine", "2027"): -1.0}


def test_contract_floor_counts_own_power_that_runs_at_any_hour():
    frac = "grid.contract_min_nameplate_frac=0.6"
    engines = inputs_of("supply.allow=[engine, genset]", frac)
    m = Model(engines)
    row = m.supply.firm_capacity_mw
    columns = {m.problem.column_name(column) for column in row.column}

    assert columns
    assert all("engine" in name for name in columns)


def test_power_sold_in_a_price_shock_earns_the_price_of_the_shock():
    selling = ("supply.allow=[panel]", "supply.export={allow: true, wholesale_price_frac: 0.9}")
    shock = "{zones: [west], first_year: 2027, last_year: 2027, wholesale_scale_frac: 6}"
    calm, shocked = inputs_of(*selling), inputs_of(*selling, f"energy.shocks=[{shock}]")
    zone = calm.sites.table.set_index("site")["zone"]

    over = calm.supply.export
    hit = [zone[over.axis("site").labels[site]] == "west" for site in over["site"]]
    hit = np.array(hit) & (over["year"] == over.axis("year").code("2027"))
    times = shocked.supply.export_usd_per_mwh / calm.supply.export_usd_per_mwh
    assert hit.any()
    assert not hit.all()
    assert times == pytest.approx(np.where(hit, 6.0, 1.0))


def test_bridge_power_bound_to_the_grid_serves_until_its_year_and_no_longer():
    bridge = "supply={allow: [engine], bridge: {sources: [engine], until_grid: true}}"
    years = ("years=[2025, 2026, 2027]", "supply.override.engine.lead_months=4")
    long_queue = "lead_times.interconnection_months=20"  # from March 2025: November 2026

    over = inputs_of(bridge, *years, long_queue).supply.capacity
    there = {
        (over.axis("site").labels[s], over.axis("year").labels[t])
        for s, t in zip(over["site"], over["year"], strict=True)
    }

    assert {year for _, year in there} == {"2025", "2026"}
    leaving = inputs_of(bridge, *years, long_queue).supply.redeploy
    assert {leaving.axis("year").labels[t] for t in leaving["year"]} == {"2026", "2027"}


def test_what_stands_cannot_be_bound_to_the_grid():
    with pytest.raises(InputError, match="some already exists"):
        inputs_of(
            "supply={allow: [engine], bridge: {sources: [engine], until_grid: true}}",
            "sites.oak.existing_source_mw={engine: 5}",
        )
