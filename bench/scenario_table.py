"""Write what each stored run answers, one line a run, for the table of docs/plausibility.md.

Run by hand, from the root of the repository: ``python bench/scenario_table.py runs/us-base-<hash>
runs/us-2n-inference-<hash> ...`` compares the others with the first, to stdout.
"""

from __future__ import annotations

import sys

import planner


def line(run: str, base_musd: float | None) -> dict[str, object]:
    """Cost, service and size of a run."""
    plan = planner.load(run)
    t = plan.tables
    summary, last = t["summary"], t["summary"].iloc[-1]
    demand = summary["demand_kh100e"].sum()
    solution = t["solution"].iloc[0]
    musd = float(solution["objective_musd"])

    def share(column: str) -> str:
        whole = 100 * summary[column].sum() / demand
        return f"{whole:.1f} ({100 * last[column] / last['demand_kh100e']:.1f})"

    return {
        "scenario": solution["scenario"],
        "BUSD": f"{musd / 1e3:,.1f}",
        "over": "" if base_musd is None else f"{(musd - base_musd) / 1e3:+.1f}",
        "gap, %": f"{100 * float(solution['gap_frac']):.2f}",
        "served": share("served_kh100e"),
        "rented": share("rented_kh100e"),
        "unmet": share("unmet_kh100e"),
        "saved": share("saved_kh100e"),
        "built, MW": f"{t['builds']['built_mw'].sum():,.0f}",
        "sites": int(last["sites_in_use"]),
        "new firm, MW": f"{summary['new_firm_mw'].max():,.0f}",
        "peak, MW": f"{last['facility_peak_mw']:,.0f}",
        "TWh": f"{last['energy_twh']:.1f}",
    }


def main(runs: list[str]) -> None:
    """Write a table of all runs."""
    base_musd: float | None = None
    for run in runs:
        found = line(run, base_musd)
        if base_musd is None:
            base_musd = float(planner.load(run).tables["solution"].iloc[0]["objective_musd"])
            print(" | ".join(found))
        print(" | ".join(map(str, found.values())), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
