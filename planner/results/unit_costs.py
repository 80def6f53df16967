"""What a unit of compute costs: by workload and use, up front and running apart.

Every payment of a year for own sites goes to the workloads that the site served in that year:
purchases of racks to the use that the racks are in, also after they have moved, each other line by
the quantity that drives it. So the workloads add up to the total, and the total to the cost table.
What of it repays idle capacity, racks that are parked and halls that they leave empty, is known
apart, and is in no cost of a unit of work done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.base.units import H100E_PER_KH100E, HOURS_PER_YEAR, SECONDS_PER_HOUR, USD_PER_MUSD
from planner.families import HEADINGS
from planner.family.table_columns import sum_at
from planner.lp.index import locate
from planner.money.finance import annuity_payment
from planner.results.halls import parked_mw, spare_power_mw
from planner.results.store import mean_of, ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.lp import Variable
    from planner.results.solved import SolvedCost, SolvedModel


def unit_costs(s: SolvedModel) -> pd.DataFrame:
    """Make table `unit_costs`: one row per workload, use and total, and year."""
    sets = s.p.sets
    of_class = _accounts(s)
    is_of_duty = sets.workload_duty[None, :] == np.arange(len(sets.duty))[:, None]
    levels = (
        ("workload", sets.workload.labels, np.eye(len(sets.workload))),
        ("duty", sets.duty.labels, is_of_duty.astype(np.float64)),
        ("total", ("total",), np.ones((1, len(sets.workload)))),
    )
    parts = [_rows(s, of_class, level, scopes, belongs) for level, scopes, belongs in levels]
    table = pd.concat(parts, ignore_index=True).merge(_conversions(s), on=["level", "scope"], how="left")
    for name in ("work_unit", "conversion"):
        table[name] = table[name].fillna("")
    is_request = table["work_unit"] == "request"
    tokens_per_s = table["tokens_per_s_per_h100e"]
    for paid in ("", "full_"):
        usd_per_s = table[f"{paid}usd_per_h100e_hour"] / SECONDS_PER_HOUR
        per_unit = usd_per_s * table["h100e_s_per_work_unit"]
        table[f"{paid}usd_per_work_unit"] = per_unit
        table[f"{paid}usd_per_request"] = per_unit.where(is_request)
        per_token = usd_per_s / tokens_per_s
        table[f"{paid}usd_per_million_tokens"] = per_token * 1e6
    return table


def _rows(
    s: SolvedModel, accounts: dict[str, Floats], level: str, scopes: tuple[str, ...], belongs: Floats
) -> pd.DataFrame:
    """Return the rows of one level. `belongs` is [scope, workload], 1 where a workload counts."""
    of = {name: np.asarray((belongs @ values).ravel()) for name, values in accounts.items()}
    paid = of["upfront_musd"] + of["running_musd"]
    used_upfront = of["upfront_musd"] - of["idle_musd"]
    used = used_upfront + of["running_musd"]
    used_full = used + of["existing_musd"] - of["idle_existing_musd"]
    per_hour = {"": used, "upfront_": used_upfront, "running_": of["running_musd"], "full_": used_full}
    served_hours, rented_hours = (
        of[f"{how}_kh100e"] * H100E_PER_KH100E * HOURS_PER_YEAR for how in ("served", "rented")
    )
    return pd.DataFrame(
        {
            **of,
            "scope": np.repeat(scopes, s.years),
            "level": level,
            "year": np.tile([int(label) for label in s.p.sets.year.labels], len(scopes)),
            "cost_musd": paid,
            "full_cost_musd": paid + of["existing_musd"],
            "full_idle_musd": of["idle_musd"] + of["idle_existing_musd"],
            **{f"{of}usd_per_h100e_hour": ratio(musd * USD_PER_MUSD, served_hours) for of, musd in per_hour.items()},
            "usd_per_mw_year": ratio(used * USD_PER_MUSD, of["nameplate_mw"]),
            "full_usd_per_mw_year": ratio(used_full * USD_PER_MUSD, of["nameplate_mw"]),
            "rented_usd_per_h100e_hour": ratio(of["rent_musd"] * USD_PER_MUSD, rented_hours),
        }
    )


def _accounts(s: SolvedModel) -> dict[str, Floats]:
    """Return what every workload uses, serves and costs, shape (workload, year)."""
    used, racks = s.p.racks.used, s.p.racks
    nameplate = _by_cell(s, s.nameplate_of_use_mw)
    by_heading = {"nameplate": nameplate, "it energy": _by_cell(s, s.it_mean_of_use_mw)}
    drivers = {
        "companions": _by_cell(s, s.per_mw_in_service(racks.companion_mw_per_mw)),
        "it_maintenance": _by_cell(
            s, s.per_mw_in_service(racks.it_maintenance_musd_per_mw_year[racks.deployment["rack"]])
        ),
    }
    paid = {True: np.zeros(_class_years(s)), False: np.zeros(_class_years(s))}
    idle_racks, idle_halls = np.nan_to_num(ratio(parked_mw(s), s.value(s.model.alive))), _idle_halls(s)
    parked_share = _shares(_parked(s, nameplate), nameplate)
    idle = np.zeros(_class_years(s))
    for line in s.lines:
        if line.cost.name == "rack_purchase":
            of_racks = _racks_by_duty(s, line, nameplate, idle_racks)
            paid[True] += of_racks[0]
            idle += of_racks[1]
        elif shared_by := HEADINGS[line.cost.group]:
            driver, otherwise = drivers.get(line.cost.name, by_heading[shared_by]), nameplate
            if "site" not in line.over.axis_names:  # paid for all sites together
                driver, otherwise = (of.sum(axis=0, keepdims=True) for of in (driver, otherwise))
            share, yearly = _shares(driver, otherwise), s.yearly_musd(line)
            if line.cost.upfront and shared_by == "nameplate" and "site" in line.over.axis_names:
                left_empty = np.einsum("sy,swy->wy", yearly * idle_halls, parked_share)
                yearly = yearly * (1.0 - idle_halls)
                paid[True] += left_empty
                idle += left_empty
            paid[line.cost.upfront] += np.einsum("sy,swy->wy", yearly, share)
    over = s.p.rent.rented
    served = sum_at(_class_years(s), (used["workload"], used["year"]), s.load_of_use_kh100e)
    rented = sum_at(_class_years(s), (over["workload"], over["year"]), s.value(s.model.rented))
    existing, idle_existing = _existing(s, nameplate, parked_share, idle_racks, idle_halls)
    return {
        "served_kh100e": served,
        "nameplate_mw": nameplate.sum(axis=0),
        "upfront_musd": paid[True],
        "running_musd": paid[False],
        "existing_musd": existing,
        "idle_musd": idle,
        "idle_existing_musd": idle_existing,
        "rented_kh100e": rented,
        "rent_musd": _rent_by_class(s),
    }


def _class_years(s: SolvedModel) -> tuple[int, int]:
    return len(s.p.sets.workload), s.years


def _by_cell(s: SolvedModel, of_use: Floats) -> Floats:
    """Add up a quantity of the uses, shape (site, workload, year)."""
    used = s.p.racks.used
    shape = (len(s.p.sets.site), *_class_years(s))
    return sum_at(shape, (used["site"], used["workload"], used["year"]), of_use)


def _shares(driver: Floats, otherwise: Floats) -> Floats:
    """Return the share of each workload in a site's payments, shape (site, workload, year).

    A site that drives nothing in a year, as while its halls ramp, is paid for by the workloads of all sites; with
    nothing driven anywhere, by all that is in use.
    """
    everywhere = driver.sum(axis=0)
    nothing = everywhere.sum(axis=0) == 0.0
    everywhere = np.where(nothing, otherwise.sum(axis=0), everywhere)
    here = np.where(driver.sum(axis=1, keepdims=True) > 0.0, driver, everywhere[None])
    total = here.sum(axis=1, keepdims=True)
    return np.asarray(here / np.where(total > 0.0, total, 1.0))


def _idle_halls(s: SolvedModel) -> Floats:
    """Return the share of a site's hall power that its parked racks leave, reserve apart, shape (site, year)."""
    hall, racks = s.p.halls.hall, s.p.racks
    mw_per_mw = np.zeros(len(s.p.sets.duty))  # what racks of a use draw with the most companions
    np.maximum.at(mw_per_mw, s.p.sets.workload_duty[racks.deployment["workload"]], racks.hall_mw_per_mw)
    drawn_mw = s.by_place(racks.fleet, mw_per_mw[racks.fleet["duty"]] * parked_mw(s))
    left_mw = np.minimum(s.by_place(hall, spare_power_mw(s)), drawn_mw)
    return np.nan_to_num(ratio(left_mw, s.by_place(hall, s.value(s.model.halls.for_racks_mw))))


