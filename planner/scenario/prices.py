"""Blocks of a scenario about prices of energy, shocks and prices that rise with new load."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from planner.scenario.effects import Switch
from planner.scenario.references import NewTariffId, PlannedZoneId
from planner.scenario.tariffs import OwnTariff, TariffUse
from planner.scenario.values import AllOrSome, Block, Flag, NonNegative, NonNegativeByYear, Number, Year

__all__ = ["Energy", "LoadPrice", "PriceShock"]


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
