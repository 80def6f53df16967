"""The loss of a site: stand-by racks, what they can take over, and the power that would take."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.lp.join import locate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.inputs.types import Floats
    from planner.lp import Expression, Variable
    from planner.lp.index import Positions
    from planner.model.variables import Model

__all__ = ["FailoverTerms"]


class FailoverTerms:
    """Racks that idle until a site is lost.

    Parameters
    ----------
    m : Model
        The program that the decisions belong to.
    """

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.failover
        new = m.problem.variable
        # racks that stand by [MW of nameplate]
        self.standby_mw: Variable = new("standby_mw", self.p.standby)
        # compute that a site can take over, whichever other is lost [kH100e]
        self.reserve: Variable = new("reserve", self.p.reserve)
        # compute of a service that one other site takes over when its own is lost [kH100e]
        self.pair: Variable = new("pair", self.p.pair)

    @cached_property
    def in_service_mw(self) -> Expression:
        """Racks at work and standing by. [MW], over the uses of racks"""
        used, standby = self.m.p.racks.used, self.p.standby
        at = used.find(standby)
        return self.m.used + self.standby_mw.map(used, np.arange(standby.size), at)

    @cached_property
    def carried_kh100e(self) -> Expression:
        """Compute that stand-by racks could carry. [kH100e], (site, workload, year)"""
        racks = self.m.p.racks
        per_mw = racks.throughput_kh100e_per_mw[racks.deployment.find(self.p.standby)]
        return (per_mw * self.standby_mw).sum_to(self.p.reserve)

    @cached_property
    def called_mw(self) -> Expression:
        """Power at the meter beyond idling, were all stand-by racks at work. [MW]

        Over (site, year, slot) of the peak day: with its weather, and the users' hours.
        """
        over, peak = self.p.standby, np.unique(self.p.power["slot"])
        at, slot = np.tile(np.arange(over.size), len(peak)), np.repeat(peak, over.size)
        place = locate(self.p.power, over["site"][at], over["year"][at], slot)
        return self.standby_mw.map(self.p.power, at, place, self.called_mw_per_mw(at, slot))

    def called_mw_per_mw(self, at: Positions, slot: NDArray[np.integer]) -> Floats:
        """Return what stand-by racks add at the meter once at work. [MW/MW]

        Parameters
        ----------
        at : array of int
            Positions in the list of stand-by racks.
        slot : array of int
            Slots of representative days, whose weather and users' hours count.
        """
        power, racks, over = self.m.p.power, self.m.p.racks, self.p.standby
        site, hall = over["site"][at], over["hall"][at]
        deployment = racks.deployment.find(over)[at]
        shape = power.shape_frac[site, power.deployment_shape[deployment], slot]
        overhead = power.mechanical_frac[site, self.m.p.sets.hall_cooling[hall], slot]
        overhead = overhead + power.loss_variable_frac[hall]
        return np.asarray(racks.dynamic_mw_per_mw[deployment] * shape * (1.0 + overhead))

    @cached_property
    def non_firm_mw(self) -> Expression:
        """Non-firm connection that is not switched off in the slot. [MW], as `called_mw`"""
        over, terms = self.p.power, self.m.non_firm
        return terms.service_mw.on(over, missing="zero") - terms.off_mw.on(over, missing="zero")

    @cached_property
    def spare_output_mw(self) -> Expression:
        """What own sources that may run at any hour do not put out. [MW], as `called_mw`"""
        p, over = self.m.p.supply, self.m.p.supply.output
        always = np.flatnonzero(p.run_hours.find(over) < 0)
        share = p.availability_frac[over["site"], over["source"], over["slot"]]
        spare = share * self.m.supply.capacity_mw.on(over) - self.m.supply.output_mw
        return spare.select(always).sum_to(self.p.power, where="present")