def _parked(s: SolvedModel, nameplate: Floats) -> Floats:
    """Return the racks parked of the use of each workload, shape (site, workload, year). [MW]"""
    parked = _by_pool(s, parked_mw(s))
    return np.asarray(np.einsum("dsy,dswy->swy", parked, _shares_by_duty(s, nameplate)))


def _by_pool(s: SolvedModel, of_pool: Floats) -> Floats:
    """Add up a quantity of the pools of racks, shape (duty, site, year)."""
    pool, sets = s.p.racks.fleet, s.p.sets
    shape = (len(sets.duty), len(sets.site), s.years)
    return sum_at(shape, (pool["duty"], pool["site"], pool["year"]), of_pool)


def _shares_by_duty(s: SolvedModel, nameplate: Floats) -> Floats:
    """Return shares in what is paid for a use, shape (duty, site, workload, year)."""
    is_of_duty = s.p.sets.workload_duty == np.arange(len(s.p.sets.duty))[:, None]
    return np.stack([_shares(nameplate * of[:, None], nameplate) for of in is_of_duty])


def _racks_by_duty(s: SolvedModel, line: SolvedCost, nameplate: Floats, idle_frac: Floats) -> Floats:
    """Return the repayments of racks, and what of them is of parked ones, shape (2, workload, year)."""
    bought, calendar, musd_per_mw = _terms(s, line, s.model.install)
    over, sets = s.model.install.over, s.p.sets
    site, rack, hall, duty, year = (over[name][bought] for name in ("site", "rack", "hall", "duty", "year"))
    of_cohort = np.zeros((len(sets.site), len(sets.rack), len(sets.vintage), len(s.model.calendar)))
    of_cohort[site, rack, len(sets.vintage) - s.years + year, calendar] = musd_per_mw
    own = (site, rack, hall, duty, calendar, musd_per_mw * s.value(s.model.install)[bought])
    by_calendar = _by_use(s, own, of_cohort, s.model_year_of, idle_frac)
    return _by_duty(s, nameplate, mean_of(by_calendar, s.model_year_of, s.years))


