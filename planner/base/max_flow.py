"""Maximum flow from amounts of work to reserves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_UNITS: Final = 2.0**30  # all work together, as flows of integers count it


def unassigned(work: Sequence[float], choices: Sequence[Sequence[str]], room: Mapping[str, float]) -> float:
    """Return how much work is left when as much as possible is assigned to reserves.

    >>> unassigned([3.0, 4.0], [["a", "b"], ["a"]], {"a": 5.0, "b": 1.5})
    0.5
    """
    from scipy.sparse import csr_array  # takes a while to import
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    total, takers = sum(work), list(room)
    if not (total > 0.0 and takers):
        return total
    first, end = 1 + len(work), 1 + len(work) + len(takers)  # the source, the work, the reserves, the sink
    capacity = np.zeros((end + 1, end + 1))
    capacity[0, 1:first] = work
    capacity[first:end, end] = np.minimum(list(room.values()), total)
    for amount, of in enumerate(choices):
        capacity[1 + amount, [first + takers.index(taker) for taker in of]] = work[amount]
    graph = np.rint(capacity * (_UNITS / total)).astype(np.int32)
    flow = maximum_flow(csr_array(graph), 0, end).flow
    # What could still be sent on is left over by all the reserves that it may go to.
    reached, _ = breadth_first_order(csr_array(graph - flow.toarray()), 0)
    is_reached = np.isin(np.arange(end), reached)
    return max(0.0, float(capacity[0, :first] @ is_reached[:first] - capacity[first:end, end] @ is_reached[first:]))
