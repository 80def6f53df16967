"""Places and countries of tables, and how large a file may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from planner.base.errors import Problem
from planner.base.paths import DATA_DIR
from planner.tables.sheet import read_sheet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from planner.tables.sheet import Sheet

# --- Where a cell of a table is in its file -------------------------------------------------------


class TableCell(NamedTuple):
    """A figure of a table."""

    table: str
    record: int
    column: str


class TablePlaces:
    """Makes problems with rows of tables, placed at their cells; reads a file when it must."""

    def __init__(self, own: Mapping[str, Path]) -> None:
        self._own = own
        self._sheets: dict[str, Sheet] = {}

    def path(self, table: str) -> Path:
        """Return the file of a table."""
        return self._own.get(table, DATA_DIR / f"{table}.csv")

    def problem(self, table: str, record: int, column: str, what_is: str, must_be: str = "", fix: str = "") -> Problem:
        """Return a problem with a cell."""
        sheet = self._sheet(table)
        # A table that was changed in memory may be longer than its file.
        if record < len(sheet.records) and column in sheet.header:
            return sheet.problem(record, sheet.header.index(column), what_is, must_be, fix)
        return Problem.of(sheet.file, what_is, must_be, fix)

    def head(self, table: str, what_is: str, fix: str) -> Problem:
        """Return a problem with the first row of a table that has none."""
        return Problem(self._sheet(table).file, 2, 1, what_is, "", fix)

    def _sheet(self, table: str) -> Sheet:
        if table not in self._sheets:
            self._sheets[table] = read_sheet(self.path(table), table)
        return self._sheets[table]


# --- Codes of countries, as columns of tables give them -------------------------------------------

_CODES: Final = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
    EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW
    GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY
    KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM
    ZW
"""
COUNTRIES: Final = tuple(_CODES.split())
"""ISO 3166-1 alpha-2, all 249; a site of one's own may lie in a country that no table has yet."""
# --- Numbers of a size that nothing has: finite, and far from all that can be computed with -------
#
# A price of 1e300 is in the bounds of its column, overflows once it is multiplied, and is a mistake.

LARGEST: Final = 1e15
SMALLEST: Final = 1e-12
"""Of numbers other than 0, in whatever unit."""
SIZE_MUST_BE: Final = f"0, or between {SMALLEST:g} and {LARGEST:g} in size"


def has_odd_size(values: ArrayLike) -> NDArray[np.bool_]:
    """Return which finite numbers are too large or too small to compute with.

    >>> has_odd_size([0.0, 7.5, 1e300, -1e16, 1e-300, float("inf"), float("nan")]).tolist()
    [False, False, True, True, True, False, False]
    """
    size = np.abs(np.asarray(values, dtype=np.float64))
    return np.asarray(((size > LARGEST) | ((size > 0.0) & (size < SMALLEST))) & np.isfinite(size), dtype=np.bool_)
