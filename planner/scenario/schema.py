"""What a scenario can say: every key with its type, bounds, unit, default and meaning."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr

from planner.base.errors import Problem
from planner.families import named
from planner.family.references import NewSiteId, PlannedSiteId, PlannedWorkloadId
from planner.family.values import Block, Flag, Frac, Positive, Text, Year
from planner.scenario.demand import Demand, Energy, Flexibility, Foresight, Levers, Rent, WorkloadOverride
from planner.scenario.sites import (
    Build,
    Cascade,
    Deliveries,
    Failover,
    Halls,
    Latency,
    LeadTimes,
    Lease,
    NewSite,
    Operator,
    Racks,
    Retrofit,
    Scope,
    SiteOverride,
    Siting,
    Time,
)
from planner.scenario.supply import Carbon, Contracts, Grid, Supply, Water
from planner.scenario.tree import Keys, Node, Place, nearest

OWN_FILES: Final[tuple[tuple[str, str], ...]] = (("latency", "rtt_table"), ("siting", "service_cost_table"))
"""Settings that name a file which is no table of the data, and which a run does not keep."""


class Finance(Block):
    """Discounting; rates left out come from table `finance`."""

    wacc_nominal_frac: Frac | None = None
    """Nominal weighted cost of capital instead of the table's. [1/year]"""
    inflation_frac: Annotated[float, Field(strict=True, ge=-0.1, le=0.5)] | None = None
    """Inflation between nominal and real rates and prices, instead of the table's. [1/year]"""
    asset_wacc_nominal_frac: Mapping[Literal["rack", "facility", "grid", "supply"], Frac] = Field(default_factory=dict)
    """Nominal cost of capital by asset, a premium over the plan's rate. [1/year]"""
    end_of_horizon: Literal["annuity", "truncated_salvage", "perpetuity"] = "annuity"
    """What assets are charged that outlive the plan: the payments inside it, or another rule."""
    country_risk: Flag = True
    """Whether the country's premium is added to the cost of capital."""
    property_tax: Flag = True
    """Whether property tax is charged."""


class Solver(Block):
    """How the program is solved."""

    method: Literal["auto", "ipx", "hipo", "simplex", "pdlp", "decomposed"] = "auto"
    """Algorithm of HiGHS; auto: interior point, and simplex from a basis that is there, or
    decomposed where rows over hours have 300,000 coefficients and two fifths of all, no more than
    12 % of them in one piece. Decomposed: the hours of each site, year and day are programs
    of their own, and all else learns from cuts what they cost."""
    time_limit_s: Positive = 600.0
    """Time after which the best plan so far is kept and marked. Of a plan decided year by year
    it is the time of all its steps together. [s]"""
    threads: Annotated[int, Field(strict=True, ge=1, le=1024)] = 1
    """Threads of the solver."""
    tolerance: Annotated[float, Field(strict=True, ge=1e-10, le=1e-2)] = 1e-7
    """Largest violation of a row or bound that counts as none."""
    whole_numbers: Literal["round", "search"] = "round"
    """How openings, phases and plants become whole: rounded from the linear program, and improved
    as far as gap_frac; or searched for by branch and bound. Bound and gap are reported, too."""
    gap_frac: Annotated[float, Field(strict=True, ge=0, le=1)] | None = None
    """How much more than the bound a plan with integers may cost; the search ends there, and a plan
    further off is not called optimal. Left out: 0.01 where they are rounded, 1e-4 where they are
    searched for. Below 1e-7 two costs cannot be distinguished. Without integers only a decomposed
    solve ends there, with a bound and no shadow prices; left out, it goes on to an optimum. [-]"""


def _increasing(years: tuple[int, ...]) -> tuple[int, ...]:
    if any(later <= earlier for earlier, later in pairwise(years)):
        msg = "strictly increasing"
        raise ValueError(msg)
    return years


def _iso_date(value: object) -> object:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        msg = "a date such as 2025-01-01"
        raise ValueError(msg) from error


def _first_of_january(data: dict[str, Any]) -> date:
    # The years are missing here only when they are themselves wrong, which is reported.
    return date(data.get("years", (2025,))[0], 1, 1)


