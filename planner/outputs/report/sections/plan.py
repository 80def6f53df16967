"""The answer, the money and the sources: sentences, map, sums that add up, payments, unit costs, verdict, notes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from planner.base.units import MUSD_PER_BUSD
from planner.base.words import moment, some
from planner.outputs.labels import item_words, words
from planner.outputs.report.charts import bars, columns, series_by
from planner.outputs.report.figures import COLUMNS, NumberColumn, about, figure_table, filled, sentences, text_table
from planner.outputs.report.map import map_of
from planner.outputs.report.markup import NOTHING, Html, element, joined, name, section
from planner.outputs.run import files_changed
from planner.results.ended import verdict
from planner.results.four_moneys import PAID_FOR, moneys
from planner.results.summary import steps_of
from planner.tables.descriptor import load_package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from planner.outputs.report.figures import Cell, Figures, ReportFigure
    from planner.outputs.run import Run


def lights(run: Run) -> Html:
    """Show how the solve ended, what the check found, what is not housed and what was changed."""
    shown = [(light, said) for _, light, said in verdict(run.meta, run.tables)]
    if changed := files_changed(run):
        files = some(changed, 3)
        shown.insert(0, ("bad", f"Changed since it was written: {files}; this page is of the files as they are now"))
    return signs(shown)


def signs(shown: Sequence[tuple[str, str]]) -> Html:
    """Show sentences, each with a sign: good, fair or bad."""
    marks = {"good": "\N{CHECK MARK}", "fair": "!", "bad": "\N{MULTIPLICATION SIGN}"}
    heard = {"good": "good: ", "fair": "caution: ", "bad": "failed: "}
    items = []
    for one, said in shown:
        sign = element("span", marks[one], class_="sign", aria_hidden="true")
        items.append(element("li", sign, element("span", heard[one], class_="heard"), said, class_=one))
    return element("ul", items, class_="lights")


# --- The first screen: the answer in sentences made of numbers, the map, the money and the power ---

_LARGEST: Final = 3
_ORDERS: Final = 40
_PERCENT: Final = 0.01
_DIGITS: Final = 4
_A_LITTLE: Final = 5e-4


def answer(figures: Figures) -> Html:
    """Answer the question of the scenario."""
    return section(
        "answer",
        "The answer",
        element("div", sentences(_sentences(figures)), map_of(figures), class_="first"),
        _orders(figures),
        element("div", _money(figures), _power(figures), class_="pair"),
    )


def _sentences(figures: Figures) -> Iterator[Html]:
    last, labels = figures.last, figures.labels

    def of(column: str) -> ReportFigure:
        return figures.sum("summary", column, year=last)

    asked, racks = of("demand_kh100e"), of("nameplate_mw")
    rest = [
        filled(f"; {{}} % {how}", part.share_of(asked).html(per=_PERCENT))
        for column, how in (("rented", "rented"), ("saved", "saved by levers"), ("unmet", "unmet"))
        if (part := of(f"{column}_kh100e")).value > _A_LITTLE * asked.value
    ]
    shares = (of("served_kh100e").share_of(asked).html(per=_PERCENT), asked.html(digits=_DIGITS), joined(rest))
    yield filled(f"In {last} own sites serve {{}} % of the demand of {{}} kH100e{{}}.", *shares)
    of_sites = figures.sums_by("site_year", "nameplate_mw", "site", year=last)
    in_use = [item for item in of_sites.items() if item[1].value > _A_LITTLE * racks.value]
    largest = sorted(in_use, key=lambda item: -item[1].value)[:_LARGEST]
    named: list[str] = []
    for at, ((site,), mw) in enumerate(largest):
        between = "" if at == 0 else " and " if at == len(largest) - 1 else ", "
        named.append(filled(f"{between}{{}} ({{}} MW)", name(labels.site(str(site))), mw.html()))
    where = f" at {{}} sites in {last}, the largest at {{}}." if largest else f" at any site in {last}."
    words = (of("sites_in_use").html(decimals=0), joined(named)) if largest else ()
    yield filled(f"{{}} MW of racks are in use{where}", racks.html(digits=_DIGITS), *words)
    mean, peak, pue = (of(one).html(digits=_DIGITS) for one in ("facility_mean_mw", "facility_peak_mw", "pue"))
    yield filled(
        f"At the meter they draw {{}} MW on average and {{}} MW at their peak in {last}: {{}} TWh a year at a PUE of"
        " {}.",
        *(mean, peak, of("energy_twh").html(), pue),
    )
    yield _cost(figures)
    yield filled(
        f"In {last} they emit {{}} million tonnes of CO2 (location-based) and evaporate {{}} thousand m3 of water.",
        *(of(one).html(per=1000.0) for one in ("emissions_kt", "water_m3")),
    )


def _cost(figures: Figures) -> Html:
    groups, whole = figures.sums_by("costs", "npv_musd", "group"), figures.sum("costs", "npv_musd")
    largest = sorted(groups.items(), key=lambda item: -item[1].value)[:_LARGEST]
    shares = [
        filled(f"{', ' if at else ''}{{}} {{}} %", str(group), npv.share_of(whole).html(per=_PERCENT))
        for at, ((group,), npv) in enumerate(largest)
    ]
    _, *others = four_figures(figures)
    busd = [one.html(per=MUSD_PER_BUSD, digits=_DIGITS) for one in (figures.sum("solution", "objective_musd"), *others)]
    rate = figures.sum("solution", "discount_rate_frac").html(per=_PERCENT)
    tables = figures.run.tables
    return filled(
        "The plan costs {} BUSD net present value at {} % real ({}). Cash to"
        f" {tables['solution']['last_year'].iloc[0]} is {{}} BUSD, overnight capex {{}} BUSD;"
        f" {{}} BUSD {moneys(tables).left_in_words}.",
        *(busd[0], rate, joined(shares), *busd[1:]),
    )


def _orders(figures: Figures) -> Html:
    """Show the orders with the most money by when they are to be placed."""
    orders = figures.tables["orders"]
    rows: list[tuple[str, list[Cell]]] = []
    for of in orders.nlargest(_ORDERS, "overnight_musd").sort_index().to_dict("records"):
        # Who orders power or an opening orders nothing that has a name.
        where = {key: of[key] for key in ("kind", "site", "item", "year") if of[key] != ""}
        by = moment(of["order_by"]) if of["order_by"] == of["order_by"] else "committed"
        amounts = figures.cells("orders", ("mw", "overnight_musd"), **where)
        what = words(of["item"].replace("|", ", "))
        rows.append((by, [of["kind"], what, figures.labels.site(of["site"]), *amounts, moment(of["serves_from"])]))
    if not rows:
        return NOTHING
    table = figure_table("What to order, by when", "by", ("order", "of", "site", "MW", "MUSD", "serves from"), rows)
    more = f"The {_ORDERS} with the most money of {len(orders):,}; all are in sheet Orders and table orders."
    note = element("p", more, class_="note") if len(orders) > _ORDERS else NOTHING
    return element("div", element("h3", "What to order, by when"), table, note)


def four_figures(figures: Figures) -> list[ReportFigure]:
    """Return net present value, cash, overnight capex, and what is paid after the horizon."""
    of_items = figures.cells("money_items", ("overnight_musd", "after_musd"))
    return [*figures.cells("money_years", ("npv_musd", "cash_musd")), *of_items]


def _money(figures: Figures) -> Html:
    """Show the four moneys, each with its rule, and what the net present value is made of. [MUSD]"""
    lines = zip(four_figures(figures), moneys(figures.run.tables).lines, strict=True)
    four: list[tuple[str, list[Cell]]] = [(label, [figure, rule]) for figure, (label, _, rule) in lines]
    whole = figures.sum("costs", "npv_musd")
    groups = [str(group) for (group,) in figures.sums_by("costs", "npv_musd", "group")]
    rows = []
    for label, where in (*((group.capitalize(), {"group": group}) for group in groups), ("The plan", {})):
        parts = [figures.sum("costs", "npv_musd", **where, upfront=upfront) for upfront in (True, False)]
        npv = figures.sum("costs", "npv_musd", **where)
        rows.append((label, [*parts, npv, npv.share_of(whole)]))
    heads = [NumberColumn(head, decimals=0) for head in (PAID_FOR[True], PAID_FOR[False], "together")]
    heads.append(NumberColumn("share, %", per=0.01, decimals=1))
    return element(
        "div",
        element("h3", "The money [MUSD]"),
        figure_table("The four moneys [MUSD]", "", (NumberColumn("MUSD", decimals=0), "rule"), four),
        element("h3", "Net present value by heading [MUSD]"),
        figure_table("Net present value [MUSD]", "heading", heads, rows, totals=[len(groups)]),
    )


def _power(figures: Figures) -> Html:
    """Show the bridge from the path to the meter: each level is the one before with its terms."""
    steps = [step for step, _ in steps_of(figures.run.tables["bridge"])]
    rows = []
    for step in steps:
        mw = [figures.sum("bridge", step.column, year=year) for year in figures.years]
        rows.append((_title(step.label) if step.is_level else step.label, mw))
    levels = [at for at, step in enumerate(steps) if step.is_level]
    heads = map(str, figures.years)
    table = figure_table("From the path to the meter [MW]", "", heads, rows, one_unit=True, totals=levels)
    return element("div", element("h3", "The power, from the path to the meter [MW]"), table)


def _title(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- Capex and opex: payments by heading and year, cash for assets, every item, sums that add up --


def costs_section(figures: Figures) -> Html:
    """Show what is paid, when and for what."""
    charts = (
        _by_year(figures, "Payments by heading", "costs", "musd", "group", str),
        _by_year(figures, "Cash spent on assets", "cash", "cash_musd", "item", item_words),
    )
    return section(
        "costs",
        "Capex and opex",
        about("costs"),
        element("div", *charts, class_="charts"),
        _items(figures),
        element("h3", "How the four moneys reconcile"),
        _reconciled(figures),
    )


def _calendar(figures: Figures, table: str) -> list[int]:
    return sorted({int(year) for year in figures.run.tables[table]["calendar_year"]})


def _by_year(figures: Figures, title: str, table: str, column: str, key: str, words: Callable[[str], str]) -> Html:
    """Draw what is paid by calendar year, a series for each heading or item."""
    years = _calendar(figures, table)
    series = series_by(figures, table, column, key, years, words)
    return columns(title, "BUSD", [str(year) for year in years], series, per=MUSD_PER_BUSD) if years else NOTHING


def _items(figures: Figures) -> Html:
    """List every item of the cost list by calendar year."""
    years = _calendar(figures, "costs")
    of = figures.sums_by("costs", "musd", "item", "calendar_year")
    npv = figures.sums_by("costs", "npv_musd", "item")
    kind = figures.run.tables["costs"].groupby("item")["upfront"].first().to_dict()
    rows: list[tuple[str, list[Cell]]] = [
        (_title(item_words(item)), [PAID_FOR[bool(kind[item])], *(of.get((item, year)) for year in years), npv[item,]])
        for item in (str(item) for (item,) in sorted(npv, key=lambda key: -npv[key].value))
    ]
    totals = figures.sums_by("costs", "musd", "calendar_year")
    rows.append(("All payments", ["", *(totals.get((year,)) for year in years), figures.sum("costs", "npv_musd")]))
    heads: list[NumberColumn | str] = ["kind", *(NumberColumn(head, decimals=0) for head in (*map(str, years), "NPV"))]
    table = figure_table("Payments by item [MUSD]", "item", heads, rows, totals=[len(rows) - 1])
    return element("div", element("h3", "Every item [MUSD]"), table)


def _reconciled(figures: Figures) -> Html:
    """Show the sums from one money to another, each adding up to its last line. [MUSD]"""
    parts = []
    for title, terms in moneys(figures.run.tables).sums:
        rows = []
        for term in terms:
            where = {"kind": term.kind} if term.kind else {}
            figure = figures.sum(term.table, term.column, **where)
            if term.less:
                figure = figure.above(figures.sum(term.table, term.less, **where))
            rows.append((term.label, [figure.html(per=-1.0 if term.is_taken_off else 1.0, decimals=1)]))
        caption = f"{_title(title)} [MUSD]"
        parts.append(figure_table(caption, "", ["MUSD"], rows, totals=[len(rows) - 1], shows_caption=True))
    return element("div", parts, class_="charts")


# --- Unit costs: what an hour of compute, a request and a million tokens cost ---------------------

_UNIT_COSTS: Final = COLUMNS["unit_costs"]
_OF_ALL: Final = dict(list(_UNIT_COSTS.items())[:5])  # those that all compute together has
_FULL: Final = list(_UNIT_COSTS).index("full_usd_per_h100e_hour")


def unit_costs_section(figures: Figures) -> Html:
    """Show unit costs of the last model year by workload, and of all years in total."""
    if not figures.has_rows("unit_costs"):
        return NOTHING
    year, table = figures.last, figures.run.tables["unit_costs"]
    rows, compute = [], []
    for scope, level in table.loc[table["year"] == year, ["scope", "level"]].itertuples(index=False, name=None):
        label = figures.labels.workload(scope) if level == "workload" else f"All {scope}"
        of = figures.cells("unit_costs", _UNIT_COSTS, scope=scope, level=level, year=year)
        if of[0].value == of[0].value:
            rows.append(("All compute" if level == "total" else label, of))
            compute += [(label, of[_FULL])] if level == "workload" else []
    total = {"scope": "total", "level": "total"}
    by_year = [(str(one), figures.cells("unit_costs", _OF_ALL, **total, year=one)) for one in figures.years]
    charts = (
        bars(f"An hour of compute by workload, in full, {year}", "USD/H100e-hour", compute),
        figure_table("All compute by year", "year", _OF_ALL.values(), by_year, shows_caption=True),
    )
    return section(
        "unit-costs",
        "Unit costs",
        about("unit-costs"),
        element("div", *charts, class_="charts"),
        figure_table(f"Unit costs by workload, {year}", "workload", _UNIT_COSTS.values(), rows),
    )


_KINDS: Final = ("published", "derived", "estimate", "seed", "own")


def sources_section(run: Run) -> Html:
    """Show notes, versions, and every input table with its sources and licences."""
    meta, known = run.meta, load_package().tables
    notes = [element("li", element("bdi", str(note))) for note in meta["notes"]]
    facts = {
        "Run": meta["run"],
        "Made": meta["created"],
        "Method": meta["method"],
        "Check": meta["check"].get("proven") or "",
        "Versions": ", ".join(f"{package} {version}" for package, version in meta["versions"].items()),
    }
    pairs = ((element("dt", of), element("dd", element("bdi", str(said)))) for of, said in facts.items() if str(said))
    rows = []
    for table, entry in meta["data"].items():
        schema, is_shipped = known.get(table), entry["shipped"]
        sources = "; ".join(schema.sources) if schema else ""
        licences = ", ".join(licence.name for licence in schema.licences) if schema else ""
        cells = ("shipped", sources, licences) if is_shipped else (entry["file"], "your own", "")
        rows.append((schema.title if schema else table, cells[0], _kinds(run, table), *cells[1:]))
    heads = ("table", "file", "rows by kind", "sources", "licences")
    summary = element("summary", f"{len(rows)} input tables with their sources")
    listed = element("details", summary, text_table("Input tables", heads, rows))
    parts = (element("ul", notes) if notes else NOTHING, element("dl", *pairs), listed if rows else NOTHING)
    return section("sources", "Sources and notes", *parts)


def _kinds(run: Run, table: str) -> str:
    """Count the rows of an input table by how well they are known."""
    frame = run.inputs_tables.get(table)
    counts = Counter(frame["kind"].tolist() if frame is not None and "kind" in frame else ())
    return ", ".join(f"{counts[kind]} {kind}" for kind in _KINDS if kind in counts)
