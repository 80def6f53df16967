"""The table of years, its bridge from a path, and costs over a life."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.units import HOURS_PER_DAY, HOURS_PER_YEAR, MONTHS_PER_YEAR, MW_PER_GW, MWH_PER_TWH, USD_PER_MUSD
from planner.families import declared
from planner.family.table_columns import sum_at
from planner.fleet.compute import mean_h100e_from_pf_days
from planner.model.money import PENALTIES
from planner.results.power import wue_l_per_kwh
from planner.results.store import ratio, total_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats
    from planner.results.solved import SolvedModel
    from planner.results.store import Cells

# --- The plan in one line a year, and how the solve ended -----------------------------------------

_HEADING: Final = {"rented_compute": "rent_musd", **dict.fromkeys(PENALTIES, "unmet_musd")}
"""Of payments that are neither for assets nor for running them, by item."""


def summary(s: SolvedModel, tables: Mapping[str, pd.DataFrame]) -> dict[str, Cells]:
    """Make table `summary` from the tables of detail and the list of costs."""
    years = np.asarray([int(label) for label in s.p.sets.year.labels])

    def add(table: str, column: str) -> Floats:
        place = np.searchsorted(years, tables[table]["year"].to_numpy())
        return total_by(place, tables[table][column].to_numpy(), s.years)

    sums = {column: add(table, column) for table, columns in _SUMMED.items() for column in columns}
    year_of_site = s.p.sites.site_year["year"].astype(np.intp)
    by_slot = sum_at((s.years, len(s.p.sets.slot)), (year_of_site,), s.facility_mw)
    it_mean, facility_mean = sums["it_mean_mw"], sums["facility_mean_mw"]
    paid, cash = _payments(s), tables["cash"]
    spent_in = s.model_year_of[cash["calendar_year"].to_numpy() - s.p.finance.first_year]
    return {
        "year": years,
        **sums,
        "sites_in_use": np.bincount(year_of_site[s.has_racks], minlength=s.years),
        "facility_peak_mw": by_slot.max(axis=1, initial=0.0),
        "energy_twh": facility_mean * HOURS_PER_YEAR / MWH_PER_TWH,
        "pue": ratio(facility_mean, it_mean),
        "wue_l_per_kwh": wue_l_per_kwh(sums["water_m3"], it_mean),
        "cash_musd": total_by(spent_in, cash["cash_musd"].to_numpy(), s.years),
        **paid,
        "cost_musd": sum(paid.values(), np.zeros(s.years)),
    }


_SUMMED: Final = {
    "demand": ("demand_kh100e", "served_kh100e", "rented_kh100e", "saved_kh100e", "unmet_kh100e"),
    "site_year": (
        *("halls_mw", "nameplate_mw", "it_mean_mw", "facility_mean_mw", "water_m3"),
        *("emissions_kt", "new_firm_mw", "capex_musd"),
    ),
    "non_firm_year": ("shed_mwh", "lost_kh100e"),
    "builds": ("built_mw",),
    "installs": ("installed_mw",),
}
"""Columns that are the sums of those of the same name in other tables."""


def _payments(s: SolvedModel) -> dict[str, Floats]:
    """Return the yearly payments of the plan, each line under one of four headings."""
    headings = ("upfront_musd", "opex_musd", "rent_musd", "unmet_musd")
    total = {heading: np.zeros(s.years) for heading in headings}
    for line in s.lines:
        heading = _HEADING.get(line.cost.name, "upfront_musd" if line.cost.upfront else "opex_musd")
        total[heading] += s.yearly_musd(line).sum(axis=0)
    return total


def solution(s: SolvedModel) -> dict[str, Cells]:
    """Make table `solution`: how the solve ended and what money means."""
    outcome, finance = s.outcome, s.p.finance

    def known(number: float) -> float:
        return number if np.isfinite(number) else np.nan

    return {
        "scenario": [s.p.name],
        "status": [outcome.status],
        "objective_musd": [outcome.objective],
        "dual_bound_musd": [known(outcome.dual_bound)],
        "gap_frac": [known(outcome.gap)],
        "has_duals": [outcome.has_duals],
        "duals_of": [outcome.duals_of if outcome.has_duals else ""],
        "whole_numbers": [int(s.model.problem.columns().integer.sum())],
        "found_by": [outcome.method_used],
        "discount_rate_frac": [finance.rate_frac],
        "base_year": [finance.base_year],
        "first_year": [finance.first_year],
        "last_year": [finance.last_year],
        "end_of_horizon": [finance.end_of_horizon],
    }


# --- The bridge from the path to the meter: why a nameplate on a forecast is not the power drawn ---

_KEY: Final = ["workload", "year"]
_WITHOUT_PATH: Final = {"restated_mw": "demand as stated", "racks_mw": "better racks than the reference rack"}
"""Labels where no workload follows the path."""


@dataclass(frozen=True)
class BridgeStep:
    """A term or a level of the bridge."""

    column: str  # column of table `bridge`
    label: str  # what it is called next to its figure
    is_level: bool = False  # whether it is power at a place of the bridge, and not what is added on the way to the next


STEPS: Final = (
    BridgeStep("path_mw", "nameplate on the path", is_level=True),
    BridgeStep("facility_share_mw", "cooling and losses in it"),
    BridgeStep("restated_mw", "demand restated"),
    BridgeStep("saved_mw", "work saved by levers"),
    BridgeStep("rented_mw", "work rented"),
    BridgeStep("unmet_mw", "unmet work"),
    BridgeStep("racks_mw", "better racks than its fleet"),
    BridgeStep("standby_mw", "standby racks"),
    BridgeStep("companion_mw", "storage and servers"),
    BridgeStep("nameplate_mw", "nameplate in use", is_level=True),
    BridgeStep("draw_mw", "busy racks draw less"),
    BridgeStep("load_mw", "not at work all the time"),
    BridgeStep("it_mean_mw", "IT power, mean", is_level=True),
    BridgeStep("cooling_mw", "cooling"),
    BridgeStep("loss_mw", "electrical losses"),
    BridgeStep("facility_mean_mw", "at the meter, mean", is_level=True),
    BridgeStep("peak_mw", "peak above mean"),
    BridgeStep("facility_peak_mw", "at the meter, peak", is_level=True),
)
"""The bridge in order: each level is the one before it with the terms in between added."""


def steps_of(table: pd.DataFrame) -> list[tuple[BridgeStep, Floats]]:
    """Return the steps that a plan has, each with its power by year. Gives [MW]."""
    rows = [(step, table[step.column].to_numpy(dtype=np.float64)) for step in STEPS]
    is_path = bool(rows[0][1].any())
    return [
        (step if is_path else replace(step, label=_WITHOUT_PATH.get(step.column, step.label)), mw)
        for step, mw in rows
        if np.abs(mw).max() >= 1e-6 or (step.is_level and (is_path or step is not STEPS[0]))
    ]


def bridge_words(table: pd.DataFrame, year: int) -> tuple[str, ...]:
    """Say how a year's power comes from the path: a sum to the nameplate, and one to the meter. Gives [MW]."""
    row = int(np.flatnonzero(table["year"].to_numpy() == year)[0])
    of_year = [(step, float(mw[row])) for step, mw in steps_of(table)]
    decimals = 1 if float(table["nameplate_mw"].iloc[row]) < 100.0 else 0
    sums: list[list[str]] = [[], []]
    for step, mw in of_year:
        size, words = f"{abs(mw):,.{decimals}f}", step.label
        if step.is_level:
            parts = sums[int(step.column in {"it_mean_mw", "facility_mean_mw", "facility_peak_mw"})]
            parts.append(f"{'= ' if parts else ''}{size} MW {words}")
            if step.column == "nameplate_mw":
                sums[1].append(f"{size} MW {words}")
        elif float(size.replace(",", "")):
            if step.column == "racks_mw" and mw > 0.0:
                words = words.replace("better", "less able")
            sums[1 if sums[1] else 0].append(f"{'-' if mw < 0.0 else '+'} {size} {words}")
    return tuple(" ".join(parts).removeprefix("+ ") for parts in sums)


