"""The plan on one screen of a terminal: verdict, cost, orders, years, largest sites, what binds, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from rich.console import Group
from rich.table import Column, Table
from rich.text import Text

from planner.base.console import TableConsole, printable
from planner.base.units import MWH_PER_GWH
from planner.base.words import amount, moment, percent, unit_of_money
from planner.families import declared
from planner.inputs.case import ASSUMED
from planner.limits.binding import share_words, unmet_causes
from planner.outputs.labels import DisplayNames, shortened
from planner.outputs.measures import measures, sites_of
from planner.outputs.run import START, from_shipped_words, is_said_by_name
from planner.outputs.solver_files import binding_of_run, sentence_text, weightiest
from planner.results.ended import ended, not_by_own_sites, not_housed
from planner.results.four_moneys import PAID_FOR

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from planner.outputs.run import Run


def bare_table(*columns: Column | str) -> Table:
    """Return a table without lines around it."""
    return Table(*columns, box=None, pad_edge=False, header_style="bold")


def _cut(text: str, style: str = "") -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


_TOP_SITES: Final = 4
_NOTES: Final = 5
_LINE: Final = 79  # signs
_PARTS: Final = ("served_kh100e", "rented_kh100e", "saved_kh100e", "unmet_kh100e")
_LINES: Final = measures(
    ("demand_kh100e", *_PARTS, "nameplate_mw", "facility_mean_mw", "facility_peak_mw", "cash_musd", "cost_musd")
)


def print_summary(run: Run, folder: Path | None = None) -> None:
    """Print a run on stdout, to be read in twenty seconds."""
    TableConsole().print(summary(run))
    if folder is not None:
        print_paths([folder])


def print_paths(paths: Iterable[Path]) -> None:
    """Print where a result is stored, after it."""
    TableConsole().print(Text(f"{written_lines(paths)}", style="dim"), soft_wrap=True)


def written_lines(paths: Iterable[Path]) -> str:
    """Say where a result is stored, a line for each path."""
    return "\n".join(f"Written to {path}" for path in paths)


def summary(run: Run) -> Group:
    """Lay out a run for a terminal, in 45 lines of 80 columns; the report and the workbook have the rest."""
    question = [Text(printable(run.meta["question"]), style="italic")] if run.meta["question"] else []
    first, others = not_housed(run.tables), not_by_own_sites(run.tables)
    return Group(
        *([Text(f"{first}.", style="bold yellow")] if first else []),
        _cut(printable(run.title), "bold"),
        *question,
        *_start(run),
        _verdict(run),
        _cost(run),
        Text(shortened(others, 4 * _LINE - 12), style="yellow"),  # an empty line where own sites serve all
        *_orders(run),
        _years(run),
        *_families_and_work_moved(run),
        _top_sites(run),
        *_binding(run),
        *_notes(run),
    )


def _start(run: Run) -> list[Text]:
    """Say which shipped scenario a scenario of one's own starts from, and what it changes."""
    if is_said_by_name(run.name, run.differs, run.from_shipped):
        return []
    return [Text(printable(f"{START}: {from_shipped_words(run.from_shipped)}"), style="dim")]


