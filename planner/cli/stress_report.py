"""What `dcplan stress` prints: years, sites, losses, and which outages standby power carries."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from planner.base.words import some

if TYPE_CHECKING:
    import pandas as pd

    from planner.stress import StressStudy

__all__ = ["print_study", "standby_reasons", "standby_table"]

_FEW = 5
"""So many sites are named in a line."""
_WIDTH = 95
"""Of printed sentences."""
_SURE = 0.99
"""Share of outages from which on a site counts as safe."""


def print_study(study: StressStudy) -> None:
    """Print what matters of a study, with why sites do not carry an outage."""
    from planner.base.console import TableConsole

    console = TableConsole()
    years, sites = study.tables["stress_year"], study.tables["stress_site"]
    click.echo("Means over the drawn years: cost of energy and its spread, energy not served (and")
    click.echo("in the worst year), compute lost by it, standby energy, and overloads:\n")
    console.print(_year_table(years))
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
    standby = study.tables["stress_standby"]
    console.print(_site_table(sites, standby))
    click.echo("\nWork that no site could take over in an outage, worst year:\n")
    console.print(_loss_table(study.tables["stress_loss"]))
    last = standby[standby["year"] == standby["year"].max()]
    click.echo(
        f"\nOutages that standby power carries, {last['year'].max()}, share by length, and\nsites"
        " that carry less than 99 % of them, of which with too few units or none:\n"
    )
    console.print(standby_table(last))
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


def _year_table(years: pd.DataFrame) -> Any:
    table = _table(
        "case",
        "year",
        "cost\nMUSD",
        "spread\n%",
        "unserved\nMWh",
        "worst\nMWh",
        "compute lost\nkH100e",
        "standby\nMWh",
        "overload\nMWh",
    )
    for (case, year), rows in years.groupby(["case", "year"], sort=False):
        cost = rows["energy_cost_musd"]
        spread = 100 * (cost.max() - cost.min()) / cost.mean() if cost.mean() else 0.0
        table.add_row(
            str(case),
            str(year),
            f"{cost.mean():,.0f}",
            f"{spread:.0f}",
            f"{rows['unserved_mwh'].mean():,.0f}",
            f"{rows['unserved_mwh'].max():,.0f}",
            f"{rows['unserved_kh100e'].mean():,.3f}",
            f"{rows['generator_mwh'].mean():,.0f}",
            f"{rows['overload_mwh'].mean():,.0f}",
        )
    return table


def _site_table(sites: pd.DataFrame, standby: pd.DataFrame) -> Any:
    bare = standby[standby["generators"] == 0]
    has_none = set(zip(bare["site"], bare["year"], strict=True))
    worst = sites.sort_values("unserved_most_mwh", ascending=False)
    worst = worst.drop_duplicates("site").head(8)
    table = _table("site", "case", "year", "unserved\nMWh", "overload\nMW", "generators\nh, worst")
    for row in worst.to_dict("records"):
        table.add_row(
            row["site"],
            row["case"],
            str(row["year"]),
            f"{row['unserved_most_mwh']:,.0f}",
            f"{row['overload_mw']:,.1f}",
            "none" if (row["site"], row["year"]) in has_none else f"{row['generator_most_h']:,.0f}",
        )
    return table


def _loss_table(losses: pd.DataFrame) -> Any:
    by = losses.groupby(["site", "year"], as_index=False)[["load_kh100e", "unserved_kh100e"]].sum()
    worst = by.sort_values("unserved_kh100e", ascending=False).drop_duplicates("site").head(8)
    share = 100 * worst["unserved_kh100e"] / worst["load_kh100e"]
    table = _table("site", "year", "its work\nkH100e", "not taken over\nkH100e", "%")
    for row in worst.assign(share=share.map("{:.0f}".format)).to_dict("records"):
        table.add_row(
            row["site"], str(row["year"]), f"{row['load_kh100e']:,.1f}", f"{row['unserved_kh100e']:,.1f}", row["share"]
        )
    return table


def standby_table(last: pd.DataFrame) -> Any:
    """Return how outages are carried by their length, of table `stress_standby` in a year."""
    table = _table(
        "hours", "worst, with\nenough units", "median", "best", "below\n99 %", "too few\nunits", "without\nunits"
    )
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
        table.add_row(str(hours), *shown, *map(str, counts))
    return table


def _table(*heads: str) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number == 0 else "right", no_wrap=True)
    return table
