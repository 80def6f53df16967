"""What a planner must know of a finished plan, from the numbers of its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.units import USD_PER_MUSD
from planner.base.words import amount, moment, percent, some
from planner.inputs.case import ASSUMED
from planner.limits.binding import UNMET_FRAC, limit_words, share_words, unmet_causes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.errors import InputError
    from planner.runs.plan import Plan

_A_LITTLE: Final = 1e-3  # of a site, or MW
_MUCH_EMPTY_MW: Final = 1.0  # of them, free in the last year
_OFF_BY_FRAC: Final = 0.01  # of the exact bill
_NAMED: Final = 3  # of a longer list
_AT_LIMIT: Final = 1e-6  # share of a limit


def assumed_of(plan: Plan) -> list[dict[str, Any]]:
    """List what is assumed in the planner's place, each with the share of the cost that it sets, the largest first."""
    costs, said = plan.tables["costs"], []
    total = costs["npv_musd"].sum() or np.nan
    for one in plan.inputs.assumed:
        is_set = costs["item"].isin(one.items)
        if one.sites:
            is_set &= costs["site"].isin(one.sites)
        frac = float(costs.loc[is_set, "npv_musd"].sum() / total)
        said.append({"text": one.text, "cost_frac": frac if one.items and np.isfinite(frac) else None})
    return sorted(said, key=lambda one: np.inf if one["cost_frac"] is None else -one["cost_frac"])


def assumed_words(one: Mapping[str, Any]) -> str:
    """Write what is assumed as a note."""
    of_cost = "" if one["cost_frac"] is None else f", {one['cost_frac']:.1%} of the cost"
    return f"{ASSUMED}{of_cost}: {one['text']}"


def notes_of(plan: Plan, bound: pd.DataFrame | InputError) -> tuple[str, ...]:
    """Say what a planner must know of a plan beyond its inputs, what has most at stake first."""
    # What is at stake is, in this order, demand, the whole plan, its largest purchases, some halls and sites.
    of_plan = (_large_blocks, _gap, _foresight, _held_orders, _late_orders, _cash, _estimated_racks, _vendors)
    parts = (*of_plan, _openings, _bills, _retrofits, _empty_new_halls, _empty_halls, _below_blocks, _small_plants)
    return (*_unmet(plan, bound), *(note for part in parts for note in part(plan)))


def _bought_mw(plan: Plan, by: str) -> pd.Series[float]:
    """Nameplate of the racks bought in all years, by a column of table `racks`. [MW]"""
    installs, racks = plan.tables["installs"], plan.inputs.tables["racks"]
    mw = installs["installed_mw"].groupby(installs["rack"].map(racks.set_index("rack", drop=False)[by])).sum()
    return mw.sort_values(ascending=False)


def _estimated_racks(plan: Plan) -> Iterator[str]:
    """Say how much is bought of racks whose figures nobody has published."""
    bought_mw = _bought_mw(plan, "rack")
    racks = plan.inputs.tables["racks"]
    guessed_mw = bought_mw[bought_mw.index.isin(racks["rack"][racks["kind"] == "estimate"])]
    if guessed_mw.sum() > 0.1 * bought_mw.sum():  # of the racks bought
        share = f"{guessed_mw.sum() / bought_mw.sum():.0%} of the {bought_mw.sum():,.0f} MW"
        head = f"{share} of racks bought are of types whose figures are estimates"
        parts = [f"{rack} {mw:,.0f} MW" for rack, mw in guessed_mw.items()]
        yield from _listed(head, parts, ". `dcplan estimates` says what they decide.")


def _vendors(plan: Plan) -> Iterator[str]:
    """Say of how many vendors racks are bought where no list of them was given."""
    settings, bought_mw = plan.scenario.racks, _bought_mw(plan, "vendor")
    share = bought_mw / max(bought_mw.sum(), _A_LITTLE)
    much = share[share > 0.01]  # the same, of one vendor
    if settings.vendors == "all" and settings.bought_as is None and len(much) >= 3:
        parts = [f"{vendor} {frac:.0%}" for vendor, frac in much.items()]
        yield (
            f"Racks are bought of {len(much)} vendors, as the market does and no operator:"
            f" {', '.join(parts)} of the MW. racks.bought_as plans for one that does not."
        )


