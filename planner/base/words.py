"""Words for lists that are too long to be shown in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["and_more", "some"]


def and_more(count: int, shown: int) -> str:
    """Say how many of a list are left when so many of it have been told.

    Parameters
    ----------
    count : int
        Length of the list.
    shown : int
        The most of it that is shown.

    Returns
    -------
    str
        Begins with a space; empty where all are reported.

    Examples
    --------
    >>> and_more(5, 3), and_more(3, 3)
    (' and 2 more', '')
    """
    return f" and {count - shown} more" if count > shown else ""


def some(words: Sequence[str], most: int, *, between: str = ", ") -> str:
    """List the first of some words, and say how many more there are.

    Parameters
    ----------
    words : sequence of str
        In the order in which they are reported.
    most : int
        How many of them are reported.
    between : str
        What stands between two of them.

    Returns
    -------
    str

    Examples
    --------
    >>> some(["oak", "elm", "ash"], 2), some(["oak", "elm"], 2)
    ('oak, elm and 1 more', 'oak, elm')
    """
    return between.join(words[:most]) + and_more(len(words), most)
