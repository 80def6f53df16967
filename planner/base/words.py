"""Words and numbers for people."""

from __future__ import annotations

import math
import re
from calendar import month_name
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from planner.base.units import MONTHS_PER_YEAR, MUSD_PER_BUSD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


NOT_IN_NAMES: Final = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
"""Ranges of a pattern: controls, ends of lines, and what changes the direction of text."""
_NOT_TEXT: Final = re.compile(f"(?!\n)[{NOT_IN_NAMES}\ud800-\udfff]")
_LONG_NAME: Final = re.compile(r"(?<![^\s(\[])(?:'[^']{200,}'|\"[^\"]{200,}\")(?![^\s,;:.)\]])|[^\s'\"]{200,}")
_NO_FILE: Final = re.compile(r"[^/\\]{256,}")  # longer than the name of a file or folder may be
_CLOSE_ENOUGH: Final = 0.6
_FIRST: Final = 80
_LAST: Final = 20


def and_more(count: int, shown: int) -> str:
    """Say how many of a list are left when so many of it are shown.

    >>> and_more(5, 3), and_more(3, 3)
    (' and 2 more', '')
    """
    return f" and {count - shown} more" if count > shown else ""


def closest(word: str, known: Sequence[str]) -> str | None:
    """Return the known word most like a given one in either case or another order of letters; None when none is near.

    >>> closest("us-va-ashbrun", ["us-ga-atlanta", "us-va-ashburn"]), closest("tyni", ["tiny"])
    ('us-va-ashburn', 'tiny')
    """
    by_lower_case = {text.lower(): text for text in known}
    asked = word.lower()
    found = get_close_matches(asked, by_lower_case, n=1, cutoff=_CLOSE_ENOUGH) or [
        text for text in by_lower_case if sorted(text) == sorted(asked)
    ]
    return by_lower_case[found[0]] if found else None


def did_you_mean(word: str, known: Sequence[str], otherwise: str = "") -> str:
    """Say which known word a given one may be meant for, or something else where none is near.

    >>> did_you_mean("tyni", ["tiny"]), did_you_mean("x", ["tiny"], "name a scenario")
    ("did you mean 'tiny'?", 'name a scenario')
    """
    meant = closest(word, known)
    return f"did you mean {meant!r}?" if meant else otherwise


def within_sentence(text: str) -> str:
    """Begin a text in lower case; names and ids in it stay as they are.

    >>> within_sentence("Racks in PJM, last year")
    'racks in PJM, last year'
    """
    return text[:1].lower() + text[1:]


def some(words: Sequence[str], most: int, *, between: str = ", ") -> str:
    """List the first of some words, and say how many more there are.

    >>> some(["oak", "elm", "ash"], 2), some(["oak", "elm"], 2)
    ('oak, elm and 1 more', 'oak, elm')
    """
    return between.join(words[:most]) + and_more(len(words), most)


def in_message(text: str) -> str:
    r"""Write text as a message shows it: control characters escaped, names (quoted or without spaces) shortened.

    >>> in_message("unknown site 'a\x7fb'")
    "unknown site 'a\\x7fb'"
    >>> in_message(f"unknown key '{5000 * 'x'}'").count("x")
    100
    >>> in_message(f"unknown key '{5000 * 'x'}'")[-30:]
    "xxxxxxxxxx' (5,000 characters)"
    """
    return _LONG_NAME.sub(_shortened, _NOT_TEXT.sub(_escaped, text))


def file_in_message(file: str) -> str:
    r"""Write the name of a file as a message shows it, whole if there may be such a file.

    >>> file_in_message("plans/odd\x7f\nname.yaml"), file_in_message(5000 * "x")[-20:]
    ('plans/odd\\x7f\\nname.yaml', 'x (5,000 characters)')
    """
    return _NO_FILE.sub(_shortened, _NOT_TEXT.sub(_escaped, file).replace("\n", r"\n"))