def _as_built(plan: Plan) -> pd.DataFrame:
    """Table `halls` with the racks in each design as it is built (used_mw).

    Halls operated as another design have of its racks what its own halls have no room for.
    """
    key = ["site", "hall", "year"]
    halls, operated = plan.tables["halls"].set_index(key), plan.tables["operated"]
    own_mw = halls["usable_mw"] - operated.groupby(key)["operated_mw"].sum().reindex(halls.index, fill_value=0.0)
    beyond_mw = (halls["used_mw"] - own_mw).clip(lower=0.0)
    received_mw = (halls["operated_mw"] - own_mw).clip(lower=_A_LITTLE)
    place = pd.MultiIndex.from_frame(operated[["site", "as_hall", "year"]], names=key)
    held_mw = operated["operated_mw"] * (beyond_mw / received_mw).reindex(place).to_numpy()
    held_mw = held_mw.groupby([operated[name] for name in key]).sum()
    used_mw = halls["used_mw"] - beyond_mw + held_mw.reindex(halls.index, fill_value=0.0)
    return halls.assign(used_mw=used_mw).reset_index()


def _empty_halls(plan: Plan) -> Iterator[str]:
    """Say which existing halls have no racks in service, and in which years."""
    halls = _as_built(plan)
    halls = halls.assign(mw=halls[["existing_mw", "usable_mw"]].min(axis=1))
    is_empty = (halls["used_mw"] <= 1e-3 * halls["usable_mw"]) & (halls["mw"] > _A_LITTLE)
    empty = halls[is_empty].assign(shown=halls["mw"].map("{:,.1f} MW".format))
    empty["most"] = empty.groupby(["site", "cooling", "redundancy"])["mw"].transform("max")
    empty = empty.sort_values("most", ascending=False, kind="stable")
    parts = []
    for (site, cooling, redundancy), hall in empty.groupby(["site", "cooling", "redundancy"], sort=False):
        # A hall under construction is not empty before it is there: each year has its own power.
        (mw, when), *later = hall["year"].astype(str).groupby(hall["shown"], sort=False).agg(", ".join).items()
        also = "".join(f" and {mw} in {when}" for mw, when in later)
        parts.append(f"{mw} of {cooling} {redundancy} at {site} in {when}{also}")
    yield from _listed("Existing halls stay empty", parts, between="; ")


def _empty_new_halls(plan: Plan) -> Iterator[str]:
    """Say which new halls are less than half in use in the last year, and if the ramp is why.

    Racks are taken to fill what exists first.
    """
    design = ["site", "cooling", "redundancy"]
    built = plan.tables["builds"].groupby(design)["built_mw"].sum()
    halls = _as_built(plan).set_index(design)
    last = halls[halls["year"] == plan.inputs.years.last].join(built, how="inner")
    new_mw = last[["built_mw", "usable_mw"]].min(axis=1)
    used_mw = (last["used_mw"] - (last["usable_mw"] - new_mw)).clip(lower=0.0)
    is_empty = (used_mw < 0.5 * new_mw) & (new_mw - used_mw > _MUCH_EMPTY_MW)
    empty_mw = (new_mw - used_mw)[is_empty].sort_values(ascending=False, kind="stable")
    parts = []
    for at in empty_mw.index:
        years = halls.loc[[at]].set_index("year")
        usable = years["usable_mw"]
        is_full = usable - years["used_mw"] <= _AT_LIMIT * usable
        ramp = usable[is_full & (usable < usable.iloc[-1] * (1.0 - _AT_LIMIT))]
        why = "".join(f", full in {year} when the ramp left {mw:,.1f} MW usable" for year, mw in ramp.items())
        site, cooling, redundancy = at
        parts.append(f"{used_mw[at]:,.1f} of {new_mw[at]:,.1f} MW of {cooling} {redundancy} at {site}{why}")
    is_ramp = any("the ramp" in part for part in parts[:_NAMED])
    set_by = " (halls.ramp_months and halls.ramp_mean_frac set the ramp)." if is_ramp else "."
    head = f"New halls are less than half in use in {plan.inputs.years.last}"
    yield from _listed(head, parts, set_by, between="; ")


