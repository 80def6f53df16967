"""Why no orders leave a plan in every future: the constraints of each future that conflict."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import InfeasibleError
from planner.base.words import some
from planner.outputs.labels import order_words
from planner.studies.solve.conflict_rules import conflict_rules, in_words
from planner.studies.stochastic.future import CONFLICT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.lp import HighsSession
    from planner.studies.stochastic.decisions import Orders, Received
    from planner.studies.stochastic.future import FutureProgram

__all__ = ["InfeasibleFuturesError", "why_no_orders"]

_OF_FUTURE: Final = re.compile(r"((?:lower|upper) bound of )?future_(\d+)\.(.*)", re.DOTALL)
_SHARED: Final = re.compile(r"(?:as_ordered|ordered_early)\((\d+)\)")
_MOST_ORDERS: Final = 6


class InfeasibleFuturesError(InfeasibleError):
    """Futures have no plan, each for reasons of its own."""

    def __init__(self, of_future: Mapping[str, InfeasibleError]) -> None:
        self.of_future = of_future
        texts = [str(error) for error in of_future.values()]
        last, *others = {text.rsplit("\n", 1)[-1] for text in texts}
        # What to do next is said once; a constraint is indented, and is named for each future.
        if len(texts) > 1 and not others and not last.startswith(" "):
            texts = [*(text.rsplit("\n", 1)[0] for text in texts[:-1]), texts[-1]]
        conflict = [name for error in of_future.values() for name in error.conflict]
        super().__init__("\n".join(texts), tuple(dict.fromkeys(conflict)))

    def to_dict(self) -> dict[str, Any]:
        """Return it in types of JSON."""
        return {
            "infeasible": [
                {"future": name, "message": str(error), "conflict": list(error.conflict)}
                for name, error in self.of_future.items()
            ]
        }


def why_no_orders(
    head: str, session: HighsSession, futures: Sequence[FutureProgram], orders: Orders, received: Sequence[Received]
) -> InfeasibleError:
    """Return the error that says which constraints of which futures conflict, by what they share."""
    names = session.iis(time_limit_s=CONFLICT_SECONDS)
    of_future: dict[int, list[str]] = {}
    shared: set[int] = set()
    for found in filter(None, map(_OF_FUTURE.fullmatch, names)):
        place = int(found[2]) - 1
        of_orders = _SHARED.fullmatch(found[3])
        if of_orders is None:
            of_future.setdefault(place, []).append(f"{found[1] or ''}{found[3]}")
        else:
            of = received[place]
            at = of.column[of.row] == int(of_orders[1])
            shared.update(of.order[at].tolist())
    lines = []
    for place, rows in sorted(of_future.items()):
        future = futures[place]
        rules = conflict_rules(future.question, future.model.problem, rows)
        lines += [f"  in future {future.name}:", *(f"  {line}" for line in in_words(rules))]
    if shared:
        rows_of = orders.table.take(sorted(shared))
        things = dict.fromkeys(map(order_words, rows_of["kind"], rows_of["site"], rows_of["item"]))
        lines.append(f"  orders that they share: {some(list(things), _MOST_ORDERS)}")
    text = f"{head}; these conflict:" if lines else head
    return InfeasibleError("\n".join([text, *lines]), tuple(names))