def _by_use(
    s: SolvedModel, own: tuple[Any, ...], of_cohort: Floats, year_of: NDArray[np.intp], idle_frac: Floats
) -> Floats:
    """Add up what racks pay by the use that they are in: with those that move goes what a MW of their cohort pays.

    Takes `own`, site, rack, hall, duty, moment and payment of each as bought, `of_cohort` (site, rack, vintage,
    moment), `year_of` (moment,). Gives (2, duty, site, moment): all of it, and what of it is of parked racks.
    """
    training = s.p.sets.duty.code("training")
    parts = [own]
    for moved, sign, into in ((s.model.move_out, -1.0, training), (s.model.move_in, 1.0, 1 - training)):
        over, mw = moved.over, s.value(moved)
        at, moment = np.nonzero((mw != 0.0)[:, None] & (year_of >= over["year"][:, None]))
        site, rack, hall, vintage = (over[name][at] for name in ("site", "rack", "hall", "vintage"))
        musd = sign * mw[at] * of_cohort[site, rack, vintage, moment]
        parts.append((site, rack, hall, np.full(len(at), into), moment, musd))
    site, rack, hall, duty, moment, musd = (np.concatenate(of) for of in zip(*parts, strict=True))
    pool = locate(s.p.racks.fleet, site, rack, hall, duty, year_of[moment])
    idle = np.where(pool >= 0, idle_frac[pool], 0.0) * musd
    shape = (len(s.p.sets.duty), len(s.p.sets.site), len(year_of))
    return np.stack([sum_at(shape, (duty, site, moment), of) for of in (musd, idle)])


