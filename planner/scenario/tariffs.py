"""Blocks of a scenario about tariffs: who is billed by which, and tariffs written out."""

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, Tag

from planner.family.references import PlannedSiteId, PlannedZoneId, TariffId, TariffTermsId
from planner.family.values import (
    AllOrSome,
    Block,
    Frac,
    Ids,
    NonNegative,
    NotASwitch,
    Number,
    Positive,
    Text,
    Whole,
    Year,
)


def _price_or_tiers(value: object) -> str:
    return "tiers" if isinstance(value, list | tuple) else "price"


def _once_each(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(numbers)) < len(numbers):
        msg = "a list without repeats"
        raise ValueError(msg)
    return numbers


Price: TypeAlias = Annotated[
    Annotated[NonNegative, Tag("price")] | Annotated[tuple[NonNegative, ...], Field(min_length=1), Tag("tiers")],
    Discriminator(_price_or_tiers),
]
"""One price, or one for each tier, the first units first."""
Limits: TypeAlias = tuple[Positive, ...]
Month: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=12)]
SomeMonths: TypeAlias = Annotated[tuple[Month, ...], Field(min_length=1), AfterValidator(_once_each)]
Weekdays: TypeAlias = Literal["all", "workdays", "weekend"]
Clock: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=24), NotASwitch]
Hour: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=23)]
Hours: TypeAlias = Annotated[tuple[Hour, ...], Field(min_length=1), AfterValidator(_once_each)]
ALL_MONTHS = tuple(range(1, 13))


class TariffPeriod(Block):
    """A time of use with its price of energy."""

    name: Text
    """Name on the bill, such as `summer evening`."""
    usd_per_mwh: Price
    """Price, or a list with one for each tier. [USD/MWh]"""
    tier_limits_mwh: Limits = ()
    """Energy of a month in this period at which each tier but the last ends. [MWh]"""
    months: SomeMonths = ALL_MONTHS
    """Months of the season, 1 to 12."""
    weekdays: Weekdays = "all"
    """Days of the week; workdays are Monday to Friday, holidays are not known."""
    from_hour: Clock = 0
    """Hour of the local clock at which it begins. [h]"""
    to_hour: Clock = 24
    """Hour at which it ends; past midnight where this is before `from_hour`, never the same. [h]"""


class TariffEnergy(Block):
    """A charge on energy; a rider is one more of these."""

    name: Text = "energy"
    """Name on the bill."""
    usd_per_mwh: Price
    """Price of all hours that are in none of the periods, one or one for each tier. [USD/MWh]"""
    tier_limits_mwh: Limits = ()
    """Energy of a month outside the periods at which each tier but the last ends. [MWh]"""
    periods: tuple[TariffPeriod, ...] = ()
    """Times of use with prices of their own; no hour may be in two of them."""


class TariffRatchet(Block):
    """A month is billed for no less than a share of a peak of other months."""

    share_frac: Frac
    """Share of the highest peak that is seen. [-]"""
    look_back_months: Annotated[Whole, Field(ge=1)] | None = None
    """Months before the billed one that are seen; null: all of its calendar year. [months]"""
    months: SomeMonths = ALL_MONTHS
    """Months whose peaks count, 1 to 12."""


class TariffDemand(Block):
    """A charge on the highest power of each month."""

    name: Text = "demand"
    """Name on the bill."""
    usd_per_kw_month: Price
    """Price, or a list with one for each tier. [USD/kW-month]"""
    tier_limits_kw: Limits = ()
    """Demand at which each tier but the last ends. [kW]"""
    months: SomeMonths = ALL_MONTHS
    """Months in which it is billed, 1 to 12."""
    weekdays: Weekdays = "all"
    """Days of the week on which peaks count."""
    from_hour: Clock = 0
    """Hour of the local clock from which on peaks count. [h]"""
    to_hour: Clock = 24
    """Hour until which they count; past midnight where this is before `from_hour`. [h]"""
    ratchet: TariffRatchet | None = None
    """Least demand from the peaks of other months; null: none."""
    min_take_frac: Frac = 0.0
    """Least demand as a share of the contracted capacity. [-]"""


