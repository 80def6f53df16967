"""Tables of non-firm connection: what is connected, how stress time slices are lived through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import HOURS_PER_YEAR, KW_PER_MW, USD_PER_MUSD
from planner.results.store import labels, ratio, total_by, words

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.results.solved import SolvedModel
    from planner.results.store import Cells


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
