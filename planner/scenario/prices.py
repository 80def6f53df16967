"""Settings of prices, rent and foresight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from planner.family.effects import HELD, OnlyWith, Switch
from planner.family.references import NewTariffId, PlannedZoneId
from planner.family.values import (
    AllOrSome,
    Block,
    Flag,
    NonNegative,
    NonNegativeByYear,
    Number,
    PositiveByYear,
    Whole,
    Year,
)
from planner.scenario.tariffs import OwnTariff, TariffUse
from planner.tables.places import SIZE_MUST_BE, has_odd_size

if TYPE_CHECKING:
    from planner.base.errors import Problem
    from planner.scenario.tree import Node

# --- Blocks of a scenario about prices of energy, shocks and prices that rise with new load -------


class PriceShock(Block):
    """Years in which wholesale power costs more, or less, than usual.

    The wholesale price is scaled; the adder up to the retail price and the demand charge are not.
    Shocks that meet multiply.
    """

    zones: AllOrSome[PlannedZoneId] = "all"
    """Headroom zones whose sites it hits, or `all`."""
    first_year: Year
    """First model year of the shock."""
    last_year: Year
    """Last model year of the shock, included."""
    wholesale_scale_frac: NonNegative
    """Factor on the wholesale price of every time slice. [-]"""
    peak_day_only: Flag = False
    """Whether only the time slices of the peak day are hit: a spike in a heat wave."""


class LoadPrice(Block):
    """Price of energy that rises with new load in a zone."""

    allow: Switch = False
    """Whether new load pays blocks of table `price_blocks` above the price of its time slice."""
    scale_frac: NonNegative = 1.0
    """Factor on the price of every block. [-]"""


class Energy(Block):
    """Price of electricity."""

    price_scale_frac: NonNegativeByYear = 1.0
    """Factor on delivered prices; straight lines between the given years. [-]"""
    escalation_real_frac: Annotated[Number, Field(ge=-0.5, le=0.5)] | None = None
    """Yearly real growth of prices instead of the table's figure. [1/year]"""
    demand_charge: Flag = True
    """Whether a demand charge is carved out of the retail price."""
    use_flat_price: Flag = False
    """Whether the price is the same in every time slice."""
    shocks: tuple[PriceShock, ...] = ()
    """Years in which wholesale power costs more, or less, than usual."""
    load_price: LoadPrice = LoadPrice()
    """Price of energy that rises with new load in a zone."""
    tariffs: tuple[TariffUse, ...] = ()
    """Sites billed by a tariff instead of the delivered price and demand charge of the tables."""
    own_tariffs: Mapping[NewTariffId, OwnTariff] = Field(default_factory=dict)
    """Tariffs written out, by an id of their own."""


# --- Block of a scenario about compute rented from clouds -----------------------------------------


class Rent(Block):
    """Compute rented from a cloud."""

    allow: Flag = True
    """Whether compute may be rented."""
    placeless: Flag = True
    """Whether rented compute meets every latency bound, wherever its users are. Residency still
    asks for a cloud, which are in the metros of table `sites` in countries in scope."""
    tiers: Annotated[tuple[Literal["on_demand", "reserved"], ...], Field(min_length=1)] = ("on_demand", "reserved")
    """Contracts on offer."""
    price_usd_per_h100e_hour: Annotated[PositiveByYear, HELD] | None = None
    """On-demand price instead of the table's, held until the next given year; reserved keeps its
    discount. [USD/H100e-hour]"""
    trend_frac: Annotated[Number, Field(gt=-1, le=1)] | None = None
    """Yearly real change of the price instead of the table's figure. [1/year]"""
    availability_pct: Annotated[Number, Field(gt=0, le=100)] | None = None
    """Availability of a cloud in one place instead of the table's. Workloads whose
    `redundancy_min` is more available rent in several places, with room for the loss of any. [%]"""
    spread_availability_pct: Annotated[Number, Field(gt=0, le=100)] | None = None
    """Availability in several places instead of the table's; a workload that needs more does not
    rent. [%]"""
    depth_scale_frac: NonNegative = 1.0
    """Factor on what the market rents out. [-]"""


# --- Block of a scenario about how far ahead a plan looks when it decides -------------------------


class Foresight(Block):
    """How far ahead the plan looks, where it is decided year by year."""

    window_years: Annotated[Whole, Field(ge=1)] | None = None
    """Model years in view whenever a year is decided, that year among them; left out: the whole
    horizon is known from the start. [years]"""
    decides: Annotated[Literal["orders", "service"], OnlyWith("window_years")] = "orders"
    """What is decided for good in a year: orders that cannot wait longer, each as long before its
    service as its lead time; or what enters service in the year, as if all could be had at once."""


# --- Numbers in a scenario of a size that nothing has, which are in no bound of their key ---------


def size_problems(node: Node, name: str = "") -> Iterator[Problem]:
    """Find numbers that are too large or too small to compute with."""
    value = node.value
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from size_problems(below, f"{name}.{key}" if name else key)
    elif isinstance(value, tuple):
        for position, below in enumerate(value):
            yield from size_problems(below, f"{name}[{position}]")
    elif isinstance(value, float | int) and not isinstance(value, bool) and has_odd_size(value):
        yield node.place.problem(f"{name} is {value:g}", SIZE_MUST_BE, "check its unit")
