"""Where shipped tables and scenarios are found: in the checkout, or inside the wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["DATA_DIR", "SCENARIOS_DIR", "is_file"]

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_SHIPPED: Final = _PACKAGE / "_shipped"
_ROOT: Final = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent

DATA_DIR: Final = _ROOT / "data"
SCENARIOS_DIR: Final = _ROOT / "scenarios"


def is_file(path: Path) -> bool:
    """Return whether there is a file, also of what can be no path: too long, or with a NUL."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
