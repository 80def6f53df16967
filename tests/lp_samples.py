"""A dispatch with assignment over sites, years and slots, to try the linear program on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.lp import ArrayProblem, Axis, Index

REGION = Axis("region", ("new york", "new-york", "new_york", *(f"r{i}" for i in range(12))))
SITE = Axis("site", ("us-va", "us_va", "us va", "us/va", *(f"s{i}" for i in range(8))))
YEAR = Axis("year", ("2026", "2027", "2029", "2030"))
SLOT = Axis("slot", tuple(f"h{i:02}" for i in range(24)))


@dataclass(frozen=True)
class Data:
    """Factors on the random data, and two numbers a test may want to move by itself."""

    demand: float = 2.1
    price: float = 1.7
    land_mw: float = 8.7
    loss: float = 0.07
    unmet_usd: float = 4100.0
    first_demand_extra: float = 0.0


def dispatch(data: Data) -> ArrayProblem:
    """Return about 3,600 rows: routes, capacity, batteries and a balance per slot."""
    rng = np.random.default_rng(20260101)
    problem = ArrayProblem("dispatch")
    site_year = Index.full("site_year", SITE, YEAR)
    region_year = Index.full("region_year", REGION, YEAR)
    site_year_slot = Index.full("site_year_slot", SITE, YEAR, SLOT)
    region, site = np.nonzero(rng.random((len(REGION), len(SITE))) < 0.4)
    route = Index.sparse(
        "route",
        (REGION, SITE, YEAR),
        [np.repeat(region, len(YEAR)), np.repeat(site, len(YEAR)), np.tile(np.arange(len(YEAR)), len(region))],
    )

    served = problem.variable("served", route)
    unmet = problem.variable("unmet", region_year)
    built = problem.variable("built", site_year, upper=rng.uniform(5.0, 9.0, site_year.size))
    grid = problem.variable("grid", site_year_slot, upper=29.0)
    charge = problem.variable("charge", site_year_slot, upper=6.5)
    discharge = problem.variable("discharge", site_year_slot, upper=5.5)
    level = problem.variable("level", site_year_slot, upper=11.0)

    demand = data.demand * rng.uniform(1.1, 6.0, region_year.size)
    demand[0] += data.first_demand_extra
    problem.rows("demand", served.sum_to(region_year) + unmet >= demand)

    here, before = np.nonzero(
        (site_year["site"][:, None] == site_year["site"]) & (site_year["year"][:, None] >= site_year["year"])
    )
    capacity = built.map(site_year, before, here) + 2.5
    load = served.sum_to(site_year)
    problem.rows("capacity", load <= capacity)
    problem.rows("land", capacity.select(site_year["year"] == 3) <= data.land_mw)

    shape = 1.15 + 0.4 * np.sin(np.arange(len(SLOT)))
    facility = 1.25 * load.on(site_year_slot) * shape[site_year_slot["slot"]]
    problem.rows("power_balance", grid + discharge == facility + charge)

    slot = site_year_slot["slot"]
    last_slot = np.arange(site_year_slot.size) + np.where(slot == 0, len(SLOT) - 1, -1)
    stored = level - level.map(site_year_slot, last_slot, np.arange(site_year_slot.size))
    problem.rows("battery", stored == (1.0 - data.loss) * charge - discharge / 0.93)
    limit = rng.uniform(4.0, 9.0, site_year.size)[site_year.find(site_year_slot)]
    problem.rows("peak", grid <= 2.0 * limit + 1.5 * load.on(site_year_slot))

    price = data.price * rng.uniform(15.0, 90.0, site_year_slot.size)
    cost = (
        (built * rng.uniform(120.0, 220.0, site_year.size)).total()
        + (grid * price).total()
        + (unmet * data.unmet_usd).total()
        + (served * rng.uniform(0.2, 3.0, route.size)).total()
    )
    problem.minimise(cost + 123.25)
    return problem
