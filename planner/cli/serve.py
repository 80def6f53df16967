"""`dcplan serve`: the pages of a folder in a browser, on this machine alone."""

from __future__ import annotations

import click

from planner.cli.options import option


@click.command("serve")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False))
@option("--port", "Port to listen on; left out: 8321, or any free one; 0: any free one.", click.IntRange(0, 65_535))
@option("--open open_browser", "Open the address in a browser.")
def command(folder: str, port: int | None, *, open_browser: bool) -> None:
    """Show runs in a browser, change scenarios in a form, solve with progress, compare.

    DIR is the project: its *.yaml files and plan workbooks are the scenarios next to those that
    ship, its runs are those in runs/. Nothing is written elsewhere. The pages can be opened on this
    machine alone, with the address that is printed, which holds a key. Ctrl-C ends it.

    Needs FastAPI and uvicorn: pip install 'dcplan[serve]'.
    """
    import webbrowser
    from importlib.util import find_spec
    from pathlib import Path

    from planner.base.errors import InputError, Problem
    from planner.outputs.staging import try_folder

    missing = [name for name in ("fastapi", "uvicorn") if find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        found = f"{' and '.join(missing)} {verb} not installed"
        fix = "install the extra: pip install 'dcplan[serve]'"
        raise InputError([Problem.of("dcplan serve", found, "installed", fix)])
    home = Path(folder).resolve()
    if not home.is_dir():
        found = "there is no such folder"
        fix = "name one, or make it: dcplan init makes a project"
        raise InputError([Problem.of(folder, found, "a folder", fix)])
    try_folder(home, "DIR")

    from planner.serve.project import Project
    from planner.serve.server import listen, serve
    from planner.serve.service import Service

    def ready(address: str) -> None:
        click.echo(address)
        click.echo("Open this address in a browser on this machine. Ctrl-C ends it.", err=True)
        if open_browser:
            webbrowser.open(address)

    serve(Service(Project(home)), listen(port), ready)
