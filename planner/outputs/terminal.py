"""The plan on one screen of a terminal: verdict, cost, years, largest sites, what decides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from planner.base.console import TableConsole, printable
from planner.base.units import MUSD_PER_BUSD, MWH_PER_GWH, USD_PER_MUSD
from planner.base.words import amount, percent
from planner.limits.unmet_causes import share_words, unmet_causes
from planner.outputs.differences import START, from_shipped_words, is_said_by_name
from planner.outputs.labels import (
    MARK,
    DisplayNames,
    cannot_hold,
    cost_of,
    figure_names,
    figure_words,
    first_order_words,
    words,
)
from planner.outputs.measures import measures
from planner.outputs.solver_files import binding_of_run, sentence
from planner.outputs.study_files import read_estimates
from planner.results.ended import ended
from planner.results.four_moneys import PAID_FOR, moneys
from planner.results.not_housed import not_by_own_sites, not_housed
from planner.results.summary import bridge_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from planner.outputs.run import Run

# --- The figures that decide what a plan costs, as a table of a terminal --------------------------

_DIGITS: Final = 4
_MILLION: Final = 1e6
_PRICE_YEAR: Final = re.compile(r" of \d{4}")
"""What a narrow screen leaves out of a unit, as in USD of 2025/kW."""


def decides(table: pd.DataFrame, tables: Mapping[str, pd.DataFrame], cost_musd: float) -> Table:
    """Lay out the figures whose own low and high move the cost of a plan most."""
    names = figure_names(tables)
    shown = Table(box=None, pad_edge=False, header_style="bold")
    # On a narrow screen rich makes columns that may wrap narrower before it cuts those that may
    # not: words make room for numbers. Their texts are cut, not wrapped, so that a row is one line.
    shown.add_column(_cut("Figures that decide"), max_width=24)
    shown.add_column(_cut("unit"), max_width=12)
    for head in ("value", "low", "MUSD", "high", "MUSD"):
        shown.add_column(head, justify="right", no_wrap=True)
    for row in table.to_dict("records"):
        value, low, high = (_short(float(row[name])) for name in ("value", "low", "high"))
        at_low, at_high = (_change(float(row[f"{end}_musd"]), cost_musd) for end in ("low", "high"))
        words_of = figure_words(str(row["item"]), names)
        # A bare number says least: Dallas, 0.889 is the construction index of a market.
        name = _cut(f"{words_of}, {words(str(row['column']))}" if row["unit"] == "-" else words_of)
        unit = _cut(_PRICE_YEAR.sub("", str(row["unit"])))
        shown.add_row(name, unit, value, low, at_low, high, at_high)
    return shown


def _cut(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")


def _short(value: float) -> str:
    """Write a figure with four digits, millions as such."""
    if abs(value) >= _MILLION:
        return f"{amount(value / _MILLION, _DIGITS)} M"
    return amount(value, _DIGITS)


def _change(musd: float, cost_musd: float) -> str:
    if np.isnan(musd):
        return "-"
    mark = MARK if cannot_hold(musd, cost_musd) else ""
    return f"{'-' if musd < 0.0 else '+'}{amount(abs(musd))}{mark}"


# --- The plan on one screen of a terminal: verdict, cost, years, largest sites, notes -------------

_IN_FULL: Final = "As paid, existing racks and halls are sunk; in full, they cost instalments."
_TOP_SITES: Final = 8
_NOTE_LENGTH: Final = 150
_SMALL_GAP_FRAC: Final = 1e-4
_NO_GAP_FRAC: Final = 1e-12  # what is less is rounding of the two numbers
_SCALED_FRAC: Final = 1e-6  # what is less is rounding
_SHOWN_MUSD: Final = 5.0  # 0.01 BUSD, rounded
_MUCH_FRAC: Final = 0.05  # of the compute asked for, unmet
_NAMED: Final = 2  # of the limits that it is unmet for
_COLOUR: Final = {"good": "green", "fair": "yellow", "bad": "red"}
_PARTS: Final = ("served_kh100e", "rented_kh100e", "saved_kh100e", "unmet_kh100e")
_LINES: Final = measures(
    (
        *("demand_kh100e", *_PARTS, "nameplate_mw", "facility_mean_mw", "facility_peak_mw"),
        *("energy_twh", "pue", "capex_musd", "cost_musd", "sites_in_use"),
    )
)


def print_summary(run: Run, folder: Path | None = None) -> None:
    """Print a run on stdout, to be read in twenty seconds."""
    TableConsole().print(summary(run))
    if folder is not None:
        print_paths([folder])


def print_paths(paths: Iterable[Path]) -> None:
    """Print where a result is stored, after it."""
    TableConsole().print(Text(f"\n{written_lines(paths)}", style="dim"), soft_wrap=True)


def written_lines(paths: Iterable[Path]) -> str:
    """Say where a result is stored, a line for each path."""
    return "\n".join(f"Written to {path}" for path in paths)


def summary(run: Run) -> Group:
    """Lay out a run for a terminal."""
    question = [Text(printable(run.meta["question"]), style="italic")]
    is_cut = any(len(printable(note)) > _NOTE_LENGTH for note in run.meta["notes"])
    where = " in short; in full in run.json" if is_cut else ""
    head = Text.assemble(("\nNotes", "bold"), where)
    notes: list[Text | Padding] = [head, *map(_note, run.meta["notes"])]
    first, others = not_housed(run.tables), not_by_own_sites(run.tables)
    return Group(
        *([Text(f"{first}.", style="bold yellow")] if first else []),
        Text(printable(run.title), style="bold"),
        *(question if run.meta["question"] else []),
        *_start(run),
        Text(),
        _verdict(run),
        _cost(run),
        *([Text(f"  {others}", style="yellow")] if others else []),
        Text(),
        _years(run),
        Text(_IN_FULL, style="dim"),
        *_models_trained(run),
        *_heat_and_work_moved(run),
        Text(),
        _moneys(run),
        Text(),
        _bridge(run),
        Text(),
        _top_sites(run),
        *_decides(run),
        *(notes if run.meta["notes"] else []),
    )


def _start(run: Run) -> list[Text]:
    """Say which shipped scenario a scenario of one's own starts from, and what it changes."""
    if is_said_by_name(run.name, run.differs, run.from_shipped):
        return []
    return [Text(printable(f"{START}: {from_shipped_words(run.from_shipped)}"), style="dim")]