class Scenario(Block):
    """A question to the planner: what differs from the defaults, and where it was written."""

    version: Literal[1]
    """Version of the file format."""
    title: str = ""
    """Short title for reports; left out: the name of the file."""
    question: str = ""
    """The question that this scenario answers."""
    extends: Text | None = None
    """Scenario to start from: a shipped name, or a path relative to this file."""
    data: Mapping[Text, Text] = Field(default_factory=dict)
    """Tables of one's own, by table name: a csv, xlsx or parquet file relative to this file."""
    scope: Scope = Scope.model_construct()
    """What the plan looks at."""
    years: Annotated[tuple[Year, ...], Field(min_length=1), AfterValidator(_increasing)] = tuple(range(2025, 2031))
    """Model years; each stands for itself and the years up to the next, the last for one."""
    decisions_start: Annotated[date, BeforeValidator(_iso_date)] = Field(default_factory=_first_of_january)
    """Day from which lead times count; left out: 1 January of the first year."""
    time: Time = Time.model_construct()
    """How days represent a year, and time slices a day."""
    operator: Operator = Operator.model_construct()
    """How much of the market this plan is for."""
    demand: Demand = Demand.model_construct()
    """How much compute is wanted."""
    workloads: Mapping[PlannedWorkloadId, WorkloadOverride] = Field(default_factory=dict)
    """Figures by workload instead of table `workloads`."""
    racks: Racks = Racks.model_construct()
    """Which racks may be bought, and their figures."""
    halls: Halls = Halls.model_construct()
    """Which halls may be built, and how they fill."""
    latency: Latency = Latency.model_construct()
    """Round-trip times between users and sites."""
    lead_times: LeadTimes = LeadTimes.model_construct()
    """Months until a decision serves."""
    build: Build = Build.model_construct()
    """How fast halls may be built."""
    siting: Siting = Siting.model_construct()
    """Where sites open, how many, and in what steps halls come; what must be integers."""
    retrofit: Retrofit = Retrofit.model_construct()
    """Turning a standing hall into another design."""
    cascade: Cascade = Cascade.model_construct()
    """Moving racks from training to inference."""
    deliveries: Deliveries = Deliveries.model_construct()
    """Racks that vendors can deliver."""
    grid: Grid = Grid.model_construct()
    """Connections and what the grid has room for."""
    energy: Energy = Energy.model_construct()
    """Price of electricity."""
    supply: Supply = Supply.model_construct()
    """Power made or stored at the sites; without an allowed source, all comes from the grid."""
    contracts: Contracts = Contracts.model_construct()
    """Power bought under contract, and what of the use must be clean."""
    carbon: Carbon = Carbon.model_construct()
    """Emissions: what they cost, and how much there may be."""
    water: Water = Water.model_construct()
    """Water for cooling."""
    for _family, _module in named():
        __annotations__[_family] = _module.SETTINGS
        vars()[_family] = Field(default=_module.SETTINGS.model_construct(), description=_module.SETTINGS.__doc__)
    del _family, _module
    rent: Rent = Rent.model_construct()
    """Compute rented from a cloud."""
    lease: Lease = Lease.model_construct()
    """Halls leased from a colocation provider, as many MW in each model year as it needs."""
    levers: Levers = Levers.model_construct()
    """Ways to need less compute for the same work."""
    flexibility: Flexibility = Flexibility.model_construct()
    """What load may do in time and between sites."""
    failover: Failover = Failover.model_construct()
    """How sites cover for each other, for the workloads whose `failover` is true."""
    finance: Finance = Finance.model_construct()
    """Discounting."""
    foresight: Foresight = Foresight.model_construct()
    """How far ahead the plan looks; all of the horizon, unless it is decided year by year."""
    sites: Mapping[PlannedSiteId, SiteOverride] = Field(default_factory=dict)
    """Figures by site instead of those of the tables."""
    new_sites: Mapping[NewSiteId, NewSite] = Field(default_factory=dict)
    """Sites of one's own, by id."""
    solver: Solver = Solver.model_construct()
    """How the program is solved."""

    _name: str = PrivateAttr("scenario")
    _source_files: tuple[Path, ...] = PrivateAttr(())
    _source_sha256: tuple[str, ...] = PrivateAttr(())
    _tree: Node = PrivateAttr(Node({}, Place("scenario")))
    _data_files: dict[str, Path] = PrivateAttr({})

    @property
    def name(self) -> str:
        """Name of the file without its ending."""
        return self._name

    @property
    def source_files(self) -> tuple[Path, ...]:
        """The file and those it extends, nearest first."""
        return self._source_files

    @property
    def source_sha256(self) -> tuple[str, ...]:
        """SHA-256 of the bytes that were read of each of `source_files`."""
        return self._source_sha256

    @property
    def tree(self) -> Node:
        """What was written, merged, with places; defaults are not in it."""
        return self._tree

    def written_in(
        self, name: str, source_files: tuple[Path, ...], tree: Node, source_sha256: tuple[str, ...] = ()
    ) -> Scenario:
        """Return a copy that knows its files, nearest first, and its tree; no SHA-256 where the bytes are not known."""
        copy = self.model_copy()
        copy._name = name
        copy._source_files = source_files
        copy._source_sha256 = source_sha256
        copy._tree = tree
        paths = {table: copy.file_at(("data", table)) for table in copy.data}
        copy._data_files = {table: path for table, path in paths.items() if path is not None}
        return copy

    def merged(self) -> dict[str, Any]:
        """Return everything the scenario says, defaults included, in types of JSON; as YAML it loads to the same."""
        return self.model_dump(mode="json", exclude={"extends"})

    def place_of(self, keys: str | Keys) -> tuple[str, int | None, int | None]:
        """Return where a key was written.

        Parameters
        ----------
        keys : str or tuple of str and int
            Way to the key: `"scope.sites"` or, for ids with a dot, `("sites", "my.site")`.

        Returns
        -------
        tuple of str, int or None, int or None
            File, line and column of the value, or of the key where the value is a mapping or
            list. What is not written anywhere is placed at the nearest block above it that is.
            Line and column are None for `--set`, and for a workbook, whose cell the file names.
        """
        key_path = tuple(keys.split(".")) if isinstance(keys, str) else keys
        return seen_at(nearest(self._tree, key_path)).spot

    def problem(self, keys: str | Keys, what_is: str, must_be: str = "", fix: str = "") -> Problem:
        """Return a problem with what a key says, placed where it was written."""
        return Problem(*self.place_of(keys), what_is, must_be, fix)

    def file_at(self, keys: Keys) -> Path | None:
        """Return the path that a key gives, seen from its file; None where it is not written or null."""
        found = file_of(self._tree, keys)
        return found[0] if found else None

    @property
    def data_files(self) -> dict[str, Path]:
        """Tables of one's own, by table name, as paths seen from the working directory."""
        return dict(self._data_files)

    def own_sites(self) -> Iterator[tuple[str, str, SiteOverride]]:
        """Give the sites of which the scenario states figures, with the block where it does."""
        for block in ("sites", "new_sites"):
            yield from ((block, id_, site) for id_, site in getattr(self, block).items())


def seen_at(node: Node) -> Place:
    """Return where to look for a node: its key for blocks, the value itself for figures."""
    is_block = isinstance(node.value, Mapping | tuple)
    return node.key_place if is_block and node.key_place else node.place


def file_of(tree: Node, keys: Keys) -> tuple[Path, Place] | None:
    """Return the path that a key gives, seen from its file, and its place; None without one."""
    node = nearest(tree, keys[:-1]).children.get(str(keys[-1]))
    if node is None or not isinstance(node.value, str):
        return None
    is_set_by_hand = node.place.line is None  # by --set, seen from the working directory
    folder = Path() if is_set_by_hand else Path(node.place.file).parent
    return folder / node.value, node.place


def json_schema() -> str:
    """Return the JSON Schema of scenario files as text, for editors."""
    schema = Scenario.model_json_schema(mode="validation")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "dcplan scenario"}
    return json.dumps(head | {k: v for k, v in schema.items() if k != "title"}, indent=2) + "\n"