def _orders(run: Run) -> list[Table | Text]:
    """Lay out what to order, the first first: of a moment and kind in one line, with the largest sites."""
    names = DisplayNames(run)
    orders = run.tables["orders"]
    if orders.empty:
        return [Text("Nothing is to be ordered.")]
    cut: dict[str, Any] = {"no_wrap": True, "overflow": "ellipsis"}
    widths = {"by": 9, "MW": 6, "MUSD": 7, "serves": 9}
    numbers = (Column(head, justify="right", no_wrap=True, min_width=width) for head, width in widths.items())
    what, places = Column("To order", min_width=12, max_width=12, **cut), Column("where", max_width=26, **cut)
    table = bare_table(what, *numbers, places)
    groups = list(orders.groupby(["order_by", "kind"], dropna=False, sort=False))
    groups.sort(key=lambda group: (group[0][0] != group[0][0], group[0][0], -group[1]["overnight_musd"].sum()))
    for (by, kind), of in groups[:6]:
        years = of["serves_from"].astype("int64")
        span = f"{years.min()}" if years.min() == years.max() else f"{years.min()}-{years.max()}"
        weight = of["mw"].fillna(of["overnight_musd"]).groupby(of["site"]).sum().sort_values(ascending=False)
        is_opening = kind == "site opening"
        sizes = (weight if is_opening else weight.head(_TOP_SITES)).items()
        where = ", ".join(f"{names.site(str(site))}{'' if is_opening else f' {size:,.0f}'}" for site, size in sizes)
        power = "-" if is_opening else f"{of['mw'].sum():,.0f}"
        month, _, year = moment(float(str(by))).partition(" ") if by == by else ("committed", "", "")  # noqa: PLR0124  nan
        when = f"{month[:3]} {year}" if year else month
        left = f"{len(weight)} sites: " if len(weight) > _TOP_SITES else ""
        table.add_row(str(kind), when, power, f"{of['overnight_musd'].sum():,.0f}", span, Text(printable(left + where)))
    of_kind = orders.groupby("kind", sort=False)[["mw", "overnight_musd"]].sum().sort_values("overnight_musd")
    kinds = [f"{kind} {mw:,.0f} MW, {musd:,.0f} MUSD" for kind, mw, musd in of_kind[::-1].itertuples(name=None)]
    more = f"All {len(orders):,} orders, in sheet Orders: {'; '.join(kinds[:3])}"
    return [table, _cut(more, "dim")]


def _binding(run: Run) -> list[Text]:
    """Say which limits cost the plan most."""
    bound = binding_of_run(run)
    if not isinstance(bound, pd.DataFrame) or bound.empty:  # the inputs are of another version, or nothing binds
        return []
    few = weightiest(bound, 2, 1)
    labels = DisplayNames(run)
    said = "; ".join(printable(sentence_text(row, run.tables, labels)) for _, row in few.iterrows())
    return [Text.assemble(("What binds: ", "bold"), shortened(said, 2 * _LINE - len("What binds: ")))]


def _notes(run: Run) -> list[Text]:
    """Say in two lines what is assumed and of what share of the cost, then the notes with the most at stake."""
    notes, assumed = [printable(note) for note in run.meta["notes"]], run.meta.get("assumed", ())
    much = [one for one in assumed if (one["cost_frac"] or 0.0) >= 0.01][:3]
    others = [note for note in notes if not note.startswith(ASSUMED)]
    said = (f"{one['cost_frac']:.1%}: {printable(one['text']).split(';')[0].rstrip('.')}" for one in much)
    head = f"{ASSUMED}, of the cost "
    lines = [Text.assemble((head, "bold"), shortened("; ".join(said), 2 * _LINE - len(head) - 4))] if much else []
    if notes:
        head = f"The first of {len(notes)} notes" if len(notes) > _NOTES else "Notes"
        lines.append(Text.assemble((head, "bold"), "; all are in report.html and run.json"))
    lines += [_cut(f"- {note}", "yellow" if note.startswith("Warning: ") else "") for note in others[:_NOTES]]
    see = f"See also: dcplan estimates {run.meta['run']}, dcplan alternatives {run.name}"
    return [*lines, _cut(printable(see), "dim")]


def _verdict(run: Run) -> Text:
    end = ended(run.meta, run.tables["solution"])
    words, colour = end.words, {"good": "green", "fair": "yellow", "bad": "red"}[end.light]
    check, gap = run.meta["check"], run.meta["gap_frac"]
    status = Text.assemble(("● ", colour), words)
    if gap is not None and gap >= 1e-12:  # less is rounding of the two numbers
        status.append(f" (gap {gap:.2%})" if gap >= 1e-4 else f" (gap {gap:.1e})")
    held, failed = f"Checked: {check['rules']} rules hold", f"CHECK FAILED: {', '.join(check['broken'])}"
    light = Text.assemble(("● ", "green"), held) if check["ok"] else Text.assemble(("● ", "red"), failed)
    seconds = Text(f"{sum(run.meta['seconds'].values()):.1f} s")
    return Text("   " if check["ok"] else "\n").join([status, light, seconds])


