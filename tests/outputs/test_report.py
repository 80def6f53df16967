"""The report says what the tables say, asks for nothing, and takes names for what they are."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from pages import expected, is_shown, read_page
from plans import MINI, plan_of

from planner.outputs import WRITERS
from planner.outputs.report import comparison_html, report_html
from planner.outputs.report.figures import Figures
from planner.outputs.report.sections.power import days_section, names_of_days
from planner.results.four_moneys import moneys
from planner.results.power import sources_of_power

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pages import Page

    import planner
    from planner.runs import Run

LARGEST_BYTES = 600_000


@pytest.fixture(scope="module", params=["mini", "tiny"])
def plan(request: pytest.FixtureRequest) -> planner.Plan:
    return plan_of(MINI if request.param == "mini" else "tiny")


@pytest.fixture(scope="module")
def page(plan: planner.Plan) -> Page:
    return read_page(report_html(plan.run))


def with_power_by_source(tables: Mapping[str, pd.DataFrame]) -> Mapping[str, pd.DataFrame]:
    """Add what the report makes of a run with sources, where the run has them."""
    if not len(tables["source_year"]):
        return tables
    return {**tables, "power_by_source": sources_of_power(tables)}


def assert_numbers_are_those_of(page: Page, *runs: Run) -> None:
    tables = [with_power_by_source(run.tables) for run in runs]
    wrong = [
        (one.attributes.get("data-shown", one.text), one.attributes, expected(one, tables))
        for one in page.numbers
        if not is_shown(
            one.attributes.get("data-shown", one.text), expected(one, tables), one.attributes.get("data-digits")
        )
    ]

    assert wrong == []


def test_every_number_is_its_cell_of_the_tables(plan: planner.Plan, page: Page) -> None:
    assert len(page.numbers) > 250
    assert_numbers_are_those_of(page, plan.run)


def test_a_number_of_another_run_would_be_found_out(plan: planner.Plan, page: Page) -> None:
    summary = plan.tables["summary"]
    other = {**plan.run.tables, "summary": summary.assign(facility_mean_mw=1.01 * 37.0)}

    with pytest.raises(AssertionError):
        assert_numbers_are_those_of(page, replace(plan.run, tables=other))


def test_the_page_asks_for_nothing(page: Page) -> None:
    policies = [
        one.attributes["content"]
        for one in page.elements
        if one.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    links = [
        one.attributes[name]
        for one in page.elements
        for name in ("src", "href", "srcset", "action", "data", "poster")
        if name in one.attributes
    ]

    (policy,) = policies
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    inline = {one.tag: one.text for one in page.elements if one.attributes == {}}
    for tag in ("style", "script"):  # ours alone, by their hashes
        digest = base64.b64encode(hashlib.sha256(inline[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in policy
    assert [one.tag for one in page.elements if "style" in one.attributes] == []
    assert [link for link in links if not link.startswith("#")] == []
    style = next(one.text for one in page.elements if one.tag == "style")
    assert "url(" not in style
    assert "@import" not in style


def test_identifiers_are_used_once(page: Page) -> None:
    used = [one.attributes["id"] for one in page.elements if "id" in one.attributes]

    assert len(used) == len(set(used))


def test_days_have_names_of_seasons_or_numbers_from_one() -> None:
    assert names_of_days([0, 1, 2, 3, 4], {4}) == dict(
        enumerate(["Dec to Feb", "Mar to May", "Jun to Aug", "Sep to Nov", "Peak day"])
    )
    assert names_of_days([0, 1, 2], {1}) == {0: "Day 1", 1: "Peak day", 2: "Day 3"}


@pytest.mark.parametrize(("days", "is_drawn"), [(13, True), (14, False)])
def test_more_days_than_months_and_a_peak_are_not_drawn(run: Run, days: int, is_drawn: bool) -> None:
    slots = run.tables["power_slot"]
    one = slots[slots["slot"].str.match(r"d0+h")]
    power = pd.concat([one.assign(slot=one["slot"].str.replace(r"^d0+", f"d{day}", regex=True)) for day in range(days)])

    drawn = days_section(Figures(replace(run, tables={**run.tables, "power_slot": power})))

    assert len(one) > 2
    assert ("All sites over the day" in str(drawn)) == is_drawn


def test_days_show_all_sites_hour_by_hour_and_what_the_last_peak_day_is_made_of(run: Run) -> None:
    rows = [
        {"year": year, "slot": f"d{day}h{hour:02}", "is_peak_day": day in {1, 2} and year == 2030, "it_mw": it + hour}
        | {"mechanical_mw": 30.0 + hour, "electrical_loss_mw": 5.0 + hour, "facility_mw": it + 35.0 + 3 * hour}
        for day, hour in product(range(4), (0, 12))
        for year, it in ((2027, 700.0), (2030, 100.0 + 10 * day))
    ]

    def drawn(power: pd.DataFrame) -> list[str]:
        page = read_page(str(days_section(Figures(replace(run, tables={**run.tables, "power_slot": power})))))
        return [one.text for one in page.elements if one.tag in {"caption", "th", "td"} and one.text]

    assert drawn(pd.DataFrame(rows)) == [
        *("All sites over the day, 2030, hours in UTC [MW]", "00:00", "12:00"),
        *("Day 1", "135", "171"),  # 100 + 30 + 5, and 12 more of each at 12:00
        *("Peak day", "145", "181"),
        *("Peak day", "155", "191"),
        *("Day 4", "165", "201"),
        *("What it is made of: Peak day, 2030 [MW]", "00:00", "12:00"),
        *("IT", "120", "132"),  # of the second peak day, d2
        *("cooling", "30", "42"),
        *("electrical losses", "5", "17"),
    ]
    assert drawn(pd.DataFrame(rows).replace({"slot": {"d0h12": "winter"}})) == []  # not all are hours of days


def test_names_are_never_markup(run: Run) -> None:
    long = "x" * 300
    names = run.sites["name"].where(run.sites["site"] != "NO", long)
    names = names.where(run.sites["site"] != "new-york", "</script><script>alert(1)</script>")
    names = names.where(run.sites["site"] != "new_york", "مركز ../../x \u202eevil")
    odd = replace(
        run,
        tables={**run.tables, "sites": run.sites.assign(name=names.astype("str"))},
        meta={**run.meta, "title": "</title><script>alert(2)</script>", "question": "<img src=x>"},
    )

    page = read_page(report_html(odd))

    tags = [one.tag for one in page.elements]
    assert tags.count("script") == 1  # behaviour; a name added none
    assert "img" not in tags
    assert "b" not in tags
    assert not [one for one in page.elements if any(a.startswith("on") for a in one.attributes)]
    said = page.elements[0].text
    assert "</script><script>alert(1)</script>" in said
    assert "مركز ../../x evil" in said
    assert "\u202e" not in said
    assert "🏭" in said
    assert long in said
    assert_numbers_are_those_of(page, odd)


def test_a_plan_that_no_solver_ended_says_so(run: Run) -> None:
    solution = run.tables["solution"].assign(has_duals=False, status="time_limit")
    summary = run.tables["summary"]
    summary = summary.assign(unmet_kh100e=0.5 * summary["demand_kh100e"])
    check = {"ok": False, "rules": 7, "broken": ["demand_is_met"]}
    meta = {**run.meta, "status": "time_limit", "gap_frac": 0.031, "check": check}
    open_run = replace(
        run, tables={**run.tables, "solution": solution, "summary": summary}, meta={**meta, "bound_musd": 1234.0}
    )

    page = read_page(report_html(open_run))

    text = page.elements[0].text
    assert "Time limit reached: the best plan so far, not proven; no plan costs less than 1,234 MUSD" in text
    assert "The check failed: demand_is_met" in text
    assert "50 % of the demand of 2025 is unmet" in text
    assert "The solve ended without shadow prices" in text


def test_a_run_folder_has_the_report_and_export_writes_the_same(plan: planner.Plan, tmp_path: Path) -> None:
    (path,) = WRITERS["html"](plan.run, tmp_path)

    assert path == tmp_path / "report.html"
    assert path.read_text(encoding="utf-8") == report_html(plan.run)
    assert path.stat().st_size < LARGEST_BYTES


def test_what_has_no_rows_is_left_out(run: Run) -> None:
    empty = {
        name: run.tables[name].iloc[:0]
        for name in ("headroom", "prices", "unit_costs", "assignment", "latency", "source_year")
    }

    page = read_page(report_html(replace(run, tables={**run.tables, **empty})))

    identifiers = {one.attributes.get("id") for one in page.elements}
    assert "unit-costs" not in identifiers
    assert "reach" not in identifiers
    assert isinstance(empty["prices"], pd.DataFrame)


def test_the_four_moneys_reconcile_on_the_page(plan: planner.Plan, page: Page) -> None:
    """Each sum adds up to its last line, as it is shown, within rounding of its terms."""
    of_plan = moneys(plan.tables)
    shown = page.elements[0].text

    for label, _, rule in of_plan.lines:
        assert label in shown
        assert rule in shown
    for title, _ in of_plan.reconciled:
        assert title[1:] in shown


def changed(run: Run, **settings: object) -> Run:
    """Return the run as another one, costlier by its racks and with a site larger."""
    costs = run.tables["costs"]
    npv = costs["npv_musd"] * (1.0 + 0.07 * (costs["group"] == "racks"))
    site_year = run.tables["site_year"]
    more = site_year["nameplate_mw"] + 3.7 * (site_year["site"] == site_year["site"].iloc[0])
    tables = {**run.tables, "costs": costs.assign(npv_musd=npv), "site_year": site_year.assign(nameplate_mw=more)}
    merged = {**run.meta["merged"], **settings}
    return replace(run, tables=tables, meta={**run.meta, "run": "other-1", "merged": merged})


def test_two_runs_are_compared_number_by_number(plan: planner.Plan) -> None:
    other = changed(plan.run, new_key="<b>a & b</b>")

    html = comparison_html([plan.run, other])
    page = read_page(html)

    assert_numbers_are_those_of(page, plan.run, other)
    circles = [one for one in page.elements if "site" in one.attributes.get("class", "").split()]
    assert {one.attributes["data-site"] for one in circles} == {plan.tables["site_year"]["site"].iloc[0]}
    assert {one.attributes["data-shown"] for one in circles} == {"+3.7"}
    first = plan.run.sites.set_index("site")["name"][plan.tables["site_year"]["site"].iloc[0]]
    written = {one.text for one in page.elements if one.attributes.get("class") == "label"}
    assert written == {f"{first.split(' / ')[0]} +4"}
    text = page.elements[0].text
    assert "new_key" in text
    assert "<b>a & b</b>" in text
    assert len(html) < LARGEST_BYTES


def test_the_difference_in_cost_adds_up_by_item(plan: planner.Plan) -> None:
    other = changed(plan.run)

    page = read_page(comparison_html([plan.run, other]))

    before, after = (run.tables["costs"] for run in (plan.run, other))
    total = after["npv_musd"].sum() - before["npv_musd"].sum()
    items = [
        one
        for one in page.numbers
        if one.tag == "td"
        and "data-less-table" in one.attributes
        and one.attributes.get("data-where", "").startswith("item=")
    ]
    assert len(items) == before["item"].nunique()
    tables = (plan.run.tables, other.tables)
    assert sum(expected(one, tables) for one in items) == pytest.approx(total, rel=1e-9)
    assert total > 1.0


def test_the_same_run_twice_differs_in_nothing(plan: planner.Plan) -> None:
    page = read_page(comparison_html([plan.run, plan.run]))

    differences = [one for one in page.numbers if "data-less-table" in one.attributes]
    assert {one.attributes.get("data-shown", one.text) for one in differences} <= {"0", "0.0"}
    text = page.elements[0].text
    assert "Nothing differs." in text
    assert "no difference of 0.5 MW or more at any site" in text


def test_a_stored_stress_study_is_shown(plan: planner.Plan, tmp_path: Path) -> None:
    year = plan.run.years[-1]
    site = plan.tables["site_year"]["site"].iloc[0]
    study = {
        "stress_year": pd.DataFrame(
            {
                "case": ["heat wave"] * 2,
                "year": [year] * 2,
                "draw": [3, 5],
                "unserved_mwh": [11.5, 23.25],
                "unserved_kh100e": [0.13, 0.27],
                "overload_mwh": [2.5, 7.5],
                "generator_mwh": [31.0, 37.0],
                "energy_cost_musd": [41.0, 43.0],
            }
        ),
        "stress_site": pd.DataFrame(
            {
                "case": ["heat wave"],
                "site": [site],
                "year": [year],
                "unserved_most_mwh": [23.25],
                "overload_mw": [4.75],
                "generator_most_h": [13.0],
            }
        ),
        "stress_loss": pd.DataFrame(
            {
                "site": [site, site],
                "workload": ["a", "b"],
                "year": [year] * 2,
                "load_kh100e": [17.0, 19.0],
                "unserved_kh100e": [6.0, 3.0],
            }
        ),
    }
    (tmp_path / "stress").mkdir()
    for name, frame in study.items():
        frame.to_parquet(tmp_path / "stress" / f"{name}.parquet", index=False)
    stored = replace(plan.run, folder=tmp_path)

    page = read_page(report_html(stored))

    assert_numbers_are_those_of(page, replace(stored, tables={**stored.tables, **study}))
    risks = next(one for one in page.elements if one.attributes.get("id") == "risks")
    assert "23.2" in risks.text or "23.3" in risks.text  # the worst of the two draws
    assert "11.5" not in risks.text
    assert "25" in risks.text  # 9 of 36 kH100e


def test_energy_by_source_adds_up_to_the_energy_at_the_meter() -> None:
    plan = plan_of(
        MINI,
        "supply.allow=[panel, mill, cells, engine]",
        "supply.override.cells={capex_usd_per_kw: 25, energy_capex_usd_per_kwh: 31}",
        "supply.export.allow=true",
        "energy.price_scale_frac=1.6",
    )
    page = read_page(report_html(plan.run))

    assert_numbers_are_those_of(page, plan.run)
    made = with_power_by_source(plan.tables)
    drawn = [one for one in page.numbers if one.tag == "rect" and one.attributes["data-table"] == "power_by_source"]
    for year, twh in plan.tables["summary"].set_index("year")["energy_twh"].items():
        of_year = [one for one in drawn if f"year={year}" in one.attributes.get("data-where", "").split(";")]
        assert len(of_year) > 2
        gwh = sum(expected(one, [made]) for one in of_year)
        assert gwh == pytest.approx(1e3 * twh, rel=1e-6)
    assert "Panels" in page.elements[0].text


def test_the_figures_that_decide_are_shown_or_how_to_ask(plan: planner.Plan, page: Page, tmp_path: Path) -> None:
    found = pd.DataFrame(
        {
            "rank": [1, 2],
            "table": ["racks", "finance"],
            "item": ["<i>gb300_nvl72</i>", "wacc_nominal, world"],
            "column": ["capex_usd_per_kw", "value"],
            "unit": ["USD/kW", "1/year"],
            "kind": ["estimate", "seed"],
            "value": [43_210.0, 0.085],
            "low": [31_000.0, 0.07],
            "high": [57_000.0, 0.1],
            "low_musd": [-91.5, -23.25],
            "high_musd": [103.5, 27.75],
        }
    )
    (tmp_path / "estimates").mkdir()
    found.to_parquet(tmp_path / "estimates" / "estimates.parquet", index=False)
    stored = replace(plan.run, folder=tmp_path)

    asked = read_page(report_html(stored))

    tables = {**stored.tables, "estimates": found}
    assert_numbers_are_those_of(asked, replace(stored, tables=tables))
    text = asked.elements[0].text
    assert "<i>gb300 nvl72</i>, racks" in text
    assert "43,210" in text
    assert "first order, with the plan as it is; `dcplan sensitivity` solves again." in text
    assert "* saves" not in text
    beyond = found.assign(low_musd=[-9_876_543.0, -23.25])
    folder = tmp_path / "estimates"
    beyond.to_parquet(folder / "estimates.parquet", index=False)
    page_of_it = read_page(report_html(stored))
    tables = {**stored.tables, "estimates": beyond}
    assert_numbers_are_those_of(page_of_it, replace(stored, tables=tables))
    said = page_of_it.elements[0].text
    assert "-9,876,543*" in "".join(said.split())
    assert "* saves more than the whole plan costs, which cannot hold." in " ".join(said.split())
    assert "was not asked yet" in page.elements[0].text


def test_a_plan_that_houses_nothing_has_a_report() -> None:
    plan = plan_of("tiny", *(f"new_sites.{site}.lead_time_months=200" for site in ("north", "south", "coast")))
    assert plan.tables["site_year"].empty
    assert "100 % of the demand of 2027 is unmet (100 % of all years)" in report_html(plan.run)
