"""What was computed once, and where it is kept."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path

# --- The user's cache folder: what is in it may be deleted at any time, and nothing is lost -------
#
# `DCPLAN_CACHE` names another folder, or `off`.


def cache_folder(name: str) -> Path | None:
    """Return the folder of one kind of what is cached; None where nothing is to be."""
    asked = os.environ.get("DCPLAN_CACHE", "")
    if asked == "off":
        return None
    try:
        return (Path(asked) if asked else user_cache_path("dcplan", appauthor=False)) / name
    except RuntimeError:  # no home folder
        return None
