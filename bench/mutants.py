"""A mutation run: change the code in one place, and see whether a test notices.

    python bench/mutants.py map OUT -n 320 --seed 10     # which tests reach which mutants
    python bench/mutants.py run OUT -n 320 --seed 10
    python bench/mutants.py again OUT -n 320 --seed 10 --test-s 60
    python bench/mutants.py report OUT

Mutants are drawn by a seed, some in every room. `map` runs each test file in a process of its own,
with a mark before every statement that a mutant would change, and writes down which tests reach
it, themselves or by what they share. `run` gives each mutant a process of its own in which the
changed function takes the place of the one that is there: nothing is written to the source, and
the imports are paid for once. It runs the tests that reach the mutant, fastest first, until one
fails. `again` gives survivors more time. Solved worlds are kept in OUT with the mutants that are
reached while they are solved: for these alone they are solved again.
Mutants lie in bodies of functions and in numbers that a module names; messages, annotations and
defaults of arguments are left alone.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import copy
import functools
import gc
import hashlib
import importlib
import json
import os
import pickle
import random
import re
import resource
import signal
import sys
import tempfile
import time
import types
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from _pytest.runner import runtestprotocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "planner"
# What writes the pages, makes the base maps once, and where lines and letters are drawn.
LEFT_OUT = ("docs.py", "basemaps/", "plot.py", "svg.py")
CAUGHT = ("killed", "timeout")
SWAPS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
NAMES = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "minimum": "maximum",
    "maximum": "minimum",
    "floor": "ceil",
    "ceil": "floor",
    "sum": "max",
}


# --- mutants ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mutant:
    """One place, and what is done to it there; `function` is None for a number of the module."""

    file: str
    function: str | None
    line: int
    node: int  # position in the order of `ast.walk`
    kind: str
    before: str
    after: str

    @property
    def room(self) -> str:
        parts = Path(self.file).parts
        return parts[1] if len(parts) > 2 else "root"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}#{self.node} {self.kind}: {self.before} -> {self.after}"


def changed(node: ast.AST) -> list[tuple[str, ast.AST]]:  # noqa: PLR0911
    """Return what may be put in the place of a node, with the kind of the change."""
    new = copy.deepcopy(node)
    match new:
        case ast.Compare(ops=[op]) if type(op) in SWAPS:
            new.ops = [SWAPS[type(op)]()]
            return [("comparison", new)]
        case ast.BinOp(op=op) | ast.BoolOp(op=op) if type(op) in SWAPS:
            is_text = any(isinstance(part, ast.JoinedStr) for part in ast.walk(new))
            new.op = SWAPS[type(op)]()
            return [] if is_text else [("operator", new)]
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            return [("sign or not", new.operand)]
        case ast.Constant(value=bool(value)):
            return [("constant", ast.copy_location(ast.Constant(not value), node))]
        case ast.Constant(value=int(value) | float(value)):
            other = value + 1 if isinstance(value, int) else (value * 1.5 or 1.0)
            return [("constant", ast.copy_location(ast.Constant(other), node))]
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            new.value = ast.copy_location(ast.Constant(None), value)
            return [("return", new)]
        case ast.If(test=test) | ast.IfExp(test=test) if not isinstance(test, ast.UnaryOp):
            new.test = ast.copy_location(ast.UnaryOp(ast.Not(), test), test)
            return [("condition", new)]
        case ast.Name(id=name) if name in NAMES:
            new.id = NAMES[name]
            return [("function", new)]
        case ast.Attribute(attr=name) if name in NAMES:
            new.attr = NAMES[name]
            return [("function", new)]
    return []


def mutants_of(path: Path) -> list[Mutant]:
    """List every mutant of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    place = {id(node): n for n, node in enumerate(ast.walk(tree))}
    file = str(path.relative_to(ROOT))
    found: list[Mutant] = []

    def add(node: ast.AST, function: str | None) -> None:
        for kind, new in changed(node):
            before, after = shown(node), shown(new)
            found.append(Mutant(file, function, node.lineno, place[id(node)], kind, before, after))

    def visit(node: ast.AST, function: str) -> None:
        if isinstance(node, ast.JoinedStr | ast.Raise | ast.Assert):
            return
        if isinstance(node, ast.keyword) and node.arg == "strict":  # of `zip`: no more than a guard
            return
        add(node, function)
        for field, value in ast.iter_fields(node):
            if field in {"annotation", "returns", "decorator_list", "defaults", "kw_defaults"}:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.FunctionDef | ast.Lambda):
                    name = getattr(child, "name", "<lambda>")
                    visit(child, f"{function}.<locals>.{name}")
                elif isinstance(child, ast.AST):
                    visit(child, function)

    def outside(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef):
                for child in node.body:
                    visit(child, f"{prefix}{node.name}")
            elif isinstance(node, ast.ClassDef):
                outside(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant) and not prefix:
                add(node.value, None)

    outside(tree.body, "")
    return found


