"""Where shipped files are found, in the checkout or inside the wheel, and names files can have."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from planner.base.errors import Problem

__all__ = ["DATA_DIR", "SCENARIOS_DIR", "device_problem", "is_device_name", "is_file"]

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_SHIPPED: Final = _PACKAGE / "_shipped"
_ROOT: Final = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent

DATA_DIR: Final = _ROOT / "data"
SCENARIOS_DIR: Final = _ROOT / "scenarios"

_PORTS: Final = tuple(f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789¹²³")
_DEVICES: Final = frozenset({"con", "prn", "aux", "nul", "conin$", "conout$", *_PORTS})


def is_device_name(name: str) -> bool:
    """Return whether Windows keeps a name for a device, so that no file there can have it.

    >>> [is_device_name(name) for name in ("con.yaml", "Com1", "AUX .tar.gz", "icon", "con-2")]
    [True, True, True, False, False]
    """
    return name.partition(".")[0].rstrip(" ").lower() in _DEVICES


def device_problem(name: str, what: str = "the name", *, at: str) -> Problem:
    """Return the problem of a name that `is_device_name`, written or asked for at a place."""
    found = f"Windows keeps {what} {name!r} for a device"
    return Problem(at, None, None, found, "one that files have everywhere", "choose another name")


def is_file(path: Path) -> bool:
    """Return whether there is a file, also of what can be no path: too long, or with a NUL."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
