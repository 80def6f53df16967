"""Tables of the grid: connections, firm and not, zones, and what they carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import HOURS_PER_YEAR, KW_PER_MW, USD_PER_MUSD
from planner.lp.index import distinct, locate
from planner.results.store import cleaned, largest_by, listed, ratio, summed, total_by, words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.results.solved import SolvedModel
    from planner.results.store import Cells

# --- Tables of the grid: connections, headroom, and the forecast by zone and workload -------------

_BINDS_WITHIN_MW = 1e-5  # [MW], wider than the solver's tolerance, narrower than any plan


def connections(s: SolvedModel) -> dict[str, Cells]:
    """Make table `connections`: firm connections energised."""
    grid, mw = s.p.grid, s.value(s.model.expand)
    money = grid.expand_capex_musd_per_mw * mw
    return s.listed(grid.expand, mw, added_mw=mw, service_start=grid.expand_start, overnight_musd=money)


def headroom(s: SolvedModel) -> dict[str, Cells]:
    """Make table `headroom`: what zones can take, what the plan takes, what more is worth."""
    given, sets, grid = s.p.grid.headroom_by_zone, s.p.sets, s.p.grid
    zone = sets.zone.codes(given["zone"])
    year = sets.year.codes(given["year"].astype(str))

    def limit_column(column: str) -> Floats:
        return given[column].to_numpy(dtype=np.float64)

    turned = _connected(s, s.p.non_firm.firm_year)
    non_firm = _connected(s, s.p.non_firm.connect["year"])
    firm_mw = (_by_zone_year(s, s.new_firm_mw) + turned)[zone, year]
    non_firm_mw = cleaned(non_firm - turned)[zone, year]
    firm_spare = limit_column("firm_limit_mw") - limit_column("committed_mw") - firm_mw
    spare = limit_column("limit_mw") - limit_column("committed_mw") - firm_mw - non_firm_mw
    spare_mw = np.maximum(spare, 0.0)
    firm_spare_mw = np.clip(firm_spare, 0.0, spare_mw)
    firm_worth = _worth_usd_per_mw(s, "zone_headroom", locate(grid.headroom, zone, year))
    tiers = range(len(s.p.non_firm.tier))
    rows = (locate(s.p.non_firm.headroom, zone, year, np.full(zone.size, k)) for k in tiers)
    worth = sum((_worth_usd_per_mw(s, "all_headroom", row) for row in rows), np.zeros(zone.size))
    # One limit for both is reported as both.
    is_one = limit_column("firm_limit_mw") == limit_column("limit_mw")
    worth = worth + np.where(is_one, firm_worth, 0.0)
    firm_worth = np.where(is_one, worth, firm_worth)
    paid = s.discount_factor.sum()
    return {
        "zone": words(sets.zone, zone),
        "year": given["year"].to_numpy(dtype=np.int64),
        "rate_pct": limit_column("rate_pct"),
        "limit_mw": limit_column("limit_mw"),
        "firm_limit_mw": limit_column("firm_limit_mw"),
        "committed_mw": limit_column("committed_mw"),
        "new_firm_mw": firm_mw,
        "new_non_firm_mw": non_firm_mw,
        "spare_mw": spare_mw,
        "firm_spare_mw": firm_spare_mw,
        "binds": spare_mw < _BINDS_WITHIN_MW,
        "firm_binds": firm_spare_mw < _BINDS_WITHIN_MW,
        "value_npv_usd_per_mw": worth,
        "value_usd_per_mw_year": worth / paid,
        "firm_value_npv_usd_per_mw": firm_worth,
        "firm_value_usd_per_mw_year": firm_worth / paid,
    }


def _connected(s: SolvedModel, year: NDArray[np.integer]) -> Floats:
    """Non-firm connection that counts from a year on, by zone, shape (zone, year). [MW]"""
    over, mw = s.p.non_firm.connect, s.value(s.model.non_firm.connect_mw)
    counts, zone = year >= 0, s.p.sets.site_zone[over["site"]]
    by_year = summed((len(s.p.sets.zone), s.years), (zone[counts], year[counts]), mw[counts])
    return np.asarray(by_year.cumsum(axis=1))


def _worth_usd_per_mw(s: SolvedModel, block: str, row: NDArray[np.intp]) -> Floats:
    """Return what one more MW in rows of a limit saves; 0 where a year has no row."""
    dual = s.dual(block)
    if dual is None:
        return np.full(row.size, np.nan if not s.outcome.has_duals else 0.0)
    return np.where(row >= 0, -dual[row] * USD_PER_MUSD, 0.0)


def power_zone(s: SolvedModel) -> dict[str, Cells]:
    """Make table `power_zone`: the power forecast of each grid zone."""
    sets, m, site_year = s.p.sets, s.model, s.p.sites.site_year
    at = (sets.site_zone[site_year["site"]], site_year["year"])
    zone, year = np.unique(np.stack(at), axis=1)
    by_slot = summed((len(sets.zone), s.years, len(sets.slot)), at, s.facility_mw)

    def add(of_site_year: Floats) -> Floats:
        return np.asarray(_by_zone_year(s, of_site_year)[zone, year])

    it_mean, facility_mean = add(s.it_mean_mw), add(s.facility_mean_mw)
    return {
        "zone": words(sets.zone, zone),
        "year": np.asarray([int(label) for label in sets.year.labels])[year],
        "sites_in_use": add(s.has_racks.astype(np.float64)).astype(np.int64),
        "nameplate_mw": add(s.by_site_year(s.nameplate_of_use_mw)),
        "it_mean_mw": it_mean,
        "facility_mean_mw": facility_mean,
        "coincident_peak_mw": by_slot[zone, year].max(axis=1, initial=0.0),
        "sum_of_site_peaks_mw": add(s.facility_peak_mw),
        "energy_mwh": facility_mean * HOURS_PER_YEAR,
        "pue": ratio(facility_mean, it_mean),
        "emissions_kt": add(s.value(m.emissions_kt)),
        "water_m3": add(s.value(m.water_m3)),
        "firm_mw": add(s.value(m.firm_mw.on(site_year, missing="zero"))),
        "new_firm_mw": add(s.new_firm_mw),
    }


def power_class(s: SolvedModel) -> dict[str, Cells]:
    """Make table `power_class`: the power forecast of each workload."""
    used, it_mw = s.p.racks.used, s.it_mean_of_use_mw
    over = distinct(used, "workload", "year")
    place = over.find(used)
    pue = ratio(s.facility_mean_mw, s.by_site_year(it_mw))[s.site_year_of_use]
    nameplate, it_mean, facility_mean = (
        total_by(place, mw, over.size) for mw in (s.nameplate_of_use_mw, it_mw, np.where(it_mw > 0.0, pue * it_mw, 0.0))
    )
    power = {"nameplate_mw": nameplate, "it_mean_mw": it_mean, "facility_mean_mw": facility_mean}
    return s.listed(over, **power, energy_mwh=facility_mean * HOURS_PER_YEAR)


def _by_zone_year(s: SolvedModel, of_site_year: Floats) -> Floats:
    """Add up over the sites of each zone, shape (zone, year)."""
    sets, over = s.p.sets, s.p.sites.site_year
    return summed((len(sets.zone), s.years), (sets.site_zone[over["site"]], over["year"]), of_site_year)


# --- Tables of non-firm connection: what is connected, how stress time slices are lived through ---


def non_firm_connections(s: SolvedModel) -> dict[str, Cells]:
    """Make table `non_firm_connections`: non-firm connections energised."""
    p, mw = s.p.non_firm, s.value(s.model.non_firm.connect_mw)
    return s.listed(
        p.connect,
        mw,
        rate_pct=np.array([float(label) for label in p.tier.labels])[p.connect["tier"]],
        added_mw=mw,
        service_start=p.start,
        turns_firm=np.where(np.isinf(p.turns_firm), np.nan, p.turns_firm),
        overnight_musd=p.capex_musd_per_mw * mw,
    )


def non_firm_year(s: SolvedModel) -> dict[str, Cells]:
    """Make table `non_firm_year`: non-firm connection of a site in a year, in one line."""
    p, m, hours, over = s.p.non_firm, s.model, s.weight_h, s.p.non_firm.service
    service_mw, shed_mw = s.value(m.non_firm.service_mw), s.value(m.non_firm.shed_mw)
    of_stress, of_shed = over.find(p.stress), over.find(p.shed.slot)
    off_mwh, drawn_mwh = (
        total_by(of_stress, s.value(mw) * hours[p.stress["slot"]], over.size)
        for mw in (m.non_firm.off_mw, m.import_mw.on(p.stress))
    )
    per_mw = p.discount_usd_per_kw_month * KW_PER_MW / USD_PER_MUSD
    discount = per_mw * s.p.grid.billing_months[p.billing["period"]] * s.value(m.non_firm.discounted_mw)
    return s.listed(
        over,
        service_mw,
        non_firm_mw=service_mw,
        off_hours=ratio(off_mwh, service_mw),
        drawn_mwh=drawn_mwh,
        shed_mwh=total_by(of_shed, shed_mw * hours[p.shed.slot["slot"]], over.size),
        shed_peak_mw=largest_by(of_shed, shed_mw, over.size),
        lost_kh100e=lost_kh100e(s)[s.p.sites.site_year.find(over)],
        discount_musd=total_by(over.find(p.billing), discount, over.size),
    )


def lost_kh100e(s: SolvedModel) -> Floats:
    """Return the compute lost by shedding, mean over the year. [kH100e], (site, year)

    Energy at the meter is IT energy at the site's PUE, and that is compute at the mean of the
    site's work that can wait.
    """
    p, site_year = s.p.non_firm.shed, s.p.sites.site_year
    shed_mwh = s.value(s.model.non_firm.shed_mwh.on(site_year, missing="zero"))
    racks, share = s.p.racks, p.deployment_frac
    it_mw = s.by_site_year(s.per_use(share * (racks.idle_mw_per_mw + racks.dynamic_mw_per_mw)))
    compute = s.by_site_year(s.per_use(share * racks.throughput_kh100e_per_mw))
    shed_it_mw = shed_mwh / HOURS_PER_YEAR * np.nan_to_num(ratio(s.it_mean_mw, s.facility_mean_mw))
    return np.asarray(shed_it_mw * np.nan_to_num(ratio(compute, it_mw)))


def stress_slot(s: SolvedModel) -> dict[str, Cells]:
    """Make table `stress_slot`: how each site with non-firm power lives through stress."""
    m, over = s.model, s.p.non_firm.stress
    service_mw, hours = s.value(m.non_firm.service_mw.on(over)), s.weight_h[over["slot"]]
    return listed(
        over,
        service_mw,
        hours=hours,
        firm_mw=s.value(m.firm_mw.on(over)),
        non_firm_mw=service_mw,
        off_mw=s.value(m.non_firm.off_mw),
        use_mw=s.value(m.site_mw.on(over)),
        grid_mw=s.value(m.import_mw.on(over)),
        own_mw=s.value((m.supply.supply_mw - m.supply.use_mw).on(over)),
        shed_mw=s.value(m.non_firm.shed_mw.on(over, missing="zero")),
        worth_usd_per_mwh=_worth_usd_per_mwh(s, hours),
    )


def _worth_usd_per_mwh(s: SolvedModel, hours: Floats) -> Floats:
    dual = s.dual("non_firm_power")
    over = s.p.non_firm.stress
    if dual is None:
        return np.full(over.size, np.nan)
    return np.asarray(-dual * USD_PER_MUSD / (hours * s.year_weight[over["year"]])) + 0.0