def _escaped(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode("ascii")


def _shortened(found: re.Match[str]) -> str:
    name = found.group()
    core = name.strip("'\"")
    shown = name.replace(core, f"{core[:_FIRST]}...{core[-_LAST:]}")
    return f"{shown} ({len(core):,} characters)"


# --- Numbers as a planner reads them: few digits, rounded to the side that is safe ----------------

_LARGE_MUSD = 10_000.0
_MINUTE_S = 60.0


def moment(year: float) -> str:
    """Write a moment as the month that it is nearest to the beginning of. Takes `year` [year].

    >>> moment(2030.0), moment(2028.5), moment(2027.99)
    ('January 2030', 'July 2028', 'January 2028')
    """
    years, month = divmod(round(year * MONTHS_PER_YEAR), int(MONTHS_PER_YEAR))
    return f"{month_name[month + 1]} {years}"


def percent(frac: float) -> str:
    """Write a share in percent, with three digits.

    >>> percent(0.25563), percent(0.0011), percent(1.0)
    ('25.6 %', '0.11 %', '100 %')
    """
    return f"{100.0 * frac:.3g} %"


def duration(seconds: float) -> str:
    """Write how long something takes, with few digits. Takes `seconds` [s].

    >>> duration(0.3), duration(42.7), duration(95.0), duration(1500.0)
    ('1 s', '43 s', '2 min', '25 min')
    """
    if seconds <= _MINUTE_S:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / _MINUTE_S)} min"


def round_up(value: float, digits: int) -> float:
    """Round up to so many significant digits.

    >>> round_up(4.2012, 3), round_up(123456.2, 3), round_up(0.0, 3)
    (4.21, 124000.0, 0.0)
    """
    if value == 0.0 or not math.isfinite(value):
        return value
    step = 10.0 ** (math.floor(math.log10(abs(value))) + 1 - digits)
    return float(f"{math.ceil(value / step - 1e-9) * step:.{digits + 3}g}")


def round_down(value: float, digits: int) -> float:
    """Round down to so many significant digits.

    >>> round_down(4.2092, 3), round_down(0.0, 3)
    (4.2, 0.0)
    """
    return -round_up(-value, digits)


def amount(value: float, digits: int = 3) -> str:
    """Write a number with so many significant digits, thousands apart, never with an exponent.

    >>> amount(0.01234), amount(4.2), amount(98.76), amount(1234567.0)
    ('0.0123', '4.2', '98.8', '1,230,000')
    >>> amount(30000.0, 4), amount(46428.2, 4), amount(215.517, 4)
    ('30,000', '46,430', '215.5')
    """
    if value == 0.0 or not math.isfinite(value):
        return f"{value:g}"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, decimals)
    if decimals <= 0:
        return f"{rounded:,.0f}"
    return f"{rounded:,.{decimals}f}".rstrip("0").rstrip(".")


def signed(value: float, digits: int = 4) -> str:
    """Write a difference with its sign.

    >>> signed(1234.56), signed(-0.5), signed(0.0)
    ('+1,235', '-0.5', '0')
    """
    return f"{'+' if value > 0.0 else ''}{amount(value, digits)}"


def unit_of_money(costs_musd: Iterable[float | None]) -> tuple[str, float, int]:
    """Return the unit that costs are read in side by side, that of the least of them, its factor, and decimals.

    >>> unit_of_money([9_000.0, 12_000.0, None]), unit_of_money([12_000.0, math.nan])
    (('MUSD', 1.0, 1), ('BUSD', 0.001, 3))
    >>> unit_of_money([])
    ('MUSD', 1.0, 1)
    """
    known = [abs(musd) for musd in costs_musd if musd is not None and math.isfinite(musd)]
    is_large = min(known, default=0.0) >= _LARGE_MUSD
    return ("BUSD", 1.0 / MUSD_PER_BUSD, 3) if is_large else ("MUSD", 1.0, 1)
