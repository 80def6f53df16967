"""A mutation run: change the code in one place, and see whether a test notices.

    python bench/mutants.py map OUT     # which tests run which functions, and their time
    python bench/mutants.py run OUT -n 320 --seed 9
    python bench/mutants.py again OUT --test-s 30 --first test_golden_rows test_every_check
    python bench/mutants.py report OUT

`map` runs each test file in a process of its own and records every function of `planner/` that
each test calls. `run` draws mutants by a seed, some in every room, and gives each a process of its
own in which the changed function takes the place of the one that is there: nothing is written to
the source, and the imports are paid for once. It runs the tests that call the function, fastest
first, until one fails; where no map is at hand, tests of the room, those of a like name first.
`again` gives survivors more time, and the tests that are named before all others.
Mutants lie in bodies of functions and in numbers that a module names; messages, annotations and
defaults of arguments are left alone.
"""

from __future__ import annotations

import argparse
import ast
import copy
import functools
import gc
import importlib
import json
import os
import random
import re
import resource
import signal
import sys
import time
import types
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import highspy
import pytest
from _pytest.runner import runtestprotocol

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
        return f"{self.file}:{self.line} {self.kind}: {self.before} -> {self.after}"


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
            elif (
                isinstance(node, ast.Assign | ast.AnnAssign)
                and isinstance(node.value, ast.Constant)
                and not prefix
            ):
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
            for module in list(sys.modules.values()):
                if getattr(module, "__name__", "").startswith("planner") and hasattr(module, name):
                    setattr(module, name, value)


def codes(code: types.CodeType) -> list[types.CodeType]:
    inner = [const for const in code.co_consts if isinstance(const, types.CodeType)]
    return [code, *(part for const in inner for part in codes(const))]


