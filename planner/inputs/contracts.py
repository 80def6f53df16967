"""Index lists and coefficients of power under contract and of clean targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.arrays import Record
from planner.base.units import MONTHS_PER_YEAR
from planner.base.words import amount, some
from planner.clock.days import float_year
from planner.family.table_columns import any_along, mask_at, texts
from planner.inputs.power import hub_usd_per_mwh
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
    from planner.inputs.power import PowerPrices
    from planner.scenario.supply import Ppa

_DIGITS: Final = 4


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


class ContractInputs(Record):
    """Agreements, signed and on offer, and clean targets; lists are empty where there are none.

    A pool is the sites and zones within which contracts count: a zone, a country, or all.
    """

    def __init__(
        self, case: ScopedCase, sets: Sets, prices: PowerPrices, intensity_shape: Floats, site_year: Index
    ) -> None:
        """Take `intensity_shape` (site, slot)."""
        settings = case.scenario.contracts
        offers, kinds = tuple(settings.ppa.values()), tuple(settings.agreements.values())
        # agreements on offer, then those signed already, by the scenario's names
        self.contract = contract = Axis("contract", tuple(settings.agreements))
        self.is_physical: Bools = np.array([kind.kind == "physical" for kind in kinds], dtype=np.bool_)  # [contract]
        self.technology = tuple(kind.technology for kind in kinds)  # [contract]
        self.pool, of_site = _pools(case, sets)
        self.site_pool: NDArray[np.intp] = of_site
        of_zone = [int(np.argmax(sets.site_zone == z)) for z in range(len(sets.zone))]
        self.zone_pool: NDArray[np.intp] = self.site_pool[of_zone]
        self._find_signed(case, sets)

        hubs = hubs_of(case)
        first_hub = np.array([np.argmax(hubs.sites["zone"] == zone) for zone in sets.zone.labels], dtype=np.intp)
        strike = strikes(hubs, sets, first_hub)
        is_offered = np.asarray(~np.isnan(strike[:, :, 0]), dtype=np.bool_)
        has_zone = mask_at((len(contract), len(sets.zone)), self.existing.codes)
        delivers = np.concatenate([is_offered, has_zone[len(offers) :]])
        self.profile_frac = delivery_profiles(hubs, sets, first_hub, delivers)  # [contract, zone, slot] over capacity
        s, t = site_year["site"], site_year["year"]
        has_sites = mask_at((len(sets.zone), len(sets.year)), (sets.site_zone[s], t))
        nothing = np.zeros((*has_sites.shape, len(sets.slot)))
        # what the market pays, [zone, year, slot]
        self.market_usd_per_mwh = hub_usd_per_mwh(hubs, sets.zone) if kinds else nothing

        lead_years = np.array([offer.lead_months for offer in offers]) / MONTHS_PER_YEAR
        first = float_year(case.scenario.decisions_start) + lead_years
        in_time = (first[:, None] < case.last_year + 1.0)[:, None, :]
        max_mw = np.array([offer.max_mw for offer in offers])
        _note_late_zones(case, sets, offers, is_offered, in_time[:, 0, :], has_sites)
        may_sign = ~np.isnan(strike) & in_time & has_sites & (max_mw > 0.0)[:, None, None]
        axes = (contract, sets.zone, sets.year)
        self.sign = sign = Index.sparse("sign", axes, np.nonzero(may_sign))  # (contract, zone, year) of first delivery
        # such as 2027.25, and the end of the term, [sign]
        self.sign_start: Floats = np.maximum(first[sign["contract"]], case.year[sign["year"]])
        term = np.array([offer.term_years for offer in offers], dtype=np.float64)
        self.sign_end: Floats = self.sign_start + term[sign["contract"]]
        self.strike_usd_per_mwh: Floats = strike[sign.codes]  # [sign]
        of_signed = delivers_in_years(case, sets, self.existing, has_sites)[len(offers) :]
        may_run = np.concatenate([np.logical_or.accumulate(may_sign, axis=2), of_signed])
        # (contract, zone, year) in which one may be in force, and those on offer
        self.force: Index = Index.sparse("force", axes, np.nonzero(may_run))
        self.limit: Index = self.force.select(self.force["contract"] < len(offers), "limit")
        self.limit_mw: Floats = max_mw[self.limit["contract"]]  # [limit]

        # physical delivery
        pays_market = any_along(prices.wholesale_part_usd_per_mwh > 0.0, axis=(1, 2))
        _note_spares_nothing(case, sets, may_run.any(axis=2) & self.is_physical[:, None], pays_market)
        runs_physical = any_along(may_run[self.is_physical], axis=0)
        places = Index.sparse("delivery", (sets.zone, sets.year), np.nonzero(runs_physical))
        self.delivery: Index = cross(places, sets.slot, "delivery")  # (zone, year, slot)
        self.take: Index = _slots(sets, site_year, runs_physical[sets.site_zone[s], t], "take")  # (site, year, slot)
        # wholesale price not paid; 0 under a bundled tariff, [take]
        self.take_usd_per_mwh: Floats = prices.wholesale_part_usd_per_mwh[self.take.codes]
        self._find_clean(case, sets, intensity_shape, site_year, any_along(may_run, axis=0))

    def _find_clean(self, case: ScopedCase, sets: Sets, intensity_shape: Floats, site_year: Index, runs: Bools) -> None:
        """Find what counts as clean. Takes `intensity_shape` (site, slot), `runs` (zone, year)."""
        settings, s, t = case.scenario.contracts, site_year["site"], site_year["year"]
        target = np.nan_to_num(case.by_year(settings.matching.target_frac))
        counts = np.zeros((len(self.pool), len(sets.year)), dtype=np.bool_)
        np.logical_or.at(counts, self.zone_pool, runs)
        has_pool = mask_at(counts.shape, (self.site_pool[s], t))
        counts &= ((target > 0.0) | (case.scenario.carbon.accounting == "market")) & has_pool
        is_target = has_pool & (target > 0.0)
        # (site, year, slot) whose use must be clean in part, or may be claimed; where power under contract may count
        self.count: Index = _slots(sets, site_year, (counts | is_target)[self.site_pool[s], t], "count")
        self.claim: Index = _slots(sets, site_year, counts[self.site_pool[s], t], "claim")
        self.is_hourly = settings.matching.mode == "hourly"  # whether contracts count slot by slot
        pools = Index.sparse("pool_year", (self.pool, sets.year), np.nonzero(counts))
        by_slot = np.full(pools.size, self.is_hourly)
        # (pool, year, slot) in which what is claimed must be delivered, or (pool, year) over which it must be
        self.claim_slot: Index = cross(pools.select(by_slot), sets.slot, "claim_slot")
        self.claim_year: Index = pools.select(~by_slot)
        self.target: Index = Index.sparse("target", (self.pool, sets.year), np.nonzero(is_target))  # (pool, year)
        self.target_frac: Floats = target[self.target["year"]]  # [target]
        is_asked = bool(settings.agreements) or bool((target > 0.0).any())
        clean = grid_clean_frac(case, sets, intensity_shape)[s, t].ravel() if is_asked else None
        # clean share of the grid; 0 where not asked, [slot of PowerInputs.slot]
        self.clean_frac: Floats = np.zeros(site_year.size * len(sets.slot)) if clean is None else clean

    def _find_signed(self, case: ScopedCase, sets: Sets) -> None:
        """Find the PPAs that are signed already in zones of the plan."""
        signed = {name: one for name, one in case.scenario.contracts.existing.items() if one.zone in sets.zone.labels}
        codes = (self.contract.codes(list(signed)), sets.zone.codes([one.zone for one in signed.values()]))
        self.existing: Index = Index.sparse("existing", (self.contract, sets.zone), codes)  # (contract, zone)
        figures = [(one.mw, one.first_year, one.last_year + 1, one.price_usd_per_mwh) for one in signed.values()]
        columns = np.array(figures, dtype=np.float64).reshape(-1, 4).T
        self.existing_mw: Floats = columns[0]  # [existing]
        # such as 2024.0, and end of the term, such as 2032.0 for one to the end of 2031, [existing]
        self.existing_start: Floats = columns[1]
        self.existing_end: Floats = columns[2]
        self.existing_usd_per_mwh: Floats = columns[3]  # [existing]


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
