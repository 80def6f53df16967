"""The plan as tidy tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

__all__ = ["Results"]


@dataclass(frozen=True, eq=False)
class Results:
    """A solved plan: one table per subject, each as `planner.results.schema.TABLES` says.

    Every table is also an attribute, such as ``results.site_year``.
    """

    tables: Mapping[str, pd.DataFrame]  # all tables of the schema by name
    notes: tuple[str, ...] = ()  # what a planner must know of the inputs: regions without a route, smeared sites

    def __getattr__(self, name: str) -> pd.DataFrame:
        """Return a table by its name."""
        # Copying and unpickling ask for attributes before there are any tables.
        tables: Mapping[str, pd.DataFrame] = self.__dict__.get("tables", {})
        if name in tables:
            return tables[name]
        message = f"results have no table {name!r}; there are {', '.join(tables)}"
        raise AttributeError(message)

    def __dir__(self) -> list[str]:
        """List the tables too, so that a notebook can complete their names."""
        return sorted({*super().__dir__(), *self.tables})

    @property
    def status(self) -> str:
        """How the solve ended; ``"optimal"`` only where proven."""
        return str(self.tables["solution"]["status"].iloc[0])

    @property
    def objective_musd(self) -> float:
        """Net present value of all payments. [MUSD]"""
        return float(self.tables["solution"]["objective_musd"].iloc[0])
