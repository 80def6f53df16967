"""Grid, carbon and water: what a connection carries, what is billed, what is emitted."""

from __future__ import annotations

import numpy as np
import pytest
from small_world import Wish, assert_bites, changed, only, part

from planner.inputs import Inputs

RACKS_MW = 1250 * 0.2 / 1.16  # 1.25 GW of facilities, a fifth of them ours, 1.16 MW per MW
TRAIN_HALL_MW = 0.9 + 0.06  # diversity and companions, of a MW of racks for training
ELM_HALLS_MW = RACKS_MW * 290 / (290 + 830) * TRAIN_HALL_MW

# air24 for training: busy power idle and not, companions at 0.7; utilisation less spare racks
IT_PER_MW = 0.76 * 0.26 + 0.06 * 0.7 + 0.76 * (1 - 0.26) * 0.83 / 1.03
LOSS_OF_LOAD = 0.0079 + 0.0175 * 0.75 / 1.02 + 0.019  # N: k1, k2 at 3/4 load, distribution
LOSS_OF_HALLS = 0.0061 * 1.02 * ELM_HALLS_MW  # k0 of what is installed
TRAIN = ("elm", "air24", "air_dry|N", "train", "2027")
MARGIN = 0.001


def use(mw: float) -> Wish:
    """Old racks at Elm and none elsewhere, in the halls and on the connection that stand."""
    return lambda m: [only(m.used, {TRAIN: mw}), only(m.build, {}), only(m.retrofit, {}), only(m.expand, {})]


def meter_mw(racks_mw: float, overhead: float) -> float:
    return (1 + overhead + LOSS_OF_LOAD) * IT_PER_MW * racks_mw + LOSS_OF_HALLS


def with_firm(inputs: Inputs, mw: float) -> Inputs:
    """Connect Elm with so many MW in 2027."""
    firm = inputs.grid.firm_mw.copy()
    firm[inputs.grid.firm.position("elm", "2027")] = mw
    return changed(inputs, "grid", firm_mw=firm)


def flat(inputs: Inputs, overhead: float, wue_l_per_kwh: float = 0.45) -> Inputs:
    """Return inputs with one overhead of cooling and one use of water in every hour."""
    p = inputs.power
    return changed(
        inputs,
        "power",
        mechanical_frac=np.full_like(p.mechanical_frac, overhead),
        wue_l_per_kwh=np.full_like(p.wue_l_per_kwh, wue_l_per_kwh),
    )


# --- connection -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "site", "limit_mw"),
    [
        # headroom and its growth by 2027, less what is committed, all of it a fifth
        ("west", "elm", (2600 + 630 - 220) * 0.2),
        ("east", "oak", (1900 + 360 - 138) * 0.2),
    ],
)
def test_zone_headroom_bites_at_new_connections_of_all_years(inputs, zone, site, limit_mw):
    def connect(mw: float) -> Wish:
        return lambda m: [part(m.expand, site=site) >= mw]

    assert inputs.sets.zone.labels[inputs.sets.site_zone[inputs.sets.site.code(site)]] == zone
    assert_bites("zone_headroom", inputs, connect(limit_mw - MARGIN), connect(limit_mw + MARGIN))


def test_zone_headroom_bites_at_the_lower_limit_of_an_earlier_year(inputs):
    def connect_in_2025(mw: float) -> Wish:
        return lambda m: [part(m.expand, site="elm", year="2025") >= mw]

    limit_mw = (2600 + 210) * 0.2  # nothing is committed so early
    assert_bites("zone_headroom", inputs, connect_in_2025(limit_mw - MARGIN), connect_in_2025(limit_mw + MARGIN))


# --- bills ------------------------------------------------------------------------------


# --- carbon and water -------------------------------------------------------------------