def shown(node: ast.AST) -> str:
    head = copy.deepcopy(node)
    if isinstance(head, ast.If):
        head = head.test
    text = " ".join(ast.unparse(head).split())
    return text if len(text) <= 110 else text[:107] + "..."


def drawn(count: int, seed: int) -> list[Mutant]:
    """Draw mutants, in every room by the root of how many there are."""
    rooms: dict[str, list[Mutant]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if not any(part in str(path.relative_to(PACKAGE)) for part in LEFT_OUT):
            for mutant in mutants_of(path):
                rooms.setdefault(mutant.room, []).append(mutant)
    weights = {room: sqrt(len(mutants)) for room, mutants in rooms.items()}
    weights["check"] /= 1.5  # its tests are the longest
    rng = random.Random(seed)
    sample = []
    for room, mutants in sorted(rooms.items()):
        share = round(count * weights[room] / sum(weights.values()))
        sample += rng.sample(mutants, min(share, len(mutants)))
    rng.shuffle(sample)  # so that a run that is stopped has some of every room
    return sample


def mutated(mutant: Mutant) -> ast.Module:
    tree = ast.parse((ROOT / mutant.file).read_text(encoding="utf-8"))
    old = list(ast.walk(tree))[mutant.node]
    (new,) = [node for kind, node in changed(old) if kind == mutant.kind]
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list):
                setattr(parent, name, [new if child is old else child for child in value])
    return ast.fix_missing_locations(tree)


def put_in_place(mutant: Mutant) -> None:
    """Give the functions, or the number, that are loaded the changed code."""
    code = compile(mutated(mutant), str(ROOT / mutant.file), "exec", dont_inherit=True)
    if mutant.function is None:
        put_number(mutant, code)
        return
    new = {key_of(part): part for part in codes(code)}
    for function in functions_by_file()[str(ROOT / mutant.file)]:
        function.__code__ = new[key_of(function.__code__)]


def module_of(mutant: Mutant) -> str:
    return mutant.file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


@functools.cache
def functions_by_file() -> dict[str, list[types.FunctionType]]:
    """All functions that are loaded, by the file they come from."""
    found: dict[str, list[types.FunctionType]] = {}
    for function in [o for o in gc.get_objects() if isinstance(o, types.FunctionType)]:
        found.setdefault(function.__code__.co_filename, []).append(function)
    return found


def put_number(mutant: Mutant, code: types.CodeType) -> None:
    """Set a module's number in the module and wherever it was imported by name."""
    home = sys.modules[module_of(mutant)]
    again = {"__name__": home.__name__, "__package__": home.__package__, "__file__": home.__file__}
    sys.modules[home.__name__] = types.ModuleType(home.__name__)
    exec(code, again)
    sys.modules[home.__name__] = home
    for name, value in again.items():
        is_number = isinstance(value, int | float) and not name.startswith("__")
        if is_number and getattr(home, name) != value:
            for module in list(sys.modules.values()):  # tests import it by name too
                is_ours = (getattr(module, "__file__", None) or "").startswith(str(ROOT) + os.sep)
                if is_ours and hasattr(module, name):
                    setattr(module, name, value)


def codes(code: types.CodeType) -> list[types.CodeType]:
    inner = [const for const in code.co_consts if isinstance(const, types.CodeType)]
    return [code, *(part for const in inner for part in codes(const))]


