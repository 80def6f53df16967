"""Ids that no table knows are problems with a place, never dropped rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

import pandas as pd
import pytest

from planner.family.values import Block
from planner.scenario import Scenario, load_scenario, unknown_ids
from planner.scenario.contradictions import ID_KEYS, NEW_ID_KEYS
from planner.scenario.demand import WorkloadOverride
from planner.scenario.sites import RackOverride, SiteOverride
from planner.tables import load_package

if TYPE_CHECKING:
    from planner.family.values import Override

TABLES = {
    "sites": pd.DataFrame({"site": ["us-va-ashburn", "no-oslo", "=1+1"], "country": ["US", "NO", "US"]}),
    "demand_regions": pd.DataFrame({"demand_region": ["us-chicago", "no-oslo"], "country": ["US", "NO"]}),
    "workloads": pd.DataFrame({"workload": ["train_frontier", "voice_realtime"]}),
    "operator_fleets": pd.DataFrame({"operator": ["coreweave"]}),
    "racks": pd.DataFrame({"rack": ["gb200_nvl72", "l40s_inference"], "vendor": ["nvidia", "nvidia"]}),
    "cooling": pd.DataFrame({"cooling": ["air_crah", "dlc_hybrid_dry"]}),
    "redundancy": pd.DataFrame({"redundancy": ["N", "2N"]}),
    "demand_shapes": pd.DataFrame({"shape": ["flat", "flat", "coding"]}),
    "demand_trajectories": pd.DataFrame({"trajectory": ["brief_30_to_90", "iea_base_us"]}),
    "facility_market": pd.DataFrame({"market": ["northern-virginia", "oslo"]}),
    "grid_zones": pd.DataFrame({"zone": ["PJM", "NO1"]}),
    "levers": pd.DataFrame({"lever": ["caching", "caching", "batching"]}),
    "onsite_sources": pd.DataFrame({"onsite": ["pv_utility", "pv_utility", "gas_recip"]}),
    "connection_services": pd.DataFrame({"service": ["firm", "nonfirm"]}),
    "ppa_prices": pd.DataFrame({"technology": ["solar", "wind", "solar"]}),
    "tariffs": pd.DataFrame({"tariff": ["us-oh-aep-ohio", "us-oh-aep-ohio-dct"]}),
    "fuel_prices": pd.DataFrame({"fuel": ["natural_gas", "natural_gas", "diesel"]}),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def problems_of(text: str) -> list[str]:
    Path("plan.yaml").write_text(f"version: 1\n{text}\n")
    return [str(problem) for problem in unknown_ids(load_scenario("plan.yaml").tree, TABLES)]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "scope: {sites: [us-va-ashbrun]}",
            "2:17: unknown site 'us-va-ashbrun'; must be an id of table sites; did you mean 'us-va-ashburn'?",
        ),
        ("scope: {exclude_sites: [us-va-ashburn, oslo]}", "2:40: unknown site 'oslo'"),
        (
            "scope: {demand_regions: [us-chicgo]}",
            "2:26: unknown demand region 'us-chicgo'; must be an id of table demand_regions; "
            "did you mean 'us-chicago'?",
        ),
        ("scope: {exclude_demand_regions: [xx]}", "2:34: unknown demand region 'xx'"),
        ("lead_times: {interconnection_months_by_zone: {PMJ: 30}}", "2:47: unknown zone 'PMJ'"),
        (
            "grid: {non_firm: {service: non_firm}}",
            "2:28: unknown connection service 'non_firm'; must be an id of table"
            " connection_services; did you mean 'nonfirm'?",
        ),
        ("grid: {non_firm: {sites: [oslo]}}", "2:27: unknown site 'oslo'"),
        ("lead_times: {interconnection_delay_months_by_zone: {NO1: 3, NO9: 3}}", "2:61: unknown zone 'NO9'"),
        ("scope: {countries: [US, UK]}", "2:25: unknown country 'UK'; must be an id of table sites;"),
        ("scope: {workloads: [voice]}", "2:21: unknown workload 'voice'"),
        ("workloads: {voice_realtim: {rtt_bound_ms: 30}}", "2:13: unknown workload 'voice_realtim'"),
        ("demand: {workload_share_frac: {voice: {2025: 0.3}}}", "2:32: unknown workload 'voice'"),
        ("demand: {explicit: [{workload: voice, unit: kh100e, by_year: {2025: 3}}]}", "2:32: unknown workload 'voice'"),
        ("workloads: {voice_realtime: {racks: [l40s]}}", "2:38: unknown rack 'l40s'"),
        (
            "workloads: {voice_realtime: {redundancy_min: 3N}}",
            "2:46: unknown redundancy '3N'; must be an id of table redundancy; did you mean 'N'?",
        ),
        ("workloads: {voice_realtime: {shape: bumpy}}", "2:37: unknown demand shape 'bumpy'"),
        ("racks: {allow: [gb300_nvl72]}", "2:17: unknown rack 'gb300_nvl72'"),
        ("racks: {exclude: [h100]}", "2:19: unknown rack 'h100'"),
        ("racks: {override: {h100: {peak_kw: 44}}}", "2:20: unknown rack 'h100'"),
        ("halls: {cooling: [air_crah, fans]}", "2:29: unknown cooling 'fans'"),
        ("halls: {redundancy: [4N]}", "2:22: unknown redundancy '4N'"),
        ("demand: {trajectory: brief}", "2:22: unknown trajectory 'brief'"),
        (
            "build: {market_rate_mw_per_year: {ashburn: 300}}",
            "2:35: unknown market 'ashburn'; must be an id of table facility_market;",
        ),
        ("levers: {allow: [chaching]}", "2:18: unknown lever 'chaching'"),
        (
            "supply: {allow: [gas_recips]}",
            "2:18: unknown source 'gas_recips'; must be an id of table onsite_sources; did you mean 'gas_recip'?",
        ),
        ("supply: {max_mw: {pv: 30}}", "2:19: unknown source 'pv'"),
        ("supply: {override: {pv: {lead_months: 7}}}", "2:21: unknown source 'pv'"),
        ("supply: {bridge: {sources: [gas]}}", "2:29: unknown source 'gas'"),
        ("supply: {standby: {source: genset}}", "2:28: unknown source 'genset'"),
        (
            "energy: {tariffs: [{tariff: us-oh-aep}]}",
            "2:29: unknown tariff 'us-oh-aep'; must be an id of table tariffs;",
        ),
        (
            "energy: {tariffs: [{tariff: mine}, {tariff: us-oh-aep-ohio, terms: dct}], "
            "own_tariffs: {mine: {standing: [{usd_per_month: 7}]}}}",
            "2:68: unknown tariff 'dct'",
        ),
        (
            "energy: {own_tariffs: {us-oh-aep-ohio: {standing: [{usd_per_day: 7}]}}}",
            "2:24: the own tariff 'us-oh-aep-ohio' is in table tariffs; must be an id of its own",
        ),
        ("energy: {tariffs: [{tariff: us-oh-aep-ohio, sites: [oslo]}]}", "2:53: unknown site 'oslo'"),
        ("energy: {tariffs: [{tariff: us-oh-aep-ohio, zones: [PMJ]}]}", "2:53: unknown zone 'PMJ'"),
        ("supply: {sites: [oslo]}", "2:18: unknown site 'oslo'"),
        ("supply: {fuel_price_usd_per_mmbtu: {gas: 4.4}}", "2:37: unknown fuel 'gas'"),
        ("sites: {us-va-ashburn: {existing_source_mw: {pv: 9}}}", "2:46: unknown source 'pv'"),
        ("sites: {us-va-reston: {exclude: true}}", "2:9: unknown site 'us-va-reston'"),
        ("sites: {us-va-ashburn: {zone: PMJ}}", "2:31: unknown zone 'PMJ'"),
        (
            "new_sites: {mine: {name: Mine, country: US, lat: 41, lon: -96, like: ashburn}}",
            "2:70: unknown site 'ashburn'",
        ),
        (
            "new_sites: {no-oslo: {name: Mine, country: US, lat: 41, lon: -96, like: no-oslo}}",
            "2:13: the new site 'no-oslo' is in table sites; must be an id of its own;",
        ),
        (
            "scope: {sites: [no-oslo]}",
            "2:17: 'no-oslo' is in NO, and scope.countries is ['US']; "
            "must be in a country of the scope; add NO to scope.countries",
        ),
        ("scope: {countries: [NO], demand_regions: [us-chicago]}", "2:43: 'us-chicago' is in US"),
    ],
)
def test_an_unknown_id_is_reported_at_its_place(line: str, problem: str) -> None:
    (found,) = problems_of(line)

    assert found.startswith(f"plan.yaml:{problem}")


@pytest.mark.parametrize(
    "line",
    [
        "scope: {countries: [US, NO], sites: [no-oslo, '=1+1'], demand_regions: [no-oslo]}",
        "scope: {countries: all, sites: [no-oslo]}",
        "workloads: {voice_realtime: {racks: [l40s_inference], redundancy_min: 2N, shape: flat}}",
        "demand: {explicit: [{workload: voice_realtime, unit: kh100e, by_year: {2025: 3}}]}",
        "levers: {allow: all}",
    ],
)
def test_known_ids_are_no_problem(line: str) -> None:
    assert problems_of(line) == []


def test_a_site_of_ones_own_is_known_wherever_sites_are_named() -> None:
    lines = [
        "new_sites:",
        "  mine: {name: Mine, country: CH, lat: 47, lon: 8, like: no-oslo, zone: NO1}",
        "scope: {countries: [CH], sites: [mine]}",
        "sites: {mine: {land_limit_mw: 30}}",
    ]

    assert problems_of("\n".join(lines)) == []


def test_an_unknown_id_of_a_table_of_ones_own_names_its_file() -> None:
    Path("zones.csv").write_text("zone\n")

    (found,) = problems_of("data: {grid_zones: zones.csv}\nsites: {no-oslo: {zone: quebec}}\n")

    assert found.startswith("plan.yaml:3:25: unknown zone 'quebec'; must be an id of table grid_")
    assert found.endswith(", or add it to zones.csv")


@pytest.mark.parametrize(
    ("block", "tables"),
    [
        (WorkloadOverride, ("workloads",)),
        (RackOverride, ("racks", "rack_memory")),
        (SiteOverride, ("sites", "site_limits", "site_archetypes", "electricity_price")),
    ],
)
def test_figures_that_replace_those_of_a_table_are_named_as_its_columns(
    block: type[Override], tables: tuple[str, ...]
) -> None:
    # What a table does not hold: links in a table of their own, settings of single sites, and a
    # freedom that no class has unless a scenario gives it.
    own = {"racks", "exclude", "existing_mw", "grid_firm_mw", "lead_time_months"}
    own |= {"moves_between_sites", "failover", "least_memory_gb", "phase_mw", "new_halls"}
    own |= {"hall_lead_months", "connection_lead_months"}
    own |= {"existing_source_mw", "existing_storage_mwh", "other_load_mw"}
    columns = {column for table in tables for column in load_package()[table].columns}

    assert set(block.model_fields) - own <= columns


# Text that names no row of a table, and what it is instead.
FREE_TEXT = {
    "contracts.existing.{}": "names of the planner's own",
    "contracts.ppa.{}": "names of the planner's own",
    "data.*": "files",
    "data.{}": "names of tables",
    "energy.own_tariffs.*.capacity.*.name": "for the bill",
    "energy.own_tariffs.*.coincident_peak.*.name": "for the bill",
    "energy.own_tariffs.*.demand.*.name": "for the bill",
    "energy.own_tariffs.*.energy.*.name": "for the bill",
    "energy.own_tariffs.*.energy.*.periods.*.name": "for the bill",
    "energy.own_tariffs.*.standing.*.name": "for the bill",
    "energy.own_tariffs.*.time_zone": "a name of the IANA database",
    "extends": "a scenario",
    "failover.barred_groups.{}": "names of the planner's own",
    "latency.rtt_table": "a file",
    "new_sites.*.name": "for reports and maps",
    "new_sites.*.state": "two letters, of which no table is",
    "question": "for readers",
    "siting.service_cost_table": "a file",
    "title": "for readers",
}


def text_keys(kind: Any, keys: tuple[str, ...] = ()) -> Iterator[str]:
    """Key paths whose values are text of any kind: not those of a list of choices."""
    of = get_origin(kind)
    if kind is str:
        yield ".".join(keys)
    elif isinstance(kind, type) and of is None and issubclass(kind, Block):
        for name, field in kind.model_fields.items():
            yield from text_keys(field.annotation, (*keys, name))
    elif of is Mapping:
        key, value = get_args(kind)
        yield from text_keys(key, (*keys, "{}"))
        yield from text_keys(value, (*keys, "*"))
    elif of is tuple:
        yield from text_keys(get_args(kind)[0], (*keys, "*"))
    else:
        for part in get_args(kind)[: 1 if of is Annotated else None]:
            yield from text_keys(part, keys)


def test_every_text_of_a_scenario_says_which_ids_it_holds_or_is_listed_as_free() -> None:
    declared = {*ID_KEYS, *NEW_ID_KEYS}

    assert not declared & {*FREE_TEXT}
    assert sorted(text_keys(Scenario)) == sorted(declared | {*FREE_TEXT})