class TariffCoincidentPeak(Block):
    """A charge, once a year, on the highest power in the hours when the system peaks."""

    name: Text = "coincident peak"
    """Name on the bill."""
    usd_per_kw: NonNegative
    """Price for the year. [USD/kW]"""
    hours: Hours
    """Hours of the local clock at which the system peaks, on the peak day. [h]"""


class TariffCapacity(Block):
    """A charge for every day on the mean power in the hours when the system peaks."""

    name: Text = "capacity"
    """Name on the bill."""
    usd_per_mw_day: NonNegative
    """Price; a scaling factor of the obligation belongs into it. [USD/MW-day]"""
    hours: Hours
    """Hours of the local clock at which the system peaks, on the peak day. [h]"""


class TariffStanding(Block):
    """A charge for being connected."""

    name: Text = "standing"
    """Name on the bill."""
    usd_per_month: NonNegative = 0.0
    """Price by the month. [USD/month]"""
    usd_per_day: NonNegative = 0.0
    """Price by the day. [USD/day]"""


class UtilityTerms(Block):
    """What the utility asks of the contract."""

    load_min_mw: NonNegative = 0.0
    """Smallest contract the tariff is open to; noted, not enforced. [MW]"""
    ramp_years_max: NonNegative | None = None
    """Longest ramp; null: the tariff names none. [years]"""
    term_years: Annotated[NonNegative, Field(le=60)] = 0.0
    """Years from signing in which giving up capacity has a fee. [years]"""
    exit_fee_months: Annotated[Whole, Field(le=720)] = 0
    """Fee in months of minimum bills, never more than the term has left. [months]"""
    reduction_frac: Frac = 0.0
    """Share of the capacity signed that may be given up without a fee. [-]"""


class OwnTariff(Block):
    """A tariff written out: charges that are billed together, in USD of 2025."""

    energy: tuple[TariffEnergy, ...] = ()
    """Charges on energy."""
    demand: tuple[TariffDemand, ...] = ()
    """Charges on the highest power of each month."""
    coincident_peak: tuple[TariffCoincidentPeak, ...] = ()
    """Charges on the highest power in the system's peak hours."""
    capacity: tuple[TariffCapacity, ...] = ()
    """Charges on the mean power in the system's peak hours."""
    standing: tuple[TariffStanding, ...] = ()
    """Charges for being connected."""
    terms: UtilityTerms | None = None
    """What the utility asks of the contract; null: nothing but the minimum take."""
    bundle: Literal["bundled", "delivery"] = "bundled"
    """Whether the energy itself is in it, or bought at the wholesale price, as energy
    always is without an `energy` charge."""
    escalation_real_frac: Annotated[Number, Field(ge=-0.5, le=0.5)] | None = None
    """Yearly real rise of its prices from 2025, on 1 January; null: as other power. [1/year]"""
    time_zone: Text | None = None
    """IANA name of the clock, such as America/New_York; null: the site's standard time all year."""


class TariffUse(Block):
    """Sites that are billed by a tariff."""

    tariff: TariffId
    """Id of table `tariffs`, of layer rate, or of an own tariff."""
    terms: TariffTermsId | None = None
    """Row of table `tariffs`, of layer terms, that the contract follows; null: none."""
    sites: AllOrSome[PlannedSiteId] | None = None
    """Sites, or `all`; null: those of `zones`, or all where these are not given either."""
    zones: Ids[PlannedZoneId] = ()
    """Headroom zones whose sites are billed so; a site named by itself goes before its zone."""
    from_year: Year | None = None
    """Model year from whose 1 January on they are billed so; null: the first."""
    ramp_frac: tuple[Annotated[Frac, Field(gt=0)], ...] = ()
    """Share of signed capacity that is in force in each of its first years; then all of it. [-]"""
