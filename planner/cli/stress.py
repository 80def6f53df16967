"""`dcplan stress`: what a plan does in years of hours."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from planner.base.words import some
from planner.cli.options import OWN_HOURS, RUNS_DIR, SEED, SOME_YEARS, into_folder, option
from planner.cli.study import RUN, study_command
from planner.cli.tables import print_cells, print_table
from planner.outputs.folder_kinds import STRESS

if TYPE_CHECKING:
    import pandas as pd

    from planner.cli.progress import Progress
    from planner.operate import Stressed

_FEW = 5
"""So many sites are named in a line."""
_WIDTH = 95
"""Of printed sentences."""
_SURE = 0.99
"""Share of outages from which on a site counts as safe."""


def _show(study: Stressed) -> None:
    """Print what matters of a study, with why sites do not carry an outage."""
    years, standby = study.tables["stress_year"], study.tables["stress_standby"]
    click.echo("Means over the drawn years: cost of energy and its spread, energy not served (and")
    click.echo("in the worst year), compute lost by it, standby energy, and overloads:\n")
    _print_years(years)
    click.echo(
        "\nOutages of the grid are drawn in ordinary years alone. A heat wave and a grid emergency"
        " come on\nthe same weather and prices without them, so their losses can look lower."
    )
    worst = years.iloc[int(years["put_off_mwh"].to_numpy().argmax())]
    if worst["put_off_mwh"] > 0:
        click.echo(
            f"Deferrable work was deferred further than planned: {worst['put_off_mwh']:,.0f} MWh"
            f" in the worst year\n({worst['case']}, {worst['year']}), of which"
            f" {worst['given_up_mwh']:,.0f} MWh were dropped, part of the energy not served."
        )
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
    if len(without):
        reasons.append(
            f"no generators at {len(without)} {of_all} ({some(list(without['site']), _FEW)}): halls"
            " such as those of redundancy N have none, and batteries alone carry an outage there."
        )
    if len(short):
        named = [
            f"{row['site']} {row['generators']} of {row['needed']} units needed" for row in short.to_dict("records")
        ]
        reasons.append(
            f"too few generators at {len(short)} {of_all}: some of their halls have none, and the"
            f" units of the others do not carry the whole site ({some(named, _FEW)})."
        )
    if len(tight):
        named = [
            f"{row['site']} {row['carried_frac']:.1%} with {row['generators']} of {row['needed']}"
            for row in tight.to_dict("records")
        ]
        reasons.append(
            f"little generator margin at {len(tight)} {of_all}: one failed start can drop load"
            f" ({some(named, _FEW)} needed)."
        )
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
    show=_show,
    json_help="Print the tables as JSON.",
)
def command(progress: Progress, **asked: Any) -> Stressed:
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
