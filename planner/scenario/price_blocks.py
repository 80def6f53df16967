"""Blocks of a scenario about prices that leave their usual course."""

from planner.scenario.values import AllOrSome, Block, Flag, NonNegative, Year

__all__ = ["LoadPrice", "PriceShock"]


class PriceShock(Block):
    """Years in which wholesale power costs more, or less, than usual.

    The wholesale price is scaled; the adder up to the retail price and the demand charge are not.
    Shocks that meet multiply.
    """

    zones: AllOrSome = "all"
    """Headroom zones whose sites it hits, or `all`."""
    first_year: Year
    """First model year of the shock."""
    last_year: Year
    """Last model year of the shock, included."""
    wholesale_scale_frac: NonNegative
    """Factor on the wholesale price of every slot. [-]"""
    peak_day_only: Flag = False
    """Whether only the slots of the peak day are hit: a spike in a heat wave."""


class LoadPrice(Block):
    """Price of energy that rises with new load in a zone."""

    allow: Flag = False
    """Whether new load pays the blocks of table `price_blocks` above the price of its slot."""
    scale_frac: NonNegative = 1.0
    """Factor on the price of every block. [-]"""
