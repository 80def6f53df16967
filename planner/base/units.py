"""Constants with their units."""

from __future__ import annotations

from typing import Final

SECONDS_PER_HOUR: Final = 3600.0  # [s/h]
HOURS_PER_DAY: Final = 24.0  # [h/day]
SECONDS_PER_DAY: Final = SECONDS_PER_HOUR * HOURS_PER_DAY  # [s/day]
DAYS_PER_YEAR: Final = 365.0  # [day/yr], the modelled year has no leap day
HOURS_PER_YEAR: Final = DAYS_PER_YEAR * HOURS_PER_DAY  # [h/yr], 8,760
MONTHS_PER_YEAR: Final = 12.0  # [month/yr]
KW_PER_MW: Final = 1000.0  # [kW/MW], and USD/kW x 1000 = USD/MW
MW_PER_GW: Final = 1000.0  # [MW/GW]
MWH_PER_GWH: Final = 1000.0  # [MWh/GWh]
MWH_PER_TWH: Final = 1e6  # [MWh/TWh]
USD_PER_MUSD: Final = 1e6  # [USD/MUSD]
MUSD_PER_BUSD: Final = 1000.0  # [MUSD/BUSD]
H100E_PER_KH100E: Final = 1000.0  # [H100e/kH100e]
LITRES_PER_M3: Final = 1000.0  # [L/m3]
M2_PER_THOUSAND_M2: Final = 1000.0  # rows of floor space are in thousand m2
M3_PER_THOUSAND_M3: Final = 1000.0  # rows of water are in thousand m3
KG_PER_T: Final = 1000.0  # [kg/t]
T_PER_KT: Final = 1000.0  # [t/kt]
MS_PER_S: Final = 1000.0  # [ms/s]
KM_PER_M: Final = 1e-3  # [km/m]
H100_DENSE_BF16_PFLOPS: Final = 0.989  # [PFLOP/s], NVIDIA H100 SXM data sheet, without sparsity
