"""The fields of a form that was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from planner.serve.guard import TOKEN_FIELD

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["fields_of"]


async def fields_of(request: Request) -> dict[str, str]:
    """Return the fields of a form by name, the last of each; the guard has seen its token."""
    text = (await request.body()).decode("ascii", "replace")
    pairs = parse_qsl(text, keep_blank_values=True, errors="replace")
    return {key: value for key, value in pairs if key != TOKEN_FIELD}
