"""Blocks of a scenario about power bought under contract, and what of the use must be clean."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from planner.scenario.effects import HELD
from planner.scenario.references import PlannedZoneId, PpaTechnologyId
from planner.scenario.values import (
    AllOrSome,
    Block,
    Frac,
    FracByYear,
    Months,
    NonNegative,
    NonNegativeByYear,
    Text,
    Year,
)

__all__ = ["Agreement", "Contracts", "ExistingPpa", "Matching", "Ppa"]


class Agreement(Block):
    """What a power purchase agreement delivers, signed already or on offer."""

    technology: PpaTechnologyId
    """Technology, as in table `ppa_prices`, where the strike of one on offer is looked up."""
    kind: Literal["physical", "financial"] = "financial"
    """physical: the power is delivered to the sites of its zone, which pay no wholesale price for
    it but all that is added to it (a site billed by a bundled tariff pays no wholesale price and
    saves nothing); financial: the plant sells to the market and the plan receives what the market
    pays."""
    profile: Literal["solar", "wind", "flat"] | None = None
    """How it delivers by the hour; left out: that of its technology, flat for those that follow
    neither sun nor wind."""
    capacity_factor_frac: Annotated[Frac, Field(gt=0)] | None = None
    """Mean output over capacity instead of that of the profile, which is 1 where it is flat. [-]"""


class Ppa(Agreement):
    """One kind of power purchase agreement on offer: the plan chooses where, when and how much.

    What the plant makes is paid at the strike, whether it is needed or not.
    """

    zones: AllOrSome[PlannedZoneId] = "all"
    """Grid zones in which it is on offer, or `all` that have sites."""
    price_usd_per_mwh: NonNegativeByYear | None = None
    """Strike by the year in which delivery begins, straight lines between the given years;
    left out: that of table `ppa_prices`. [USD/MWh]"""
    term_years: Annotated[int, Field(strict=True, ge=1, le=40)] = 12
    """Years of delivery; the strike stays what it was, in money of constant worth. [years]"""
    lead_months: Months = 24.0
    """Time from the decision to delivery. [months]"""
    max_mw: NonNegative = 1000.0
    """Most capacity in force in one zone. [MW]"""


class ExistingPpa(Agreement):
    """A power purchase agreement that is signed already: the plan keeps it to its end.

    What the plant makes is paid at its price, whether it is needed or not.
    """

    zone: PlannedZoneId
    """Grid zone that it delivers in."""
    mw: NonNegative
    """Capacity under contract. [MW]"""
    first_year: Year
    """First calendar year of delivery, from 1 January. [year]"""
    last_year: Year
    """Last calendar year of delivery, to 31 December. [year]"""
    price_usd_per_mwh: NonNegative
    """What is paid for a MWh, in money of constant worth. [USD/MWh]"""


class Matching(Block):
    """Which share of the energy used must be clean: bought, made at the sites, or of the grid."""

    mode: Literal["annual", "hourly"] = "annual"
    """Whether contracts count against the use of the whole year, or only time slice by time slice
    as they deliver (24/7)."""
    target_frac: Annotated[FracByYear, HELD] | None = None
    """Least clean share of the energy used, held until the next given year; none before the
    first. [-]"""


class Contracts(Block):
    """Power bought under contract; nothing is on offer or signed unless it is listed here."""

    ppa: Mapping[Text, Ppa] = Field(default_factory=dict)
    """Power purchase agreements on offer, by names of one's own."""
    existing: Mapping[Text, ExistingPpa] = Field(default_factory=dict)
    """Power purchase agreements that are signed already, by names of one's own."""
    area: Literal["zone", "country", "operator"] = "country"
    """Where what a contract delivers may count as clean, and where the target holds: at the sites
    of its zone, of its country, or at all sites."""
    matching: Matching = Matching()
    """Which share of the energy used must be clean."""

    @property
    def agreements(self) -> Mapping[str, Agreement]:
        """Agreements on offer, then those that are signed already."""
        return {**self.ppa, **self.existing}
