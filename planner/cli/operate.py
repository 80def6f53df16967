"""Commands that operate a plan: `dcplan stress`, `dispatch` and `days-error`."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any, Final

import click

from planner.base.words import some
from planner.cli.options import (
    LOST_LOAD,
    OWN_HOURS,
    RUNS_DIR,
    SEED,
    SOME_YEARS,
    into_folder,
    option,
    print_cells,
    print_table,
    say,
)
from planner.cli.study import RUN, study_command
from planner.outputs.own_folder import DAYS_ERROR, DISPATCH, STRESS

if TYPE_CHECKING:
    import pandas as pd

    from planner.cli.options import Column
    from planner.cli.progress import Progress
    from planner.operate import Stressed
    from planner.studies.dispatch import DaysError, Dispatch


_SHORT_MWH: Final = 0.5  # less is noise of the solver, and 0 in print


def print_short(short_mwh: float, short_musd: float, cost: str, lost_load_usd: float) -> None:
    """Say how much energy is short, and what [MUSD] of the cost that is at a price [USD/MWh]; nothing where none is."""
    if short_mwh > _SHORT_MWH:
        say(
            f"Warning: {short_mwh:,.0f} MWh are short, {short_musd:,.1f} MUSD of {cost}: at the"
            " price of unmet compute where racks work, and at"
            f" {lost_load_usd:,.0f} USD/MWh (--lost-load-usd-per-mwh) elsewhere."
        )


def _show_dispatch(found: Dispatch) -> None:
    click.echo(f"{found.run}: {found.window_h} hours in view, {found.overlap_h} of them seen again")
    columns: list[Column] = [("year", "{year}"), ("operated by", "{way}")]
    columns += [
        (f"{of}\nMUSD", f"{{{of.rstrip('s')}_musd:,.3f}}") for of in ("cost", "above", "energy", "sources", "sold")
    ]
    columns += [("short\nMWh", "{short_mwh:,.0f}"), ("battery\nMWh", "{taken_mwh:,.0f}")]
    print_table(found.table, columns, left={"operated by"})
    for way, rows in found.table.groupby("way", sort=False):
        short_mwh, short_musd = (float(rows[name].sum()) for name in ("short_mwh", "short_musd"))
        print_short(short_mwh, short_musd, f"the cost with {way}", found.lost_load_usd_per_mwh)
    if not found.batteries:
        say("No site has a battery: no hour depends on another, and windows cost nothing.")


@study_command(
    "dispatch",
    RUN,
    option("--window-h=H", "Hours in view.", int, 48),
    option("--overlap-h=H", "Hours of a window that the next one sees again.", int, 24),
    SOME_YEARS,
    SEED,
    OWN_HOURS,
    LOST_LOAD,
    RUNS_DIR,
    into_folder("Folder to write into; left out: dispatch/ in the run folder."),
    kind=DISPATCH,
    of_run=True,
    show=_show_dispatch,
    json_help="Print the table as JSON.",
)
def dispatch_command(progress: Progress, **asked: Any) -> Dispatch:
    """Operate the plan of RUN through all hours of each year, at least cost and with few in view.

    RUN is a run folder, its name, or a scenario: its latest run as it is. On-site technologies,
    batteries and the connection are dispatched three times on the same drawn weather and prices:
    with all hours of the year in view, with windows that roll on and hand over the batteries'
    level, and by the rules of `dcplan stress`, which keep to the plan.

    Example: dcplan dispatch us-base --window-h 48 --overlap-h 24 --year 2030
    """
    from planner.operate import dispatch

    return dispatch(**asked, on_progress=progress.share)


# --- `dcplan days-error`: operate a plan in all hours, and say what its choice of days leaves out ---


def _show_days_error(found: DaysError) -> None:
    slots = f"{found.days} days in time slices of {found.slot_h} h"
    click.echo(f"{found.run}: operation counted on {slots}, and in 8,760 hours\n")
    _print_table("year", found.sums("year"))
    click.echo("")
    zones = found.sums("zone")
    above = zones["hours_cost_musd"] - zones["days_cost_musd"]
    _print_table("zone", zones.loc[above.sort_values(ascending=False).index])
    more = "more" if found.error_musd >= 0.0 else "less"
    error_musd = abs(found.error_musd)
    share = error_musd / found.objective_musd
    years = ", ".join(map(str, dict.fromkeys(found.table["year"])))
    click.echo("")
    say(
        f"Discounted, operation of {years} in all hours costs {error_musd:,.1f} MUSD {more}"
        f" than counted on {slots}: {share:.3%} of the plan's {found.objective_musd:,.0f} MUSD."
    )
    short_mwh, short_musd = (float(found.table[f"hours_short_{of}"].sum()) for of in ("mwh", "musd"))
    print_short(short_mwh, short_musd, "the cost in all hours, not discounted", found.lost_load_usd_per_mwh)
    if found.is_drawn:
        say(
            f"Weather and prices that no series gives are drawn with seed {found.seed}, as"
            " `dcplan data days` and `dcplan stress` draw them. --hours-of names a scenario"
            " with a year of your own."
        )
    if found.with_tariffs:
        say(f"Bills of tariffs are not in it: {', '.join(found.with_tariffs)}.")


def _print_table(by: str, sums: pd.DataFrame) -> None:
    """Print cost on the plan's days and in all hours, what parts them, and what is short, in hours of all sites."""
    columns = (
        (by, f"{{{by}}}"),
        ("days\nMUSD", "{days_cost_musd:,.1f}"),
        ("hours\nMUSD", "{hours_cost_musd:,.1f}"),
        ("error\nMUSD", lambda row: f"{row['hours_cost_musd'] - row['days_cost_musd']:+,.1f}"),
        ("error\n%", lambda row: _percent(row["days_cost_musd"], row["hours_cost_musd"])),
        ("peaks\nMUSD", lambda row: f"{row['hours_demand_musd'] - row['days_demand_musd']:+,.1f}"),
        ("carbon\n%", lambda row: _percent(row["days_carbon_t"], row["hours_carbon_t"])),
        ("short\nMUSD", "{hours_short_musd:,.1f}"),
        ("short\nMWh", "{hours_short_mwh:,.0f}"),
        ("short\nh", "{hours_short_h:,.0f}"),
    )
    print_table(sums, columns, left={by})