def _retrofits(plan: Plan) -> Iterator[str]:
    """Say which existing halls are turned into halls of another design."""
    done = plan.tables["retrofits"]
    done = done[done["retrofitted_mw"] > _A_LITTLE]
    done = done.sort_values("retrofitted_mw", ascending=False, kind="stable")
    designs = {name: done[name].str.replace("|", " ") for name in ("hall", "to_hall")}  # cooling and redundancy
    becomes = "{retrofitted_mw:,.1f} MW of {hall} at {site} becomes {to_hall} in {year}"
    yield from _listed("Existing halls are retrofitted", _each(done.assign(**designs), becomes))


def _openings(plan: Plan) -> Iterator[str]:
    """Say how many sites a linear program opened only partly."""
    year = plan.inputs.years.last
    site_year = plan.site_year[plan.site_year["year"] == year]
    in_use = site_year[site_year["nameplate_mw"] > _A_LITTLE]
    in_part = in_use[in_use["open_frac"].between(_A_LITTLE, 1.0 - _A_LITTLE)]
    if len(in_part):
        mw = in_part["nameplate_mw"].sum()
        yield (
            f"{len(in_part)} of the {len(in_use)} sites in use in {year}, with {mw:,.0f} MW, are "
            "partly open: a linear program pays a share of the fixed cost of a site and so "
            "spreads work over more, smaller sites than would be built."
        )


def _large_blocks(plan: Plan) -> Iterator[str]:
    """Say where work is unmet whose least block at a site is more than all of it needs."""
    p = plan.inputs
    block = p.siting.block
    year = np.asarray(p.years.years)[block["year"]]
    blocks = pd.DataFrame({"workload": block.labels("workload"), "year": year, "block_mw": p.siting.block_mw})
    deployment = p.racks.deployment.labels("workload")
    per_mw = pd.Series(p.racks.throughput_kh100e_per_mw).groupby(pd.Series(deployment)).min()
    columns = ["demand_kh100e", "unmet_kh100e"]
    asked = plan.tables["demand"].groupby(["workload", "year"], as_index=False)[columns].sum()
    found = asked.merge(blocks.groupby(["workload", "year"], as_index=False)["block_mw"].min())
    found["need_mw"] = found["demand_kh100e"] / found["workload"].map(per_mw)
    found = found[found["unmet_kh100e"] > UNMET_FRAC * found["demand_kh100e"]]
    found = found[found["need_mw"] < found["block_mw"]]
    found["share"] = found["unmet_kh100e"] / found["demand_kh100e"]
    needs = "{share:.0%} of {workload} in {year}, which needs at most {need_mw} MW of racks"
    comes = " and comes in blocks of at least {block_mw} MW"
    head = "Work is unmet because its smallest block at a site is larger than all it needs"
    tail = " (siting.block_mw, siting.table_blocks, siting.block_from_year)."
    parts = _each(found, needs + comes, "need_mw", "block_mw")
    yield from _listed(head, parts, tail, between="; ")


def _below_blocks(plan: Plan) -> Iterator[str]:
    """Say where a class has less than its block, in years before the scenario asks for one."""
    used = plan.tables["plan"].groupby(["workload", "year", "site"], as_index=False)["used_mw"].sum()
    used = used[used["used_mw"] > _A_LITTLE]
    blocks = plan.tables["blocks"].groupby("workload")["block_mw"].first()
    for workload, year in plan.scenario.siting.block_from_year.items():
        if workload not in blocks.index:
            continue
        before = used[(used["workload"] == workload) & (used["year"] < year)]
        is_below = before["used_mw"] < blocks[workload] * (1.0 - _AT_LIMIT)
        by_year = before.assign(below=is_below).groupby("year")["below"].agg(["sum", "size"])
        if is_below.any():
            parts = _each(by_year.reset_index(), "{sum} of {size} in {year}")
            yield (
                f"Until {year} {workload} needs no block (siting.block_from_year): sites with less of it than the"
                f" {amount(float(blocks[workload]))} MW that each has from then on are {', '.join(parts)}."
            )


