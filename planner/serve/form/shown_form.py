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
    """What is shown of a form.

    Parameters
    ----------
    service : Service
        Of the server.
    draft : FormDraft
        What was typed.
    about : mapping of str to str
        Name, title and question of the new scenario.
    said : tuple of Said
        What is wrong or implausible.
    is_judged : bool
        Whether it was looked at.
    added : tuple of str
        Key path of a card that was just added.
    """

    service: Service
    draft: FormDraft
    about: Mapping[str, str]
    said: tuple[Said, ...] = ()
    is_judged: bool = False
    added: tuple[str, ...] = ()

    @property
    def source(self) -> Source:
        """The scenario that is changed."""
        return self.draft.base.source