def _percent(counted: float, found: float) -> str:
    """Write by how much a figure of all hours is above that of the days."""
    return f"{100.0 * (found / counted - 1.0):+.2f}" if counted > 0.0 else "-"


@study_command(
    "days-error",
    RUN,
    SOME_YEARS,
    option(
        "--hours-of=SCENARIO",
        "Chronological scenario whose 365 days are the hours, with the same sites; left out: those of RUN,"
        " or drawn ones.",
    ),
    SEED,
    LOST_LOAD,
    RUNS_DIR,
    into_folder("Folder to write into; left out: days_error/ in the run folder."),
    kind=DAYS_ERROR,
    of_run=True,
    show=_show_days_error,
    json_help="Print the figures as JSON.",
)
def days_error_command(progress: Progress, **asked: Any) -> DaysError:
    """Operate the plan of RUN in all 8,760 hours, and say the error of the days it was made for.

    RUN is a run folder, its name, or a scenario: its latest run as it is. The same sites, racks and
    connections are operated with all hours of a year in view; cost of operation, billed peaks,
    energy, emissions and what is short stand next to what the plan's days count, by year and zone.

    Example: dcplan days-error us-base --year 2030
    """
    from planner.operate import days_error

    return days_error(**asked, on_progress=progress.share)


# --- `dcplan stress`: what a plan does in years of hours ------------------------------------------

_FEW = 5  # so many sites are named in a line
_WIDTH = 95  # of printed sentences
_SURE = 0.99  # share of outages from which on a site counts as safe