def bridge(s: SolvedModel, tables: Mapping[str, pd.DataFrame]) -> dict[str, Cells]:
    r"""Make table `bridge`: one row per model year, from the path to the meter.

    Compute becomes MW at what the racks of the path's reference fleet of the workload and year carry, :math:`D_{wt}` of
    it with :math:`P_{wt}` of racks, or where the demand of a workload is stated in MW of racks, at what it is stated
    for:

    .. math:: \text{saved}_t = -\sum_w \frac{P_{wt}}{D_{wt}} \sum_r \mathrm{saved}_{rwt}

    and in the same way what is rented and unmet. The rest is the term of other racks than the path's.
    """
    years = np.asarray([int(label) for label in s.p.sets.year.labels])

    def of_years(table: pd.DataFrame, values: pd.Series[float]) -> Floats:
        sums = values.groupby(table["year"]).sum().reindex(years, fill_value=0.0)
        return np.asarray(sums, dtype=np.float64)

    reference, demand, plan, summary = (tables[name] for name in ("reference", "demand", "plan", "summary"))
    path = of_years(reference, reference["path_mw"])
    follows = reference["path_mw"] > 0.0
    path_racks = of_years(reference, (reference["rack_gw"] * MW_PER_GW).where(follows, 0.0))
    stated = reference[_KEY].assign(mw=s.p.reference["stated_mw"].to_numpy(dtype=np.float64))
    mw_per_kh100e = _mw_per_kh100e(reference, stated, plan, demand)
    asked, saved, rented, unmet = (
        of_years(demand, demand[f"{name}_kh100e"] * mw_per_kh100e) for name in ("demand", "saved", "rented", "unmet")
    )
    used, standby, companion = (of_years(plan, plan[name]) for name in ("used_mw", "standby_mw", "companion_mw"))
    levels = ("nameplate_mw", "it_mean_mw", "facility_mean_mw", "facility_peak_mw")
    nameplate, it_mean, facility_mean, facility_peak = (summary[name].to_numpy() for name in levels)
    busy = _busy_mw(s)
    cooling = total_by(s.p.sites.site_year["year"].astype(np.intp), s.mean_mw(s.mechanical_mw), s.years)
    return {
        "year": years,
        "path_mw": path,
        "facility_share_mw": path_racks - path,
        "restated_mw": asked - path_racks,
        "saved_mw": 0.0 - saved,
        "rented_mw": 0.0 - rented,
        "unmet_mw": 0.0 - unmet,
        "racks_mw": used - (asked - saved - rented - unmet),
        "standby_mw": standby,
        "companion_mw": companion,
        "draw_mw": busy - nameplate,
        "load_mw": it_mean - busy,
        "cooling_mw": cooling,
        "loss_mw": facility_mean - it_mean - cooling,
        "peak_mw": facility_peak - facility_mean,
        **{name: summary[name].to_numpy() for name in levels},
    }