def _decides(run: Run) -> list[Text | Table]:
    """Lay out the figures that decide, where they were looked for; else say how."""
    table = read_estimates(run)
    if table is None:
        ask = f"Which figures of the data decide: dcplan estimates {run.meta['run']}"
        return [Text(), Text(printable(ask), style="dim")]
    note = Text(printable(first_order_words(table, run, MARK)), style="dim")
    return [Text(), decides(table, run.inputs_tables, cost_of(run)), note]


def _note(note: str) -> Padding:
    """Show the beginning of a note."""
    text = printable(note)
    whole_words = text[: _NOTE_LENGTH + 1].rpartition(" ")[0] or text[:_NOTE_LENGTH]
    shown = text if len(text) <= _NOTE_LENGTH else f"{whole_words.rstrip()} ..."
    style = "yellow" if text.startswith("Warning: ") else ""
    return Padding(Text(f"- {shown}", style=style), (0, 0, 0, 1))


def _verdict(run: Run) -> Text:
    end = ended(run.meta, run.tables["solution"])
    words, colour = end.words, _COLOUR[end.light]
    check, gap = run.meta["check"], run.meta["gap_frac"]
    status = Text.assemble(("● ", colour), words + _gap(gap))
    if check["ok"]:
        light = Text.assemble(("● ", "green"), f"Checked: {check['rules']} rules hold")
    else:
        light = Text.assemble(("● ", "red"), f"CHECK FAILED: {', '.join(check['broken'])}")
    all_well = colour == "green" and check["ok"]
    seconds = Text(f"{sum(run.meta['seconds'].values()):.1f} s")
    return Text("   " if all_well else "\n").join([status, light, seconds])


def _gap(gap_frac: float | None) -> str:
    """Return a gap in percent, or as a power of ten where that would be 0.00%."""
    if gap_frac is None or gap_frac < _NO_GAP_FRAC:
        return ""
    shown = f"{gap_frac:.2%}" if gap_frac >= _SMALL_GAP_FRAC else f"{gap_frac:.1e}"
    return f" (gap {shown})"


