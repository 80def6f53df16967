"""Styles and scripts of the pages."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from starlette.responses import FileResponse

from planner.serve.shell import STATIC

__all__ = ["router"]

router = APIRouter()


@router.get("/static/{name}")
def static_file(name: str) -> FileResponse:
    """Return a style or a script."""
    if name not in STATIC:
        raise HTTPException(404)
    path, kind = STATIC[name]
    return FileResponse(path, media_type=kind)