def _foresight(plan: Plan) -> Iterator[str]:
    """Say that a plan was decided with only some years in view."""
    foresight, years = plan.scenario.foresight, plan.inputs.years
    window = foresight.window_years
    if window is None or window >= len(years):
        return
    seen = "one model year" if window == 1 else f"{window} model years"
    decided = {"orders": "orders that could not wait", "service": "what entered service"}
    yield (
        f"Decided year by year: in each year {decided[foresight.decides]}, with {seen} in view. The bound is of plans"
        " that decide the same in earlier steps; dcplan myopic says what foresight is worth."
    )


def _held_orders(plan: Plan) -> Iterator[str]:
    """Say that orders of a plan were given, as those of a stochastic program are."""
    if plan.orders_held_before is not None:
        yield (
            f"Orders before {plan.orders_held_before} are held to those that all futures share. The"
            " bound is of plans with these orders."
        )


def _late_orders(plan: Plan) -> Iterator[str]:
    """Say what is ordered though it serves for less than half of the last year, of which it counts for that part."""
    last, ordered = plan.inputs.years.last, []
    for table, what, column in (("connections", "connection", "added_mw"), ("builds", "new halls", "built_mw")):
        made = plan.tables[table]
        made = made.assign(what=what, mw=made[column], in_service_frac=last + 1.0 - made["service_start"])
        ordered.append(made[(made["year"] == last) & (made["in_service_frac"] < 0.5)])  # of the last year, in service
    late = pd.concat(ordered).groupby(["what", "site", "service_start", "in_service_frac"], as_index=False)["mw"].sum()
    late = late[late["mw"] > _MUCH_EMPTY_MW].sort_values("mw", ascending=False, kind="stable")
    late["start"] = late["service_start"].map(moment)
    parts = _each(late, "{mw} MW of {what} at {site} from {start}, {in_service_frac:.0%} of the year", "mw")
    yield from _listed(
        f"What enters service within a year counts for its part of it, so more MW are ordered for the end of {last}"
        " than the same load needs afterwards",
        parts,
        ". One more model year shows what is needed.",
    )


def _gap(plan: Plan) -> Iterator[str]:
    """Say where rounding may have left a much better plan unfound."""
    gap = plan.outcome.gap
    is_rounded = plan.outcome.status == "within_gap" and plan.proof.is_integer.any()
    if is_rounded and plan.scenario.solver.whole_numbers == "round" and gap > 0.01:  # of the cost
        yield (
            f"A plan with integers may cost up to {gap:.1%} less than this one, which was"
            " rounded: a smaller solver.gap_frac, or solver.whole_numbers: search, looks for it."
        )


def _bills(plan: Plan) -> Iterator[str]:
    """Say where tiers that decline make the plan pay another bill than the exact one.

    What is too high in a year or a rule does not make good what is too low in another.
    """
    bills = plan.tables["bills"]
    over = bills["charged_above_exact_usd"]
    sums = bills.assign(high=over.clip(lower=0.0), low=-over.clip(upper=0.0)).groupby("site")
    off = sums[["high", "low"]].sum()
    in_all = off.sum(axis=1)
    in_all = in_all[in_all > _OFF_BY_FRAC * sums["exact_usd"].sum().abs()].sort_values(ascending=False)
    if len(in_all):
        parts = []
        for site, high, low in off.loc[in_all.index].itertuples():
            much = {word: usd for word, usd in (("high", high), ("low", low)) if usd > _OFF_BY_FRAC * (high + low)}
            said = [f"{usd / USD_PER_MUSD:,.2f} MUSD too {word}" for word, usd in much.items()]
            parts.append(f"{' and '.join(said)} in {site}")
        yield (
            f"Tiers that decline: over all years the plan's bill is {some(parts, _NAMED)}, against "
            "the exact bill of its load (table bills, charged_above_exact_usd)."
        )


