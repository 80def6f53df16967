"""What becomes of an error of the operating system while files are written."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from planner.base.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["writing_into"]


@contextmanager
def writing_into(folder: Path) -> Iterator[None]:
    """Report a full disk, or a folder that is gone, as what it is.

    Parameters
    ----------
    folder : Path
        Where the files were to be.

    Yields
    ------
    None

    Raises
    ------
    OutputError
        In place of any `OSError`.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        message = (
            f"{folder}: the files cannot be written: {reason}; make room, or name another folder"
            " with --output"
        )
        raise OutputError(message) from error