_MEANS: Final = """\
Means over the drawn years: cost of energy and its spread, energy not served (and
in the worst year), compute lost by it, standby energy, and overloads:
"""
_DRAWN: Final = """
Outages of the grid are drawn in ordinary years alone. A heat wave and a grid emergency come on
the same weather and prices without them, so their losses can look lower."""
_DEFERRED: Final = """\
Deferrable work was deferred further than planned: {put_off_mwh:,.0f} MWh in the worst year
({case}, {year}), of which {given_up_mwh:,.0f} MWh were dropped, part of the energy not served."""


def _show_stress(study: Stressed) -> None:
    """Print what matters of a study, with why sites do not carry an outage."""
    years, standby = study.tables["stress_year"], study.tables["stress_standby"]
    click.echo(_MEANS)
    _print_years(years)
    click.echo(_DRAWN)
    worst = years.iloc[int(years["put_off_mwh"].to_numpy().argmax())]
    if worst["put_off_mwh"] > 0:
        click.echo(_DEFERRED.format_map(worst))
    click.echo("\nSites with most energy not served, worst drawn year:\n")
    _print_sites(study.tables["stress_site"], standby)
    click.echo("\nWork that no site could take over in an outage, worst year:\n")
    _print_losses(study.tables["stress_loss"])
    last = standby[standby["year"] == standby["year"].max()]
    click.echo(
        f"\nOutages that standby power carries, {last['year'].max()}, share by length, and\nsites"
        " that carry less than 99 % of them, of which with too few units or none:\n"
    )
    heads = ("hours", "worst, with\nenough units", "median", "best", "below\n99 %", "too few\nunits", "without\nunits")
    print_cells(heads, standby_rows(last), left={"hours"}, no_wrap=True)
    for reason in standby_reasons(last):
        click.echo("\n" + fill(reason, _WIDTH, break_on_hyphens=False))


def standby_reasons(last: pd.DataFrame) -> list[str]:
    """Say why sites do not carry the shortest outage in 99 % of cases, and name a few."""
    rows = last[last["outage_h"] == last["outage_h"].min()]
    of_all = f"of {len(rows)} sites"
    has_none, is_short = rows["generators"] == 0, rows["generators"] < rows["needed"]
    is_below = rows["carried_frac"] < _SURE
    without = rows[has_none & is_short]
    short = rows[is_below & is_short & ~has_none]
    tight = rows[is_below & ~is_short].sort_values("carried_frac")
    short = short.assign(share=short["generators"] / short["needed"]).sort_values("share")
    reasons = []
    for found, name, text in (
        (
            without,
            "{site}",
            "no generators at {at} ({named}): halls such as those of redundancy N have none, and batteries alone"
            " carry an outage there.",
        ),
        (
            short,
            "{site} {generators} of {needed} units needed",
            "too few generators at {at}: some of their halls have none, and the units of the others do not carry"
            " the whole site ({named}).",
        ),
        (
            tight,
            "{site} {carried_frac:.1%} with {generators} of {needed}",
            "little generator margin at {at}: one failed start can drop load ({named} needed).",
        ),
    ):
        if len(found):
            named = some([name.format_map(row) for row in found.to_dict("records")], _FEW)
            reasons.append(text.format(at=f"{len(found)} {of_all}", named=named))
    return reasons


def _print_years(years: pd.DataFrame) -> None:
    by = years.groupby(["case", "year"], sort=False)
    means = by.mean(numeric_only=True)
    cost = by["energy_cost_musd"]
    spread = (100.0 * (cost.max() - cost.min()) / cost.mean()).where(cost.mean() != 0.0, 0.0)
    rows = means.assign(spread=spread, worst_mwh=by["unserved_mwh"].max()).reset_index()
    columns = (
        ("case", "{case}"),
        ("year", "{year}"),
        ("cost\nMUSD", "{energy_cost_musd:,.0f}"),
        ("spread\n%", "{spread:.0f}"),
        ("unserved\nMWh", "{unserved_mwh:,.0f}"),
        ("worst\nMWh", "{worst_mwh:,.0f}"),
        ("compute lost\nkH100e", "{unserved_kh100e:,.3f}"),
        ("standby\nMWh", "{generator_mwh:,.0f}"),
        ("overload\nMWh", "{overload_mwh:,.0f}"),
    )
    print_table(rows, columns, left={"case"}, no_wrap=True)