def _mw_per_kh100e(reference: pd.DataFrame, stated: pd.DataFrame, plan: pd.DataFrame, demand: pd.DataFrame) -> Floats:
    """Return nameplate per compute by the workload and year of each row of table `demand`.

    It is that of what is stated in MW of racks, else of the reference fleet; without racks on the path, of the plan.
    """
    place = pd.MultiIndex.from_frame(demand[_KEY])
    of_path = reference.groupby(_KEY)[["rack_gw", "kh100e"]].sum()
    in_use = plan.groupby(_KEY)[["used_mw", "load_kh100e"]].sum()
    rack_gw, compute = of_path.reindex(place, fill_value=0.0).to_numpy().T
    used_mw, load = in_use.reindex(place, fill_value=0.0).to_numpy().T
    typed_mw = stated.groupby(_KEY)["mw"].sum().reindex(place).to_numpy(dtype=np.float64)
    asked = demand.groupby(_KEY)["demand_kh100e"].transform("sum").to_numpy(dtype=np.float64)
    path = ratio(rack_gw * MW_PER_GW, compute)
    path = np.where(np.isfinite(path), path, ratio(used_mw, load))
    return np.nan_to_num(np.where(typed_mw > 0.0, ratio(typed_mw, asked), path))


def _busy_mw(s: SolvedModel) -> Floats:
    """Return what racks in service would draw if all of them were busy, by year. [MW]"""
    racks = s.p.racks
    # Dynamic power is what a busy rack draws beyond an idle one, times the utilisation.
    dynamic = racks.dynamic_mw_per_mw / s.p.power.deployment_utilisation_frac
    busy = s.per_mw_in_service(racks.idle_mw_per_mw + dynamic)
    year = racks.used["year"].astype(np.intp)
    return total_by(year, busy, s.years)


# --- What models cost over their life: training against inference, and the training of one model ---


def lifetime(_: SolvedModel, tables: Mapping[str, pd.DataFrame]) -> dict[str, Cells]:
    """Make table `lifetime`: full cost and rent of training and of inference by model year."""
    training, inference = (_of_duty(tables, duty) for duty in ("training", "inference"))
    of_training, of_inference = (
        (rows["full_cost_musd"] + rows["rent_musd"]).to_numpy(np.float64) for rows in (training, inference)
    )
    per_hour = training["full_usd_per_h100e_hour"].to_numpy(dtype=np.float64)
    return {
        "year": training["year"].to_numpy(),
        "training_musd": of_training,
        "inference_musd": of_inference,
        "inference_share_frac": ratio(of_inference, of_training + of_inference),
        "training_idle_musd": training["full_idle_musd"].to_numpy(),
        "inference_idle_musd": inference["full_idle_musd"].to_numpy(),
        "usd_per_pf_day": per_hour * (mean_h100e_from_pf_days(1.0, 1.0) * HOURS_PER_DAY),
    }


