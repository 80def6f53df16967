"""The commands of `dcplan`, and the libraries they need, are imported when they run."""

from __future__ import annotations

import inspect
from difflib import get_close_matches
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from planner.base.errors import DcplanError
from planner.base.words import in_message
from planner.cli.interrupts import INTERRUPTED, MESSAGE, raise_on_interrupt
from planner.cli.surroundings import BROKEN_SURROUNDINGS, within_surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_COMMANDS: Final = {
    "Plan": {
        "init": ("Make a project of one's own to start from.", "plan", ""),
        "validate": ("List every problem of a scenario and its data.", "plan", ""),
        "solve": ("Find and check the least-cost plan.", "plan", "studies.solve runs.folder outputs.terminal"),
    },
    "Understand": {
        "explain": ("Explain binding limits and shadow prices.", "understand", "studies.explain runs.reopen"),
        "compare": ("Say what differs between runs, and why.", "understand", "studies.compare outputs.report"),
        "estimates": ("Say which estimates decide the cost.", "understand", "studies.estimates runs.reopen"),
        "sensitivity": ("Rank what decides by tornado, Morris or Sobol.", "futures", "studies.sensitivity"),
        "diagnose": ("Find out why a scenario has no plan.", "understand", "studies.diagnose"),
        "check": ("Check a stored plan again, from its folder alone.", "share", "check runs.reopen"),
    },
    "Explore": {
        "sweep": ("Solve many futures side by side, and resume.", "futures", "studies.sweep"),
        "stochastic": ("Decide before it is known which future comes.", "futures", "studies.stochastic"),
        "frontier": ("Trace cost against carbon, water and others.", "explore", "studies.frontier"),
        "alternatives": ("Find plans that differ and cost little more.", "explore", "studies.alternatives"),
        "myopic": ("Decide year by year; say what foresight is worth.", "explore", "studies.myopic runs.folder"),
    },
    "Operate": {
        "stress": ("Run a plan through hours, outages and events.", "operate", "operate"),
        "dispatch": ("Operate a plan hour by hour with few hours in view.", "operate", "operate"),
        "days-error": ("Say what a plan's choice of days leaves out.", "operate", "operate"),
    },
    "Share": {
        "report": ("Write one HTML file that shows a run, or compares some.", "share", "share"),
        "export": ("Write a run for other programs.", "share", "share"),
        "serve": ("Show, change and solve in a browser, on this machine.", "share", ""),
        "runs": ("List, show and prune runs.", "runs", "runs"),
    },
    "Data": {
        "data": ("Show and copy tables with units, sources and licences.", "data", ""),
        "schema": ("Print the JSON Schema of scenario files.", "data", ""),
        "headroom": ("Find the load that a grid can take.", "data", "headroom"),
    },
}
"""By what a planner is doing: every command, what it does, its module, and what takes long to import for it.

The last is done before it begins, while Ctrl-C ends all at once.
"""
GROUPS: Final = {group: {name: of[0] for name, of in commands.items()} for group, commands in _COMMANDS.items()}
COMMANDS: Final = {name: meaning for group in GROUPS.values() for name, meaning in group.items()}
_WIDTH: Final = max(map(len, COMMANDS))
_LOOKS: Final = (1_000_000, 10, 10)
"""New objects after which the youngest are looked through for cycles, and rounds for older ones."""


class _LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is asked for."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line; nothing around it ends in a traceback."""
        return within_surroundings(lambda: super(_LazyGroup, self).main(*args, **extra))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        found = next((commands[cmd_name] for commands in _COMMANDS.values() if cmd_name in commands), None)
        if found is None:
            return None
        module = import_module(f"planner.cli.{found[1]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        if not any(parameter.name == "quiet" for parameter in command.params):
            of_group = command.commands.values() if isinstance(command, click.Group) else ()
            for one in (command, *of_group):  # so that they may stand before or after its name
                one.params += _talk_options()
            command.callback = _begun(command.callback, found[2].split())
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of a line, and name the near one where there is none."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            fix = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(COMMANDS)}"
            ctx.fail(f"no command is called {args[0]!r}; {fix}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands for `--help` without importing any of them."""
        for group, commands in GROUPS.items():
            with formatter.section(group):
                formatter.write_dl([(f"{name:{_WIDTH}}", text) for name, text in commands.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; errors raised on purpose become a message and an exit code."""
        try:
            _require_working_folder(ctx)
            return super().invoke(ctx)
        except DcplanError as error:
            click.echo(str(error), err=True)
            ctx.exit(error.exit_code)
        except click.UsageError as error:
            message = in_message(error.format_message())
            if message == error.format_message():
                raise
            raise click.UsageError(message, error.ctx) from error
        except KeyboardInterrupt:
            click.echo(MESSAGE, err=True)
            ctx.exit(INTERRUPTED)


def _begun(callback: Any, libraries: Sequence[str]) -> Callable[..., Any] | None:
    """Import what a command needs before it begins; from then on Ctrl-C raises an exception."""

    def run(*args: Any, **extra: Any) -> Any:
        if libraries:
            _import(libraries)
        with raise_on_interrupt():
            return callback(*args, **extra)

    return None if callback is None else wraps(callback)(run)


def _import(libraries: Sequence[str]) -> None:
    import gc

    # Modules stay: a look for cycles among their objects finds none. From then on looks are rare: a
    # solve makes many small objects that live to its end and hardly a cycle among them.
    gc.disable()
    try:
        for library in libraries:
            import_module(f"planner.{library}")
        from planner.base.pandas_texts import hold_texts_as_objects

        hold_texts_as_objects()
    finally:
        gc.freeze()
        gc.set_threshold(*_LOOKS)
        gc.enable()


def _require_working_folder(ctx: click.Context) -> None:
    try:
        Path.cwd()
    except OSError as error:
        click.echo(f"the working folder is gone ({error.strerror}); change to another", err=True)
        ctx.exit(BROKEN_SURROUNDINGS)


def _talk_options() -> list[click.Parameter]:
    every = (("-q", "--quiet", "Print only results and errors."), ("-v", "--verbose", "Print progress."))
    how: dict[str, Any] = {"is_flag": True, "expose_value": False, "callback": _remember}
    return [click.Option([short, name], help=text, **how) for short, name, text in every]


def _remember(ctx: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    settings = ctx.ensure_object(dict)
    settings[parameter.name] = settings.get(parameter.name, False) or wanted
    if settings.get("quiet") and settings.get("verbose"):
        raise click.UsageError("--quiet and --verbose cannot be combined", ctx)


@click.group(cls=_LazyGroup, params=_talk_options(), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dcplan", message="dcplan %(version)s", help="Print the version and end.")
def main() -> None:
    """Plan where, when and how to house AI racks, and how to power them.

    Results go to stdout, messages to stderr. Exit codes: 0 done, 1 a bug, 2 bad input or usage,
    3 infeasible, 4 a limit was reached.
    """


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
