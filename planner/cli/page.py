"""The page `docs/cli.md`: every command with its options, from the commands themselves."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Final

import click

from planner.cli.group import COMMANDS, GROUPS, main

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD: Final = """\
# Commands

Generated from `planner/cli/` by `python -m planner.docs`; `dcplan COMMAND --help` says the same.
Results go to stdout, and end with `Written to PATH` where they are in files. With `--json` stdout
is JSON alone, and that line goes to stderr, as progress and messages do, warnings among them.
Every command also takes `-q` (results and errors alone) and `-v` (detail). Exit codes: 0 done,
solved and checked; 1 an error in dcplan itself, or a check that fails; 2 wrong input or usage; 3
infeasible; 4 a limit was reached, and the best plan so far is written and marked; 130 interrupted.
"""
_EVERYWHERE: Final = {"quiet", "verbose", "help"}


def commands_page() -> str:
    """Return the page."""
    context = click.Context(main, info_name="dcplan")
    parts = [_HEAD, "| to | command | does |", "|---|---|---|"]
    parts += [
        f"| {group.lower()} | [`{name}`](#dcplan-{name}) | {about} |"
        for group, commands in GROUPS.items()
        for name, about in commands.items()
    ]
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None, name
        parts += _shown(command, click.Context(command, info_name=name, parent=context))
    return "\n".join(parts) + "\n"


def _shown(command: click.Command, context: click.Context) -> Iterator[str]:
    """Give the lines of a command, and of those below it."""
    path = context.command_path
    yield from ("", f"{'#' * (path.count(' ') + 1)} {path}", "")
    yield f"    {path} {' '.join(command.collect_usage_pieces(context))}"
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        yield from ("", *_paragraph(paragraph))
    options = [one for one in command.params if isinstance(one, click.Option) and one.name not in _EVERYWHERE]
    options = [one for one in options if not one.hidden]
    if options:
        yield from ("", "| option | default | meaning |", "|---|---|---|", *(_option(one, context) for one in options))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None, name
            yield from _shown(below, click.Context(below, info_name=name, parent=context))


def _paragraph(text: str) -> list[str]:
    """Return a paragraph; one that is marked to keep its lines, as code."""
    if text.startswith("\b"):
        return [f"    {line}" for line in text.splitlines()[1:]]
    return [" ".join(text.split())]


def _option(option: click.Option, context: click.Context) -> str:
    names = ", ".join(option.opts)
    value = "" if option.is_flag else f" {option.make_metavar(context)}"
    fallback = option.get_default(context)
    has_one = isinstance(fallback, str | int | float) and not option.is_flag
    cells = (f"`{names}{value}`", f"`{fallback}`" if has_one else "", option.help or "")
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
