"""Blocks of a scenario about carbon and water."""

from typing import Annotated, Literal

from pydantic import Field

from planner.scenario.effects import HELD
from planner.scenario.values import Block, Flag, NonNegative, NonNegativeByYear

__all__ = ["Carbon", "Water"]


class Carbon(Block):
    """Emissions: what they cost, and how much there may be."""

    accounting: Literal["location", "market"] = "location"
    """What cap and price count of power drawn: location: the grid at the site; market: the same
    less power under contract, as far as `contracts.matching.mode` lets it count."""
    embodied: Flag = False
    """Whether cap and price also count the making of racks, halls and on-site sources, in the model
    year they enter service."""
    fuel_schemes: Flag = False
    """Whether fuel burnt at sites pays the carbon price of its state or country, as in table
    `carbon_prices`; the price of grid power holds it already."""
    cap_kt: Annotated[NonNegativeByYear, HELD] | None = None
    """Most emissions a year, held until the next given year; none before the first. [kt CO2]"""
    price_usd_per_t: Annotated[NonNegativeByYear, HELD] = 0.0
    """Price of emissions, held until the next given year; none before the first. [USD/t CO2]"""


class Water(Block):
    """Water for cooling."""

    limit: Flag = True
    """Whether the water limits of sites hold."""
    price_scale_frac: NonNegative = 1.0
    """Factor on the price of water. [-]"""
    stress_prices: Flag = False
    """Whether a price rises with the water stress of its basin, as table `water_classes` says."""
    stress_limits: Flag = False
    """Whether permits limit water per MW of critical IT by water stress, as that table says."""
    max_stress_score: Annotated[NonNegative, Field(le=5)] | None = None
    """Sites above this water stress build no halls that evaporate water; null: no rule. [0-5]"""