def key_of(code: types.CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


# --- tests -----------------------------------------------------------------------------------


class InProcesses:
    """A pytest plugin that forks once for each group of the tests that were collected."""

    def __init__(self, work) -> None:
        self.work = work

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.work(session.items)
        return True


def run_items(items: list[pytest.Item], on_test) -> None:
    """Run tests one after the other; tell of each whether it held, its seconds and its reports."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        start = time.process_time()
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


def functions_of(seen: dict[int, types.CodeType]) -> list[str]:
    home = str(PACKAGE) + os.sep
    return sorted(
        {
            f"{Path(code.co_filename).relative_to(ROOT)}|{code.co_qualname}"
            for code in seen.values()
            if code.co_filename.startswith(home)
        }
    )


def make_map(items: list[pytest.Item], out: Path, file_cpu_s: float) -> None:
    by_file: dict[Path, list[pytest.Item]] = {}
    for item in items:
        by_file.setdefault(item.path, []).append(item)
    folder = out / "map"
    folder.mkdir(parents=True, exist_ok=True)
    for path, group in by_file.items():
        target = folder / (str(path.relative_to(ROOT)).replace("/", "~") + ".jsonl")
        if target.exists():
            continue

        def work(group=group, target=target) -> None:
            seen: dict[int, types.CodeType] = {}

            def trace(frame, event, arg):
                code = frame.f_code
                if id(code) not in seen:
                    seen[id(code)] = code

            with target.open("w", encoding="utf-8") as lines:

                def on_test(item, held, seconds) -> None:
                    sys.settrace(None)
                    found = {"test": item.nodeid, "held": held, "s": round(seconds, 4)}
                    lines.write(json.dumps(found | {"functions": functions_of(seen)}) + "\n")
                    lines.flush()
                    seen.clear()
                    sys.settrace(trace)

                sys.settrace(trace)
                run_items(group, on_test)

        ended = in_child(work, file_cpu_s)
        print(f"{path.relative_to(ROOT)}: {len(group)} tests, ended {ended}", flush=True)


def read_map(out: Path) -> dict[str, dict]:
    rows = [
        json.loads(line)
        for path in sorted((out / "map").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return {row["test"]: row for row in rows if row["held"]}


def tests_for(mutant: Mutant, known: dict[str, dict], items: dict[str, pytest.Item]) -> list[str]:
    """Tests that call the function, fastest first; without a map of it, those of a like name."""

    def calls(row: dict) -> bool:
        if mutant.function is None:
            return any(name.startswith(f"{mutant.file}|") for name in row["functions"])
        return f"{mutant.file}|{mutant.function}" in row["functions"]

    direct = sorted((test for test in known if calls(known[test])), key=lambda t: known[t]["s"])
    files = {test.partition("::")[0] for test in direct}
    # Tests that share a fixture with one that calls it, and those that nothing is known of.
    others = [test for test in known if test.partition("::")[0] in files and test not in direct]
    words = set(Path(mutant.file).stem.split("_")) - {"of", "types", "init"}
    unknown = [test for test in items if test not in known and mutant.room in test]
    named = [t for t in unknown if words & set(re.split(r"\W|_", t.lower()))]
    named = [*(test for test in unknown if "good_plan_passes_every_check" in test), *named]
    slow = ("whatever_the_settings", "test_missing_rows", "test_empty_years", "test_wrong_inputs")
    named = [test for test in named if not any(word in test for word in slow)]
    rest = [test for test in unknown if test not in named]
    found = [*direct, *others, *named, *rest]
    return [test for test in dict.fromkeys(found) if test in items]


def warm_up(items: list[pytest.Item]) -> None:
    """Solve the worlds of the checker's tests once: no change to the checker changes them."""
    import good_plan

    good_plan.solved = functools.cache(good_plan.solved)
    modules = {item.module for item in items if hasattr(getattr(item, "module", None), "solved")}
    for module in modules:
        module.solved = good_plan.solved
    for name in ("rich", "own", "own_power", "non_firm", "tariffs", "failover", "whole"):
        good_plan.solved(good_plan.RICH.with_name(f"{name}.yaml"))
    highspy.Highs.resetGlobalScheduler(True)  # its threads do not outlive a fork


def read_results(out: Path) -> dict[str, dict]:
    """Return the last result of every mutant."""
    file = out / "results.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    rows = [json.loads(line) for line in lines]
    return {row["mutant"]: row for row in rows}


def run_mutants(items: list[pytest.Item], out: Path, sample: list[Mutant], limits) -> None:
    known = read_map(out)
    by_id = {item.nodeid: item for item in items}
    results = out / "results.jsonl"
    done = read_results(out)
    left = [mutant for mutant in sample if str(mutant) not in done]
    if limits["again"]:
        missed = {name for name, row in done.items() if row["verdict"] not in CAUGHT}
        left = [mutant for mutant in sample if str(mutant) in missed]

    def tests_of(mutant: Mutant) -> list[str]:
        found = tests_for(mutant, known, by_id)
        first = [test for name in limits["first"] for test in by_id if name in test]
        return list(dict.fromkeys([*first, *found]))

    def one_by_one(mutants: list[Mutant]) -> None:
        for mutant in mutants:
            if time.monotonic() < limits["until"]:
                row = tried(mutant, tests_of(mutant), by_id, out, limits["test_s"])
                with results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")

    def of_the_checker() -> None:
        warm_up(items)
        one_by_one([mutant for mutant in left if mutant.room == "check"])

    def by_cost(mutant: Mutant) -> float:
        """Processor time of the first test, so that a run that is stopped has done most."""
        (*_, first) = [None, *tests_for(mutant, known, by_id)[:1]]
        return known[first]["s"] if first in known else 10.0

    for mutant in left:  # many are imported by no more than the test that needs them
        importlib.import_module(module_of(mutant))
    functions_by_file()
    one_by_one(sorted((m for m in left if m.room != "check"), key=by_cost))
    if any(mutant.room == "check" for mutant in left):
        print("checker:", in_child(of_the_checker, 7_200.0), flush=True)


def tried(mutant: Mutant, tests: list[str], items, out: Path, test_s: float) -> dict:
    """Put a mutant in place in a process of its own and run its tests for so long."""
    note, count = out / "killer.txt", out / "count.txt"
    note.unlink(missing_ok=True)
    count.write_text("0")

    def work() -> None:
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
        print(
            f"| {room} | {len(part)} | " + " | ".join(str(part.count(v)) for v in verdicts) + " |"
        )
    for row in rows:
        if row["verdict"] not in CAUGHT:
            tests = f"{row['tests']} of {row['of']} tests"
            print(f"{row['verdict']}: {row['mutant']}  [{row['function']}; {tests}]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mode", choices=["map", "run", "again", "report", "list"])
    parser.add_argument("out", type=Path)
    parser.add_argument("-n", "--count", type=int, default=320)
    parser.add_argument("--seed", type=int, default=9)
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
    sample = [m for m in drawn(args.count, args.seed) if not args.rooms or m.room in args.rooms]
    if args.mode == "list":
        print(*sample, sep="\n")
        return
    until = time.monotonic() + 60.0 * args.minutes
    again = args.mode == "again"
    limits = {"until": until, "test_s": args.test_s, "again": again, "first": args.first}

    def work(items: list[pytest.Item]) -> None:
        from hypothesis import settings  # pytest wants to load it before anyone else does

        settings.register_profile("mutants", database=None, derandomize=True, deadline=None)
        settings.load_profile("mutants")
        if args.mode == "map":
            make_map(items, out, args.file_s)
        else:
            run_mutants(items, out, sample, limits)

    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--capture=sys", *args.tests]
    pytest.main(options, plugins=[InProcesses(work)])


if __name__ == "__main__":
    main()
