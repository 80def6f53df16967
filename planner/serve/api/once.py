"""Bodies in which a key is given twice are refused: a reader of JSON keeps the last in silence."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Depends, HTTPException
from starlette.requests import Request

__all__ = ["EACH_KEY_ONCE"]


async def _require_each_key_once(request: Request) -> None:
    """Refuse a body with an object that has a key twice; one that is no JSON is refused later."""
    body = await request.body()
    try:
        json.loads(body, object_pairs_hook=_pairs_once)
    except (ValueError, RecursionError):
        return


def _pairs_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise HTTPException(422, f"the body has the key {key!a} twice in one object; give it once")
        found[key] = value
    return found


EACH_KEY_ONCE = Depends(_require_each_key_once)
"""What a part of the interface asks of every body."""
