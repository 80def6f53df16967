"""The dictionaries of what is written keep the rules of a descriptor, and agree with each other."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from planner.base.paths import DATA_DIR
from planner.results.schema import PROOF_TABLES, RUN_TABLES, STRESS_TABLES
from planner.tables import load_package

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.tables.descriptor import Field

ALL = {**RUN_TABLES, **STRESS_TABLES}
EVERY = [*ALL.values(), *PROOF_TABLES.values()]

OTHER_UNIT = {
    "deferral.block": "the number of a block; elsewhere its label",
    "costs.musd": "a payment of one calendar year; in `load_price` MUSD/year of a model year",
    "money_years.running_musd": "paid in one calendar year; elsewhere MUSD/year of a model year",
    "summary.unmet_musd": "MUSD/year of a model year; in `money_years` of one calendar year",
    "stress_standby.outage_h": "a length in whole hours; in `stress_site` a mean",
}
"""Columns with another type or unit than their name has in other tables, and why."""

OTHER_MEANING = {
    "sites.region": "where a site is; elsewhere where users are",
    "contracts.zone": "of a plant, not of a site",
    "contract_slot.zone": "of a plant, not of a site",
    "installs.hall": "that names a pool of racks",
    "fleet.hall": "that names a pool of racks",
    "moves.hall": "that names a pool of racks",
    "operated.hall": "as built; elsewhere as operated",
    "failures.site": "the site that is lost",
    "takeovers.site": "the site that is lost",
    "stress_loss.site": "the site that is lost",
    "costs.site": "empty for what belongs to no site",
    "cash.site": "empty for what belongs to no site",
    "source_leaves.vintage": "of an on-site plant; in `moves` of racks",
    "bills.item": "a part of a tariff; elsewhere a cost line",
    "bill_months.item": "of a bill, by tier",
    "cash.item": "the cost line of an asset",
    "contracts.kind": "of an agreement; in `bills` of a charge",
    "prices.block": "a family of rows; in `migration` a block of the day",
    "money_items.kind": "of a cost; in `bills` of a charge",
    "orders.kind": "of what is ordered; in `bills` of a charge",
    "orders.item": "what is ordered; in `costs` a line of cost",
    "rent.tier": "of rented clouds; in `non_firm_connections` of headroom",
    "prices.tier": "of headroom, empty for other limits",
    "prices.unit": "of a value; in `bills` of a quantity",
    "checks.unit": "of a violation",
    "checks.name": "of a rule; in `sites` of a place",
}
"""Labels with another meaning than their name has in other tables, and why."""

ANY_LABEL = "Label of the row, empty where it has none"
"""Table `prices` holds limits of every kind: what a label means there is said elsewhere."""


def others(of: Callable[[Field], object], *, labels: bool = False) -> set[str]:
    """Return the columns of which another thing is told than of most of their name.

    Of two that are as frequent the first is that of the name.
    """
    found: dict[str, dict[object, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, table in ALL.items():
        for field in table.fields:
            is_label = field.type == "string" and field.description != ANY_LABEL
            if is_label or not labels:
                found[field.name][of(field)].append(f"{name}.{field.name}")
    ranked = (sorted(groups.values(), key=len, reverse=True) for groups in found.values())
    return {column for _, *rest in ranked for group in rest for column in group}


@pytest.mark.parametrize("table", EVERY, ids=[table.path for table in EVERY])
def test_a_table_names_its_columns_once_and_its_key_among_them(table) -> None:
    assert len(set(table.columns)) == len(table.columns)
    assert set(table.primary_key) <= set(table.columns)
    assert len(set(table.primary_key)) == len(table.primary_key)
    assert table.path.rpartition("/")[2] == f"{table.name}.parquet"
    assert table.description.startswith("One row")
    assert all(field.type == "number" or field.required for field in table.fields) or (
        table.name in {"rows", "columns"}  # rows of a user's own have no family
    )


@pytest.mark.parametrize("file", ["results.json", "stress.json", "proof.json"])
def test_no_two_tables_of_a_dictionary_have_one_name(file: str) -> None:
    text = (DATA_DIR / file).read_text(encoding="utf-8")
    tables = load_package(DATA_DIR / file).tables

    assert text.count('"path": ') == len(tables)
    assert text.count('{"name": ') == sum(len(table.fields) for table in tables.values())


def test_a_column_has_one_type_and_unit_in_all_tables() -> None:
    assert others(lambda field: (field.type, field.unit)) == OTHER_UNIT.keys()


def test_a_label_has_one_meaning_in_all_tables() -> None:
    assert others(lambda field: field.description, labels=True) == OTHER_MEANING.keys()


def test_help_reads_no_dictionary() -> None:
    code = (
        "import sys\n"
        "from planner.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "found = {'planner.results', 'planner.tables'} & set(sys.modules)\n"
        "sys.exit(f'imported {found}' if found else 0)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
