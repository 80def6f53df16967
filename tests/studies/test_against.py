"""Two sites compared: the parts of one more MW add up, and are what the plan pays there."""

from __future__ import annotations

from itertools import pairwise

import pytest
from click.testing import CliRunner
from plans import RICH, plan_of

from planner.base.errors import InputError
from planner.cli import main
from planner.runs import write_run
from planner.studies.explain.explain import compare_sites

MONEY = ["usd_per_mw_year", "against_usd_per_mw_year", "difference_usd_per_mw_year"]


def test_a_mw_costs_what_its_work_is_worth_where_the_plan_has_some() -> None:
    # Both sites of tiny train in 2028, on the same racks in the same halls.
    table = compare_sites(plan_of("tiny"), "north", "south").set_index("part")

    assert table.loc["all together", MONEY].abs().max() < 0.01
    assert table.loc["the work it does", "usd_per_mw_year"] < -1e6
    assert table["workload"].unique().tolist() == ["train_frontier"]


def test_racks_in_integers_are_priced_with_their_number_as_planned() -> None:
    # Rounded down, one rack more would pay: priced at what it costs to buy, there was no end to it.
    plan = plan_of("tiny", "racks.whole=true")
    at = plan.tables["plan"].query("year == 2028 and workload == 'train_frontier' and used_mw > 1")
    table = compare_sites(plan, "north", "south").set_index("part")

    assert {"north", "south"} <= set(at["site"])
    assert table.loc["all together", MONEY].abs().max() < 0.01
    assert "racks and room for them" in table.index
    assert not {"the racks", "room in halls", "whole racks", "rack purchase"} & set(table.index)


def test_what_cheap_power_saves_is_paid_for_room_that_is_full() -> None:
    # Power costs 40 USD/MWh at north and 55 at south. Both only train, so that their energy cost
    # over their MW is that of one MW. The land of north is full: its halls are worth what it saves.
    plan = plan_of("tiny")
    table = compare_sites(plan, "north", "south").set_index("part")
    of = plan.tables["costs"].query("item == 'electricity_energy' and calendar_year == 2028")
    used = plan.tables["plan"].query("year == 2028").groupby("site")["used_mw"].sum()
    north, south = (1e6 * float(of.loc[of["site"] == site, "musd"].sum()) / used[site] for site in ("north", "south"))

    saved = table.loc["energy charges", "difference_usd_per_mw_year"]
    assert saved == pytest.approx(north - south, rel=1e-6)
    assert saved < -100_000.0
    assert table.loc["room in halls", "difference_usd_per_mw_year"] == pytest.approx(-saved)


def test_parts_add_up_and_no_site_is_worth_more_than_it_costs() -> None:
    plan = plan_of(RICH)
    sites = list(plan.inputs.sets.site.labels)
    compared = 0
    for site, other in pairwise(sites):
        try:
            table = compare_sites(plan, site, other).set_index("part")
        except InputError:
            continue  # no racks in common
        parts, total = table[MONEY].iloc[:-1], table[MONEY].iloc[-1]
        assert parts.sum().to_list() == pytest.approx(total.to_list(), abs=0.01)
        assert total[MONEY[0]] - total[MONEY[1]] == pytest.approx(total[MONEY[2]], abs=0.01)
        # At shadow prices nothing pays that the plan has not done; noise is below 20 USD.
        assert (total[MONEY[:2]] > -20.0).all()
        compared += 1

    assert compared > 0


def test_the_command_compares_two_sites_and_wants_two(tmp_path: object) -> None:
    run = write_run(plan_of("tiny"), tmp_path, workbook=False)  # type: ignore[arg-type]
    asked = ["-q", "explain", str(run), "--against", "south"]

    two = CliRunner().invoke(main, [*asked, "--site", "north"])
    one, same = (CliRunner().invoke(main, [*asked, *more]) for more in ([], ["--site", "south"]))

    assert two.exit_code == 0, two.stderr
    assert "One more MW of GB200 NVL72 for Frontier pre-training in 2028" in two.stdout
    assert one.exit_code == same.exit_code == 2
    assert "'south' is compared with no site" in one.stderr
    assert "'south' is compared with itself" in same.stderr

    unknown = CliRunner().invoke(main, ["-q", "explain", str(run), "--site", "north", "--against", "souht"])
    assert unknown.exit_code == 2
    assert unknown.stderr.startswith("--against: no site of the plan is called 'souht'")