def key_of(code: types.CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


# --- what reaches what -----------------------------------------------------------------------

MARK = "_mutant_is_reached_"
reached: list[set[str]] = [set()]  # of what is under way: a test, a fixture, a value that is kept
in_place: list[str] = []  # the mutant of this process, if any
under_way: list[pytest.Item] = []


@contextmanager
def recorded() -> Iterator[set[str]]:
    """Note the mutants reached meanwhile, for this and for all that is under way."""
    found: set[str] = set()
    reached.append(found)
    try:
        yield found
    finally:
        reached.pop()
        reached[-1].update(found)


def put_marks(mutants: list[Mutant]) -> None:
    """Put a mark before each statement that holds a mutant."""

    def mark(name: str) -> None:
        reached[-1].add(name)

    setattr(builtins, MARK, mark)
    by_file: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        by_file.setdefault(mutant.file, []).append(mutant)
    for file, group in by_file.items():
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        homes = statements(tree)
        nodes = list(ast.walk(tree))
        for mutant in group:
            if mutant.function is None:
                tops = [n for n in nodes if isinstance(n, ast.FunctionDef)]
                where = [(top.body, top.body[-1]) for top in tops]
            else:
                where = [homes[id(nodes[mutant.node])]]
            for body, statement in where:
                call = ast.parse(f"{MARK}({str(mutant)!r})").body[0]
                for part in ast.walk(call):
                    ast.copy_location(part, statement)
                body.insert(body.index(statement), call)
        new = {key_of(part): part for part in codes(compile(tree, str(ROOT / file), "exec"))}
        for function in functions_by_file().get(str(ROOT / file), []):
            function.__code__ = new[key_of(function.__code__)]


def statements(tree: ast.Module) -> dict[int, tuple[list[ast.stmt], ast.stmt]]:
    """Return the innermost statement that each node lies in, and the list that holds it."""
    found: dict[int, tuple[list[ast.stmt], ast.stmt]] = {}

    def visit(node: ast.AST, home: tuple[list[ast.stmt], ast.stmt]) -> None:
        found[id(node)] = home
        for _, value in ast.iter_fields(node):
            parts = value if isinstance(value, list) else [value]
            for part in parts:
                if isinstance(part, ast.stmt):
                    visit(part, (value, part))
                elif isinstance(part, ast.AST):
                    visit(part, home)

    for statement in tree.body:
        visit(statement, (tree.body, statement))
    return found


class Tracked:
    """A function with a cache, whose later callers reach what its first one did."""

    def __init__(self, function) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.found: dict[object, set[str]] = {}

    def __call__(self, *given, **named):
        key = (given, tuple(named.items()))
        with recorded() as found:
            value = self.function(*given, **named)
        reached[-1].update(self.found.setdefault(key, found))
        return value

    def cache_clear(self) -> None:
        self.found.clear()
        self.function.cache_clear()


def track_caches() -> None:
    """Put all functions with a cache, of the planner and of tests, under watch."""
    kind = type(functools.cache(lambda: None))
    tracked: dict[int, Tracked] = {}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None) or ""
        if file.startswith((str(PACKAGE), str(ROOT / "tests"))):
            for name, value in list(vars(module).items()):
                if isinstance(value, kind):
                    setattr(module, name, tracked.setdefault(id(value), Tracked(value)))


class Kept:
    """A function whose values are kept in a folder, with the mutants reached on the way."""

    folder: Path

    def __init__(self, make) -> None:
        functools.update_wrapper(self, make)
        self.make = make
        self.memory: dict[str, tuple[object, set[str]]] = {}

    def __call__(self, *given):
        if is_patched():
            return self.make(*given)
        key = repr(given)
        if key not in self.memory:
            self.memory[key] = self.found(key, given)
        value, found = self.memory[key]
        reached[-1].update(found)
        return value

    def found(self, key: str, given) -> tuple[object, set[str]]:
        name = f"{self.make.__module__}.{self.make.__qualname__} {key}"
        file = self.folder / f"{hashlib.sha256(name.encode()).hexdigest()}.pickle"
        if file.exists():
            value, found = pickle.loads(file.read_bytes())
            if not in_place or in_place[0] not in found:
                return value, found
        with recorded() as found:
            value = self.make(*given)
        if not in_place:
            new = file.with_suffix(f".{os.getpid()}")
            new.write_bytes(pickle.dumps((value, found), protocol=pickle.HIGHEST_PROTOCOL))
            new.rename(file)
        return value, found