def _print_sites(sites: pd.DataFrame, standby: pd.DataFrame) -> None:
    bare = standby[standby["generators"] == 0]
    has_none = set(zip(bare["site"], bare["year"], strict=True))
    worst = sites.sort_values("unserved_most_mwh", ascending=False).drop_duplicates("site").head(8)
    columns = (
        ("site", "{site}"),
        ("case", "{case}"),
        ("year", "{year}"),
        ("unserved\nMWh", "{unserved_most_mwh:,.0f}"),
        ("overload\nMW", "{overload_mw:,.1f}"),
        (
            "generators\nh, worst",
            lambda row: "none" if (row["site"], row["year"]) in has_none else f"{row['generator_most_h']:,.0f}",
        ),
    )
    print_table(worst, columns, left={"site"}, no_wrap=True)


def _print_losses(losses: pd.DataFrame) -> None:
    by = losses.groupby(["site", "year"], as_index=False)[["load_kh100e", "unserved_kh100e"]].sum()
    worst = by.sort_values("unserved_kh100e", ascending=False).drop_duplicates("site").head(8)
    columns = (
        ("site", "{site}"),
        ("year", "{year}"),
        ("its work\nkH100e", "{load_kh100e:,.1f}"),
        ("not taken over\nkH100e", "{unserved_kh100e:,.1f}"),
        ("%", "{share:.0f}"),
    )
    share = 100 * worst["unserved_kh100e"] / worst["load_kh100e"]
    print_table(worst.assign(share=share), columns, left={"site"}, no_wrap=True)


def standby_rows(last: pd.DataFrame) -> list[list[str]]:
    """Return how outages are carried by their length, of table `stress_standby` in a year."""
    found = []
    for hours, rows in last.groupby("outage_h"):
        carried, has_none = rows["carried_frac"], rows["generators"] == 0
        is_below, is_short = carried < _SURE, rows["generators"] < rows["needed"]
        # A site whose units do not carry it carries nothing, however short the outage.
        enough = carried[~is_short]
        shown = [f"{enough.min():.1%}" if len(enough) else "-"]
        shown += [
            "no generators" if share == 0 and has_none[carried == share].any() else f"{share:.1%}"
            for share in (carried.median(), carried.max())
        ]
        counts = ((is_below & mask).sum() for mask in (True, is_short, has_none))
        found.append([str(hours), *shown, *map(str, counts)])
    return found


@study_command(
    "stress",
    RUN,
    option("--draws", "Years drawn for each model year; default 10.", int),
    SEED,
    SOME_YEARS,
    OWN_HOURS,
    option("--heat-wave-k=K", "Kelvin above normal.", float),
    option("--heat-wave-days=DAYS", "Its length.", float),
    option("--curtailment-frac=SHARE", "Share of all connections that a grid emergency curtails.", float),
    option("--curtailment-h=H", "Its length.", float),
    option("--outages-per-year=N", "Grid outages at a site.", float),
    option("--fuel-h=H", "Hours at full output of fuel on site.", float),
    RUNS_DIR,
    into_folder("Folder to write into; left out: stress/ in the run folder."),
    kind=STRESS,
    of_run=True,
    patient=True,
    show=_show_stress,
    json_help="Print the tables as JSON.",
)
def stress_command(progress: Progress, **asked: Any) -> Stressed:
    """Take the plan of RUN as it is and run it through all hours of each year.

    RUN is a run folder, its name, or a scenario: its latest run as it is. Weather, prices and
    outages of the grid are drawn from the shipped statistics; on top come a heat wave and an
    emergency in which the grid takes back a share of the connections. Reported are what is not
    served, overloads of connections, the spread of energy cost, hours of generators, and how
    likely standby power carries outages of 1 to 72 hours. Figures not given here are those of
    table `stress_settings`.

    Example: dcplan stress us-base --draws 20 --year 2030
    """
    from planner.operate import stress_test

    return stress_test(**asked, on_progress=progress.share)