def _by_duty(s: SolvedModel, nameplate: Floats, paid: Floats) -> Floats:
    """Share payments of uses, shape (kind, duty, site, year), to (kind, workload, year)."""
    return np.asarray(np.einsum("kdsy,dswy->kwy", paid, _shares_by_duty(s, nameplate)))


def _existing(
    s: SolvedModel, nameplate: Floats, parked_share: Floats, idle_racks: Floats, idle_halls: Floats
) -> Floats:
    """Return the instalments of existing racks and halls, and of idle ones, shape (2, workload, year). [MUSD/year]

    Each repays the price of its kind over its life, whatever its age: what is left of its instalments is its remaining
    value. Racks are charged to the use they are in, halls to all, those left empty to that of parked racks.
    """
    finance, racks, halls = s.p.finance, s.p.racks, s.p.halls

    def rate(kind: str, site: NDArray[np.integer]) -> Floats:
        of_kind = finance.asset_rate_frac.get(kind, finance.rate_frac)
        return np.asarray(of_kind + finance.site_rate_adder_frac[site])

    pool, hall = racks.fleet, halls.hall
    life = racks.life_years[pool["rack"]].astype(np.float64)
    per_mw = annuity_payment(racks.stock_capex_musd_per_mw, rate("rack", pool["site"]), life)
    of_cohort = np.zeros((len(s.p.sets.site), len(s.p.sets.rack), len(s.p.sets.vintage), s.years))
    of_cohort[pool["site"], pool["rack"]] = per_mw[:, None, None]
    of_cohort *= racks.vintage_last_year.T[:, :, None] >= s.model.last_year
    of_cohort[:, :, -s.years :] = 0.0  # bought by the plan
    own = (*(pool[name] for name in ("site", "rack", "hall", "duty", "year")), per_mw * racks.stock_mw)
    by_duty = _by_use(s, own, of_cohort, np.arange(s.years), idle_racks)
    price, years = halls.existing_capex_musd_per_mw, finance.life_years["facility"]
    of_halls = annuity_payment(price, rate("facility", hall["site"]), years, finance.build_idc_frac)
    by_site = s.by_place(hall, halls.existing_mw * of_halls)
    left_empty = np.einsum("sy,swy->wy", by_site * idle_halls, parked_share)
    filled = np.einsum("sy,swy->wy", by_site * (1.0 - idle_halls), _shares(nameplate, nameplate))
    return np.stack([filled + left_empty, left_empty]) + _by_duty(s, nameplate, by_duty)


def _rent_by_class(s: SolvedModel) -> Floats:
    """Return what is paid for rented compute, shape (workload, year)."""
    line = next(line for line in s.lines if line.cost.name == "rented_compute")
    bought, calendar, musd = _terms(s, line, s.model.bought)
    at = (s.model.bought.over["workload"][bought], calendar)
    paid = musd * s.value(s.model.bought)[bought]
    by_calendar = sum_at((len(s.p.sets.workload), len(s.model.calendar)), at, paid)
    return mean_of(by_calendar, s.model_year_of, s.years)


def _terms(
    s: SolvedModel, line: SolvedCost, variable: Variable
) -> tuple[NDArray[np.intp], NDArray[np.integer], Floats]:
    """Return the payments of a line decision by decision: which, calendar year, MUSD of a unit."""
    terms = line.cost.build(s.model)
    position = (terms.column - variable.first_column).astype(np.intp)
    return position, terms.over["calendar"][terms.row], terms.value_of_term


def _conversions(s: SolvedModel) -> pd.DataFrame:
    """Return how compute becomes work, by workload, in numbers and in words."""
    given = s.p.tables["requests"]
    size_s, rate = given["h100e_seconds_per_unit"], given["tokens_per_s_per_h100e"]
    words = "1 " + given["unit"] + " = " + size_s.map("{:.6g}".format) + " H100e s"
    tokens = "; 1 H100e = " + rate.map("{:.6g}".format) + " tokens/s"
    return pd.DataFrame(
        {
            "level": "workload",
            "scope": given["workload"],
            "work_unit": given["unit"],
            "h100e_s_per_work_unit": size_s.astype(np.float64),
            "tokens_per_s_per_h100e": rate.astype(np.float64),
            "conversion": words + tokens.where(rate.notna(), ""),
        }
    )
