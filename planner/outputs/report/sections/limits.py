"""What binds, what decides, and what a stress study found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.errors import InputError
from planner.limits import BY_NAME
from planner.limits.binding import ONE_MORE, PLACES
from planner.outputs.labels import MARK, cannot_hold, cost_of, decider_words, figure_names, first_order_words
from planner.outputs.report.figures import NumberColumn, ReportFigure, figure_table
from planner.outputs.report.markup import NOTHING, Html, element, joined, name
from planner.outputs.report.page import section
from planner.outputs.solver_files import sentence, weightiest

if TYPE_CHECKING:
    import pandas as pd

    from planner.limits.limit import Tables
    from planner.outputs.labels import DisplayNames
    from planner.outputs.report.figures import Figures, Label

# --- What binds, and what one more unit of it is worth --------------------------------------------

_MOST: Final = 14
_OF_A_KIND: Final = 4
_LARGE: Final = 1e5
_PER_MILLION: Final = 1e6
_ZONES: Final = 12


def limits_section(figures: Figures, labels: DisplayNames, binding: pd.DataFrame | InputError) -> Html:
    """Show the limits that bind, the weightiest first, and the headroom of grid zones."""
    return section(
        "limits",
        "Binding limits and shadow prices",
        _binding(figures, labels, binding),
        _headroom(figures, labels),
        _compute(figures, labels),
    )


def _binding(figures: Figures, labels: DisplayNames, binding: pd.DataFrame | InputError) -> Html:
    if not bool(figures.run.tables["solution"]["has_duals"].iloc[0]):
        return element("p", "The solve ended without shadow prices, so nothing is said of limits.")
    if isinstance(binding, InputError):
        problem = binding.problems[0]
        by = figures.run.meta["versions"]["dcplan"]
        text = (
            "The limits that bind are left out: this version of dcplan does not read the inputs "
            f"of the run, which dcplan {by} wrote. {problem.file}: {problem.what_is}. "
            "The report in the run folder, and solving again, show them."
        )
        return element("p", text, class_="bad")
    few = weightiest(binding, _MOST, _OF_A_KIND)
    if few.empty:
        return element("p", "No limit binds that spending more could not lift.")
    rows = [element("li", _sentence(row, figures.run.tables, labels), _worth(row), ".") for _, row in few.iterrows()]
    about = (
        "The limits by which the plan loses most, each in the year in which it binds hardest. "
        "Shadow prices hold for small changes, one at a time."
    )
    return joined([element("p", about), element("ol", rows, class_="binding")])


def _sentence(row: pd.Series, tables: Tables, labels: DisplayNames) -> Html:
    """Say what binds, with names in place of ids."""
    pieces = sentence(row, tables, labels)
    return joined([name(text) if is_name else text for text, is_name in pieces])


def _worth(row: pd.Series) -> Html:
    where = {place: str(row[place]) for place in ("block", *PLACES) if row[place]}
    figure = ReportFigure(float(row["value"]), "prices", "value", {**where, "year": int(row["year"])})
    unit = str(row["unit"])
    price = BY_NAME[str(row["block"])].price
    is_asked = price is not None and price.sign == 1
    before = " one more MWh costs " if is_asked else f" {ONE_MORE[str(row['limit_unit'])]} saves "
    if abs(figure.value) >= _LARGE and unit.startswith("USD"):
        return joined([before, figure.html(per=_PER_MILLION), f" M{unit}"])
    return joined([before, figure.html(), f" {unit}"])


def _headroom(figures: Figures, labels: DisplayNames) -> Html:
    """Show what is left of the headroom of zones in use, the fullest first."""
    year = figures.last
    columns = (
        ("limit_mw", NumberColumn("limit, MW", decimals=0)),
        ("committed_mw", NumberColumn("committed, MW", decimals=0)),
        ("new_firm_mw", NumberColumn("new firm, MW", decimals=0)),
        ("new_non_firm_mw", NumberColumn("new non-firm, MW", decimals=0)),
        ("spare_mw", NumberColumn("left, MW", decimals=0)),
        ("value_usd_per_mw_year", NumberColumn("shadow price, thousand USD/MW-year", per=1e3)),
    )
    of = [figures.sums_by("headroom", column, "zone", year=year) for column, _ in columns]
    limit, spare = of[0], of[4]
    in_use = [key for key in limit if limit[key].value - spare[key].value > 1.0]
    in_use.sort(key=lambda key: spare[key].value / limit[key].value if limit[key].value else 0.0)
    rows = [(labels.zone(str(key[0])), [column.get(key) for column in of]) for key in in_use[:_ZONES]]
    if not rows:
        return NOTHING
    caption = f"Headroom of the grid zones of which some is taken, {year}, the fullest first"
    heads = [column for _, column in columns]
    return figure_table(caption, "zone", heads, rows, shows_caption=True)


def _compute(figures: Figures, labels: DisplayNames) -> Html:
    """Show what one more unit of demand costs at the most expensive region of each workload."""
    prices = figures.run.tables["prices"]
    year = figures.last
    asked = prices[(prices["block"] == "demand_balance") & (prices["year"] == year)]
    if asked.empty:
        return NOTHING
    worst = asked.loc[asked.groupby("workload", sort=False)["value"].idxmax()]
    rows: list[tuple[str, list[ReportFigure | str]]] = []
    for row in worst.to_dict("records"):
        region, workload = str(row["region"]), str(row["workload"])
        where: dict[str, Label] = {"region": region, "workload": workload, "year": year}
        where["block"] = "demand_balance"
        figure = ReportFigure(float(row["value"]), "prices", "value", where)
        rows.append((labels.workload(workload), [figure, labels.region(region)]))
    caption = f"What one more unit of demand costs where it costs most, {year}"
    heads = [NumberColumn("USD/H100e-hour"), NumberColumn("users in")]
    return figure_table(caption, "workload", heads, rows, shows_caption=True)


# --- What decides: the figures of the data whose own low and high move the cost of the plan most ---

_KINDS: Final = {"seed": "of the brief", "own": "your own"}
_COLUMNS: Final = ("value", "low", "high")
_EFFECTS: Final = ("low_musd", "high_musd")
_AGAIN: Final = ("low_resolved_musd", "high_resolved_musd")
_DIGITS: Final = 4


def decides_section(figures: Figures) -> Html:
    """Show the figures that decide, where `dcplan estimates` was asked; else how to ask."""
    heading = "What decides"
    run = str(figures.run.meta["run"])
    if not figures.has_rows("estimates"):
        asked = element("code", name(f"dcplan estimates {run}"))
        again = element("code", name(f"dcplan report {run}"))
        text = ["Which figures of the data decide the cost was not asked yet: ", asked]
        return section("decides", heading, element("p", *text, ", then ", again, "."))
    table = figures.run.tables["estimates"]
    is_again = bool(table[list(_AGAIN)].notna().any(axis=None))
    effects = (*_EFFECTS, *_AGAIN) if is_again else _EFFECTS
    names = figure_names(figures.run.inputs_tables)
    cost_musd = cost_of(figures.run)
    rows: list[tuple[str, list[ReportFigure | str]]] = []
    for row in table.to_dict("records"):
        rank, kind = int(row["rank"]), str(row["kind"])
        of = {column: figures.sum("estimates", column, rank=rank) for column in (*_COLUMNS, *effects)}
        label = decider_words(row, names)
        cells: list[ReportFigure | str] = [_KINDS.get(kind, kind), str(row["unit"])]
        cells += [of[column].html(digits=_DIGITS) for column in _COLUMNS]
        cells += [_effect(of[column], cost_musd, is_first_order=column in _EFFECTS) for column in effects]
        rows.append((label, cells))
    heads = [NumberColumn(head) for head in ("kind", "unit", "value", "low", "high")]
    heads += [NumberColumn(f"cost at its {end}, MUSD", decimals=0) for end in ("low", "high")]
    if is_again:
        heads += [NumberColumn(f"solved again, at its {end}", decimals=0) for end in ("low", "high")]
    about = (
        "Each figure is moved to its own low and high with all others as they are; its cost there "
        f"is the change of the net present value. {first_order_words(table, figures.run, MARK)}"
    )
    note = str(table.attrs.get("note", ""))
    shown = figure_table("Figures that decide", "figure", heads, rows)
    return section("decides", heading, element("p", about), shown, element("p", note))


def _effect(change: ReportFigure, cost_musd: float, *, is_first_order: bool) -> ReportFigure | Html:
    """Show a change of cost, with a mark if first order makes it a saving that cannot hold."""
    if is_first_order and cannot_hold(change.shown_value, cost_musd):
        return element("span", change.html(decimals=0), MARK)
    return change


# --- Risks: what a stress study, where one is stored next to the run, found out about the plan ----

_WORST: Final = (
    ("unserved_mwh", NumberColumn("not served, MWh")),
    ("unserved_kh100e", NumberColumn("compute lost, kH100e")),
    ("overload_mwh", NumberColumn("overload, MWh")),
    ("generator_mwh", NumberColumn("standby generators, MWh")),
    ("energy_cost_musd", NumberColumn("energy cost, MUSD")),
)
_SITES: Final = 8
_A_LITTLE_MWH: Final = 0.5
_SITE: Final = (
    ("unserved_most_mwh", NumberColumn("not served in the worst year, MWh")),
    ("overload_mw", NumberColumn("overload, MW")),
    ("generator_most_h", NumberColumn("generators in the worst year, h")),
)


def risks_section(figures: Figures, labels: DisplayNames) -> Html:
    """Show the worst drawn years, the sites that lose most, and what losing a site means."""
    if not figures.has_rows("stress_year"):
        return NOTHING
    about = (
        "The plan as it is, run through all hours of drawn years, with a heat wave and a grid "
        "emergency on top; nothing is decided again. Shown is the worst drawn year of each case."
    )
    return section(
        "risks", "Risks", element("p", about), _years(figures), _sites(figures, labels), _losses(figures, labels)
    )


def _years(figures: Figures) -> Html:
    """Show for each case and model year the draw in which least is served.

    Where all draws are served alike it is the one with most overload, then with most generation.
    """
    frame = figures.run.tables["stress_year"]
    by = ["unserved_mwh", "overload_mwh", "generator_mwh"]
    in_order = frame.sort_values(by, ascending=False, kind="stable")
    worst = in_order.drop_duplicates(["case", "year"]).sort_index()
    rows = []
    for row in worst.to_dict("records"):
        case, year, draw = str(row["case"]), int(row["year"]), int(row["draw"])
        of = [figures.sum("stress_year", column, case=case, year=year, draw=draw) for column, _ in _WORST]
        rows.append((f"{case}, {year}", of))
    heads = [column for _, column in _WORST]
    return figure_table("Worst drawn year", "case", heads, rows, shows_caption=True)


def _sites(figures: Figures, labels: DisplayNames) -> Html:
    frame = figures.run.tables["stress_site"].sort_values("unserved_most_mwh", ascending=False)
    worst = frame.drop_duplicates("site").head(_SITES)
    rows = []
    for row in worst.to_dict("records"):
        if row["unserved_most_mwh"] < _A_LITTLE_MWH:
            continue
        case, site, year = str(row["case"]), str(row["site"]), int(row["year"])
        of = [figures.sum("stress_site", column, case=case, site=site, year=year) for column, _ in _SITE]
        rows.append((f"{labels.site(site)}, {case}, {year}", of))
    heads = [column for _, column in _SITE]
    caption = "Sites with most energy not served"
    return figure_table(caption, "site", heads, rows, shows_caption=True)


def _losses(figures: Figures, labels: DisplayNames) -> Html:
    """Show the sites whose loss leaves most work undone in the last year."""
    last = figures.run.tables["stress_loss"]["year"].max()
    load, undone = (
        figures.sums_by("stress_loss", column, "site", year=int(last)) for column in ("load_kh100e", "unserved_kh100e")
    )
    worst = sorted(undone, key=lambda key: -undone[key].value)[:_SITES]
    rows = [
        (labels.site(str(key[0])), [load[key], undone[key], undone[key].share_of(load[key])])
        for key in worst
        if undone[key].value > 0.0
    ]
    heads = [
        NumberColumn("its work, kH100e"),
        NumberColumn("not taken over, kH100e"),
        NumberColumn("share, %", per=0.01, decimals=0),
    ]
    caption = f"If a site is lost in {last}"
    return figure_table(caption, "site that is lost", heads, rows, shows_caption=True)
