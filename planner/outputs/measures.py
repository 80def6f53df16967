"""The measures of a model year: one list for the terminal, the workbook, the report and comparisons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from planner.base.units import M3_PER_THOUSAND_M3

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["OF_YEAR", "Measure", "measures"]


@dataclass(frozen=True)
class Measure:
    """A column of a result table, as people read it."""

    label: str  # what it is
    unit: str
    column: str  # name in its table
    per: float = 1.0  # what numbers are divided by to be in `unit`
    decimals: int = 0  # places behind the point in a table of years


_MEASURES: Final[Mapping[str, Measure]] = {
    one.column: one
    for one in (
        Measure("Demand", "kH100e", "demand_kh100e"),
        Measure("served by own sites", "kH100e", "served_kh100e"),
        Measure("rented", "kH100e", "rented_kh100e"),
        Measure("saved by levers", "kH100e", "saved_kh100e"),
        Measure("unmet", "kH100e", "unmet_kh100e"),
        Measure("Sites in use", "", "sites_in_use"),
        Measure("Halls", "MW", "halls_mw"),
        Measure("Racks in use", "MW", "nameplate_mw"),
        Measure("At the meter, mean", "MW", "facility_mean_mw"),
        Measure("At the meter, peak", "MW", "facility_peak_mw"),
        Measure("At the meter, peak", "MW", "coincident_peak_mw"),
        Measure("Energy", "TWh", "energy_twh", decimals=1),
        Measure("PUE", "-", "pue", decimals=3),
        Measure("New firm connection", "MW", "new_firm_mw"),
        Measure("Emissions", "kt CO2", "emissions_kt"),
        Measure("Water", "thousand m3", "water_m3", M3_PER_THOUSAND_M3),
        Measure("Budget capex", "MUSD", "capex_musd"),
        Measure("Payments of the year", "MUSD", "cost_musd"),
    )
}


def measures(columns: Iterable[str]) -> tuple[Measure, ...]:
    """Return the measures of some columns."""
    return tuple(_MEASURES[column] for column in columns)


OF_YEAR: Final = measures(
    (
        *("demand_kh100e", "served_kh100e", "rented_kh100e", "unmet_kh100e", "sites_in_use", "nameplate_mw"),
        *("facility_mean_mw", "facility_peak_mw", "new_firm_mw", "emissions_kt", "water_m3", "cost_musd"),
    )
)
"""What is compared of a year."""
