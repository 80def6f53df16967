"""Explain sites of a stored run at once and by solving again, and say where the two differ.

    python bench/explain_places.py runs/us-base-<hash> us-tx-dallas us-oh-columbus us-va-ashburn

Prints for each site the sentences that both ways say alike, those that only one of them says, and
each limit with its shadow price next to what one more of it is worth when it is solved again.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from planner.runs.reopen import reopen
from planner.studies.explain import explain

SHOWN = ["block", "place", "year", "limit", "unit", "value", "tried_value"]


def main(folder: Path, sites: list[str]) -> None:
    """Explain each site twice."""
    run = reopen(folder)
    for site in sites:
        began = time.process_time()
        at_once = explain(run, site=site)
        quick_s = time.process_time() - began
        solved = explain(run, site=site, resolve=True)
        texts = [[one.text for one in reported.statements] for reported in (at_once, solved)]
        both = set(texts[0]) & set(texts[1])
        print(f"\n# {site}: {quick_s:.1f} s at once, {time.process_time() - began:.1f} s in all")
        for mark, said in (("at once", texts[0]), ("solved again", texts[1])):
            print(f"\n{mark}, and not the other way:")
            print("\n".join(f"- {text}" for text in said if text not in both))
        print(f"\n{len(both)} sentences are the same:")
        print("\n".join(f"- {text}" for text in texts[1] if text in both))
        binding = solved.tables["binding"]
        if len(binding):
            tried = binding[binding["tried_value"].notna()]
            print(tried[[name for name in SHOWN if name in tried]].to_string(index=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
