"""The command line: quick help, one message for each error, exit codes that tell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from planner import cli
from planner.base.errors import InfeasibleError, InputError, LimitReachedError, Problem
from planner.cli import group


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, list(arguments))


def run_raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> Result:
    @click.command("schema")
    def command() -> None:
        raise error

    monkeypatch.setattr("planner.cli.data.schema_command", command)
    return run("schema")


def test_help_lists_every_command() -> None:
    result = run("--help")

    assert result.exit_code == 0
    for name, meaning in cli.COMMANDS.items():
        assert f"  {name} " in result.stdout
        assert meaning in result.stdout


def printed_by(code: str) -> str:
    """Run code in a process of its own, which must end well."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_help_imports_no_heavy_library() -> None:
    code = (
        "import sys\n"
        "from planner.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "heavy = {'pandas', 'numpy', 'pydantic', 'pulp', 'highspy', 'geopandas', 'yaml', 'rich'}\n"
        "heavy |= {'fastapi', 'starlette', 'uvicorn'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )

    printed_by(code)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_can_be_imported_and_asked_for_help(name: str) -> None:
    result = run(name, "--help")

    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: main {name}")


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (InputError([Problem("plan.yaml", 3, 5, "x is 2", "3")]), 2),
        (InfeasibleError("no plan meets every rule"), 3),
        (LimitReachedError("the time limit was reached"), 4),
    ],
)
def test_an_error_raised_on_purpose_is_its_text_and_its_exit_code(
    error: Exception, exit_code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_raising(error, monkeypatch)

    assert result.exit_code == exit_code
    assert result.stderr == f"{error}\n"
    assert result.stdout == ""


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_raising(KeyboardInterrupt(), monkeypatch)

    assert result.exit_code == 130


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_raising(ZeroDivisionError("a bug"), monkeypatch)

    assert result.exit_code == 1
    assert isinstance(result.exception, ZeroDivisionError)


def test_a_misspelt_command_is_corrected() -> None:
    result = run("validat")

    assert result.exit_code == 2
    assert "no command is called 'validat'; did you mean 'validate'?" in result.stderr


@pytest.mark.parametrize("arguments", [("-q", "schema"), ("schema", "-q")])
def test_quiet_may_stand_before_or_after_the_command(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command("schema")
    @click.pass_obj
    def command(settings: dict[str, bool]) -> None:
        click.echo(settings["quiet"])

    monkeypatch.setattr("planner.cli.data.schema_command", command)

    assert run(*arguments).stdout == "True\n"


@pytest.mark.parametrize("name", group.COMMANDS)
def test_every_command_and_those_below_it_can_be_quiet(name: str) -> None:
    command = cli.main.get_command(click.Context(cli.main), name)

    below = command.commands.values() if isinstance(command, click.Group) else ()
    for one in (command, *below):
        assert sum(parameter.name == "quiet" for parameter in one.params) == 1, one.name


def test_quiet_and_verbose_exclude_each_other() -> None:
    result = run("-q", "schema", "-v")

    assert result.exit_code == 2
    assert "cannot be combined" in result.stderr


def test_version_names_the_program() -> None:
    result = run("--version")

    assert result.exit_code == 0
    assert result.stdout.startswith("dcplan ")


def test_the_schema_is_printed_as_json() -> None:
    result = run("schema")

    assert result.exit_code == 0
    assert result.stdout.startswith('{\n  "$schema"')


@pytest.mark.parametrize("sign", ["\x7f", "\x1b", "\u2028", "\n"])
def test_control_characters_of_a_name_are_escaped_in_a_message(sign: str) -> None:
    escaped = repr(sign)[1:-1]

    said = run("validate", f"odd{sign}name").stderr

    assert said.startswith(f"odd{escaped}name: no shipped scenario is called 'odd{escaped}name'")
    assert said.rstrip("\n").isprintable()


@pytest.mark.parametrize(
    "arguments",
    [
        ("validate", 5000 * "x"),
        ("validate", 1250 * "y' x"),
        ("runs", "show", 5000 * "x"),
        (5000 * "x",),
        ("schema", f"--{4998 * 'x'}"),
        ("validate", "tiny", "--set", f"{5000 * 'x'}=3"),
        ("validate", "tiny", "--set", f"scope.sites=[{5000 * 'x'}]"),
        ("validate", "tiny", "--set", f"time.slot_h={5000 * 'x'}"),
    ],
)
def test_a_long_name_is_shortened_and_its_length_reported(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    result = run(*arguments)

    assert result.exit_code == 2
    assert "(5,000 characters)" in result.stderr
    assert len(result.stderr) < 1500
