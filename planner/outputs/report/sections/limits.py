"""What binds, what decides, and what a stress study found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.limits.binding import PLACES
from planner.outputs.labels import MARK, cannot_hold, cost_of, decider_words, figure_names, first_order_words
from planner.outputs.report.figures import NumberColumn, ReportFigure, figure_table
from planner.outputs.report.markup import NOTHING, Html, element, joined, name, section
from planner.outputs.solver_files import binding_of_run, few_that_bind, fullest_zones, sentence, what_one_more_does
from planner.outputs.study_files import worst_years

if TYPE_CHECKING:
    import pandas as pd

    from planner.outputs.report.figures import Cell, Figures, Label

# --- What binds, and what one more unit of it is worth --------------------------------------------

_MOST: Final = 14
_OF_A_KIND: Final = 4
_LARGE: Final = 1e5
_PER_MILLION: Final = 1e6
_ZONES: Final = 12
_HEADROOM: Final = {
    "limit_mw": NumberColumn("limit, MW", decimals=0),
    "committed_mw": NumberColumn("committed, MW", decimals=0),
    "new_firm_mw": NumberColumn("new firm, MW", decimals=0),
    "new_non_firm_mw": NumberColumn("new non-firm, MW", decimals=0),
    "spare_mw": NumberColumn("left, MW", decimals=0),
    "value_usd_per_mw_year": NumberColumn("shadow price, thousand USD/MW-year", per=1e3),
}


def limits_section(figures: Figures) -> Html:
    """Show the limits that bind, the weightiest first, and the headroom of grid zones."""
    parts = (_binding(figures), _headroom(figures), _compute(figures))
    return section("limits", "Binding limits and shadow prices", *parts)


def _binding(figures: Figures) -> Html:
    run, found = figures.run, binding_of_run(figures.run)
    few = few_that_bind(run, found, _MOST, _OF_A_KIND)
    if isinstance(few, str):
        return element("p", few, class_="bad" if isinstance(found, Exception) else None)
    rows = []
    for _, row in few.iterrows():
        said = [name(text) if is_name else text for text, is_name in sentence(row, run.tables, figures.labels)]
        rows.append(element("li", said, _worth(row), "."))
    about = (
        "The limits by which the plan loses most, each in the year in which it binds hardest. "
        "Shadow prices hold for small changes, one at a time."
    )
    return joined([element("p", about), element("ol", rows, class_="binding")])


def _worth(row: pd.Series) -> Html:
    where = {place: str(row[place]) for place in ("block", *PLACES) if row[place]}
    figure = ReportFigure(float(row["value"]), "prices", "value", {**where, "year": int(row["year"])})
    unit, before = str(row["unit"]), f" {what_one_more_does(row)} "
    if abs(figure.value) >= _LARGE and unit.startswith("USD"):
        return joined([before, figure.html(per=_PER_MILLION), f" M{unit}"])
    return joined([before, figure.html(), f" {unit}"])


def _headroom(figures: Figures) -> Html:
    """Show what is left of the headroom of zones in use, the fullest first."""
    year, zones = figures.last, list(dict.fromkeys(fullest_zones(figures.run, _ZONES)["zone"].astype(str)))
    rows = [(figures.labels.zone(zone), figures.cells("headroom", _HEADROOM, year=year, zone=zone)) for zone in zones]
    caption = f"Headroom of the grid zones of which some is taken, {year}, the fullest first"
    return figure_table(caption, "zone", _HEADROOM.values(), rows, shows_caption=True)


def _compute(figures: Figures) -> Html:
    """Show what one more unit of demand costs at the most expensive region of each workload."""
    prices, year = figures.run.tables["prices"], figures.last
    asked = prices[(prices["block"] == "demand_balance") & (prices["year"] == year)]
    rows: list[tuple[str, list[Cell]]] = []
    for at in asked.groupby("workload", sort=False)["value"].idxmax() if len(asked) else ():
        region, workload, value = (asked.loc[at, column] for column in ("region", "workload", "value"))
        where: dict[str, Label] = {
            "region": str(region),
            "workload": str(workload),
            "year": year,
            "block": "demand_balance",
        }
        figure = ReportFigure(float(value), "prices", "value", where)
        rows.append((figures.labels.workload(str(workload)), [figure, figures.labels.region(str(region))]))
    caption = f"What one more unit of demand costs where it costs most, {year}"
    return figure_table(caption, "workload", ("USD/H100e-hour", "users in"), rows, shows_caption=True)


# --- What decides: the figures of the data whose own low and high move the cost of the plan most ---

_KINDS: Final = {"seed": "of the brief", "own": "your own"}
_COLUMNS: Final = ("value", "low", "high")
_EFFECTS: Final = ("low_musd", "high_musd")
_AGAIN: Final = ("low_resolved_musd", "high_resolved_musd")
_DIGITS: Final = 4


def decides_section(figures: Figures) -> Html:
    """Show the figures that decide, where `dcplan estimates` was asked; else how to ask."""
    heading, run = "What decides", str(figures.run.meta["run"])
    if not figures.has_rows("estimates"):
        asked, again = (element("code", name(f"dcplan {command} {run}")) for command in ("estimates", "report"))
        text = ["Which figures of the data decide the cost was not asked yet: ", asked, ", then ", again, "."]
        return section("decides", heading, element("p", *text))
    table = figures.run.tables["estimates"]
    is_again = bool(table[list(_AGAIN)].notna().any(axis=None))
    names, cost_musd = figure_names(figures.run.inputs_tables), cost_of(figures.run)
    rows: list[tuple[str, list[Cell]]] = []
    for row in table.to_dict("records"):
        rank, kind = int(row["rank"]), str(row["kind"])
        values = [of.html(digits=_DIGITS) for of in figures.cells("estimates", _COLUMNS, rank=rank)]
        effects: list[Cell] = [
            # A mark is at a saving that first order makes larger than the cost.
            element("span", of.html(decimals=0), MARK) if cannot_hold(of.shown_value, cost_musd) else of
            for of in figures.cells("estimates", _EFFECTS, rank=rank)
        ]
        effects += figures.cells("estimates", _AGAIN, rank=rank) if is_again else []
        rows.append((decider_words(row, names), [_KINDS.get(kind, kind), str(row["unit"]), *values, *effects]))
    said = ("cost at its {}, MUSD", *(("solved again, at its {}",) if is_again else ()))
    ends = [NumberColumn(of.format(end), decimals=0) for of in said for end in ("low", "high")]
    about = (
        "Each figure is moved to its own low and high with all others as they are; its cost there "
        f"is the change of the net present value. {first_order_words(table, figures.run, MARK)}"
    )
    note = str(table.attrs.get("note", ""))
    shown = figure_table("Figures that decide", "figure", ("kind", "unit", *_COLUMNS, *ends), rows)
    return section("decides", heading, element("p", about), shown, element("p", note))


# --- Risks: what a stress study, where one is stored next to the run, found out about the plan ----

_SITES: Final = 8
_A_LITTLE_MWH: Final = 0.5
_WORST: Final = {
    "unserved_mwh": "not served, MWh",
    "unserved_kh100e": "compute lost, kH100e",
    "overload_mwh": "overload, MWh",
    "generator_mwh": "standby generators, MWh",
    "energy_cost_musd": "energy cost, MUSD",
}
_SITE: Final = {
    "unserved_most_mwh": "not served in the worst year, MWh",
    "overload_mw": "overload, MW",
    "generator_most_h": "generators in the worst year, h",
}


def risks_section(figures: Figures) -> Html:
    """Show the worst drawn years, the sites that lose most, and what losing a site means."""
    if not figures.has_rows("stress_year"):
        return NOTHING
    about = (
        "The plan as it is, run through all hours of drawn years, with a heat wave and a grid "
        "emergency on top; nothing is decided again. Shown is the worst drawn year of each case."
    )
    tables, labels = figures.run.tables, figures.labels

    def cells(table: str, columns: dict[str, str], row: pd.Series, *keys: str) -> list[ReportFigure]:
        return figures.cells(table, columns, **{key: str(row[key]) if key in _WORDS else int(row[key]) for key in keys})

    years = [
        (f"{row['case']}, {row['year']}", cells("stress_year", _WORST, row, "case", "year", "draw"))
        for _, row in worst_years(tables["stress_year"]).iterrows()
    ]
    worst = tables["stress_site"].sort_values("unserved_most_mwh", ascending=False).drop_duplicates("site")
    worst = worst[worst["unserved_most_mwh"] >= _A_LITTLE_MWH].head(_SITES)
    sites = [
        (
            f"{labels.site(str(row['site']))}, {row['case']}, {row['year']}",
            cells("stress_site", _SITE, row, "case", "site", "year"),
        )
        for _, row in worst.iterrows()
    ]
    return section(
        "risks",
        "Risks",
        element("p", about),
        figure_table("Worst drawn year", "case", _WORST.values(), years, shows_caption=True),
        figure_table("Sites with most energy not served", "site", _SITE.values(), sites, shows_caption=True),
        _losses(figures),
    )


_WORDS: Final = frozenset({"case", "site"})


def _losses(figures: Figures) -> Html:
    """Show the sites whose loss leaves most work undone in the last year."""
    last = figures.run.tables["stress_loss"]["year"].max()
    load, undone = (
        figures.sums_by("stress_loss", column, "site", year=int(last)) for column in ("load_kh100e", "unserved_kh100e")
    )
    worst = sorted(undone, key=lambda key: -undone[key].value)[:_SITES]
    rows = [
        (figures.labels.site(str(key[0])), [load[key], undone[key], undone[key].share_of(load[key])])
        for key in worst
        if undone[key].value > 0.0
    ]
    heads = ("its work, kH100e", "not taken over, kH100e", NumberColumn("share, %", per=0.01, decimals=0))
    return figure_table(f"If a site is lost in {last}", "site that is lost", heads, rows, shows_caption=True)
