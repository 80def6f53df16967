"""Axes: what an index counts, by label and by code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Axis", "Codes", "Texts"]

Codes = npt.NDArray[np.int32]
Texts = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Axis:
    """A named, ordered set of labels, such as all sites or all years.

    >>> Axis("year", ("2027", "2028")).code("2028")
    1
    """

    name: str  # what the axis counts, for example ``"site"``
    labels: tuple[str, ...]  # distinct texts; every character counts, so ``new-york`` and ``new_york`` stay apart

    def __post_init__(self) -> None:
        for label in self.labels:
            if not isinstance(label, str):
                message = f"axis {self.name}: label {label!r} is not text"
                raise ValueError(message)
        if len(self._code_of) < len(self.labels):
            twice = next(x for i, x in enumerate(self.labels) if self._code_of[x] != i)
            message = f"axis {self.name}: label {twice!r} is repeated"
            raise ValueError(message)

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def _code_of(self) -> dict[str, int]:
        return {label: code for code, label in enumerate(self.labels)}

    @cached_property
    def texts(self) -> Texts:
        """The labels as an object array, to be taken by code."""
        texts = np.empty(len(self.labels), dtype=object)
        texts[:] = self.labels
        texts.flags.writeable = False
        return texts

    def code(self, label: str) -> int:
        """Return the place of one label on the axis."""
        return int(self.codes((label,))[0])

    def codes(self, labels: Iterable[str]) -> Codes:
        """Return the places of many labels on the axis."""
        try:
            return np.fromiter(map(self._code_of.__getitem__, labels), dtype=np.int32)
        except KeyError as error:
            message = f"axis {self.name} has no label {error.args[0]!r}"
            raise ValueError(message) from error

    def renamed(self, name: str) -> Axis:
        """Return the same labels under another name, so that a list can hold both."""
        return replace(self, name=name)
