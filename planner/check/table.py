"""Tables that the checker reads plans and data as."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def table_of(data: Any = None, **how: Any) -> pd.DataFrame:
    """Return a table; a column of an empty list is one of texts."""
    if isinstance(data, dict):
        none = np.array([], dtype=object)
        data = {name: none if isinstance(column, list) and not column else column for name, column in data.items()}
    return pd.DataFrame(data, **how)