def _cost(run: Run) -> Text:
    """Say what the plan costs, what of it repays assets, and under which headings it falls."""
    costs = run.tables["costs"]
    solution = run.tables["solution"].iloc[0]
    total = float(solution["objective_musd"])
    upfront = float(costs.loc[costs["upfront"], "npv_musd"].sum())
    line = Text.assemble(
        "Cost ",
        (f"{total / MUSD_PER_BUSD:,.2f} BUSD", "bold"),
        f" net present value at {solution['discount_rate_frac']:.2%} real: "
        f"{PAID_FOR[True]} {upfront / MUSD_PER_BUSD:,.2f}, "
        f"{PAID_FOR[False]} {(total - upfront) / MUSD_PER_BUSD:,.2f}",
    )
    groups = costs.groupby("group")["npv_musd"].sum().sort_values(ascending=False)
    shares = (f"{group} {npv / total:.1%}" for group, npv in groups.items() if npv / total >= 5e-4)
    return line.append(f"\n  of which {', '.join(shares)}").append(_unmet(run))


def _unmet(run: Run) -> Text:
    """Say in which year most compute is unmet, and which limits shadow prices show to be why."""
    summary = run.tables["summary"].set_index("year")
    unmet = summary["unmet_kh100e"] / summary["demand_kh100e"]
    bound = binding_of_run(run) if unmet.max() > _MUCH_FRAC else None
    if not isinstance(bound, pd.DataFrame):  # little is unmet, or the inputs are of another version
        return Text()
    causes = unmet_causes(bound, run.tables).head(_NAMED)
    if causes.empty:
        return Text()
    labels = DisplayNames(run)
    said = ("".join(part for part, _ in sentence(row, run.tables, labels)).rstrip(":") for _, row in causes.iterrows())
    limits = "; ".join(
        printable(words) + share_words(share) for words, share in zip(said, causes["share_frac"], strict=True)
    )
    with_share = ", with its share at shadow prices"
    return Text(
        f"\n  {percent(unmet.max())} of the compute of {unmet.idxmax()} is unmet. What limits it"
        f"{with_share if causes['share_frac'].notna().any() else ''}: {limits}",
        style="yellow",
    )


def _years(run: Run) -> Table:
    frame = run.tables["summary"]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    table.add_column("", style="dim")
    for year in run.years:
        table.add_column(str(year), justify="right")
    for one in _LINES:
        values = frame[one.column] / one.per
        if one.column == "saved_kh100e" and not values.any():
            continue
        cells = ("-" if value != value else f"{value:,.{one.decimals}f}" for value in values)  # noqa: PLR0124  nan
        missed = one.column == "unmet_kh100e" and bool((values.round(0) > 0).any())
        label = f"  {one.label}" if one.column in _PARTS else one.label
        table.add_row(label, one.unit, *cells, style="yellow" if missed else "")
    share = run.tables["lifetime"].set_index("year")["inference_share_frac"].reindex(run.years)
    share = share.where(frame.set_index("year")["served_kh100e"] > 0.0)  # else all of it is rent
    cells = ("-" if value != value else f"{value:.0%}" for value in share)  # noqa: PLR0124  nan
    table.add_row("Inference, of full cost", "-", *cells)
    for label, usd in _unit_costs(run).items():
        cells = ("-" if value != value else f"{value:,.3f}" for value in usd)  # noqa: PLR0124  nan
        table.add_row(label, "USD", *cells)
    return table


def _models_trained(run: Run) -> list[Text]:
    """Say what final training runs of known AI models cost on the racks of the last year."""
    year, models = run.years[-1], run.tables["models_trained"]
    of_year = models[(models["year"] == year) & models["run_musd"].notna()]
    if of_year.empty:
        return []
    table = run.inputs_tables.get("trained_models", of_year.assign(name=of_year["model"]))
    names = table.drop_duplicates("model").set_index("model")["name"].astype(str)
    runs = ", ".join(
        f"{printable(names.get(model, model).split(',')[0])} {amount(musd)}"
        for model, musd in zip(of_year["model"], of_year["run_musd"], strict=True)
    )
    usd = run.tables["lifetime"].set_index("year")["usd_per_pf_day"].get(year, float("nan"))
    scale = float((of_year["run_musd"] * USD_PER_MUSD / of_year["training_pf_days"] / usd).iloc[0])
    less = f" at {scale:.0%} of their compute" if abs(scale - 1.0) > _SCALED_FRAC else ""
    return [Text(f"Final training runs{less} on the racks of {year}, MUSD: {runs}", style="dim")]


