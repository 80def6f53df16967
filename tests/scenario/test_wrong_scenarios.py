"""Wrong scenarios: every problem at its place, with what is, what must be and how to fix it."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.scenario import load_scenario


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems_of(text: str, **others: str) -> list[str]:
    Path("plan.yaml").write_text(text, encoding="utf-8")
    for name, other in others.items():
        Path(f"{name}.yaml").write_text(other, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_scenario("plan.yaml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "operater: {demand_share_frac: 0.2}",
            "2:1: unknown key 'operater'; must be a key of the schema; did you mean 'operator'?",
        ),
        (
            "demand: {unmett: allow}",
            "2:10: unknown key 'demand.unmett'; must be a key of the schema; did you mean 'unmet'?",
        ),
        (
            "wacc_nominal_frac: 0.08",
            "2:1: unknown key 'wacc_nominal_frac'; must be a key of the schema; "
            "did you mean 'finance.wacc_nominal_frac'?",
        ),
        (
            "sites: {us-va-ashburn: {grid_firm_gw: {2027: 0.3}}}",
            "2:25: unknown key 'sites.us-va-ashburn.grid_firm_gw'; must be a key of the schema; "
            "did you mean 'grid_firm_mw'? Its unit is [MW]",
        ),
        (
            "supply: {override: {gas_recip: {capex_usd_per_kwh: 900}}}",
            "2:33: unknown key 'supply.override.gas_recip.capex_usd_per_kwh'; must be a key of the "
            "schema; did you mean 'capex_usd_per_kw'? Its unit is [USD/kW]",
        ),
        (
            "supply: {override: {gas_recip: {lead_years: 2}}}",
            "2:33: unknown key 'supply.override.gas_recip.lead_years'; must be a key of the "
            "schema; did you mean 'lead_months'? Its unit is [months]",
        ),
        (
            "lead_times: {interconnection_days_by_zone: {pjm: 900}}",
            "2:14: unknown key 'lead_times.interconnection_days_by_zone'; must be a key of the "
            "schema; did you mean 'interconnection_months_by_zone'? Its unit is [months]",
        ),
        (
            "rent: {trend_share: 0.03}",
            "2:8: unknown key 'rent.trend_share'; must be a key of the schema; "
            "did you mean 'trend_frac'? Its unit is [1/year]",
        ),
        (
            "grid: {non_firm: {usd_per_mwh: 9}}",
            "2:19: unknown key 'grid.non_firm.usd_per_mwh'; must be a key of the schema; "
            "did you mean 'grid.non_firm.shed.usd_per_mwh'?",
        ),
        (
            "supply: {override: {gas_recip: {max_mw: 90}}}",
            "2:33: unknown key 'supply.override.gas_recip.max_mw'; must be a key of the schema; "
            "did you mean 'supply.max_mw'?",
        ),
        (
            "supply: {max_hours_per_year: 90}",
            "2:10: unknown key 'supply.max_hours_per_year'; must be a key of the schema; "
            "did you mean 'supply.override.<id>.max_hours_per_year'?",
        ),
        (
            "supply: {max_gw: {gas_recip: 1}}",
            "2:10: unknown key 'supply.max_gw'; must be a key of the schema; did you mean 'max_mw'? Its unit is [MW]",
        ),
        (
            "rent: {price_usd_per_mwh: 90}",
            "2:8: unknown key 'rent.price_usd_per_mwh'; must be a key of the schema; "
            "did you mean 'heat.price_usd_per_mwh'?",
        ),
        (
            "build: {zzz: 3}",
            "2:9: unknown key 'build.zzz'; must be a key of the schema; known here: "
            "rate_scale_frac, market_rate_mw_per_year, capex_budget_musd, cash_budget_musd,"
            " committed",
        ),
        (
            "lease: {term_years: 5}",
            "2:9: unknown key 'lease.term_years'; must be a key of the schema; known here: "
            "allow, usd_per_kw_month, depth_mw_per_site",
        ),
        (
            "contracts: {existing: {hydro: {technology: hydro, zone: PJM, mw: 41, first_year: 2026,"
            " last_year: 2024, price_usd_per_mwh: 52}}}",
            "2:99: last_year is 2024, before first_year; must be 2026 or later; exchange the two",
        ),
        (
            "contracts: {ppa: {hydro: {technology: hydro}}, existing: {hydro: {technology: hydro,"
            " zone: PJM, mw: 41, first_year: 2026, last_year: 2034, price_usd_per_mwh: 52}}}",
            "2:59: hydro is in contracts.existing and in contracts.ppa; must be one name for each"
            " agreement; rename one of the two",
        ),
        (
            "build: {capex_budget_musd: {2026:5000}}",
            "2:29: build.capex_budget_musd has the key '2026:5000'; must be a year and its figure;"
            " write 2026: 5000, with a space after the colon",
        ),
        (
            "operator: {demand_share_frac: 10}",
            "2:31: operator.demand_share_frac is 10; must be at most 1; 10 % is written 0.1",
        ),
        (
            "operator: {rent_share_frac: '15%'}",
            "2:29: operator.rent_share_frac is text '15%'; must be a number; "
            "write 0.15, without quotes, percent sign or thousands separators",
        ),
        (
            "lease: {depth_mw_per_site: 1_200}",
            "2:28: lease.depth_mw_per_site is text '1_200'; must be a number [MW]; "
            "write 1200, without quotes, percent sign or thousands separators",
        ),
        (
            "operator: {rent_share_frac: '0,125'}",
            "2:29: operator.rent_share_frac is text '0,125'; must be a number; write 0.125, with a decimal point",
        ),
        (
            "operator:\n  rent_share_frac: 12,5%",
            "3:20: operator.rent_share_frac is text '12,5%'; must be a number; "
            "write 0.125, with a decimal point and as a share",
        ),
        (
            "lease: {depth_mw_per_site: '1,200'}",
            "2:28: lease.depth_mw_per_site is text '1,200'; must be a number [MW]; "
            "write 1200, without quotes, percent sign or thousands separators",
        ),
        (
            "operator: {rent_share_frac: 0,25, deliveries_share_frac: 0.3}",
            "2:31: unknown key 'operator.25'; must be a key of the schema; known here: demand_share_frac,",
        ),
        (
            "operator: {demand_share_frac: 0}",
            "2:31: operator.demand_share_frac is 0; must be above 0; "
            "meaning: Share of the demand path that this operator serves.",
        ),
        ("demand: {scale_frac: .nan}", "2:22: demand.scale_frac is nan; must be finite;"),
        ("demand: {scale_frac: .inf}", "2:22: demand.scale_frac is inf; must be finite;"),
        (
            "sites: {us-va-ashburn: {land_limit_mw: -5}}",
            "2:40: sites.us-va-ashburn.land_limit_mw is -5; must be at least 0 [MW];",
        ),
        ("carbon: {cap_kt: {2028: 70, 2030: -6}}", "2:35: carbon.cap_kt.2030 is -6; must be at least 0 [kt CO2];"),
        (
            "demand: {facility_gw: {2025: 30, 203O: 90}}",
            "2:34: demand.facility_gw has the key '203O'; must be a year of four digits;",
        ),
        ("demand: {facility_gw: {}}", "2:10: demand.facility_gw is empty;"),
        ("demand: {facility_gw: 30}", "2:23: demand.facility_gw is 30; must be a mapping of keys;"),
        ("years: [2025, 2027, 2026]", "2:1: years is [2025, 2027, 2026]; must be strictly increasing"),
        ("years: [2025, 2025]", "2:1: years is [2025, 2025]; must be strictly increasing"),
        (
            "failover: {barred_pairs: [[us-tx-dallas]]}",
            "2:27: failover.barred_pairs[0] is [us-tx-dallas]; must be given with 2 entries at",
        ),
        (
            "failover: {barred_groups: {flood: [us-tx-dallas]}}",
            "2:28: failover.barred_groups.flood is [us-tx-dallas]; must be given with 2 entries",
        ),
        ("years: []", "2:1: years is empty; must be given with one entry at least"),
        ("demand: {facility_gw: {20: 30}}", "2:24: demand.facility_gw has the key '20'; must be a year"),
        (
            "demand: {facility_gw: {2025: 30, 2028: 60, 2020: 90}}",
            "2:10: demand.facility_gw is a mapping; must be years in ascending order, but 2020 comes after 2028",
        ),
        ("years: [2025.5]", "2:9: years[0] is 2025.5; must be a year of four digits"),
        ("years: 2025", "2:8: years is 2025; must be a list"),
        ("decisions_start: 2025-02-30", "2:18: decisions_start is text '2025-02-30'; must be a date"),
        (
            "decisions_start: 2031-01-01",
            "2:18: decisions_start is 2031-01-01, after the last model year; must be in 2030",
        ),
        (
            "rent: {allow: no}",
            "2:15: rent.allow is text 'no'; must be true or false; "
            "write true or false; yes, no, on and off are text in YAML 1.2",
        ),
        (
            "demand: {unmet: forbidden}",
            "2:17: demand.unmet is text 'forbidden'; must be 'allow' or 'forbid'; did you mean 'forbid'?",
        ),
        ("time: {slot_h: 5}", "2:16: time.slot_h is 5; must be 1, 2, 3, 4, 6, 8, 12 or 24;"),
        ("time: {slot_h: true}", "2:16: time.slot_h is true; must be an integer"),
        ("time: {peak_month: 13}", "2:20: time.peak_month is 13; must be at most 12;"),
        ("solver: {threads: 2.5}", "2:19: solver.threads is 2.5; must be an integer;"),
        ("grid: {curtailment_rate_pct: 2}", "2:30: grid.curtailment_rate_pct is 2; must be 0.25, 0.5, 1 or 5,"),
        ("scope: {sites: some}", "2:16: scope.sites is text 'some'; must be 'all' or a list of ids;"),
        (
            "scope: {countries: [US, NO, US]}",
            "2:9: scope.countries is [US, NO, US]; must be a list without repeats, but US is there more than once",
        ),
        ("scope: {workloads: []}", "2:9: scope.workloads is empty;"),
        ("carbon:", "2:8: carbon is empty; must be a mapping of keys; write keys under it"),
        ("carbon: [2, 3]", "2:1: carbon is a list; must be a mapping of keys"),
        (
            "finance: {asset_wacc_nominal_frac: {racks: 0.1}}",
            "2:37: finance.asset_wacc_nominal_frac has the key 'racks'; "
            "must be 'rack', 'facility', 'grid' or 'supply'; did you mean 'rack'?",
        ),
        (
            "new_sites: {x: {name: X, country: US, lat: 41, lon: -96}}",
            "2:13: new_sites.x.like is missing; must be given;",
        ),
        (
            "new_sites: {x: {name: X, country: usa, lat: 41, lon: -96, like: y}}",
            "2:35: new_sites.x.country is text 'usa'; must be two capital letters",
        ),
        (
            "new_sites: {x: {name: X, country: US, lat: 95, lon: -96, like: y}}",
            "2:44: new_sites.x.lat is 95; must be at most 90 [degrees];",
        ),
        (
            "demand: {explicit: [{workload: x, unit: gpus, by_year: {2025: 3}}]}",
            "2:41: demand.explicit[0].unit is text 'gpus'; must be 'kh100e', 'mw_rack',",
        ),
        (
            "demand: {explicit: [{workload: x, unit: training_run_pf_days, by_year: {2025: 3}}]}",
            "2:41: unit is training_run_pf_days, and days is missing;",
        ),
        (
            "demand: {explicit: [{workload: x, unit: kh100e, days: 60, by_year: {2025: 3}}]}",
            "2:55: days is given, and the unit is kh100e;",
        ),
        (
            "demand: {facility_gw: {2026: 40, 2030: 90}}",
            "2:10: facility_gw begins in 2026, after the first model year; "
            "must be given for 2025 or before; add 2025 to it",
        ),
        (
            "demand: {ai_share_frac: {2027: 0.4, 2030: 0.6}}",
            "2:10: ai_share_frac begins in 2027, after the first model year; "
            "must be given for 2025 or before; add 2025 to it",
        ),
        (
            "demand: {facility_gw: {2025: 30}, load_factor_frac: 0.5}",
            "2:53: load_factor_frac is given, and facility_gw is nameplate power already; "
            "must be given with a trajectory stated in TWh; drop load_factor_frac",
        ),
        (
            "energy: {shocks: [{first_year: 2028, last_year: 2027, wholesale_scale_frac: 2}]}",
            "2:49: last_year is 2027, before first_year; must be 2028 or later; exchange the two",
        ),
        (
            "scope: {sites: [a, b], exclude_sites: [c, b]}",
            "2:43: 'b' is in scope.sites and in scope.exclude_sites; must be in one of them;",
        ),
        (
            "workloads: {x: {utilisation_frac: 0.6, peak_over_mean_frac: 2.2}}",
            "2:61: utilisation_frac x peak_over_mean_frac of x is 1.32; must be at most 1;",
        ),
        (
            "workloads: {x: {rtt_bound_ms: 20, tight_rtt_ms: 30}}",
            "2:49: tight_rtt_ms of x is 30, above its rtt_bound_ms; must be at most 20 [ms];",
        ),
        (
            "data: {site: mine.csv, sites: none.csv}",
            "2:8: data has the key 'site'; must be the name of a table; did you mean 'sites'?",
        ),
        ("latency: {rtt_table: none.csv}", "2:22: latency.rtt_table is 'none.csv'; must be a file; check the path;"),
        (  # a site may be named as a union of the schema is: it is part of the key path
            "sites: {price: {land_limit_mw: -3}}",
            "2:32: sites.price.land_limit_mw is -3; must be at least 0 [MW]",
        ),
        ("operator: {demand_share_frac: null}", "2:31: operator.demand_share_frac is empty; must be"),
    ],
)
def test_a_wrong_line_is_reported_at_its_place(line: str, problem: str) -> None:
    found = problems_of(f"version: 1\n{line}\n")

    assert found[0].startswith(f"plan.yaml:{problem}")
    # The line about tables has a second problem of its own, every other one is alone.
    assert len(found) == (3 if line.startswith("data:") else 1)


@pytest.mark.parametrize(
    ("block", "key"),
    [
        ("workloads: {chat: {", "utilisation_frac"),
        ("workloads: {chat: {", "racks"),
        ("racks: {override: {air24: {", "capex_usd"),
        ("racks: {override: {air24: {", "life_years"),
        ("sites: {elm: {", "land_limit_mw"),
        ("sites: {elm: {", "retail_usd_per_mwh"),
        ("sites: {elm: {", "zone"),
        ("sites: {elm: {", "existing_mw"),
        ("sites: {elm: {", "exclude"),
    ],
)
def test_null_is_refused_where_it_has_no_meaning(block: str, key: str) -> None:
    way = ".".join(block.replace("{", "").replace(":", "").split())

    found = problems_of(f"version: 1\n{block}{key}: null{'}' * block.count('{')}\n")

    assert found == [
        f"plan.yaml:2:{len(block) + len(key) + 3}: {way}.{key} is empty; must be given, as null "
        "has no meaning here; write a value, or leave the key out for its default"
    ]


@pytest.mark.parametrize(
    "line",
    [
        "workloads.chat={tight_rtt_ms: null, tight_share_frac: null}",
        "racks.override.air24={training_h100e: null, inference_h100e: null}",
        "sites.elm={water_limit_m3_per_year: null}",
    ],
)
def test_null_is_taken_where_it_has_a_meaning(line: str) -> None:
    Path("plan.yaml").write_text("version: 1\n", encoding="utf-8")

    scenario = load_scenario("plan.yaml", [line])

    overrides = (*scenario.workloads.values(), *scenario.racks.override.values())
    (given,) = [override.written_values() for override in (*overrides, *scenario.sites.values())]
    assert set(given.values()) == {None}


def test_a_problem_of_the_parent_is_placed_in_the_parent() -> None:
    found = problems_of(
        "version: 1\nextends: base.yaml\ntime: {slot_h: 7}\n", base="version: 1\n\nrent: {alow: true}\n"
    )

    assert [line.split(";")[0] for line in found] == [
        "base.yaml:3:8: unknown key 'rent.alow'",
        "plan.yaml:3:16: time.slot_h is 7",
    ]


@pytest.mark.parametrize(
    ("entry", "missing"),
    [
        ("quarry: {land_limit_mw: 20}", ["country", "lat", "like", "lon", "name"]),
        ("nroth: {name: Far north, country: US}", ["lat", "like", "lon"]),
    ],
)
def test_a_new_entry_is_told_what_it_lacks(entry: str, missing: list[str]) -> None:
    found = problems_of(f"version: 1\nextends: tiny\nnew_sites:\n  {entry}\n")

    id_ = entry.partition(":")[0]
    assert [one.split("; must be")[0] for one in found] == [
        f"plan.yaml:4:3: new_sites.{id_}.{key} is missing" for key in missing
    ]


def test_a_circle_of_extends_is_named_link_by_link() -> None:
    (found,) = problems_of(
        "version: 1\nextends: a.yaml\n", a="version: 1\nextends: b.yaml\n", b="version: 1\nextends: ./plan.yaml\n"
    )

    assert found.startswith("b.yaml:2:10: extends goes in a circle: ")
    assert "plan.yaml -> a.yaml -> b.yaml -> plan.yaml" in found


@pytest.mark.parametrize(
    ("extends", "problem"),
    [
        ("us-bse", "no shipped scenario is called so; must be a shipped name or a path; "),
        ("base", "for the file write 'base.yaml'"),
        ("bse.yaml", "cannot be read: No such file or directory; must be a file; check the path"),
        ("[us-base]", "extends is a list; must be one name or one path"),
        ("''", "extends is text ''; must be one name or one path"),
    ],
)
def test_a_wrong_extends_is_reported_where_it_is_written(extends: str, problem: str) -> None:
    (found,) = problems_of(f"version: 1\nextends: {extends}\n", base="version: 1\n")

    assert found.startswith("plan.yaml:2:10: ")
    assert problem in found


def test_a_misspelt_shipped_name_is_corrected() -> None:
    assert "did you mean 'us-base'?" in problems_of("version: 1\nextends: us-bse\n")[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("title: no version\n", "plan.yaml:1:1: version is missing; must be given"),
        ("version: 2\n", "plan.yaml:1:10: version is 2; must be 1"),
        ("version: true\n", "plan.yaml:1:10: version is true; must be 1"),
        ("- version\n", "plan.yaml:1:1: the file is a list; must be a mapping of keys"),
        ("version 1\n", "plan.yaml:1:1: the file is text 'version 1'; must be a mapping of keys"),
        ("", "plan.yaml:1:1: the file is empty"),
        ("version: 1\na: [\n", "plan.yaml:3:1: this is not YAML"),
        ("version: 1\nversion: 1\n", "plan.yaml:2:1: the key 'version' is given twice"),
        ("version: 1\nx: !!set {}\n", "plan.yaml:2:4: the tag 'tag:yaml.org,2002:set' is refused"),
    ],
)
def test_a_file_that_is_no_scenario_is_refused(text: str, problem: str) -> None:
    assert problems_of(text)[0].startswith(problem)


def test_a_file_that_is_not_utf_8_is_refused() -> None:
    Path("plan.yaml").write_bytes(b"version: 1\ntitle: S\xe3o Paulo\n")

    with pytest.raises(InputError, match=r"plan.yaml: byte 20 of the file is not UTF-8"):
        load_scenario("plan.yaml")


def test_an_unknown_name_is_reported_from_a_missing_file() -> None:
    with pytest.raises(InputError, match=r"no shipped scenario is called 'us-bas'.*'us-base'"):
        load_scenario("us-bas")
    with pytest.raises(InputError, match=r"'us-base.yaml' cannot be read"):
        load_scenario("us-base.yaml")
