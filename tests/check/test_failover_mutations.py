"""A plan that may lose any one site passes; with one thing wrong it is found out."""

from __future__ import annotations

import good_plan
import numpy as np
import pytest
from spoiled_failover import FAILOVER, SPOILED_FAILOVER

from planner.base.max_flow import unassigned


def solved(*settings):
    return good_plan.solved(FAILOVER, *settings)


@pytest.fixture(scope="module")
def survivor():
    return solved()


@pytest.fixture(scope="module")
def bridged():
    """Short of firm connection, so that non-firm helps to carry stand-by racks."""
    return solved(
        "grid.non_firm.allow=true",
        "grid.non_firm.service=bridge",
        "grid.firm_headroom_frac=0.05",
        "grid.headroom_scale_frac=0.5",
    )


@pytest.mark.parametrize("form", ["neighbours", "pairs"])
def test_a_plan_that_may_lose_any_site_passes_every_check(form):
    plan = solved(f"failover.form={form}")

    verdict = plan.verdict()

    assert verdict.ok, verdict.frame().loc[~verdict.frame()["ok"]].to_string()
    assert verdict["survives_loss_of_any_site"].tested >= 7
    assert plan.tables["plan"]["standby_mw"].sum() > 100.0


def test_non_firm_connection_carries_stand_by_racks(bridged):
    connected = bridged.tables["non_firm_connections"]
    gone = bridged.reported(non_firm_connections=connected.assign(added_mw=0.0))

    verdict = bridged.verdict()

    assert verdict.ok, verdict.frame().loc[~verdict.frame()["ok"]].to_string()
    assert connected["added_mw"].sum() > 10.0
    assert not gone.check("tables_as_stated").ok


@pytest.mark.parametrize(
    ("name", "spoil"), [s[1:] for s in SPOILED_FAILOVER], ids=[s[0].replace(" ", "_") for s in SPOILED_FAILOVER]
)
def test_a_plan_that_can_not_lose_a_site_is_found_out(survivor, name, spoil):
    check = spoil(survivor).check(name)

    assert survivor.check(name).ok
    assert not check.ok
    assert check.worst > check.tolerance
    assert check.place


def test_work_is_sent_on_where_that_makes_room_for_other_work():
    # The first amount fits anywhere, the second in a alone: the first must make way.
    assert unassigned([5.0, 7.0], [["a", "b"], ["a"]], {"a": 8.0, "b": 4.5}) == pytest.approx(0.0)
    assert unassigned([5.0, 7.0], [["a", "b"], ["a"]], {"a": 8.0, "b": 3.5}) == pytest.approx(0.5)
    assert unassigned([5.0, 7.0], [["b"], ["a"]], {"a": 8.0, "b": 3.0}) == pytest.approx(2.0)
    assert unassigned([6.0], [[]], {"a": 8.0}) == pytest.approx(6.0)


def test_nothing_is_left_that_any_set_of_users_could_have_had():
    """Against the theorem of supply and demand: the worst set of users tells what is left."""
    rng = np.random.default_rng(7)
    for _ in range(60):
        work = rng.uniform(0.5, 9.0, 5)
        names = ("a", "b", "c", "d")
        room = dict(zip(names, rng.uniform(0.5, 9.0, 4), strict=True))
        choices = [[name for name in names if rng.random() < 0.45] for _ in work]

        worst = max(
            sum(work[i] for i in users) - sum(room[n] for n in names if any(n in choices[i] for i in users))
            for users in ([i for i in range(5) if code >> i & 1] for code in range(32))
        )

        assert unassigned(list(work), choices, room) == pytest.approx(worst)
