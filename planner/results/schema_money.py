"""Schema of money: costs, cash, unit costs, shadow prices, and the summary."""

from __future__ import annotations

from planner.results.column import Table, flag, number, text, whole
from planner.results.schema_plan import YEAR

__all__ = ["MONEY_TABLES"]

_PAYER = text("site", "Site id, empty for what belongs to no site")
_ITEM = text("item", "Line of the cost list")
_GROUP = text("group", "Heading it is shown under")
_CALENDAR_YEAR = whole("calendar_year", "year", "Calendar year of the payment")
_LABEL = "Label of the row, empty where it has none"

MONEY_TABLES = (
    Table(
        "costs",
        "One row per cost line, site and calendar year with a payment. `npv_musd` adds up to "
        "the objective.",
        ("item", "site", "calendar_year"),
        (
            _ITEM,
            _GROUP,
            flag("upfront", "Whether it repays something bought up front, else paid in use"),
            _PAYER,
            _CALENDAR_YEAR,
            number("musd", "MUSD", "Payment in real money of the price year"),
            number("npv_musd", "MUSD", "Its worth on 1 January of the base year"),
        ),
    ),
    Table(
        "cash",
        "One row per asset, site and calendar year in which money is spent on it or it enters "
        "service. Spending before the first year of the horizon is left out, and so are "
        "companions, which the plan pays by the year.",
        ("item", "site", "calendar_year"),
        (
            text("item", "Cost line that repays the asset"),
            _PAYER,
            _CALENDAR_YEAR,
            number("cash_musd", "MUSD", "Spent in the year, over the lead of the asset"),
            number("overnight_musd", "MUSD", "Overnight cost of what enters service in the year"),
        ),
    ),
    Table(
        "unit_costs",
        "One row per class, duty and total, and year: payments of the year over what own sites "
        "serve. Purchases of racks are charged to the duty they were bought for; electricity, "
        "water and carbon go by IT energy, companions by their nameplate, all else by nameplate "
        "in use. Rent, unmet demand and levers are apart. What stood in the base year is sunk and "
        "costs nothing up front here.",
        ("scope", "year"),
        (
            text("scope", "Workload class, duty, or total"),
            text("level", "workload, duty or total"),
            YEAR,
            number("served_kh100e", "kH100e", "Compute served from own sites, mean"),
            number("nameplate_mw", "MW", "Nameplate of racks in use and their companions"),
            number("upfront_musd", "MUSD/year", "Repayments of what is bought up front"),
            number("running_musd", "MUSD/year", "Paid as it is used"),
            number("cost_musd", "MUSD/year", "Both"),
            number(
                "usd_per_h100e_hour",
                "USD/H100e-hour",
                "Per hour of compute served; missing without service",
                missing=True,
            ),
            number("upfront_usd_per_h100e_hour", "USD/H100e-hour", "Of it, up front", missing=True),
            number("running_usd_per_h100e_hour", "USD/H100e-hour", "Of it, running", missing=True),
            number(
                "usd_per_mw_year",
                "USD/MW-year",
                "Per MW of nameplate in use; missing without racks",
                missing=True,
            ),
            text(
                "work_unit", "What the class counts: request, task, PF-day ...; empty without one"
            ),
            number(
                "usd_per_work_unit",
                "USD/work unit",
                "Per unit of work; missing where the class has none",
                missing=True,
            ),
            number(
                "usd_per_request",
                "USD/request",
                "The same, for classes that count requests",
                missing=True,
            ),
            number(
                "usd_per_million_tokens",
                "USD/million tokens",
                "For classes with a throughput in output tokens",
                missing=True,
            ),
            number("h100e_s_per_work_unit", "H100e s/work unit", "Conversion used", missing=True),
            number("tokens_per_s_per_h100e", "token/s/H100e", "Conversion used", missing=True),
            text("conversion", "The conversions in words, empty without one"),
            number("rented_kh100e", "kH100e", "Compute served from rented clouds, mean"),
            number("rent_musd", "MUSD/year", "Paid for it"),
            number(
                "rented_usd_per_h100e_hour",
                "USD/H100e-hour",
                "Per hour of rented compute served; missing without any",
                missing=True,
            ),
        ),
    ),
    Table(
        "prices",
        "One row per limit that has a shadow price. Rows whose price is 0 are left out. "
        "With whole numbers they hold while every opening and phase stays as it is.",
        (
            "block",
            "site",
            "region",
            "workload",
            "zone",
            "market",
            "vendor",
            "hall",
            "year",
            "period",
            "contract",
            "pool",
            "source",
            "slot",
            "tier",
        ),
        (
            text("block", "Family of rows, as in the model"),
            text("unit", "Unit of the value"),
            text("site", _LABEL),
            text("region", _LABEL),
            text("workload", _LABEL),
            text("zone", _LABEL),
            text("market", _LABEL),
            text("vendor", _LABEL),
            text("hall", _LABEL),
            YEAR,
            text("period", _LABEL),
            text("contract", _LABEL),
            text("pool", _LABEL),
            text("source", _LABEL),
            text("slot", _LABEL),
            text("tier", "Curtailment rate that a headroom is counted at, in %; else empty"),
            number(
                "value",
                "see unit",
                "What one more unit of the limit saves, or of demand costs, in money of its year: "
                "the dual without discounting and weights",
            ),
            number("raw_dual", "MUSD/unit", "Change of the objective per unit of the right side"),
        ),
    ),
    Table(
        "summary",
        "One row per model year: the plan in one line.",
        ("year",),
        (
            YEAR,
            number("demand_kh100e", "kH100e", "Compute asked for"),
            number("served_kh100e", "kH100e", "Served from own sites"),
            number("rented_kh100e", "kH100e", "Served from rented clouds"),
            number("saved_kh100e", "kH100e", "Made needless by efficiency levers"),
            number("unmet_kh100e", "kH100e", "Not served"),
            number("shed_mwh", "MWh", "Energy not served in stress slots of non-firm power"),
            number("lost_kh100e", "kH100e", "Compute lost by it; counted as served above"),
            whole("sites_in_use", "sites", "Sites with load"),
            number("halls_mw", "MW", "Critical IT power of own halls that stand"),
            number("built_mw", "MW", "Of it, commissioned in this year"),
            number("nameplate_mw", "MW", "Nameplate of racks in use and their companions"),
            number("installed_mw", "MW", "Nameplate of racks bought in this year"),
            number("it_mean_mw", "MW", "IT power, mean"),
            number("facility_mean_mw", "MW", "Power at the meter, mean"),
            number("facility_peak_mw", "MW", "Largest sum over all sites in one slot"),
            number("energy_twh", "TWh", "Energy at the meter"),
            number("pue", "-", "Energy at the meter over IT energy", missing=True),
            number("water_m3", "m3", "Water evaporated for cooling"),
            number("wue_l_per_kwh", "L/kWh", "Water over IT energy", missing=True),
            number("emissions_kt", "kt CO2", "Location-based emissions"),
            number("new_firm_mw", "MW", "Firm connection added by the plan until then"),
            number("capex_musd", "MUSD", "Overnight cost of what enters service"),
            number("cash_musd", "MUSD", "Spent on assets in the calendar years stood for"),
            number("upfront_musd", "MUSD/year", "Repayments, mean of the years stood for"),
            number(
                "opex_musd", "MUSD/year", "Running costs without rent, unmet demand and shed load"
            ),
            number("rent_musd", "MUSD/year", "Rented compute"),
            number("unmet_musd", "MUSD/year", "Price put on unmet demand and shed load"),
            number("cost_musd", "MUSD/year", "All payments"),
        ),
    ),
    Table(
        "solution",
        "One row: how the solve ended and what money means.",
        (),
        (
            text("scenario", "Name of the scenario"),
            text("status", "optimal only where proven; within_gap: found as asked, see gap_frac"),
            number("objective_musd", "MUSD", "Net present value of all payments"),
            number("dual_bound_musd", "MUSD", "No plan costs less", missing=True),
            number("gap_frac", "-", "From the bound to the plan", missing=True),
            flag("has_duals", "Whether there are shadow prices"),
            text("duals_of", "program, or fixed_program: with every whole number as it is"),
            whole("whole_numbers", "columns", "Decisions that must be whole numbers"),
            text("found_by", "Methods and steps that led to the plan"),
            number("discount_rate_frac", "1/year", "Real discount rate"),
            whole("base_year", "year", "Payments are discounted to 1 January of it"),
            whole("first_year", "year", "First calendar year of the horizon"),
            whole("last_year", "year", "Last calendar year of the horizon"),
            text("end_of_horizon", "annuity, truncated_salvage or perpetuity"),
        ),
    ),
)
