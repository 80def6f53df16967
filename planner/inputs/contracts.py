"""Index lists and coefficients of power under contract and of clean targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.units import MONTHS_PER_YEAR
from planner.base.words import amount, some
from planner.clock.days import float_year
from planner.family.table_columns import any_along, mask_at, texts
from planner.inputs.power_prices import hub_usd_per_mwh
from planner.inputs.scope import hubs_of
from planner.inputs.supply_figures import renewable_shape
from planner.inputs.tariffs import use_of_sites
from planner.lp import Axis, Index
from planner.lp.index import cross

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats, Positions
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.power_prices import PowerPrices
    from planner.scenario.supply import Ppa

_DIGITS: Final = 4


def signed_ppas(case: ScopedCase, sets: Sets, contract: Axis) -> dict[str, Any]:
    """Read the PPAs that are signed already in zones of the plan, by their names in `ContractInputs`."""
    signed = {name: one for name, one in case.scenario.contracts.existing.items() if one.zone in sets.zone.labels}
    codes = (contract.codes(list(signed)), sets.zone.codes([one.zone for one in signed.values()]))
    figures = [(one.mw, one.first_year, one.last_year + 1, one.price_usd_per_mwh) for one in signed.values()]
    columns = np.array(figures, dtype=np.float64).reshape(-1, 4).T
    return {
        "existing": Index.sparse("existing", (contract, sets.zone), codes),
        **dict(zip(("existing_mw", "existing_start", "existing_end", "existing_usd_per_mwh"), columns, strict=True)),
    }


def delivers_in_years(case: ScopedCase, sets: Sets, existing: Index, has_sites: Bools) -> Bools:
    """Find the years in which signed PPAs deliver to the plan, and say what is left out.

    Takes `has_sites` (zone, year). Gives (contract, zone, year).
    """
    result = np.zeros((len(existing.axis("contract")), *has_sites.shape), dtype=np.bool_)
    for name, contract, zone in zip(existing.labels("contract"), *existing.codes, strict=True):
        one, keys = case.scenario.contracts.existing[name], ("contracts", "existing", name)
        runs = (one.first_year <= case.last_year) & (one.last_year >= case.year)
        result[contract, zone] = runs & has_sites[zone]
        lost = case.year[runs & ~has_sites[zone]]
        if not runs.any():
            last = "after" if one.first_year > case.last_year[-1] else "before"
            text = f"The signed PPA {name} has no effect: it delivers from {one.first_year} to {one.last_year}, {last}"
            case.findings.add_note(f"{text} the years of the plan.", keys)
        elif lost.size:
            case.findings.add_note(
                f"The signed PPA {name}, {amount(one.mw, _DIGITS)} MW, is neither paid nor counted in"
                f" {', '.join(map(str, lost))}: {sets.zone.labels[zone]} has no site in use then.",
                keys,
            )
    return result


_NAMED: Final = 4  # zones


@dataclass(frozen=True)
class ContractInputs:
    """Agreements, signed and on offer, and clean targets; lists are empty where there are none.

    A pool is the sites and zones within which contracts count: a zone, a country, or all.
    """

    contract: Axis  # agreements on offer, then those signed already, by the scenario's names
    pool: Axis
    is_physical: Bools  # [contract]
    technology: tuple[str, ...]  # [contract]
    zone_pool: NDArray[np.intp]  # [zone] -> pool
    site_pool: NDArray[np.intp]  # [site] -> pool
    sign: Index  # (contract, zone, year) in which delivery may begin
    sign_start: Floats  # [sign] e.g. 2027.25
    sign_end: Floats  # [sign] end of the term
    strike_usd_per_mwh: Floats  # [sign]
    existing: Index  # (contract, zone) signed already
    existing_mw: Floats  # [existing]
    existing_start: Floats  # [existing] e.g. 2024.0
    existing_end: Floats  # [existing] end of the term, e.g. 2032.0 for one to the end of 2031
    existing_usd_per_mwh: Floats  # [existing]
    force: Index  # (contract, zone, year) in which one may be in force
    limit: Index  # (contract, zone, year) of those on offer
    limit_mw: Floats  # [limit]
    profile_frac: Floats  # [contract, zone, slot], output over capacity
    market_usd_per_mwh: Floats  # [zone, year, slot], what the market pays
    # physical delivery
    delivery: Index  # (zone, year, slot)
    take: Index  # (site, year, slot)
    take_usd_per_mwh: Floats  # [take], wholesale price not paid; 0 under a bundled tariff
    # what counts as clean
    count: Index  # (site, year, slot) whose use must be clean in part, or may be claimed
    claim: Index  # (site, year, slot) where power under contract may count
    claim_slot: Index  # (pool, year, slot) in which what is claimed must be delivered
    claim_year: Index  # (pool, year) over which it must be
    target: Index  # (pool, year)
    target_frac: Floats  # [target]
    clean_frac: Floats  # [slot of PowerInputs.slot], clean share of the grid; 0 where not asked
    is_hourly: bool  # whether contracts count slot by slot


def contract_inputs(
    case: ScopedCase, sets: Sets, prices: PowerPrices, intensity_shape: Floats, site_year: Index
) -> ContractInputs:
    """Make the lists of power under contract and of what must be clean. Takes `intensity_shape` (site, slot)."""
    settings = case.scenario.contracts
    offers, kinds = tuple(settings.ppa.values()), tuple(settings.agreements.values())
    contract = Axis("contract", tuple(settings.agreements))
    pool, site_pool = _pools(case, sets)
    zone_pool = site_pool[[int(np.argmax(sets.site_zone == z)) for z in range(len(sets.zone))]]

    hubs = hubs_of(case)
    first_hub = np.array([np.argmax(hubs.sites["zone"] == zone) for zone in sets.zone.labels], dtype=np.intp)
    strike = strikes(hubs, sets, first_hub)
    is_offered = np.asarray(~np.isnan(strike[:, :, 0]), dtype=np.bool_)
    signed = signed_ppas(case, sets, contract)
    has_zone = mask_at((len(contract), len(sets.zone)), signed["existing"].codes)
    profile = delivery_profiles(hubs, sets, first_hub, np.concatenate([is_offered, has_zone[len(offers) :]]))
    lead_years = np.array([offer.lead_months for offer in offers]) / MONTHS_PER_YEAR
    first = float_year(case.scenario.decisions_start) + lead_years
    has_sites = mask_at((len(sets.zone), len(sets.year)), (sets.site_zone[site_year["site"]], site_year["year"]))
    in_time = (first[:, None] < case.last_year + 1.0)[:, None, :]
    max_mw = np.array([offer.max_mw for offer in offers])
    _note_late_zones(case, sets, offers, is_offered, in_time[:, 0, :], has_sites)
    may_sign = ~np.isnan(strike) & in_time & has_sites & (max_mw > 0.0)[:, None, None]
    axes = (contract, sets.zone, sets.year)
    sign = Index.sparse("sign", axes, np.nonzero(may_sign))
    start = np.maximum(first[sign["contract"]], case.year[sign["year"]])
    term = np.array([offer.term_years for offer in offers], dtype=np.float64)
    of_signed = delivers_in_years(case, sets, signed["existing"], has_sites)[len(offers) :]
    may_run = np.concatenate([np.logical_or.accumulate(may_sign, axis=2), of_signed])
    force = Index.sparse("force", axes, np.nonzero(may_run))
    limit = force.select(np.flatnonzero(force["contract"] < len(offers)), "limit")
    is_physical = np.array([kind.kind == "physical" for kind in kinds], dtype=np.bool_)
    pays_market = any_along(prices.wholesale_part_usd_per_mwh > 0.0, axis=(1, 2))
    _note_spares_nothing(case, sets, may_run.any(axis=2) & is_physical[:, None], pays_market)

    runs_physical = any_along(may_run[is_physical], axis=0)
    delivery = cross(Index.sparse("delivery", (sets.zone, sets.year), np.nonzero(runs_physical)), sets.slot, "delivery")
    s, t = site_year["site"], site_year["year"]
    take = _slots(sets, site_year, runs_physical[sets.site_zone[s], t], "take")
    target = np.nan_to_num(case.by_year(settings.matching.target_frac))
    counts = np.zeros((len(pool), len(sets.year)), dtype=np.bool_)
    np.logical_or.at(counts, zone_pool, any_along(may_run, axis=0))
    counts &= (target > 0.0) | (case.scenario.carbon.accounting == "market")
    has_pool = mask_at(counts.shape, (site_pool[s], t))
    pools = Index.sparse("pool_year", (pool, sets.year), np.nonzero(counts & has_pool))
    goals = Index.sparse("target", (pool, sets.year), np.nonzero(has_pool & (target > 0.0)))
    is_hourly = settings.matching.mode == "hourly"
    nowhere = np.zeros(0, dtype=np.intp)
    is_asked = bool(kinds) or bool((target > 0.0).any())
    clean = grid_clean_frac(case, sets, intensity_shape) if is_asked else None
    return ContractInputs(
        contract=contract,
        pool=pool,
        is_physical=is_physical,
        technology=tuple(kind.technology for kind in kinds),
        zone_pool=zone_pool,
        site_pool=site_pool,
        sign=sign,
        sign_start=start,
        sign_end=start + term[sign["contract"]],
        strike_usd_per_mwh=strike[sign.codes],
        **signed,
        force=force,
        limit=limit,
        limit_mw=max_mw[limit["contract"]],
        profile_frac=profile,
        market_usd_per_mwh=hub_usd_per_mwh(hubs, sets.zone) if kinds else np.zeros((*has_sites.shape, len(sets.slot))),
        delivery=delivery,
        take=take,
        take_usd_per_mwh=prices.wholesale_part_usd_per_mwh[take.codes],
        count=_slots(sets, site_year, (has_pool & (counts | (target > 0.0)))[site_pool[s], t], "count"),
        claim=_slots(sets, site_year, (counts & has_pool)[site_pool[s], t], "claim"),
        claim_slot=cross(pools if is_hourly else pools.select(nowhere), sets.slot, "claim_slot"),
        claim_year=pools.select(nowhere) if is_hourly else pools,
        target=goals,
        target_frac=target[goals["year"]],
        clean_frac=np.zeros(site_year.size * len(sets.slot)) if clean is None else clean[s, t].ravel(),
        is_hourly=is_hourly,
    )


def _note_late_zones(
    case: ScopedCase, sets: Sets, offers: tuple[Ppa, ...], is_offered: Bools, in_time: Bools, has_sites: Bools
) -> None:
    """Say where delivery could begin earlier if the zone had a site in use by then.

    Takes `is_offered` (contract, zone), `in_time` (contract, year), `has_sites` (zone, year).
    """
    year = np.append(case.year, np.inf)  # the last stands for never
    could = year[np.where(in_time.any(axis=1), in_time.argmax(axis=1), -1)]
    both = in_time[:, None, :] & has_sites
    can = year[np.where(both.any(axis=2), both.argmax(axis=2), -1)]
    late = is_offered & (can > could[:, None])
    since = np.where(np.isfinite(can), np.char.mod("from %.0f", can), "in no model year")
    for c, (name, offer) in enumerate(zip(case.scenario.contracts.ppa, offers, strict=True)):
        if late[c].any():
            zones = [f"{sets.zone.labels[z]} ({since[c, z]})" for z in np.flatnonzero(late[c])]
            keys: tuple[str, ...] = ("contracts", "ppa", name)
            case.findings.add_note(
                f"PPA {name} could deliver from {could[c]:.0f}, but these zones have no site in"
                f" use by then: {some(zones, _NAMED)}.",
                keys if offer.zones == "all" else (*keys, "zones"),
            )


def _note_spares_nothing(case: ScopedCase, sets: Sets, is_physical: Bools, pays_market: Bools) -> None:
    """Say where physical delivery saves nothing, as tariffs bill the energy of all sites there.

    Takes `is_physical` (contract, zone), `pays_market` (site,).
    """
    pays = mask_at((len(sets.zone),), sets.site_zone[pays_market])
    billed = use_of_sites(case)
    settings = case.scenario.contracts
    for c, name in enumerate(settings.agreements):
        idle = np.flatnonzero(is_physical[c] & ~pays)
        at = [s for s in np.flatnonzero(np.isin(sets.site_zone, idle)).tolist() if s in billed]
        if not at:
            continue
        zones = some([sets.zone.labels[z] for z in idle], _NAMED)
        bills = some([f"{sets.site.labels[s]} by {billed[s].tariff}" for s in at], _NAMED)
        keys = ("contracts", "ppa" if name in settings.ppa else "existing", name, "kind")
        case.findings.add_note(
            f"PPA {name} is physical and spares no site in {zones} anything: a bundled tariff bills the energy of each"
            f" ({bills}), whoever delivers it. Set {'.'.join(keys)}: financial, or bundle: delivery of the tariff.",
            keys,
        )


def _slots(sets: Sets, site_year: Index, which: Bools, name: str) -> Index:
    """Return the time slices of some sites and years."""
    return cross(site_year.select(np.flatnonzero(which), name), sets.slot, name)


def _pools(case: ScopedCase, sets: Sets) -> tuple[Axis, np.ndarray]:
    """Return the pools within which contracts count, and that of every site."""
    area = case.scenario.contracts.area
    if area == "zone":
        return sets.zone.renamed("pool"), sets.site_zone.astype(np.intp)
    if area == "operator":
        return Axis("pool", ("operator",)), np.zeros(len(sets.site), dtype=np.intp)
    country = texts(case.sites, "country")
    pool = Axis("pool", tuple(dict.fromkeys(country)))
    return pool, np.asarray(pool.codes(country), dtype=np.intp)


def grid_clean_frac(case: ScopedCase, sets: Sets, intensity_shape: Floats) -> Floats:
    r"""Return the clean share of the grid at every site, year and time slice.

    .. math:: \phi_{sth} = 1 - \min((1 - \Phi_{zt})\, k_{sh},\ 1)

    with the mean share of zone and year and the shape of carbon intensity: the fossil rest
    follows what is emitted.
    Takes `intensity_shape` (site, slot). Gives (site, year, slot).
    """
    known = sorted({int(year) for year in case.tables["clean_share"]["year"]})
    axes, must_be = {"zone": sets.zone.labels, "year": known}, f"rows for {', '.join(map(str, known))}"
    share = case.dense("clean_share", axes, "clean_frac", "zone {} lacks a year", must_be, "add them")
    mean = np.asarray([np.interp(case.year, known, row) for row in share])[sets.site_zone]
    return 1.0 - np.minimum((1.0 - mean)[:, :, None] * intensity_shape[:, None, :], 1.0)


_BOTH: Final = "mixed"  # half sun, half wind
_FOLLOWS: Final = {"solar": ("solar",), "wind": ("wind",), _BOTH: ("solar", "wind")}


def strikes(case: ScopedCase, sets: Sets, first_hub: Positions) -> Floats:
    """Return the strike of every agreement by zone and year of first delivery.

    Prices of the table follow straight lines between its years and hold beyond them.
    Takes `first_hub` (zone,). Gives (contract, zone, year) [USD/MWh].
    """
    table, of_country = case.tables["ppa_prices"], case.tables["ppa_regions"]
    regions = dict(zip(of_country["country"], of_country["region"], strict=True))
    country = np.array(texts(case.sites, "country"), dtype=object)[first_hub]
    offers = case.scenario.contracts.ppa
    price = np.full((len(offers), len(sets.zone), len(case.years)), np.nan)
    for c, (name, offer) in enumerate(offers.items()):
        rows = table[table["technology"] == offer.technology]
        without = []
        for z, zone in enumerate(sets.zone.labels):
            if offer.zones != "all" and zone not in offer.zones:
                continue
            own = rows[rows["region"] == regions.get(str(country[z]), "")]
            if offer.price_usd_per_mwh is not None:
                price[c, z] = case.interpolated(offer.price_usd_per_mwh)
            elif own.empty:
                without.append(zone)
            else:
                price[c, z] = case.on_line(own, "price_usd_per_mwh")
        _report_zones_without(case, name, offer, without)
    return price


def _report_zones_without(case: ScopedCase, name: str, offer: Ppa, zones: list[str]) -> None:
    """Report zones without a PPA price: a problem where the scenario names the zone."""
    if not zones:
        return
    if offer.zones == "all":
        case.findings.add_note(
            f"PPA {name} is not on offer in {', '.join(zones)}: table ppa_prices has no"
            f" price of {offer.technology} there.",
            ("contracts", "ppa", name),
        )
        return
    what_is = f"table ppa_prices has no price of {offer.technology} for {', '.join(zones)}"
    fix = "give price_usd_per_mwh, or leave the zones out"
    case.findings.add(("contracts", "ppa", name, "zones"), what_is, "zones with a price", fix)


def delivery_profiles(case: ScopedCase, sets: Sets, first_hub: Positions, delivers: Bools) -> Floats:
    """Return output over capacity of every agreement by zone and time slice.

    Takes `first_hub` (zone,), `delivers` (contract, zone). Gives (contract, zone, slot).
    """
    weight = case.days.weight_h / case.days.weight_h.sum()
    offers = tuple(case.scenario.contracts.agreements.values())
    profile = np.ones((len(offers), len(sets.zone), len(sets.slot)))
    follows = [_FOLLOWS.get(offer.profile or offer.technology, ()) for offer in offers]
    shapes = {}
    for kind in ("solar", "wind"):
        here = any_along(delivers & np.array([kind in kinds for kinds in follows], dtype=np.bool_)[:, None], axis=0)
        if here.any():
            shape = renewable_shape(case, kind, mask_at((len(case.sites),), first_hub[here]))
            shapes[kind] = np.ones(profile.shape[1:]) if shape is None else shape[first_hub]
    for c, offer in enumerate(offers):
        if follows[c] and delivers[c].any():
            profile[c] = np.mean([shapes[kind] for kind in follows[c]], axis=0)
        if offer.capacity_factor_frac is not None:
            profile[c] = np.minimum(profile[c] * (offer.capacity_factor_frac / (profile[c] @ weight))[:, None], 1.0)
    return profile
