"""Tables of the grid: connections, firm and not, zones, and what they carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import HOURS_PER_YEAR, KW_PER_MW, USD_PER_MUSD
from planner.lp.index import distinct, locate
from planner.results.store import cleaned, labels, ratio, total_by, words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.results.solved import SolvedModel
    from planner.results.store import Cells

# --- Tables of the grid: connections, headroom, and the forecast by zone and workload -------------

_BINDS_WITHIN_MW = 1e-5  # [MW], wider than the solver's tolerance, narrower than any plan


def connections(s: SolvedModel) -> dict[str, Cells]:
    """Make table `connections`: firm connections energised."""
    over, grid, sets = s.p.grid.expand, s.p.grid, s.p.sets
    mw = s.value(s.model.expand)
    rows = np.flatnonzero(mw)
    return {
        **labels(over, rows),
        "zone": words(sets.zone, sets.site_zone[over["site"][rows]]),
        "added_mw": mw[rows],
        "service_start": grid.expand_start[rows],
        "overnight_musd": (grid.expand_capex_musd_per_mw * mw)[rows],
    }


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
    counts = year >= 0
    by_year = np.zeros((len(s.p.sets.zone), s.years))
    np.add.at(by_year, (s.p.sets.site_zone[over["site"]][counts], year[counts]), mw[counts])
    return np.asarray(by_year.cumsum(axis=1))


def _worth_usd_per_mw(s: SolvedModel, block: str, row: NDArray[np.intp]) -> Floats:
    """Return what one more MW in rows of a limit saves; 0 where a year has no row."""
    dual = s.dual(block)
    if dual is None:
        return np.full(row.size, np.nan if not s.outcome.has_duals else 0.0)
    return np.where(row >= 0, -dual[row] * USD_PER_MUSD, 0.0)


def power_zone(s: SolvedModel) -> dict[str, Cells]:
    """Make table `power_zone`: the power forecast of each grid zone."""
    sets, m = s.p.sets, s.model
    zones, years, slots = len(sets.zone), s.years, len(sets.slot)
    site_year = s.p.sites.site_year
    place = _zone_of_site_year(s) * years + site_year["year"]
    by_slot = np.zeros((zones * years, slots))
    np.add.at(by_slot, place, s.facility_mw)
    present = np.unique(place)

    def add(of_site_year: Floats) -> Floats:
        return total_by(place, of_site_year, zones * years)[present]

    it_mean, facility_mean = add(s.it_mean_mw), add(s.facility_mean_mw)
    return {
        "zone": words(sets.zone, present // years),
        "year": np.asarray([int(label) for label in sets.year.labels])[present % years],
        "sites_in_use": add(s.has_racks.astype(np.float64)).astype(np.int64),
        "nameplate_mw": add(s.by_site_year(s.nameplate_of_use_mw)),
        "it_mean_mw": it_mean,
        "facility_mean_mw": facility_mean,
        "coincident_peak_mw": by_slot[present].max(axis=1, initial=0.0),
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
    used, sets = s.p.racks.used, s.p.sets
    over = distinct(used, "workload", "year")
    place = over.find(used)
    pue = ratio(s.facility_mean_mw, s.by_site_year(s.it_mean_of_use_mw))[s.site_year_of_use]
    facility = np.where(s.it_mean_of_use_mw > 0.0, pue * s.it_mean_of_use_mw, 0.0)
    facility_mean = total_by(place, facility, over.size)
    return {
        **labels(over),
        "duty": words(sets.duty, sets.workload_duty[over["workload"]]),
        "nameplate_mw": total_by(place, s.nameplate_of_use_mw, over.size),
        "it_mean_mw": total_by(place, s.it_mean_of_use_mw, over.size),
        "facility_mean_mw": facility_mean,
        "energy_mwh": facility_mean * HOURS_PER_YEAR,
    }


def _zone_of_site_year(s: SolvedModel) -> NDArray[np.intp]:
    return np.asarray(s.p.sets.site_zone[s.p.sites.site_year["site"]], dtype=np.intp)


def _by_zone_year(s: SolvedModel, of_site_year: Floats) -> Floats:
    """Add up over the sites of each zone, shape (zone, year)."""
    zones, years = len(s.p.sets.zone), s.years
    place = _zone_of_site_year(s) * years + s.p.sites.site_year["year"]
    return total_by(place, of_site_year, zones * years).reshape(zones, years)


# --- Tables of non-firm connection: what is connected, how stress time slices are lived through ---


def non_firm_connections(s: SolvedModel) -> dict[str, Cells]:
    """Make table `non_firm_connections`: non-firm connections energised."""
    p, sets = s.p.non_firm, s.p.sets
    mw = s.value(s.model.non_firm.connect_mw)
    rows = np.flatnonzero(mw)
    return {
        **labels(p.connect, rows),
        "zone": words(sets.zone, sets.site_zone[p.connect["site"][rows]]),
        "rate_pct": np.array([float(label) for label in p.tier.labels])[p.connect["tier"][rows]],
        "added_mw": mw[rows],
        "service_start": p.start[rows],
        "turns_firm": np.where(np.isinf(p.turns_firm), np.nan, p.turns_firm)[rows],
        "overnight_musd": (p.capex_musd_per_mw * mw)[rows],
    }


def non_firm_year(s: SolvedModel) -> dict[str, Cells]:
    """Make table `non_firm_year`: non-firm connection of a site in a year, in one line."""
    p, m, sets = s.p.non_firm, s.model, s.p.sets
    over = p.service
    service_mw = s.value(m.non_firm.service_mw)
    hours = s.weight_h
    of_stress = over.find(p.stress)
    stress_h = hours[p.stress["slot"]]
    off_mwh = total_by(of_stress, s.value(m.non_firm.off_mw) * stress_h, over.size)
    drawn = total_by(of_stress, s.value(m.import_mw.on(p.stress)) * stress_h, over.size)
    shed_mw = s.value(m.non_firm.shed_mw)
    of_shed = over.find(p.shed.slot)
    shed_mwh = total_by(of_shed, shed_mw * hours[p.shed.slot["slot"]], over.size)
    peak = np.zeros(over.size)
    np.maximum.at(peak, of_shed, shed_mw)
    per_mw = p.discount_usd_per_kw_month * KW_PER_MW / USD_PER_MUSD
    months = s.p.grid.billing_months[p.billing["period"]]
    discount = per_mw * months * s.value(m.non_firm.discounted_mw)
    lost = lost_kh100e(s)[s.p.sites.site_year.find(over)]
    rows = np.flatnonzero(service_mw)
    return {
        **labels(over, rows),
        "zone": words(sets.zone, sets.site_zone[over["site"][rows]]),
        "non_firm_mw": service_mw[rows],
        "off_hours": ratio(off_mwh, service_mw)[rows],
        "drawn_mwh": drawn[rows],
        "shed_mwh": shed_mwh[rows],
        "shed_peak_mw": peak[rows],
        "lost_kh100e": lost[rows],
        "discount_musd": total_by(over.find(p.billing), discount, over.size)[rows],
    }


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
    p, m = s.p.non_firm, s.model
    over = p.stress
    service_mw = s.value(m.non_firm.service_mw.on(over))
    shed_mw = s.value(m.non_firm.shed_mw.on(over, missing="zero"))
    use_mw = s.value(m.site_mw.on(over))
    grid_mw = s.value(m.import_mw.on(over))
    hours = s.weight_h[over["slot"]]
    own_mw = s.value((m.supply.supply_mw - m.supply.use_mw).on(over))
    rows = np.flatnonzero(service_mw)
    return {
        **labels(over, rows),
        "hours": hours[rows],
        "firm_mw": s.value(m.firm_mw.on(over))[rows],
        "non_firm_mw": service_mw[rows],
        "off_mw": s.value(m.non_firm.off_mw)[rows],
        "use_mw": use_mw[rows],
        "grid_mw": grid_mw[rows],
        "own_mw": own_mw[rows],
        "shed_mw": shed_mw[rows],
        "worth_usd_per_mwh": _worth_usd_per_mwh(s, hours)[rows],
    }


def _worth_usd_per_mwh(s: SolvedModel, hours: Floats) -> Floats:
    dual = s.dual("non_firm_power")
    over = s.p.non_firm.stress
    if dual is None:
        return np.full(over.size, np.nan)
    return np.asarray(-dual * USD_PER_MUSD / (hours * s.year_weight[over["year"]])) + 0.0
