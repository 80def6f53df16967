"""What ids are called by people, and what is said of first-order changes and of orders."""

from __future__ import annotations

import json
from math import isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from planner.base.words import moment

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from planner.outputs.run import Run


LABELS: Final[Mapping[str, Any]] = json.loads((Path(__file__).parent / "labels.json").read_text(encoding="utf-8"))


class DisplayNames:
    """Names from the tables of a run; an id without a name is its own."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._known: dict[str, Mapping[str, str]] = {"sites": names_in(run.sites, "site")}

    def site(self, site: str) -> str:
        """Return the name of a site; other payments belong to none."""
        return self._names("sites").get(site, site) if site else "all sites"

    def workload(self, workload: str) -> str:
        """Return the name of a workload."""
        return self._names("workloads", "workload").get(workload, words(workload))

    def zone(self, zone: str) -> str:
        """Return the name of a grid zone."""
        return self._names("grid_zones", "zone").get(zone, zone)

    def vendor(self, vendor: str) -> str:
        """Return the name of a vendor of racks."""
        return vendor.upper() if len(vendor) <= 3 else vendor.capitalize()

    def source(self, source: str) -> str:
        """Return the name of a source of power; what is in brackets is a word."""
        return self._names("onsite_sources", "onsite").get(source, words(source.strip("()")))

    def region(self, region: str) -> str:
        """Return the name of a demand region."""
        known = self._names("demand_regions", "demand_region")
        return "any place" if region == "(anywhere)" else known.get(region, region)

    def _names(self, table: str, key: str = "") -> Mapping[str, str]:
        """Return the names of an input table; a run need not have it."""
        if table not in self._known:
            frame = self._run.inputs_tables.get(table, pd.DataFrame())
            self._known[table] = names_in(frame, key) if {key, "name"} <= set(frame) else {}
        return self._known[table]


def words(identifier: str) -> str:
    """Write an id of the program as words.

    >>> words("rack_purchase")
    'rack purchase'
    """
    return identifier.replace("_", " ")


def item_words(item: str) -> str:
    """Write an item of the cost list as words.

    >>> item_words("hall_construction"), item_words("it_maintenance")
    ('hall construction', 'IT maintenance')
    """
    return str(LABELS["items"].get(item, words(item)))


def order_words(kind: str, site: str, item: str) -> str:
    """Write what is ordered as words.

    >>> order_words("halls", "us_east", "dlc_dry|2N"), order_words("racks", "", "gb200_nvl72")
    ('halls us_east dlc dry, 2N', 'racks gb200 nvl72')
    """
    parts = (words(kind), site, words(item.replace("|", ", ")))
    return " ".join(part for part in parts if part)


def shortened(text: str, most: int) -> str:
    """Cut a text that is too long for its place, and show that it was.

    >>> shortened("Santa Clara", 20), shortened("Santa Clara", 6)
    ('Santa Clara', 'Santa…')
    """
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def shortened_apart(texts: Sequence[str], most: int) -> list[str]:
    """Cut texts of one list that are too long, in the middle where they would read alike.

    >>> shortened_apart(["price=42, land=20", "price=42, land=37"], 12)
    ['pri…land=20', 'pri…land=37']
    >>> shortened_apart(["Santa Clara", "Reno"], 6)
    ['Santa…', 'Reno']
    """
    cut = [shortened(text, most) for text in texts]
    if len(set(cut)) == len(set(texts)):
        return cut
    head = most // 4
    ends = (f"{text[:head].rstrip()}\N{HORIZONTAL ELLIPSIS}{text[head + 1 - most :].lstrip()}" for text in texts)
    return [text if len(text) <= most else shorter for text, shorter in zip(texts, ends, strict=True)]


def names_in(frame: pd.DataFrame, key: str) -> dict[str, str]:
    """Return the names of a table by id; an id whose name is blank is its own.

    >>> import pandas as pd
    >>> names_in(pd.DataFrame({"rack": ["hgx", "tpu"], "name": ["HGX H100, air", None]}), "rack")
    {'hgx': 'HGX H100, air', 'tpu': 'tpu'}
    """
    return {
        str(one): str(name) if isinstance(name, str) and name.strip() else str(one)
        for one, name in zip(frame[key].tolist(), frame["name"].tolist(), strict=True)
    }


def hall_words(hall: str, cooling_names: Mapping[str, str]) -> str:
    """Return what a design of halls is, within a sentence.

    >>> hall_words("air_dry|N_plus_1", {"air_dry": "Air with dry coolers"})
    'air with dry coolers; redundancy N plus 1'
    """
    cooling, _, redundancy = hall.partition("|")
    of = cooling_names.get(cooling, cooling)
    return f"{of[:1].lower()}{of[1:]}; redundancy {words(redundancy)}"


def figure_names(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Return the names of what figures with a low and a high are about, by id."""
    names: dict[str, str] = {}
    for table, key in LABELS["figures"].items():  # tables whose rows have a name, and their key
        if table in tables:  # a run need not have it
            names |= names_in(tables[table], key)
    return names