def models_trained(s: SolvedModel, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Make table `models_trained`: the cost of training models of known size in each year."""
    models = s.p.tables["trained_models"]
    frame = models[["model", "training_pf_days"]].merge(tables["lifetime"][["year", "usd_per_pf_day"]], how="cross")
    # Where runs come to need less compute, a model of the same size costs so much less.
    scale = dict(zip(map(int, s.p.sets.year.labels), s.p.demand.run_scale_frac, strict=True))
    pf_days = frame["training_pf_days"] * frame["year"].map(scale)
    musd = pf_days * frame["usd_per_pf_day"] / USD_PER_MUSD
    return frame.assign(run_musd=musd).drop(columns="usd_per_pf_day")


def _of_duty(tables: Mapping[str, pd.DataFrame], duty: str) -> pd.DataFrame:
    costs = tables["unit_costs"]
    is_duty = (costs["level"] == "duty") & (costs["scope"] == duty)
    return costs[is_duty].sort_values("year")


# --- What to order, by when -----------------------------------------------------------------------


def orders(s: SolvedModel, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Make table `orders` from the tables of what is bought: of one moment, the most money first."""
    lead, halls = s.p.order_months, s.p.halls
    racks, builds, connections = tables["installs"], tables["builds"], tables["connections"]
    sources, site_year = tables["source_builds"], tables["site_year"]
    of_source = dict(zip(s.p.supply.build.axis("source").labels, lead.source, strict=True))
    work = np.flatnonzero(s.value(s.model.retrofit))
    retrofits = tables["retrofits"].assign(service_start=halls.retrofit_done[work])
    work_months = (halls.retrofit_done - halls.retrofit_start)[work] * MONTHS_PER_YEAR
    opening_musd = site_year["site"].map(tables["sites"].set_index("site")["opening_musd"])
    opened = site_year.assign(overnight_musd=opening_musd * site_year["opened_frac"])
    opened = opened[opened["overnight_musd"] > 0.0]
    of_families = [(kind, tables[of], mw) for _, orders in declared("ORDERS") for kind, (of, mw) in orders.items()]
    non_firm = tables["non_firm_connections"]

    def at(table: pd.DataFrame, months: Floats) -> Floats:
        return np.asarray(months[s.p.sets.site.codes(table["site"])])

    def part(kind: str, table: pd.DataFrame, item: str, mw: str, months: ArrayLike) -> pd.DataFrame:
        start = table["service_start" if "service_start" in table else "year"].astype(np.float64)
        by = (start - np.asarray(months, dtype=np.float64) / MONTHS_PER_YEAR).clip(lower=lead.first_day)
        return pd.DataFrame(
            {
                **{"kind": kind, "site": table["site"], "item": table[item] if item else "", "year": table["year"]},
                "stage": table.get("stage", "ordered"),
                "mw": table[mw] if mw else np.nan,
                "mwh": table.get("built_mwh", 0.0),
                "overnight_musd": table["overnight_musd"],
                "order_by": by.mask(table["stage"] == "committed") if "stage" in table else by,
                "serves_from": start,
            }
        )

    table = pd.concat(
        [
            part("racks", racks, "rack", "installed_mw", lead.rack),
            part("halls", builds, "hall", "built_mw", at(builds, lead.hall)),
            part("retrofit", retrofits, "to_hall", "retrofitted_mw", work_months),
            part("connection", connections, "", "added_mw", at(connections, lead.connection)),
            part("non-firm connection", non_firm, "", "added_mw", at(non_firm, lead.non_firm)),
            part("on-site power", sources, "source", "built_mw", sources["source"].map(of_source)),
            *(part(kind, bought[bought[mw] > 0.0], "", mw, 0.0) for kind, bought, mw in of_families),
            part("site opening", opened, "", "", at(opened, lead.hall)),
        ]
    ).groupby(["kind", "site", "item", "year", "stage"], as_index=False, sort=False)
    firsts = {"order_by": "first", "serves_from": "first"}
    one = table.agg({"mw": "sum", "mwh": "sum", "overnight_musd": "sum", **firsts})
    one["mw"] = one["mw"].mask(one["kind"] == "site opening")
    by_money = one.sort_values("overnight_musd", ascending=False, kind="stable")
    return by_money.sort_values("order_by", kind="stable", ignore_index=True)