def _cost(run: Run) -> Text:
    """Say what the plan costs, what of it repays assets, and under which headings it falls."""
    costs = run.tables["costs"]
    solution = run.tables["solution"].iloc[0]
    total = float(solution["objective_musd"])
    upfront = float(costs.loc[costs["upfront"], "npv_musd"].sum())
    unit, factor, decimals = unit_of_money([total])
    cost, assets, others = (f"{musd * factor:,.{min(decimals, 2)}f}" for musd in (total, upfront, total - upfront))
    rate = f"{solution['discount_rate_frac']:.2%}"
    said = f" net present value at {rate} real: {PAID_FOR[True]} {assets}, {PAID_FOR[False]} {others}"
    line = Text.assemble("Cost ", (f"{cost} {unit}", "bold"), said)
    groups = costs.groupby("group")["npv_musd"].sum().sort_values(ascending=False)
    shares = [f"{group} {npv / total:.1%}" for group, npv in groups.items() if npv / total >= 5e-4]
    while len(of_which := f"  of which {', '.join(shares)}") > _LINE:
        shares.pop()
    return line.append(f"\n{of_which}").append(_unmet(run))


def _unmet(run: Run) -> Text:
    """Say in which year most compute is unmet, and which limits shadow prices show to be why."""
    summary = run.tables["summary"].set_index("year")
    unmet = summary["unmet_kh100e"] / summary["demand_kh100e"]
    bound = binding_of_run(run) if unmet.max() > 0.05 else None
    if not isinstance(bound, pd.DataFrame):  # little is unmet, or the inputs are of another version
        return Text()
    causes = unmet_causes(bound, run.tables).head(2)
    if causes.empty:
        return Text()
    labels = DisplayNames(run)
    said = (sentence_text(row, run.tables, labels) for _, row in causes.iterrows())
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
    table = bare_table("", Column("", style="dim"), *(Column(str(year), justify="right") for year in run.years))
    for one in _LINES:
        values = frame[one.column] / one.per
        if one.column in _PARTS[1:] and not values.any():
            continue
        cells = ("-" if value != value else f"{value:,.{one.decimals}f}" for value in values)  # noqa: PLR0124  nan
        missed = one.column == "unmet_kh100e" and bool((values.round(0) > 0).any())
        label = f"  {one.label}" if one.column in _PARTS else one.label
        table.add_row(label, one.unit, *cells, style="yellow" if missed else "")
    costs = run.tables["unit_costs"]
    usd = costs[costs["level"] == "total"].set_index("year").reindex(run.years)["usd_per_h100e_hour"]
    cells = ("-" if value != value else f"{value:,.3f}" for value in usd)  # noqa: PLR0124  nan
    table.add_row("H100e-hour, as paid", "USD", *cells)
    return table


def _families_and_work_moved(run: Run) -> list[Text]:
    """Say what comes of families, and how much work is done at other sites, in the last year."""
    year = run.years[-1]
    lines = [said for _, line in declared("line") if (said := line(run.tables, year))]
    moved = run.tables["migration_site"]
    moved = moved[moved["year"] == year]
    left = moved[moved["left_mwh"] > 0.0]
    if len(left):
        share, count = left["left_mwh"].sum() / moved["due_mwh"].sum(), left["site"].nunique()
        lines.append(
            f"Work moved in {year}: {amount(left['left_mwh'].sum() / MWH_PER_GWH)} GWh of IT"
            f" energy, {share:.0%} of what may move, away from {count} site{'s' * (count != 1)}"
        )
    return [Text(line) for line in lines]


def _top_sites(run: Run) -> Table:
    # So wide at most, or a long name would squeeze the figures out of 80 columns.
    widths = {f"Largest sites, {run.years[-1]}": 30, "Zone": 12}
    names = (Column(head, no_wrap=True, overflow="ellipsis", max_width=width) for head, width in widths.items())
    heads = ("nameplate MW", "meter MW", "training", "since")
    table = bare_table(*names, *(Column(head, justify="right") for head in heads))
    in_use = sites_of(run).query("nameplate_mw > 0.05").head(_TOP_SITES)
    since = run.tables["site_year"].query("nameplate_mw > 0.05").groupby("site")["year"].min().to_dict()
    for row in in_use.to_dict("records"):
        training = np.nan_to_num(float(row["training_frac"]))
        figures = (f"{row['nameplate_mw']:,.0f}", f"{row['facility_mean_mw']:,.0f}", f"{training:.0%}")
        texts = (Text(printable(str(row[name]))) for name in ("name", "zone"))
        table.add_row(*texts, *figures, str(since[row["site"]]))
    return table
