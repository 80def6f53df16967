"""Schema of what users get: who is served from where, how fast, and what is not served."""

from __future__ import annotations

from planner.results.column import Table, flag, number, text
from planner.results.schema_plan import REGION, SITE, WORKLOAD, YEAR

__all__ = ["SERVICE_TABLES"]

_DEMAND = number("demand_kh100e", "kH100e", "Compute asked for, mean over the year")
_SERVED = number("served_kh100e", "kH100e", "Served from own sites")
_RENTED = number("rented_kh100e", "kH100e", "Served from rented clouds")
_SAVED = number("saved_kh100e", "kH100e", "Made needless by efficiency levers")
_UNMET = number("unmet_kh100e", "kH100e", "Not served")
_MEAN_RTT = number(
    "mean_rtt_ms",
    "ms",
    "Mean round trip of what own sites serve; missing for placeless classes and without service",
    missing=True,
)
_ONLY_SERVED = "of what own sites serve; missing as the mean is"

SERVICE_TABLES = (
    Table(
        "assignment",
        "One row per demand region, class, site and year that are matched. Rows of nothing but "
        "numerical dust are left out.",
        ("region", "workload", "site", "year"),
        (
            REGION,
            WORKLOAD,
            SITE,
            YEAR,
            _SERVED,
            number(
                "rtt_ms",
                "ms",
                "Round trip, last mile included; missing for placeless classes",
                missing=True,
            ),
            flag("within_tight", "Whether the round trip is within the tight bound, if any"),
        ),
    ),
    Table(
        "demand",
        "One row per demand region, class and year. Served, rented, saved and unmet add up to "
        "the demand.",
        ("region", "workload", "year"),
        (REGION, WORKLOAD, YEAR, _DEMAND, _SERVED, _RENTED, _SAVED, _UNMET, _MEAN_RTT),
    ),
    Table(
        "no_route",
        "One row per demand region and class that no site in scope can serve in time: only "
        "rent can, or nobody.",
        ("region", "workload"),
        (
            REGION,
            WORKLOAD,
            text("nearest_site", "Admitted site with the least round trip, empty without one"),
            number("nearest_rtt_ms", "ms", "Its round trip; missing without one", missing=True),
            number("bound_ms", "ms", "Bound of the class"),
        ),
    ),
    Table(
        "latency",
        "One row per class and year: the round trips that users get.",
        ("workload", "year"),
        (
            WORKLOAD,
            YEAR,
            number("bound_ms", "ms", "Bound on every round trip"),
            number("tight_ms", "ms", "Tight bound; missing without one", missing=True),
            number("tight_share_frac", "-", "Share that must be within it", missing=True),
            _DEMAND,
            _SERVED,
            _MEAN_RTT,
            number("p50_rtt_ms", "ms", f"Median {_ONLY_SERVED}", missing=True),
            number("p95_rtt_ms", "ms", f"95th percentile {_ONLY_SERVED}", missing=True),
            number("max_rtt_ms", "ms", f"Largest {_ONLY_SERVED}", missing=True),
            number(
                "tail_p95_rtt_ms",
                "ms",
                "95th percentile with each route on the line of its slowest tenth (p90), or with "
                "the round trip it is planned with where that is longer; missing as the mean is",
                missing=True,
            ),
            number(
                "within_tight_frac",
                "-",
                "Share of own service within the tight bound; missing without one",
                missing=True,
            ),
            number("rented_frac", "-", "Rented over demand"),
            number("saved_frac", "-", "Saved over demand"),
            number("unmet_frac", "-", "Unmet over demand"),
        ),
    ),
    Table(
        "rent",
        "One row per class, tier and year in which capacity is rented. Rows of nothing but "
        "numerical dust are left out.",
        ("workload", "tier", "year"),
        (
            WORKLOAD,
            text("tier", "on_demand or reserved"),
            YEAR,
            number("bought_kh100e", "kH100e", "Capacity rented from this year on"),
            number("term_years", "year", "Length of the contract"),
            number("usd_per_h100e_hour", "USD/H100e-hour", "Price of compute served at full use"),
        ),
    ),
    Table(
        "levers",
        "One row per class, efficiency lever and year that is used. Rows of nothing but "
        "numerical dust are left out.",
        ("workload", "lever", "year"),
        (
            WORKLOAD,
            text("lever", "Efficiency lever"),
            YEAR,
            number("adopted_frac", "-", "Share of full adoption"),
            _SAVED,
            number("cost_musd", "MUSD/year", "Cost of it"),
        ),
    ),
    Table(
        "reference",
        "One row per class and year: the reference fleet that turns a trajectory in GW into "
        "compute demand.",
        ("workload", "year"),
        (
            WORKLOAD,
            YEAR,
            number("facility_gw", "GW", "Facility nameplate on the trajectory"),
            number("rack_gw", "GW", "Rack nameplate of the reference fleet"),
            number("kh100e", "kH100e", "Compute it would carry, which is the demand"),
        ),
    ),
)
