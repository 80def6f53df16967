"""Deferrable work yields where a connection is too small, and is caught up where there is room.

A window begins at a multiple of its length in UTC, as in the plan. What yields in it is caught up
in it if there is room, else in the window after it, which is late. Work done late that the racks
could not do any more in the hours left of that window is due now, for batteries and generators to
carry; what is left in the end is given up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.stress.fixed import FixedPlan


__all__ = ["Deferral"]

_LATE: Final = 0
_IN_TIME: Final = 1
_NOISE_MW: Final = 1e-6


class Deferral:
    """Deferrable work, deferred further than the plan does, hour after hour.

    All of it is IT power or IT energy, shapes (draw, site).
    """

    def __init__(self, plan: FixedPlan, year: int, draws: int) -> None:
        self._window_h = plan.window_h
        # Racks at work are not worked harder than in the plan's busiest slot.
        self._most_mw = plan.waits_mw[:, year].max(axis=-1, initial=0.0)  # (window, site)
        shape = (draws, len(plan.sites))
        self._racks_mw = np.zeros((len(plan.window_h), *shape))  # not at work in the hour
        # What waits, by window and by whether its own window has ended.
        self._piles_mwh = np.zeros((len(plan.window_h), 2, *shape))
        self.put_off_mwh = np.zeros(shape)
        self.put_off_h = np.zeros(shape)
        self.caught_up_mwh = np.zeros(shape)
        self.late_mwh = np.zeros(shape)
        self.given_up_mwh = np.zeros(shape)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._piles_mwh.any()

    def end_windows(self, hour: int) -> Floats:
        """Close the windows that end where an hour of the year begins; return what is given up."""
        given_up = np.zeros(self.put_off_mwh.shape)
        for window_h, pile in zip(self._window_h, self._piles_mwh, strict=True):
            if hour % window_h == 0:
                given_up += pile[_LATE]
                pile[_LATE] = pile[_IN_TIME]
                pile[_IN_TIME] = 0.0
        self.given_up_mwh += given_up
        return given_up

    def end_year(self) -> Floats:
        """Give up what still waits, and return it."""
        given_up = self._piles_mwh.sum(axis=(0, 1))
        self._piles_mwh[:] = 0.0
        self.given_up_mwh += given_up
        return np.asarray(given_up)

    def put_off(self, lacking_mw: Floats, waits_mw: Floats) -> Floats:
        """Let work of an hour yield to a lack, that of the longest window first. Gives (draw, site)."""
        total = np.zeros(lacking_mw.shape)
        for window in reversed(range(len(self._window_h))):
            mw = np.minimum(lacking_mw - total, waits_mw[window])
            self._piles_mwh[window, _IN_TIME] += mw
            total += mw
        self.put_off_mwh += total
        self.put_off_h += total > _NOISE_MW
        return total

    def catch_up(self, room_mw: Floats, waits_mw: Floats) -> Floats:
        """Catch up with what waits, the latest and the shortest window first. Gives (draw, site)."""
        total = np.zeros(room_mw.shape)
        if not self._piles_mwh.any():
            return total
        racks_mw = self._racks_mw
        racks_mw[:] = (self._most_mw - waits_mw)[:, None, :]
        for age in (_LATE, _IN_TIME):
            for window, pile in enumerate(self._piles_mwh[:, age]):
                mw = np.minimum(np.minimum(room_mw - total, racks_mw[window]), pile)
                mw = np.maximum(mw, 0.0)
                self._piles_mwh[window, age] -= mw
                racks_mw[window] -= mw
                total += mw
                if age == _LATE:
                    self.late_mwh += mw
        self.caught_up_mwh += total
        return total

    def later_mwh(self, waits_mw: Floats) -> Floats:
        """Return what the racks could catch up after each hour of some days, in its window.

        Gives (window, site, hour).
        """
        free_mw = self._most_mw[:, :, None] - waits_mw
        later = np.zeros(free_mw.shape)
        for window, window_h in enumerate(self._window_h):
            blocks = free_mw[window].reshape(len(free_mw[window]), -1, window_h)
            until_end = np.cumsum(blocks[:, :, ::-1], axis=-1)[:, :, ::-1]
            later[window] = (until_end - blocks).reshape(later[window].shape)
        return later

    def due(self, later_mwh: Floats) -> Floats:
        """Return late work that must be done now or is given up; after what is caught up.

        Gives (window, draw, site).
        """
        late = self._piles_mwh[:, _LATE]
        if not late.any():
            return np.zeros(late.shape)
        return np.asarray(np.clip(late - later_mwh[:, None, :], 0.0, self._racks_mw))

    def carry(self, due_mw: Floats, carried_mw: Floats) -> None:
        """Take off the late work that sources, batteries and generators carry."""
        left = carried_mw.copy()
        for window, due in enumerate(due_mw):
            mw = np.minimum(left, due)
            self._piles_mwh[window, _LATE] -= mw
            left -= mw
        self.late_mwh += carried_mw
        self.caught_up_mwh += carried_mw
