"""Schema of the grid: headroom of zones, non-firm connection, stress slots and what is shed."""

from __future__ import annotations

from planner.results.column import Table, flag, number, text
from planner.results.schema_plan import SITE, YEAR, ZONE

__all__ = ["GRID_TABLES"]

_SLOT = text("slot", "Slot of a representative day, d0h03 = first day, from 3 h UTC")
_WORTH = (
    "What one more MW of headroom at every rate saves, net present value; missing without duals"
)
_WORTH_FIRM = "The same for the limit of firm connection alone"
_YEARLY = "The same as an equal payment in every year of the horizon"

GRID_TABLES = (
    Table(
        "headroom",
        "One row per grid zone and year with a headroom. The limits count connections beyond the "
        "base year; committed ones come first.",
        ("zone", "year"),
        (
            ZONE,
            YEAR,
            number("rate_pct", "%", "Share of energy that the headroom counts as curtailable"),
            number("limit_mw", "MW", "New connection, firm and not, that the zone can take"),
            number("firm_limit_mw", "MW", "Of it, firm"),
            number("committed_mw", "MW", "Already promised to the sites of the plan, firm"),
            number("new_firm_mw", "MW", "Firm by then: added by the plan, or turned firm"),
            number("new_non_firm_mw", "MW", "Added by the plan until then and non-firm"),
            number("spare_mw", "MW", "Limit less committed and new, at least 0"),
            number("firm_spare_mw", "MW", "The same of firm connection, at most spare_mw"),
            flag("binds", "Whether nothing is spare"),
            flag("firm_binds", "Whether nothing is spare for firm connection"),
            number("value_npv_usd_per_mw", "USD/MW", _WORTH, missing=True),
            number("value_usd_per_mw_year", "USD/MW-year", _YEARLY, missing=True),
            number("firm_value_npv_usd_per_mw", "USD/MW", _WORTH_FIRM, missing=True),
            number("firm_value_usd_per_mw_year", "USD/MW-year", _YEARLY, missing=True),
        ),
    ),
    Table(
        "non_firm_connections",
        "One row per non-firm grid connection that is energised. What is below 1e-7 is left out.",
        ("site", "year", "tier"),
        (
            SITE,
            ZONE,
            YEAR,
            text("tier", "Curtailment rate of the headroom that it is part of, in %"),
            number("rate_pct", "%", "The same as a number"),
            number("added_mw", "MW", "Non-firm connection added"),
            number("service_start", "year", "Moment of energising as a float year"),
            number("turns_firm", "year", "When it turns firm; missing where never", missing=True),
            number("overnight_musd", "MUSD", "Overnight cost"),
        ),
    ),
    Table(
        "non_firm_year",
        "One row per site and year with non-firm connection in service.",
        ("site", "year"),
        (
            SITE,
            ZONE,
            YEAR,
            number("non_firm_mw", "MW", "Non-firm connection in service, mean over the year"),
            number("off_hours", "h", "Hours of the year in which it is off, mean of its MW"),
            number("drawn_mwh", "MWh", "Energy drawn in stress slots, on what is left and firm"),
            number("shed_mwh", "MWh", "Energy not served in the year"),
            number("shed_peak_mw", "MW", "Most power shed in a slot"),
            number(
                "lost_kh100e",
                "kH100e",
                "Compute lost by it, at the mean of the site's work that can wait; it is not taken "
                "off what the site is said to serve",
            ),
            number("discount_musd", "MUSD/year", "Taken off the demand charge"),
        ),
    ),
    Table(
        "stress_slot",
        "One row per site, year and stress slot with non-firm connection in service.",
        ("site", "year", "slot"),
        (
            SITE,
            YEAR,
            _SLOT,
            number("hours", "h", "Hours of the year that the slot stands for"),
            number("firm_mw", "MW", "Firm connection"),
            number("non_firm_mw", "MW", "Non-firm connection, on or off"),
            number("off_mw", "MW", "Of it, off"),
            number("use_mw", "MW", "Power that the site would use, other load included"),
            number("grid_mw", "MW", "Power drawn from the grid"),
            number("own_mw", "MW", "Power of own sources and batteries, less what they take"),
            number("shed_mw", "MW", "Power not served"),
            number(
                "worth_usd_per_mwh",
                "USD/MWh",
                "What a MWh more from the grid would save; missing without duals",
                missing=True,
            ),
        ),
    ),
    Table(
        "load_price",
        "One row per grid zone and year with new load that pays a price which rises with it.",
        ("zone", "year"),
        (
            ZONE,
            YEAR,
            number("new_mwh", "MWh", "Energy drawn beyond the connections of the base year"),
            number("new_peak_mw", "MW", "Most of it in a slot"),
            number("mean_adder_usd_per_mwh", "USD/MWh", "Paid above the price of the slot, mean"),
            number("last_adder_usd_per_mwh", "USD/MWh", "Paid so by the last MWh of the peak"),
            number("musd", "MUSD/year", "Paid so in the year"),
        ),
    ),
)
