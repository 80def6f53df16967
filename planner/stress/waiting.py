"""Work that may wait yields where a connection is too small, and is caught up where there is room.

A window begins at a multiple of its length in UTC, as in the plan. What yields in it is caught up
in it if there is room, else in the window after it, which is late; what is left then is given up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.stress.fixed import FixedPlan

    Floats = NDArray[np.float64]

__all__ = ["Waiting"]

_LATE: Final = 0
_IN_TIME: Final = 1
_DUST_MW: Final = 1e-6


class Waiting:
    """Work that may wait, put off further than the plan does, hour after hour.

    All of it is IT power or IT energy, shapes (draw, site).

    Parameters
    ----------
    plan : FixedPlan
        What the sites do.
    year : int
        Position of the model year.
    draws : int
        Years side by side.
    """

    def __init__(self, plan: FixedPlan, year: int, draws: int) -> None:
        self._window_h = plan.window_h
        # Racks at work are not worked harder than in the plan's busiest slot.
        self._most_mw = plan.waits_mw[:, year].max(axis=-1, initial=0.0)  # (window, site)
        shape = (draws, len(plan.sites))
        # What waits, by window and by whether its own window has ended.
        self._piles_mwh = np.zeros((len(plan.window_h), 2, *shape))
        self.put_off_mwh = np.zeros(shape)
        self.put_off_h = np.zeros(shape)
        self.caught_up_mwh = np.zeros(shape)
        self.late_mwh = np.zeros(shape)
        self.given_up_mwh = np.zeros(shape)

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
        """Let work of an hour yield to a lack, that of the longest window first.

        Parameters
        ----------
        lacking_mw : array of float, shape (draw, site)
            IT power that the site has to do without.
        waits_mw : array of float, shape (window, site)
            What the plan does in the hour of work that may wait.

        Returns
        -------
        array of float, shape (draw, site)
            What yields.
        """
        total = np.zeros(lacking_mw.shape)
        for window in reversed(range(len(self._window_h))):
            mw = np.minimum(lacking_mw - total, waits_mw[window])
            self._piles_mwh[window, _IN_TIME] += mw
            total += mw
        self.put_off_mwh += total
        self.put_off_h += total > _DUST_MW
        return total

    def catch_up(self, room_mw: Floats, waits_mw: Floats) -> Floats:
        """Catch up with what waits, the latest and the shortest window first.

        Parameters
        ----------
        room_mw : array of float, shape (draw, site)
            IT power for which the connection has room.
        waits_mw : array of float, shape (window, site)
            As for `put_off`.

        Returns
        -------
        array of float, shape (draw, site)
            What is caught up.
        """
        total = np.zeros(room_mw.shape)
        if not self._piles_mwh.any():
            return total
        racks_mw = np.broadcast_to(
            (self._most_mw - waits_mw)[:, None, :], self._piles_mwh[:, 0].shape
        ).copy()
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