def is_patched() -> bool:
    """Whether the test under way has put something in the place of what is there."""
    patch = under_way[-1].funcargs.get("monkeypatch") if under_way else None
    return bool(patch and (patch._setattr or patch._setitem))


def lies_still(scenario: object, settings: tuple[str, ...]) -> bool:
    """Tell whether a scenario is shipped or lies in the repository, and so do its tables."""
    if not isinstance(scenario, str | Path):
        return False
    of_user = Path(scenario).exists() and not Path(scenario).is_absolute()
    key = repr((scenario, settings))
    return not of_user and not any(word in key for word in (tempfile.gettempdir(), "../", ".csv"))


def keep_solved(out: Path) -> None:
    """Keep what tests solve again and again, from one process to the next."""
    sys.path.insert(0, str(ROOT / "tests"))
    import shared

    from planner.studies.solve import checked_plan

    Kept.folder = out / "kept"
    Kept.folder.mkdir(parents=True, exist_ok=True)
    shared.shared = Kept
    real = checked_plan.solve

    @Kept
    def told(scenario, settings):
        """Return the plan, and all that was told on the way."""
        said: list[tuple[str, object]] = []
        plan = real(
            scenario,
            settings,
            on_stage=lambda stage: said.append(("on_stage", stage)),
            on_progress=lambda event: said.append(("on_progress", event)),
        )
        outcome = replace(plan.outcome, basis=None)  # an object of HiGHS, which cannot be pickled
        return replace(plan, outcome=outcome), said

    @functools.wraps(real)
    def solve(scenario, overrides=(), *, interrupt=None, **listeners):
        settings = tuple(overrides)
        if (interrupt and interrupt.is_set()) or not lies_still(scenario, settings) or is_patched():
            return real(scenario, overrides, interrupt=interrupt, **listeners)
        plan, said = told(scenario, settings)
        for listener, what in said:
            if listeners.get(listener):
                listeners[listener](what)
        return plan

    for module in list(sys.modules.values()):
        is_ours = getattr(module, "__name__", "").startswith("planner")
        if is_ours and vars(module).get("solve") is real:
            module.solve = solve


# --- tests -----------------------------------------------------------------------------------


class InProcesses:
    """A pytest plugin that gives the tests that were collected to a function."""

    def __init__(self, work) -> None:
        self.work = work
        self.of_fixtures: dict[object, set[str]] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.work(session.items, self)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        with recorded() as found:
            value = yield
        if fixturedef.scope != "function":
            self.of_fixtures.setdefault(fixturedef, set()).update(found)
        return value

    def of_shared_fixtures(self, item: pytest.Item) -> set[str]:
        """Return what was reached while fixtures were made that the test shares with others."""
        info = getattr(item, "_fixtureinfo", None)
        used = [fixtures[-1] for fixtures in info.name2fixturedefs.values()] if info else []
        return set().union(*(self.of_fixtures.get(fixture, set()) for fixture in used))