def _heat_and_work_moved(run: Run) -> list[Text]:
    """Say how much heat is sold, and how much work done at other sites, in the last year."""
    year, lines = run.years[-1], []
    heat = run.tables["heat"]
    heat = heat[(heat["year"] == year) & (heat["sold_mw"] > 0.0)]
    if len(heat):
        lines.append(
            f"Heat sold in {year}: {amount(heat['sold_mw'].sum())} MW at full load,"
            f" {amount(heat['sold_mwh'].sum() / MWH_PER_GWH)} GWh, for"
            f" {amount(heat['revenue_musd'].sum())} MUSD, at {_sites(len(heat))}"
        )
    moved = run.tables["migration_site"]
    moved = moved[moved["year"] == year]
    left = moved[moved["left_mwh"] > 0.0]
    if len(left):
        share = left["left_mwh"].sum() / moved["due_mwh"].sum()
        lines.append(
            f"Work moved in {year}: {amount(left['left_mwh'].sum() / MWH_PER_GWH)} GWh of IT"
            f" energy, {share:.0%} of what may move, away from {_sites(left['site'].nunique())}"
        )
    return [Text(line) for line in lines]


def _sites(count: int) -> str:
    return "1 site" if count == 1 else f"{count} sites"


def _unit_costs(run: Run) -> Mapping[str, Sequence[float]]:
    """Return what an hour of compute costs by year: as paid, and with existing assets in full."""
    costs = run.tables["unit_costs"]
    total = costs[costs["level"] == "total"].set_index("year").reindex(run.years)
    return {
        "H100e-hour, as paid": total["usd_per_h100e_hour"].tolist(),
        "  existing in full": total["full_usd_per_h100e_hour"].tolist(),
    }


def _moneys(run: Run) -> Group:
    """Lay out the four moneys, each with its rule, cash by year, and how capex is paid off."""
    of_plan = moneys(run.tables)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Four moneys", no_wrap=True)
    table.add_column("BUSD", justify="right", no_wrap=True)
    table.add_column("")
    for name, musd, rule in of_plan.lines:
        table.add_row(name, f"{musd / MUSD_PER_BUSD:,.2f}", rule)
    by_year = of_plan.years[["calendar_year", "cash_musd"]].itertuples(index=False, name=None)
    cash = ", ".join(f"{year:.0f} {musd / MUSD_PER_BUSD:,.2f}" for year, musd in by_year)
    *terms, (end, total) = of_plan.reconciled[0][1]
    parts = " ".join(
        f"{'-' if musd < 0.0 else '+'} {abs(musd) / MUSD_PER_BUSD:,.2f} {name}"
        for name, musd in terms
        if abs(musd) >= _SHOWN_MUSD
    )
    paid_off = f"{parts.removeprefix('+ ')} = {total / MUSD_PER_BUSD:,.2f} {end}"
    return Group(table, Text(f"  Cash by year: {cash}"), Text(f"  {paid_off}"))


def _bridge(run: Run) -> Text:
    """Say how the power of the last year comes from the path."""
    year = run.years[-1]
    sums = bridge_words(run.tables["bridge"], year)
    head = Text.assemble((f"From the path to the meter, {year}", "bold"))
    return Text("\n  ").join([head, *map(Text, sums)])


def _top_sites(run: Run) -> Table:
    year = run.years[-1]
    plan = run.tables["plan"]
    site_year = run.tables["site_year"].query("nameplate_mw > 0.05")
    in_use = site_year[site_year["year"] == year].nlargest(_TOP_SITES, "nameplate_mw")
    first_year = site_year.groupby("site")["year"].min()
    used = plan[plan["year"] == year]
    training = used[used["duty"] == "training"].groupby("site")["used_mw"].sum()
    training_frac = (training / used.groupby("site")["used_mw"].sum()).fillna(0.0)
    name = run.sites.set_index("site")["name"]
    title = f"Largest sites, {year}"
    table = Table(box=None, pad_edge=False, header_style="bold")
    # So wide at most, or a long name would squeeze the figures out of 80 columns.
    table.add_column(title, no_wrap=True, overflow="ellipsis", max_width=30)
    table.add_column("Zone", no_wrap=True, overflow="ellipsis", max_width=12)
    for head in ("nameplate MW", "meter MW", "training", "since"):
        table.add_column(head, justify="right")
    for row in in_use.itertuples(index=False):
        site = str(row.site)
        table.add_row(
            Text(printable(name[site])),
            Text(printable(str(row.zone))),
            f"{row.nameplate_mw:,.0f}",
            f"{row.facility_mean_mw:,.0f}",
            f"{training_frac.get(site, 0.0):.0%}",
            str(first_year[site]),
        )
    return table
