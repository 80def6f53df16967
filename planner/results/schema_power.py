"""Schema of the power forecast: by slot, site, zone and class; grid headroom."""

from __future__ import annotations

from planner.results.column import Table, flag, number, text, whole
from planner.results.schema_plan import DUTY, SITE, WORKLOAD, YEAR, ZONE

__all__ = ["POWER_TABLES"]

_SLOT = text("slot", "Slot of a day that tells the year, d0h03 = first day, from 3 h UTC")
_IT_MEAN = number("it_mean_mw", "MW", "IT power, mean over the year")
_FACILITY_MEAN = number("facility_mean_mw", "MW", "Power that is used, mean over the year")
_ENERGY = number("energy_mwh", "MWh", "Energy used in the year")
_NAMEPLATE = number("nameplate_mw", "MW", "Nameplate of racks in use and their companions")
_EMISSIONS = number("emissions_kt", "kt CO2", "Location-based emissions of the year")
_WATER = number("water_m3", "m3", "Water evaporated for cooling in the year")
_FIRM = number("firm_mw", "MW", "Firm connection in service, mean over the year")
_NEW_FIRM = number("new_firm_mw", "MW", "Firm connection added by the plan until then")
_PUE = number("pue", "-", "Energy used over IT energy; missing without load", missing=True)
_WUE = number("wue_l_per_kwh", "L/kWh", "Water over IT energy; missing without load", missing=True)

POWER_TABLES = (
    Table(
        "site_year",
        "One row per site and year in which the site can do something.",
        ("site", "year"),
        (
            SITE,
            ZONE,
            YEAR,
            number("open_frac", "-", "Share of the site that is open; 0 or 1 with integers"),
            number("opened_frac", "-", "Share opened in this year"),
            number("halls_mw", "MW", "Critical IT power of own halls that stand, ramped or not"),
            number("usable_mw", "MW", "Critical IT power usable, leases included"),
            _NAMEPLATE,
            number("load_kh100e", "kH100e", "Compute carried"),
            _IT_MEAN,
            number(
                "migrated_mean_mw",
                "MW",
                "Of it, work of other sites done here less own work done elsewhere",
            ),
            _FACILITY_MEAN,
            number("facility_peak_mw", "MW", "Largest power used in any slot"),
            _ENERGY,
            number("grid_mwh", "MWh", "Energy drawn from the grid in the year"),
            number("grid_peak_mw", "MW", "Largest power drawn from the grid in any slot"),
            number("load_factor_frac", "-", "Mean over peak; missing without load", missing=True),
            _PUE,
            _WATER,
            _WUE,
            _EMISSIONS,
            _FIRM,
            _NEW_FIRM,
            number("capex_musd", "MUSD", "Overnight cost of what enters service"),
            number(
                "cost_musd",
                "MUSD/year",
                "Payments, mean of the calendar years that the model year stands for",
            ),
        ),
    ),
    Table(
        "power_slot",
        "One row per site, year and slot: the load curve. Rows of site-years without load are "
        "left out.",
        ("site", "year", "slot"),
        (
            SITE,
            YEAR,
            _SLOT,
            flag("is_peak_day", "Whether the slot belongs to a peak day"),
            number("hours", "h", "Hours of the year that the slot stands for"),
            number("it_mw", "MW", "IT power"),
            number("mechanical_mw", "MW", "Cooling power"),
            number("electrical_loss_mw", "MW", "Losses of the power chain"),
            number("facility_mw", "MW", "Power of racks, cooling and losses"),
            number("other_load_mw", "MW", "Load of the site beside its racks"),
            number("grid_mw", "MW", "Power drawn from the grid"),
            number(
                "deferred_mw",
                "MW",
                "Of the IT power, work done here less due here; below 0: put off",
            ),
            number(
                "migrated_mw",
                "MW",
                "The same of classes that move between sites; below 0: done elsewhere or later",
            ),
            number(
                "energy_usd_per_mwh",
                "USD/MWh",
                "Delivered price without demand charge, and without what a tariff bills",
            ),
            number("location_t_per_mwh", "t/MWh", "Carbon intensity of the grid"),
        ),
    ),
    Table(
        "deferral",
        "One row per site, hourly shape, deferral window, year and slot with deferrable work.",
        ("site", "shape", "window", "year", "slot"),
        (
            SITE,
            text("shape", "Hourly shape by which the work falls due"),
            text("window", "Hours that work may wait, for example 8h"),
            YEAR,
            _SLOT,
            whole("block", "-", "Block of the day within which the energy is conserved"),
            number("due_mw", "MW", "IT power of the work that falls due in this slot"),
            number("done_mw", "MW", "IT power of the deferrable work done in it"),
        ),
    ),
    Table(
        "billed_peaks",
        "One row per site, year and billing period. Rows of site-years without load or without a "
        "demand charge are left out.",
        ("site", "year", "period"),
        (
            SITE,
            YEAR,
            text("period", "Months that share one billed maximum"),
            number("months", "month", "Months of the period"),
            number("peak_mw", "MW", "Billed maximum of each month"),
            number("usd_per_kw_month", "USD/kW-month", "Demand charge"),
            number("charge_musd", "MUSD/year", "Demand charge of the period"),
        ),
    ),
    Table(
        "power_zone",
        "One row per grid zone and year: the power forecast of the zone.",
        ("zone", "year"),
        (
            ZONE,
            YEAR,
            whole("sites_in_use", "sites", "Sites with load"),
            _NAMEPLATE,
            _IT_MEAN,
            _FACILITY_MEAN,
            number("coincident_peak_mw", "MW", "Largest sum of the sites in one slot"),
            number("sum_of_site_peaks_mw", "MW", "Sum of the sites' own peaks"),
            _ENERGY,
            _PUE,
            _EMISSIONS,
            _WATER,
            _FIRM,
            _NEW_FIRM,
        ),
    ),
    Table(
        "power_class",
        "One row per workload class and year. Cooling and losses of a site are shared between "
        "its classes in proportion to their IT energy.",
        ("workload", "year"),
        (WORKLOAD, DUTY, YEAR, _NAMEPLATE, _IT_MEAN, _FACILITY_MEAN, _ENERGY),
    ),
)
