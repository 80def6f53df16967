"""The answer and the money: sentences, map, sums that add up, payments, unit costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.units import MUSD_PER_BUSD
from planner.base.words import moment
from planner.outputs.labels import item_words, words
from planner.outputs.report.charts import Series, bars, columns
from planner.outputs.report.figures import NumberColumn, figure_table
from planner.outputs.report.map import map_of
from planner.outputs.report.markup import NOTHING, Html, element, name
from planner.outputs.report.page import section
from planner.results.four_moneys import PAID_FOR, moneys
from planner.results.summary import steps_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from planner.outputs.labels import DisplayNames
    from planner.outputs.report.figures import Figures, ReportFigure
    from planner.results.four_moneys import Term

# --- The four moneys of a plan, each with its rule, and the sums that lead from one to another ----


def four_figures(figures: Figures) -> tuple[ReportFigure, ReportFigure, ReportFigure, ReportFigure]:
    """Return net present value, cash, overnight capex, and what is paid after the horizon."""
    return (
        figures.sum("money_years", "npv_musd"),
        figures.sum("money_years", "cash_musd"),
        figures.sum("money_items", "overnight_musd"),
        figures.sum("money_items", "after_musd"),
    )


def four_moneys(figures: Figures) -> Html:
    """Show the four moneys and the rule of each. [MUSD]"""
    of_plan = moneys(figures.run.tables)
    rows: list[tuple[str, list[ReportFigure | str]]] = [
        (label, [figure, rule]) for figure, (label, _, rule) in zip(four_figures(figures), of_plan.lines, strict=True)
    ]
    heads = [NumberColumn("MUSD", decimals=0), NumberColumn("rule")]
    return figure_table("The four moneys [MUSD]", "", heads, rows)


def reconciled(figures: Figures) -> Html:
    """Show the sums from one money to another, each adding up to its last line. [MUSD]"""
    parts = []
    for title, terms in moneys(figures.run.tables).sums:
        rows = [(term.label, [_amount(figures, term)]) for term in terms]
        head = f"{title[0].upper()}{title[1:]}"
        table = figure_table(
            f"{head} [MUSD]", "", [NumberColumn("MUSD")], rows, totals=[len(rows) - 1], shows_caption=True
        )
        parts.append(table)
    return element("div", parts, class_="charts")


def _amount(figures: Figures, term: Term) -> Html:
    """Show a term, with a minus where it is taken off."""
    where = {"kind": term.kind} if term.kind else {}
    figure = figures.sum(term.table, term.column, **where)
    if term.less:
        figure = figure.above(figures.sum(term.table, term.less, **where))
    return figure.html(per=-1.0 if term.is_taken_off else 1.0, decimals=1)


# --- Money and power that add up: from headings to the net present value, from racks to the meter ---


def money(figures: Figures) -> Html:
    """Show what the net present value is made of, and the payments of the years behind it."""
    groups = [str(group) for (group,) in figures.sums_by("costs", "npv_musd", "group")]
    whole = figures.sum("costs", "npv_musd")
    rows = [
        (
            group.capitalize(),
            [
                figures.sum("costs", "npv_musd", group=group, upfront=True),
                figures.sum("costs", "npv_musd", group=group, upfront=False),
                npv := figures.sum("costs", "npv_musd", group=group),
                npv.share_of(whole),
            ],
        )
        for group in groups
    ]
    rows.append(
        (
            "The plan",
            [
                figures.sum("costs", "npv_musd", upfront=True),
                figures.sum("costs", "npv_musd", upfront=False),
                whole,
                whole.share_of(whole),
            ],
        )
    )
    columns = [
        NumberColumn(PAID_FOR[True], decimals=0),
        NumberColumn(PAID_FOR[False], decimals=0),
        NumberColumn("together", decimals=0),
        NumberColumn("share, %", per=0.01, decimals=1),
    ]
    table = figure_table("Net present value [MUSD]", "heading", columns, rows, totals=[len(groups)])
    heading = element("h3", "Net present value by heading [MUSD]")
    return element("div", element("h3", "The money [MUSD]"), four_moneys(figures), heading, table)


def power(figures: Figures) -> Html:
    """Show the bridge from the path to the meter: each level is the one before with its terms."""
    rows: list[tuple[str, list[ReportFigure]]] = []
    levels = []
    for step, _ in steps_of(figures.run.tables["bridge"]):
        if step.is_level:
            levels.append(len(rows))
        label = step.label[:1].upper() + step.label[1:] if step.is_level else step.label
        of_years = [figures.sum("bridge", step.column, year=year) for year in figures.years]
        rows.append((label, of_years))
    columns = [NumberColumn(str(year)) for year in figures.years]
    table = figure_table("From the path to the meter [MW]", "", columns, rows, one_unit=True, totals=levels)
    return element("div", element("h3", "The power, from the path to the meter [MW]"), table)


# --- The first screen: the answer in sentences made of numbers, the map, the money and the power ---

_LARGEST: Final = 3
_PERCENT: Final = 0.01
_DIGITS: Final = 4
_A_LITTLE: Final = 5e-4
_UNITS: Final = frozenset("%BMTk")  # as units begin: %, BUSD, MW, TWh, kH100e


def answer(figures: Figures, labels: DisplayNames) -> Html:
    """Answer the question of the scenario."""
    said = element("ul", (element("li", map(_unbroken, of)) for of in _sentences(figures, labels)), class_="sentences")
    return section(
        "answer",
        "The answer",
        element("div", said, map_of(figures), class_="first"),
        _orders(figures, labels),
        element("div", money(figures), power(figures), class_="pair"),
    )


def _orders(figures: Figures, labels: DisplayNames) -> Html:
    """Show the orders with the most money by when they are to be placed."""
    orders = figures.tables["orders"]
    shown = orders.nlargest(_ORDERS, "overnight_musd").sort_index()
    rows: list[tuple[str, list[ReportFigure | str | None]]] = []
    for of in shown.to_dict("records"):
        # Who orders power or an opening orders nothing that has a name.
        where = {key: of[key] for key in ("kind", "site", "item", "year") if of[key] != ""}
        by = moment(of["order_by"]) if of["order_by"] == of["order_by"] else "committed"
        mw, musd = (figures.sum("orders", column, **where) for column in ("mw", "overnight_musd"))
        what = words(of["item"].replace("|", ", "))
        rows.append((by, [of["kind"], what, labels.site(of["site"]), mw, musd, moment(of["serves_from"])]))
    if not rows:
        return NOTHING
    heads = [NumberColumn(head) for head in ("order", "of", "site", "MW", "MUSD", "serves from")]
    table = figure_table("What to order, by when", "by", heads, rows)
    more = f"The {_ORDERS} with the most money of {len(orders):,}; all are in sheet Orders and table orders."
    note = element("p", more, class_="note") if len(orders) > _ORDERS else NOTHING
    return element("div", element("h3", "What to order, by when"), table, note)


_ORDERS: Final = 40


def _sentences(figures: Figures, labels: DisplayNames) -> Iterator[list[str]]:
    last = figures.last
    yield _compute(figures, last)
    yield _places(figures, labels, last)
    mean, peak, energy, pue = (
        figures.sum("summary", column, year=last)
        for column in ("facility_mean_mw", "facility_peak_mw", "energy_twh", "pue")
    )
    yield [
        "At the meter they draw ",
        mean.html(digits=_DIGITS),
        " MW on average and ",
        peak.html(digits=_DIGITS),
        f" MW at their peak in {last}: ",
        energy.html(),
        " TWh a year at a PUE of ",
        pue.html(digits=_DIGITS),
        ".",
    ]
    yield _cost(figures)
    kilotonnes, water = (figures.sum("summary", column, year=last) for column in ("emissions_kt", "water_m3"))
    yield [
        f"In {last} they emit ",
        kilotonnes.html(per=1000.0),
        " million tonnes of CO2 (location-based) and evaporate ",
        water.html(per=1000.0),
        " thousand m3 of water.",
    ]


def _compute(figures: Figures, last: int) -> list[str]:
    asked, served, rented, saved, unmet = (
        figures.sum("summary", f"{what}_kh100e", year=last) for what in ("demand", "served", "rented", "saved", "unmet")
    )
    rest = [
        (part.share_of(asked), words)
        for part, words in ((rented, "rented"), (saved, "saved by levers"), (unmet, "unmet"))
        if part.value > _A_LITTLE * asked.value
    ]
    return [
        f"In {last} own sites serve ",
        served.share_of(asked).html(per=_PERCENT),
        " % of the demand of ",
        asked.html(digits=_DIGITS),
        " kH100e",
        *(piece for part, words in rest for piece in ("; ", part.html(per=_PERCENT), f" % {words}")),
        ".",
    ]


def _places(figures: Figures, labels: DisplayNames, last: int) -> list[str]:
    racks, sites = (figures.sum("summary", column, year=last) for column in ("nameplate_mw", "sites_in_use"))
    of_sites = figures.sums_by("site_year", "nameplate_mw", "site", year=last)
    in_use = [item for item in of_sites.items() if item[1].value > _A_LITTLE * racks.value]
    largest = sorted(in_use, key=lambda item: -item[1].value)[:_LARGEST]
    named: list[str] = []
    for at, ((site,), mw) in enumerate(largest):
        between = NOTHING if at == 0 else " and " if at == len(largest) - 1 else ", "
        named += [between, name(labels.site(str(site))), " (", mw.html(), " MW)"]
    return [
        racks.html(digits=_DIGITS),
        " MW of racks are in use at ",
        sites.html(decimals=0),
        f" sites in {last}, the largest at ",
        *named,
        ".",
    ]


def _cost(figures: Figures) -> list[str]:
    total = figures.sum("solution", "objective_musd")
    rate = figures.sum("solution", "discount_rate_frac")
    groups = figures.sums_by("costs", "npv_musd", "group")
    whole = figures.sum("costs", "npv_musd")
    largest = sorted(groups.items(), key=lambda item: -item[1].value)[:_LARGEST]
    _, cash, overnight, after = four_figures(figures)
    solution = figures.run.tables["solution"].iloc[0]
    shares: list[str] = []
    for at, ((group,), npv) in enumerate(largest):
        shares += [", " if at else NOTHING, f"{group} ", npv.share_of(whole).html(per=_PERCENT), " %"]
    return [
        "The plan costs ",
        _busd(total),
        " BUSD net present value at ",
        rate.html(per=_PERCENT),
        " % real (",
        *shares,
        "). Cash to ",
        f"{solution['last_year']} is ",
        _busd(cash),
        " BUSD, overnight capex ",
        _busd(overnight),
        " BUSD; ",
        _busd(after),
        f" BUSD {moneys(figures.run.tables).left_in_words}.",
    ]


def _unbroken(piece: str) -> str:
    """Let a unit stay on the line of its number."""
    is_unit = not isinstance(piece, Html) and piece.startswith(" ")
    return f"\N{NO-BREAK SPACE}{piece[1:]}" if is_unit and piece[1:2] in _UNITS else piece


def _busd(figure: ReportFigure) -> Html:
    return figure.html(per=MUSD_PER_BUSD, digits=_DIGITS)


# --- Capex and opex: payments by heading and year, cash for assets, and every item ----------------


def costs_section(figures: Figures) -> Html:
    """Show what is paid, when and for what."""
    return section(
        "costs",
        "Capex and opex",
        element(
            "p",
            "Real money of the price year. Payments for assets repay them year by year over their "
            "lives, others are paid as it is used; cash is what is spent on assets while they are "
            "built and bought.",
        ),
        element(
            "div",
            _by_year(figures, "Payments by heading", "costs", "musd", "group"),
            _by_year(figures, "Cash spent on assets", "cash", "cash_musd", "item", item_words),
            class_="charts",
        ),
        _items(figures),
        element("h3", "How the four moneys reconcile"),
        reconciled(figures),
    )


def _calendar(figures: Figures, table: str) -> list[int]:
    return sorted({int(year) for year in figures.run.tables[table]["calendar_year"]})


def _by_year(
    figures: Figures, title: str, table: str, column: str, key: str, words: Callable[[str], str] = str
) -> Html:
    """Draw what is paid by calendar year, a series for each heading or item."""
    years = _calendar(figures, table)
    if not years:
        return NOTHING
    of = figures.sums_by(table, column, key, "calendar_year")
    series = [
        Series(words(name), tuple(of.get((name, year)) for year in years))
        for name in dict.fromkeys(str(key[0]) for key in of)
    ]
    return columns(title, "BUSD", [str(year) for year in years], series, per=MUSD_PER_BUSD)


def _items(figures: Figures) -> Html:
    """List every item of the cost list by calendar year."""
    years = _calendar(figures, "costs")
    of = figures.sums_by("costs", "musd", "item", "calendar_year")
    npv = figures.sums_by("costs", "npv_musd", "item")
    kind = figures.run.tables["costs"].groupby("item")["upfront"].first().to_dict()
    order = sorted(npv, key=lambda key: -npv[key].value)
    rows = [
        (
            _title(item_words(str(key[0]))),
            [PAID_FOR[bool(kind[key[0]])], *(of.get((*key, year)) for year in years), npv[key]],
        )
        for key in order
    ]
    totals = figures.sums_by("costs", "musd", "calendar_year")
    whole = figures.sum("costs", "npv_musd")
    rows.append(("All payments", ["", *(totals.get((year,)) for year in years), whole]))
    heads = [NumberColumn("kind"), *(NumberColumn(str(year), decimals=0) for year in years)]
    heads.append(NumberColumn("NPV", decimals=0))
    table = figure_table("Payments by item [MUSD]", "item", heads, rows, totals=[len(order)])
    return element("div", element("h3", "Every item [MUSD]"), table)


def _title(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- Unit costs: what an hour of compute, a request and a million tokens cost ---------------------

_COLUMNS: Final = (
    ("usd_per_h100e_hour", NumberColumn("as paid, USD/H100e-hour", decimals=3)),
    ("upfront_usd_per_h100e_hour", NumberColumn(f"of it {PAID_FOR[True]}", decimals=3)),
    ("running_usd_per_h100e_hour", NumberColumn(f"of it {PAID_FOR[False]}", decimals=3)),
    ("full_usd_per_h100e_hour", NumberColumn("in full, USD/H100e-hour", decimals=3)),
    ("full_usd_per_mw_year", NumberColumn("in full, MUSD/MW-year", per=1e6, decimals=2)),
    ("full_usd_per_million_tokens", NumberColumn("in full, USD/million tokens")),
    ("full_usd_per_request", NumberColumn("in full, USD/thousand requests", per=1e-3)),
)
_OF_ALL: Final = 5  # columns that all compute together has
_FULL: Final = 3


def unit_costs_section(figures: Figures, labels: DisplayNames) -> Html:
    """Show unit costs of the last model year by workload, and of all years in total."""
    if not figures.has_rows("unit_costs"):
        return NOTHING
    year = figures.last
    table = figures.run.tables["unit_costs"]
    scopes = table.loc[table["year"] == year, ["scope", "level"]].itertuples(index=False, name=None)
    rows = []
    compute = []
    for scope, level in scopes:
        label = labels.workload(scope) if level == "workload" else f"All {scope}"
        label = "All compute" if level == "total" else label
        of = [figures.sum("unit_costs", column, scope=scope, level=level, year=year) for column, _ in _COLUMNS]
        if of[0].value == of[0].value:
            rows.append((label, of))
            if level == "workload":
                compute.append((label, of[_FULL]))
    chart = bars(f"An hour of compute by workload, in full, {year}", "USD/H100e-hour", compute)
    by_year = [
        (
            str(one),
            [
                figures.sum("unit_costs", column, scope="total", level="total", year=one)
                for column, _ in _COLUMNS[:_OF_ALL]
            ],
        )
        for one in figures.years
    ]
    heads = [column for _, column in _COLUMNS]
    of_years = figure_table("All compute by year", "year", heads[:_OF_ALL], by_year, shows_caption=True)
    of_class = figure_table(f"Unit costs by workload, {year}", "workload", heads, rows)
    return section(
        "unit-costs",
        "Unit costs",
        element(
            "p",
            "Payments of a year for own sites over what they serve. As paid, what exists in the "
            "base year is sunk and costs nothing up front; in full, existing racks and halls cost "
            "the instalments that repay their price over their life. What parked racks and the "
            "halls that they leave empty cost is in neither; table unit_costs has it apart.",
        ),
        element("div", chart, of_years, class_="charts"),
        of_class,
    )
