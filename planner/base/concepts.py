"""What planners know under a name that is no key or column, and where it is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["where_said"]

_OF_SITES: Final = "sites|new_sites|existing_halls|site_limits"
_OF_HALLS: Final = f"{_OF_SITES}|halls|lease|existing_racks"

_CONCEPTS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        r"(design_|annual_|mean_)?pue(_frac)?",
        r".*",
        "PUE follows hour by hour from the cooling and the climate: its figures are in table cooling",
    ),
    (
        r"(nominal_|real_)?wacc(_.*)?|cost_of_capital(_.*)?|discount_rate(_.*)?",
        _OF_SITES,
        "the cost of capital of a country is row wacc_adder,COUNTRY of table finance, added to"
        " finance.wacc_nominal_frac",
    ),
    (
        r"(lease_|contract_)?(end|ends|until|expiry|expires)(_year|_date)?|last_year|to_year"
        r"|(retire|retired|close|closed|closes|decommission)(_year|_date)?",
        _OF_HALLS,
        "the end of a hall or of its lease is last_year of its row of table existing_halls; halls"
        " that the plan leases (lease) have none, as it rents them by the year",
    ),
    (
        r"base|axes|futures|uncertainty",
        r"",
        "this is a key of a sweep: `dcplan sweep` or `dcplan stochastic` solves such a file, and"
        " `extends` names what a scenario begins from",
    ),
    (
        r"(is_)?(signed|existing|committed|contracted|in_force)(_mw|_year|_date)?"
        r"|(first|start|starts|begin|begins|from|since)(_year|_date)?"
        r"|(term_)?(end|ends|until|expiry|expires|last|to)(_year|_date)?",
        r"ppa",
        "a PPA that is signed already goes under contracts.existing, with zone, mw, first_year,"
        " last_year and price_usd_per_mwh; each under contracts.ppa is an offer",
    ),
)
"""Words, where they are used, and where it is said: patterns of the word and of a step above it."""


def where_said(word: str, above: Sequence[object]) -> str:
    """Say where something is said that a planner gave as an unknown key or column.

    >>> where_said("pue", ("halls",))[:30]
    'PUE follows hour by hour from '
    >>> where_said("wacc_nominal_frac", ()), where_said("first_year", ("existing_halls",))
    ('', '')
    """
    for words, places, text in _CONCEPTS:
        fits = [*map(str, above)] or [""]
        if re.fullmatch(words, word.lower()) and any(re.fullmatch(places, at) for at in fits):
            return text
    return ""
