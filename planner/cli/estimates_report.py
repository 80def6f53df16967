"""The figures that decide on a terminal, for `dcplan estimates` and `dcplan explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    import pandas as pd

    from planner.inputs.inputs import Inputs
    from planner.outputs.run import Run

HEADING: Final = "Which figures decide: their own low and high move the cost most"


def print_table(table: pd.DataFrame, inputs: Inputs, run: Run) -> None:
    """Print the figures that decide in their order, how good they are, and what was not moved."""
    from planner.base.console import wrapped
    from planner.outputs.labels import cost_of, first_order_words
    from planner.studies.estimates.words import sentences

    click.echo(wrapped(HEADING))
    for rank, sentence in enumerate(sentences(table, inputs, cost_of(run)), start=1):
        click.echo(wrapped(sentence, mark=f"{rank}. "))
    click.echo(f"\n{wrapped(first_order_words(table, run))}")
    click.echo(f"\n{wrapped(table.attrs.get('note', ''))}")
