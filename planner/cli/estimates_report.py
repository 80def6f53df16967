"""The figures that decide on a terminal, for `dcplan estimates` and `dcplan explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    import pandas as pd

    from planner.inputs.inputs import Inputs

__all__ = ["HEADING", "print_table"]

HEADING: Final = "Which figures decide: their own low and high move the cost most"


def print_table(table: pd.DataFrame, inputs: Inputs) -> None:
    """Print the figures that decide in their order, and what was not moved."""
    from planner.base.console import wrapped
    from planner.studies.estimates.words import sentences

    click.echo(wrapped(HEADING))
    for rank, sentence in enumerate(sentences(table, inputs), start=1):
        click.echo(wrapped(sentence, mark=f"{rank}. "))
    click.echo(f"\n{wrapped(table.attrs.get('note', ''))}")
