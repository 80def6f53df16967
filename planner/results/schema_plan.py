"""Schema of what the plan decides: racks, halls, moves, connections."""

from __future__ import annotations

from planner.results.column import Table, flag, number, text, whole

__all__ = [
    "COOLING",
    "DUTY",
    "HALL",
    "PLAN_TABLES",
    "RACK",
    "REDUNDANCY",
    "REGION",
    "SITE",
    "WORKLOAD",
    "YEAR",
    "ZONE",
]

SITE = text("site", "Site id, a key of `sites`")
ZONE = text("zone", "Grid zone of the site")
REGION = text("region", "Demand region, or (anywhere) for classes that any site can serve")
WORKLOAD = text("workload", "Workload class")
DUTY = text("duty", "training or inference")
RACK = text("rack", "Rack type")
HALL = text("hall", "Hall design, cooling|redundancy")
COOLING = text("cooling", "Cooling technology of the hall")
REDUNDANCY = text("redundancy", "Power topology of the hall")
YEAR = whole("year", "year", "Model year")

_OVERNIGHT = number("overnight_musd", "MUSD", "Overnight cost, without interest in construction")
_DUST_LEFT_OUT = "Rows of nothing but numerical dust are left out."

PLAN_TABLES = (
    Table(
        "sites",
        "One row per site in scope: its name and place.",
        ("site",),
        (
            SITE,
            text("name", "Name"),
            text("country", "ISO 3166 code of two letters"),
            text("region", "World region"),
            number("lat", "degree", "Latitude, WGS84"),
            number("lon", "degree", "Longitude, WGS84"),
            ZONE,
            text("market", "Market of construction cost and pace"),
            flag("is_existing", "Whether halls stand there in the base year"),
            number("land_limit_mw", "MW", "Critical IT power that the land can hold"),
            number("opening_musd", "MUSD", "Cost of opening the site, 0 where it is open"),
        ),
    ),
    Table(
        "plan",
        "One row per use of racks: site, rack type, hall design, class, year. Racks that stand by "
        "for the loss of another site idle. " + _DUST_LEFT_OUT,
        ("site", "rack", "hall", "workload", "year"),
        (
            SITE,
            RACK,
            HALL,
            COOLING,
            REDUNDANCY,
            WORKLOAD,
            DUTY,
            YEAR,
            number("used_mw", "MW", "Nameplate of the racks at work"),
            number("standby_mw", "MW", "Nameplate of the racks that stand by"),
            number("racks", "racks", "Both, nameplate over that of one rack"),
            number("companion_mw", "MW", "Storage and general computers that go with them"),
            number("load_kh100e", "kH100e", "Compute that those at work carry, mean over the year"),
        ),
    ),
    Table(
        "fleet",
        "One row per pool of racks at a site that may serve the classes of a duty. "
        + _DUST_LEFT_OUT,
        ("site", "rack", "hall", "duty", "year"),
        (
            SITE,
            RACK,
            HALL,
            DUTY,
            YEAR,
            number("alive_mw", "MW", "Nameplate bought or in stock and not yet worn out"),
            number("stock_mw", "MW", "Of it, from the base-year stock of this pool"),
            number("used_mw", "MW", "Of it, at work"),
            number("standby_mw", "MW", "Of it, standing by"),
            number("parked_mw", "MW", "Of it, switched off"),
        ),
    ),
    Table(
        "installs",
        "One row per purchase of racks that enter service in a year. " + _DUST_LEFT_OUT,
        ("site", "rack", "hall", "duty", "year"),
        (
            SITE,
            RACK,
            HALL,
            DUTY,
            YEAR,
            number("installed_mw", "MW", "Nameplate bought"),
            number("racks", "racks", "Racks bought"),
            _OVERNIGHT,
        ),
    ),
    Table(
        "moves",
        "One row per move of a cohort of racks, out of a training hall or into an inference "
        "hall of the same site. " + _DUST_LEFT_OUT,
        ("site", "rack", "hall", "direction", "vintage", "year"),
        (
            SITE,
            RACK,
            HALL,
            text("direction", "out (leaves training duty) or in (enters inference duty)"),
            text("vintage", "Cohort: stock-<year>, or the model year of the purchase"),
            YEAR,
            number("moved_mw", "MW", "Nameplate moved"),
        ),
    ),
    Table(
        "builds",
        "One row per new hall capacity that is commissioned. " + _DUST_LEFT_OUT,
        ("site", "hall", "year"),
        (
            SITE,
            HALL,
            COOLING,
            REDUNDANCY,
            YEAR,
            number("built_mw", "MW", "Critical IT power built"),
            number("service_start", "year", "Moment of service as a float year, 2028.5 = 1 July"),
            flag("early", "Before the lead has passed: already committed in the base year"),
            _OVERNIGHT,
        ),
    ),
    Table(
        "retrofits",
        "One row per hall capacity turned to another design. " + _DUST_LEFT_OUT,
        ("site", "hall", "to_hall", "year"),
        (
            SITE,
            HALL,
            text("to_hall", "Design afterwards"),
            YEAR,
            number("retrofitted_mw", "MW", "Critical IT power of the old design that is given up"),
            number("gained_mw", "MW", "Critical IT power of the new design, once done"),
            _OVERNIGHT,
        ),
    ),
    Table(
        "leases",
        "One row per leased hall capacity. " + _DUST_LEFT_OUT,
        ("site", "hall", "year"),
        (
            SITE,
            HALL,
            YEAR,
            number("leased_mw", "MW", "Critical IT power leased in the year"),
            number("rent_musd", "MUSD/year", "Rent of it"),
        ),
    ),
    Table(
        "halls",
        "One row per site, hall design and year with usable halls. What is stranded is what "
        "stays empty when the hall is filled with the mix of racks it has: power where floor "
        "runs out first, floor where power does. " + _DUST_LEFT_OUT,
        ("site", "hall", "year"),
        (
            SITE,
            HALL,
            COOLING,
            REDUNDANCY,
            YEAR,
            number("existing_mw", "MW", "Critical IT power that stood in the base year"),
            number("leased_mw", "MW", "Of the usable power, leased"),
            number("usable_mw", "MW", "Critical IT power usable, mean over the year"),
            number("used_mw", "MW", "Taken by racks and companions"),
            number("spare_power_mw", "MW", "Usable and not taken"),
            number("stranded_power_mw", "MW", "Power that no floor is left for"),
            number("floor_m2", "m2", "Floor of the usable halls"),
            number("used_m2", "m2", "Taken by racks"),
            number("spare_floor_m2", "m2", "Floor not taken"),
            number("stranded_floor_m2", "m2", "Floor that no power is left for"),
        ),
    ),
    Table(
        "connections",
        "One row per firm grid connection that is energised. " + _DUST_LEFT_OUT,
        ("site", "year"),
        (
            SITE,
            ZONE,
            YEAR,
            number("added_mw", "MW", "Firm connection added"),
            number("service_start", "year", "Moment of energising as a float year"),
            _OVERNIGHT,
        ),
    ),
    Table(
        "leads",
        "One row per site and hall design that can be built: when a decision of the first day "
        "enters service, and what holds it up.",
        ("site", "hall"),
        (
            SITE,
            HALL,
            number("months", "month", "Longest of the parallel paths"),
            text("by", "The path that is longest"),
            number("service_start", "year", "Earliest service as a float year"),
        ),
    ),
)
