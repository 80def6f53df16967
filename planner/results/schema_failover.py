"""Schema of what the loss of a site would mean."""

from __future__ import annotations

from planner.results.column import Table, number, text, whole
from planner.results.schema_plan import REGION, SITE, WORKLOAD, YEAR

__all__ = ["FAILOVER_TABLES"]

_LOST = text("site", "Site that is lost")
_LOAD = number("load_kh100e", "kH100e", "Compute it serves of the class, mean over the year")

FAILOVER_TABLES = (
    Table(
        "reserve",
        "One row per site, class and year with stand-by racks. A reserve is shared: it is there "
        "for whichever other site is lost.",
        ("site", "workload", "year"),
        (
            SITE,
            WORKLOAD,
            YEAR,
            number("load_kh100e", "kH100e", "Compute the site serves of the class itself"),
            number("reserve_kh100e", "kH100e", "Compute it can take over from another site"),
            number("standby_mw", "MW", "Nameplate of the racks that stand by for it"),
            number("idle_mw", "MW", "IT power they draw all year, companions included"),
            number("called_mw", "MW", "Power at the meter they would add, most on the peak day"),
        ),
    ),
    Table(
        "failures",
        "One row per site, class and year whose loss the plan must survive: what becomes of its "
        "work. The nearest reserves take over first.",
        ("site", "workload", "year"),
        (
            _LOST,
            WORKLOAD,
            YEAR,
            _LOAD,
            number("taken_kh100e", "kH100e", "Of it, taken over by other sites within the bound"),
            number("unserved_kh100e", "kH100e", "Of it, left without service"),
            whole("standby_sites", "sites", "Sites that take over"),
            number(
                "mean_rtt_ms",
                "ms",
                "Mean round trip of its users, without those that every site reaches in time, who "
                "are one region (anywhere); missing where there are no others",
                missing=True,
            ),
            number("failover_rtt_ms", "ms", "The same once they are taken over", missing=True),
        ),
    ),
    Table(
        "takeovers",
        "One row per lost site, site that takes over, demand region, class and year. Rows of "
        "nothing but numerical dust are left out.",
        ("site", "standby", "region", "workload", "year"),
        (
            _LOST,
            text("standby", "Site that takes over"),
            REGION,
            WORKLOAD,
            YEAR,
            number("taken_kh100e", "kH100e", "Compute it takes over"),
            number("rtt_ms", "ms", "Round trip then; missing for placeless classes", missing=True),
        ),
    ),
    Table(
        "resilience",
        "One row per class and year that must survive the loss of any one site: how much reserve "
        "that takes and what it costs at the margin.",
        ("workload", "year"),
        (
            WORKLOAD,
            YEAR,
            number("load_kh100e", "kH100e", "Compute that own sites serve"),
            number("largest_load_kh100e", "kH100e", "Of it, at the site that serves most"),
            number("reserve_kh100e", "kH100e", "Reserve of all sites"),
            number("reserve_frac", "-", "Reserve over load; missing without load", missing=True),
            number("standby_mw", "MW", "Nameplate of the racks that stand by"),
            number("unserved_kh100e", "kH100e", "Left unserved by the worst loss of one site"),
            number(
                "value_musd",
                "MUSD/year",
                "Every reserve at what one more kH100e of it costs there, an upper bound of what "
                "it costs in all; missing without shadow prices",
                missing=True,
            ),
            number(
                "value_usd_per_h100e_hour",
                "USD/H100e-hour",
                "The same per hour of compute served",
                missing=True,
            ),
        ),
    ),
)