def run_items(items: list[pytest.Item], on_test) -> None:
    """Run tests one after the other; tell of each whether it held, its seconds and its reports."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        start = time.process_time()
        under_way[:] = [item]
        reports = runtestprotocol(item, log=False, nextitem=following)
        on_test(item, not any(r.failed for r in reports), time.process_time() - start)


def in_child(work, cpu_s: float) -> int:
    """Run in a process of its own with a limit of processor time; return how it ended."""
    child = os.fork()
    if child == 0:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_s) + 1, int(cpu_s) + 2))
        try:
            work()
        except BaseException as error:  # a child must not go on as its parent
            print(f"{type(error).__name__}: {error}", file=sys.__stderr__)
            os._exit(3)
        os._exit(0)
    until = time.monotonic() + 12.0 * cpu_s  # a child that waits uses no processor time
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return -signal.SIGKILL
        time.sleep(0.02)


def make_map(items: list[pytest.Item], plugin: InProcesses, out: Path, sample: list[Mutant], cpu_s: float) -> None:
    by_file: dict[Path, list[pytest.Item]] = {}
    for item in items:
        by_file.setdefault(item.path, []).append(item)
    folder = out / "map"
    folder.mkdir(parents=True, exist_ok=True)
    put_marks(sample)
    track_caches()
    for path, group in by_file.items():
        target = folder / (str(path.relative_to(ROOT)).replace("/", "~") + ".jsonl")
        if target.exists():
            continue

        def work(group=group, target=target) -> None:
            with target.open("w", encoding="utf-8") as lines:

                def on_test(item, held, seconds) -> None:
                    found = reached[0] | plugin.of_shared_fixtures(item)
                    row = {"test": item.nodeid, "held": held, "s": round(seconds, 4)}
                    lines.write(json.dumps(row | {"reached": sorted(found)}) + "\n")
                    lines.flush()
                    reached[0].clear()

                reached[0].clear()
                run_items(group, on_test)

        start = time.monotonic()
        ended = in_child(work, cpu_s)
        took = time.monotonic() - start
        name = path.relative_to(ROOT)
        print(f"{name}: {len(group)} tests, {took:.0f} s, ended {ended}", flush=True)


def read_map(out: Path) -> dict[str, dict]:
    rows = [
        json.loads(line)
        for path in sorted((out / "map").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return {row["test"]: row for row in rows if row["held"]}


def tests_for(mutant: Mutant, known: dict[str, dict], items: dict[str, pytest.Item]) -> list[str]:
    """Return the tests that reach the mutant, fastest first; then those of a like name.

    Of the latter, those of files without a map; all, for a number of a module: who reads it is not
    known.
    """
    name, unlike = str(mutant), of_like_name(mutant)
    found = [test for test in known if test in items and name in known[test]["reached"]]
    found.sort(key=lambda test: known[test]["s"])
    mapped = {test.partition("::")[0] for test in known} if mutant.function else set()
    unknown = [test for test in items if test.partition("::")[0] not in mapped]
    return [*found, *sorted(filter(unlike, unknown), key=unlike)]


def of_like_name(mutant: Mutant) -> Callable[[str], int]:
    """Return a measure of how little a test looks like one of the mutant; 0 if not at all."""
    words = set(re.split(r"\W|_", f"{Path(mutant.file).stem}_{mutant.function}".lower()))
    words -= {"", "of", "types", "init", "none", "locals", "lambda", "is", "in", "and", "the", "m"}

    def unlike(test: str) -> int:
        file, _, case = test.lower().partition("::")
        if file == mutant.file:  # its own examples
            return -1000
        is_near = f"tests/{mutant.room}/" in file
        hits = [sum(word in set(re.split(r"\W|_", text)) for word in words) for text in (file, case)]
        return -(100 * is_near + 20 * hits[0] + 10 * hits[1]) if is_near or hits[0] else 0

    return unlike


def read_results(out: Path) -> dict[str, dict]:
    """Return the last result of every mutant."""
    file = out / "results.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    rows = [json.loads(line) for line in lines]
    return {row["mutant"]: row for row in rows}


def run_mutants(items: list[pytest.Item], out: Path, sample: list[Mutant], limits) -> None:
    by_id = {item.nodeid: item for item in items}
    results = out / "results.jsonl"
    done = read_results(out)
    left = [mutant for mutant in sample if str(mutant) not in done]
    if limits["again"]:
        missed = {name for name, row in done.items() if row["verdict"] not in CAUGHT}
        left = [mutant for mutant in sample if str(mutant) in missed]
    if limits["rooms"]:
        left.sort(key=lambda mutant: limits["rooms"].index(mutant.room))
    functions_by_file()
    for mutant in left:
        if time.monotonic() < limits["until"]:
            found = tests_for(mutant, read_map(out), by_id)  # a map may grow meanwhile
            first = [test for name in limits["first"] for test in by_id if name in test]
            tests = list(dict.fromkeys([*first, *found]))
            row = tried(mutant, tests, by_id, out, limits["test_s"])
            print(row["verdict"], mutant, row["by"], f"{row['s']} s", flush=True)
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


def tried(mutant: Mutant, tests: list[str], items, out: Path, test_s: float) -> dict:
    """Put a mutant in place in a process of its own and run its tests for so long."""
    note, count = out / f"killer.{os.getpid()}", out / f"count.{os.getpid()}"
    note.unlink(missing_ok=True)
    count.write_text("0")

    def work() -> None:
        in_place[:] = [str(mutant)]
        if mutant.room == "tables":  # what it reads wrongly must not be kept for others
            os.environ["DCPLAN_CACHE"] = "off"
        put_in_place(mutant)
        start, ran = time.process_time(), 0

        def on_test(item, held, seconds) -> None:
            nonlocal ran
            ran += 1
            if not held:
                note.write_text(item.nodeid)
                os._exit(1)
            if time.process_time() - start > test_s:
                count.write_text(str(ran))
                os._exit(0)

        run_items([items[test] for test in tests], on_test)
        count.write_text(str(ran))

    start = time.monotonic()
    ended = in_child(work, 3.0 * test_s + 10.0) if tests else None
    verdict = {None: "no test", 0: "survived", 1: "killed", 3: "broken"}.get(ended, "timeout")
    return {
        "mutant": str(mutant),
        "room": mutant.room,
        "function": mutant.function,
        "verdict": verdict,
        "tests": int(count.read_text()),
        "of": len(tests),
        "by": note.read_text() if note.exists() else None,
        "s": round(time.monotonic() - start, 1),
    }


def report(out: Path) -> None:
    rows = list(read_results(out).values())
    verdicts = ("killed", "timeout", "survived", "no test", "broken")
    print("| room | mutants | " + " | ".join(verdicts) + " |")
    for room in [*sorted({row["room"] for row in rows}), "all"]:
        part = [row["verdict"] for row in rows if room in (row["room"], "all")]
        print(f"| {room} | {len(part)} | " + " | ".join(str(part.count(v)) for v in verdicts) + " |")
    for row in rows:
        if row["verdict"] not in CAUGHT:
            tests = f"{row['tests']} of {row['of']} tests"
            print(f"{row['verdict']}: {row['mutant']}  [{row['function']}; {tests}]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mode", choices=["map", "run", "again", "report", "list"])
    parser.add_argument("out", type=Path)
    parser.add_argument("-n", "--count", type=int, default=320)
    parser.add_argument("--seed", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=45.0)
    parser.add_argument("--test-s", type=float, default=15.0, help="of tests for each mutant")
    parser.add_argument("--file-s", type=float, default=90.0, help="of a test file while mapping")
    parser.add_argument("--first", nargs="*", default=[], help="tests to run before all others")
    parser.add_argument("--rooms", nargs="*", default=[], help="by default all")
    parser.add_argument("--tests", nargs="*", default=["tests", "planner"])
    args = parser.parse_args()
    out = args.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    if args.mode == "report":
        report(out)
        return
    everywhere = drawn(args.count, args.seed)
    sample = [m for m in everywhere if not args.rooms or m.room in args.rooms]
    if args.mode == "list":
        print(*sample, sep="\n")
        return
    until = time.monotonic() + 60.0 * args.minutes
    again = args.mode == "again"
    limits = {"until": until, "test_s": args.test_s, "again": again, "first": args.first}
    limits["rooms"] = args.rooms

    def work(items: list[pytest.Item], plugin: InProcesses) -> None:
        from hypothesis import settings  # pytest wants to load it before anyone else does

        settings.register_profile("mutants", database=None, derandomize=True, deadline=None)
        settings.load_profile("mutants")
        for mutant in everywhere:  # many are imported by no more than the test that needs them
            importlib.import_module(module_of(mutant))
        if args.mode == "map":
            make_map(items, plugin, out, everywhere, args.file_s)
        else:
            run_mutants(items, out, sample, limits)

    os.environ["DCPLAN_CACHE"] = str(out / "cache")
    keep_solved(out)
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--capture=sys", *args.tests]
    pytest.main(options, plugins=[InProcesses(work)])


if __name__ == "__main__":
    main()
