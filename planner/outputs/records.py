"""Rows of a table in types of JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["records"]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table by column, None where a number is missing.

    >>> import pandas as pd
    >>> records(pd.DataFrame({"mw": [7.5, float("nan")], "site": ["oak", "elm"]}))
    [{'mw': 7.5, 'site': 'oak'}, {'mw': None, 'site': 'elm'}]
    """
    return [
        {str(key): None if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()}
        for row in frame.to_dict("records")
    ]
