"""What is shown of a form, and what its buttons are called when they are pressed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.serve.form.draft import FormDraft, Said
    from planner.serve.project import Source
    from planner.serve.service import Service

__all__ = ["ADD", "DO", "ShownForm"]

DO: Final = "do"
"""Name of the field that says what to do with a form."""
ADD: Final = "add:"
"""Begins the value of `DO` that adds a card."""


@dataclass(frozen=True)
class ShownForm:
    """What is shown of a form."""

    service: Service  # of the server
    draft: FormDraft  # what was typed
    about: Mapping[str, str]  # name, title and question of the new scenario
    said: tuple[Said, ...] = ()  # what is wrong or implausible
    is_judged: bool = False  # whether it was looked at
    added: tuple[str, ...] = ()  # key path of a card that was just added

    @property
    def source(self) -> Source:
        """The scenario that is changed."""
        return self.draft.base.source
