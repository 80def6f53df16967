"""Block of a scenario about heat sold to networks."""

from planner.family.effects import Switch
from planner.family.references import PlannedSiteId
from planner.family.values import AllOrSome, Block, Frac, NonNegative


class Heat(Block):
    """Heat of the halls sold to a district-heating network, where a site has a buyer."""

    sell: Switch = False
    """Whether heat may be sold, in countries that table `heat_reuse` has a row for."""
    sites: AllOrSome[PlannedSiteId] = "all"
    """Sites with a buyer, or `all` in such countries."""
    price_usd_per_mwh: NonNegative | None = None
    """Price at the fence instead of the table's. [USD/MWh of heat]"""
    buyer_share_frac: Frac | None = None
    """Share of the heat that can be recovered for which there is a buyer, instead of the table's.
    [-]"""
    connection_usd_per_kw: NonNegative | None = None
    """Exchanger, lift and pipe to the network, instead of the table's figure. [USD/kW of heat]"""
