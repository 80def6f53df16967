"""Schema of what a stress study finds."""

from __future__ import annotations

from planner.results.column import Table, number, text, whole

__all__ = ["STRESS_TABLES"]

_CASE = text("case", "ordinary years, heat wave or grid emergency")
_YEAR = whole("year", "year", "Model year")
_SITE = text("site", "Site id")
_PUT_OFF = (
    number("put_off_mwh", "MWh", "IT energy of work that may wait, put off further than planned"),
    number("late_mwh", "MWh", "Of it, caught up only in the window after its own"),
    number("given_up_mwh", "MWh", "Of it, not caught up by then: counted as not served"),
)

STRESS_TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "stress_year",
            "One row per case, model year and drawn year: the whole plan.",
            ("case", "year", "draw"),
            (
                _CASE,
                _YEAR,
                whole("draw", "-", "Drawn year, from 1"),
                number(
                    "energy_cost_musd",
                    "MUSD",
                    "Grid energy at delivered prices, before tariffs, contracts and demand "
                    "charges, and running cost of own sources beyond plan",
                ),
                number("used_mwh", "MWh", "Energy the sites want"),
                number("grid_mwh", "MWh", "Energy drawn from the grid"),
                number(
                    "unserved_mwh", "MWh", "Energy that nothing delivers, what is shed included"
                ),
                number("unserved_kh100e", "kH100e", "Compute lost by it, mean over the year"),
                number(
                    "overload_mwh",
                    "MWh",
                    "Energy wanted beyond what is counted on of the connections, with all work "
                    "that may wait waiting",
                ),
                number("generator_mwh", "MWh", "Energy of stand-by generators"),
                number("battery_mwh", "MWh", "Energy of batteries beyond plan"),
                *_PUT_OFF,
            ),
        ),
        Table(
            "stress_site",
            "One row per case, site and model year; means over the drawn years where nothing "
            "else is said.",
            ("case", "site", "year"),
            (
                _CASE,
                _SITE,
                text("zone", "Grid zone"),
                _YEAR,
                number("peak_mw", "MW", "Highest use of any hour and draw"),
                number("connection_mw", "MW", "Connection in service, firm and not"),
                number(
                    "overload_mw", "MW", "Most by which use without work that may wait passes it"
                ),
                number("overload_h", "h", "Hours in which it does"),
                number("design_h", "h", "Hours above the design temperature"),
                number("outage_h", "h", "Hours without grid"),
                number("generator_h", "h", "Hours of stand-by generators"),
                number("generator_most_h", "h", "The same in the worst draw"),
                number("unserved_h", "h", "Hours in which something is not served"),
                number("unserved_mwh", "MWh", "Energy that nothing delivers"),
                number("unserved_most_mwh", "MWh", "The same in the worst draw"),
                number("put_off_h", "h", "Hours in which work is put off further than planned"),
                *_PUT_OFF,
            ),
        ),
        Table(
            "stress_exceedance",
            "One row per case and drawn year of any model year, the worst first.",
            ("case", "rank"),
            (
                _CASE,
                whole("rank", "-", "1: the worst"),
                number("exceeded_frac", "-", "Share of years that are as bad or worse"),
                number("unserved_mwh", "MWh", "Energy that nothing delivers in the year"),
            ),
        ),
        Table(
            "stress_standby",
            "One row per site, model year and length of an outage at the peak of the site.",
            ("site", "year", "outage_h"),
            (
                _SITE,
                _YEAR,
                whole("outage_h", "h", "How long the grid is out"),
                number("carried_frac", "-", "Probability that stand-by power carries it"),
                number("peak_mw", "MW", "Power to be carried, at design temperatures"),
                number("generator_mw", "MW", "Stand-by generators of the halls"),
                whole("generators", "-", "Their number"),
                whole("needed", "-", "How many carry the peak"),
                number("battery_h", "h", "Hours that batteries carry it alone"),
                number("fuel_h", "h", "Hours that fuel lasts at it"),
            ),
        ),
        Table(
            "stress_loss",
            "One row per site that is lost, class and model year: what becomes of its work.",
            ("site", "workload", "year"),
            (
                text("site", "Site that is lost"),
                text("workload", "Workload class"),
                _YEAR,
                number("load_kh100e", "kH100e", "Compute it serves, mean over the year"),
                number("taken_kh100e", "kH100e", "Of it, what racks that stand still could take"),
                number("unserved_kh100e", "kH100e", "Of it, what nobody could"),
            ),
        ),
    )
}
"""Tables of a stress study by name."""
