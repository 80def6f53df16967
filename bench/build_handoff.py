"""Seconds to build one linear program and hand it to HiGHS, by modelling layer.

Run from the root of the repository: ``python bench/build_handoff.py [small medium large]``.
linopy is measured where it is installed; dcplan itself does not need it.
"""

from __future__ import annotations

import gc
import importlib
import sys
import time

from case import SIZES, make_case

LAYERS = {"dcplan": "with_arrays", "PuLP": "with_pulp", "linopy": "with_linopy"}
REPEATS = {"dcplan": 25, "PuLP": 3, "linopy": 10}  # the quickest of them counts


def main(sizes: list[str]) -> None:
    layers = {}
    for name, module in LAYERS.items():
        try:
            layers[name] = importlib.import_module(module)
        except ModuleNotFoundError as error:
            print(f"{name} left out: {error}")
    print("| size | layer | rows | columns | non-zeros | build s | hand-off s | sum s | x dcplan |")
    print("|---|---|---|---|---|---|---|---|---|")
    for size in sizes:
        case = make_case(**SIZES[size])
        own, objectives = 0.0, {}
        for name, layer in layers.items():
            build_s, hand_off_s, highs = quickest(layer, case, REPEATS[name])
            own = own or build_s + hand_off_s
            print(
                f"| {size} | {name} | {highs.getNumRow():,} | {highs.getNumCol():,} "
                f"| {highs.getNumNz():,} | {build_s:.3f} | {hand_off_s:.3f} "
                f"| {build_s + hand_off_s:.3f} | {(build_s + hand_off_s) / own:.1f} |",
                flush=True,
            )
            if size == "small":
                highs.setOptionValue("output_flag", False)
                highs.run()
                objectives[name] = highs.getObjectiveValue()
        if objectives:
            check_agreement(objectives)


def quickest(layer, case, repeats):
    """Return the least seconds to build and to hand off, and HiGHS with the program in it."""
    best = (float("inf"), float("inf"), None)
    for _ in range(repeats):
        gc.collect()
        began = time.perf_counter()
        problem = layer.build(case)
        built = time.perf_counter()
        highs = layer.hand_off(problem)
        handed_off = time.perf_counter()
        best = min(best, (built - began, handed_off - built, highs), key=lambda b: b[0] + b[1])
    return best


def check_agreement(objectives: dict[str, float]) -> None:
    expected = objectives["dcplan"]
    for name, objective in objectives.items():
        if abs(objective - expected) > 1e-6 * abs(expected):
            message = f"{name} finds {objective}, dcplan {expected}"
            raise AssertionError(message)
    print(f"\nAll find the objective {expected:.6f} of the small case.\n")


if __name__ == "__main__":
    main(sys.argv[1:] or list(SIZES))