def decider_words(row: Mapping[Hashable, Any], names: Mapping[str, str]) -> str:
    """Write which figure decides: what it is about, and of which table.

    >>> decider_words({"item": "hgx", "table": "rack_memory"}, {"hgx": "HGX H100"})
    'HGX H100, rack memory'
    """
    return f"{figure_words(str(row['item']), names)}, {words(str(row['table']))}"


def figure_words(item: str, names: Mapping[str, str]) -> str:
    """Return the rows that a figure is of, in words.

    >>> figure_words("hgx, power_transformer", {"hgx": "HGX H100"})
    'HGX H100, power transformer'
    """
    return ", ".join(names.get(one, words(one)) for one in item.split(", "))


# --- What is said of changes of cost that were found to first order, and which of them cannot hold ---

CANNOT_HOLD: Final = "more than the whole plan costs, which cannot hold"
"""What is said of a saving that first order makes larger than the cost."""
MARK: Final = "*"  # at such a saving, in a table


def cost_of(run: Run) -> float:
    """Return what the plan of a run costs, net present value. [MUSD]"""
    return float(run.tables["solution"]["objective_musd"].iloc[0])


def cannot_hold(change_musd: float, cost_musd: float) -> bool:
    """Return whether a change of cost would leave a plan that costs something with less than none.

    >>> cannot_hold(-25600.0, 22919.0), cannot_hold(-7740.0, 22919.0), cannot_hold(25600.0, 22919.0)
    (True, False, False)
    """
    return change_musd < -cost_musd < 0.0


def first_order_words(table: pd.DataFrame, run: Run, mark: str = "") -> str:
    """Say once, below a list of figures that decide, what its changes of cost are."""
    text = "Changes of cost are to first order, with the plan as it is; `dcplan sensitivity` solves again."
    cost = cost_of(run)
    ends = table[["low_musd", "high_musd"]].to_numpy().ravel()
    if mark and any(cannot_hold(float(musd), cost) for musd in ends):
        text += f" {mark} saves {CANNOT_HOLD}."
    return text


LEAST_MW: Final = 0.05
"""Less is shown as nothing: 0.1, rounded. [MW]"""
_COMMITTED: Final = "committed"


def first_decided(of: pd.DataFrame, column: str) -> str:
    """Say when the first of one thing is decided."""
    ordered = of[of[column] >= LEAST_MW].sort_values("year")
    dates = ordered["order_by"].dropna()
    if len(ordered) and "is_committed" in ordered and ordered["is_committed"].iloc[0]:
        more = ordered[column] >= ordered[column].iloc[0] + LEAST_MW
        later = dates[more.loc[dates.index]]
        return f"{_COMMITTED}; {moment(float(later.iloc[0]))}" if len(later) else _COMMITTED
    if len(dates):
        return moment(float(dates.iloc[0]))
    is_of_its_year = len(ordered) and ordered.iloc[0]["kind"] == "racks"  # which wait for no lead time
    return str(int(ordered.iloc[0]["year"])) if is_of_its_year else "not stated"


def ordered_by(row: Mapping[Any, Any]) -> str:
    """Say when something of table `decided` is ordered, of committed halls that they are."""
    is_committed = isfinite(row.get("committed", nan))
    return _COMMITTED if is_committed else moment(float(row["order_by"]))