def _cash(plan: Plan) -> Iterator[str]:
    """Say where cash for assets exceeds a budget by service year, or one that holds for several years together."""
    sites, years = plan.inputs.sites, np.array(plan.inputs.years.years)
    cash, has_cash = plan.tables["cash"].groupby("calendar_year")["cash_musd"].sum(), sites.cash_budget.size > 0
    # As budgets do, a model year counts the calendar years since the one before.
    of_year = pd.Series(years[np.searchsorted(years, cash.index)], cash.index)
    if has_cash:
        together = pd.Series(sites.cash_budget_musd, sites.cash_budget.labels("year").astype(int))
        span = pd.Series(np.diff(years, prepend=years[0] - 1), years)
        musd, limit = cash, of_year.map(together / span).dropna()
    else:
        limit = pd.Series(sites.capex_budget_musd, sites.capex_budget.labels("year").astype(int))
        musd = cash.groupby(of_year).sum()
    musd = musd.reindex(limit.index, fill_value=0.0)
    above = (musd - limit)[musd > limit * (1.0 + _AT_LIMIT)].sort_values(ascending=False)
    parts = [f"{amount(musd[year])} MUSD in {year} (budget {amount(limit[year])} MUSD)" for year in above.index]
    if has_cash:
        head = f"build.cash_budget_musd in {len(parts)} calendar years"
        tail = (
            " Where model years are skipped it holds for all calendar years since the one before together; add model"
            " years to hold it in each."
        )
    else:
        head = f"build.capex_budget_musd in {len(parts)} of {len(limit)} model years"
        tail = (
            " That budget holds overnight cost by year of service, and halls, connections and on-site technologies are"
            " paid before; build.cash_budget_musd limits the cash of each calendar year."
        )
    yield from _listed(f"Cash for assets exceeds {head}", parts, f".{tail}")


def _small_plants(plan: Plan) -> Iterator[str]:
    """Say where less is built of a source than the smallest plant that is sold."""
    built = plan.tables["source_builds"]
    is_small = built["built_mw"] < built["min_size_mw"] * (1.0 - _AT_LIMIT)
    small = built[is_small & (built["built_mw"] > _A_LITTLE)]
    small = small.loc[small.groupby(["site", "source"])["built_mw"].idxmax()]
    parts = _each(small, "{source} at {site} {built_mw:,.1f} MW (smallest {min_size_mw} MW)", "min_size_mw")
    tail = ". A plan builds any part of a plant unless supply.whole_sources is true."
    yield from _listed("Built in a year, and smaller than the smallest plant", parts, tail)


def _unmet(plan: Plan, bound: pd.DataFrame | InputError) -> Iterator[str]:
    """Say how much demand is unmet while limits bind that shadow prices show to be why."""
    if not isinstance(bound, pd.DataFrame) or (causes := unmet_causes(bound, plan.tables).head(_NAMED)).empty:
        return
    parts = [limit_words(row, plan.tables) + share_words(row["share_frac"]) for _, row in causes.iterrows()]
    takes = "; in brackets, what it takes at shadow prices of the value of the compute that is served or rented"
    summary = plan.tables["summary"].set_index("year")
    unmet = summary["unmet_kh100e"] / summary["demand_kh100e"]
    unmet = unmet[unmet > UNMET_FRAC]
    worst = unmet.index[int(unmet.to_numpy().argmax())]
    others = ", ".join(str(year) for year in unmet.index if year != worst)
    yield (
        f"In {worst} {percent(unmet.max())} of the compute demand is unmet"
        f"{f', and some in {others}' if others else ''}. What limits it: {'; '.join(parts)}"
        f"{takes if causes['share_frac'].notna().any() else ''}."
    )


def _each(rows: pd.DataFrame, words: str, *amounts: str) -> list[str]:
    """Write each row of a table in words of its columns, some of which are amounts."""
    rows = rows.assign(**{name: rows[name].map(amount) for name in amounts})
    return [words.format_map(row) for row in rows.to_dict("records")]


def _listed(head: str, parts: list[str], tail: str = ".", between: str = ", ") -> Iterator[str]:
    """Name the first of some things below a head; nothing where there are none."""
    if parts:
        yield f"{head}: {some(parts, _NAMED, between=between)}{tail}"
