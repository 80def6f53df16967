"""From racks to the meter: losses, and work that may wait, recomputed from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import label_of, listed
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["RULES", "moving_classes", "window_h"]

_DESIGN_LOAD_FRAC = 0.75


@rule(unit="MW/MW")
def losses_from_curves(case: Case) -> Excess:
    """Loss of UPS and distribution meets the curve of its topology at no load and at design load.

    Every feed of a hall with spare UPS carries its part of the load.
    """
    power, halls = case.inputs.power, list(case.inputs.sets.hall.labels)
    topology = pd.Series(halls).str.rsplit("|", n=1).str[1]
    kind = case.data("redundancy").set_index("redundancy").loc[list(topology)]
    rating_mw = kind["installed_kw_per_kw"]

    def lost_mw(load_mw: float) -> pd.Series[float]:
        share = load_mw / rating_mw
        of_ups = kind["loss_k0"] + kind["loss_k1"] * share + kind["loss_k2"] * share**2
        return rating_mw * of_ups + kind["distribution_loss_frac"] * load_mw

    idle = lost_mw(0.0)
    rise = (lost_mw(_DESIGN_LOAD_FRAC) - idle) / _DESIGN_LOAD_FRAC
    place = pd.DataFrame({"hall": halls})
    return Excess.differs(place, power.loss_fixed_frac, np.asarray(idle, np.float64)).and_also(
        Excess.differs(place, power.loss_variable_frac, np.asarray(rise, np.float64))
    )


def window_h(case: Case) -> pd.Series[int]:
    """Hours within which each class may put its work off, 0 where it may not.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    Series
        By workload: the longest part of the day, of two slots at least, that the class allows.
    """
    slot_h, table = case.scenario.time.slot_h, case.workloads.set_index("workload")
    parts = [hours for hours in range(2 * slot_h, 25, slot_h) if 24 % hours == 0]
    longest = table["max_deferral_h"].astype("float64")
    fits = pd.DataFrame({hours: hours * (longest + 1e-9 >= hours) for hours in [0, *parts]})
    may = case.scenario.flexibility.deferral & (table["deferrable_frac"] > 0.0)
    return fits.max(axis=1) * may


def moving_classes(case: Case) -> list[str]:
    """List the classes whose work the scenario lets move between sites."""
    return [name for name, own in case.scenario.workloads.items() if own.moves_between_sites]


def _waits_h(case: Case) -> pd.Series[int]:
    """Hours within which each class may put its work off at its site, 0 where it may not."""
    hours = window_h(case)
    return hours.where(~hours.index.isin(moving_classes(case)), 0)


@rule(unit="-")
def deployments_from_tables(case: Case) -> Excess:
    """Racks in use have the load curve, the window and the utilisation of their class."""
    power, sets = case.inputs.power, case.inputs.sets
    table = case.workloads.set_index("workload")
    frame = listed(case.inputs.racks.deployment)[["rack", "hall", "workload"]]
    of = table.loc[frame["workload"]]
    hours = _waits_h(case)[frame["workload"]]
    window = np.where(hours > 0, hours.astype("str") + "h", "")
    spare = of["utilisation_frac"] / (1.0 + of["spare_frac"])
    return Excess.differs(
        frame, power.deployment_utilisation_frac, spare.to_numpy(np.float64)
    ).and_also(
        Excess.where(frame, label_of(sets.shape, power.deployment_shape) != of["shape"].to_numpy()),
        Excess.where(frame, label_of(sets.window, power.deployment_window) != window),
    )


@rule(unit="-")
def deferral_blocks(case: Case) -> Excess:
    """Work waits within its window of the day, counted from midnight UTC, day after day."""
    power, sets, slot = case.inputs.power, case.inputs.sets, case.slots
    hours = np.array([int(label.removesuffix("h")) for label in sets.window.labels], dtype=int)
    length = hours[power.defer["window"]]
    moment_h = (slot["day"] * 24 + slot["hour"]).to_numpy()[power.defer["slot"]]
    is_wrong = power.defer_block != moment_h // length
    # One place for each window keeps long lists short.
    place = pd.DataFrame({"window": list(sets.window.labels)})
    count = np.bincount(power.defer["window"], weights=is_wrong, minlength=len(place))
    return Excess.where(place, count > 0.0)


@rule(unit="MW/MW")
def deferral_overhead(case: Case) -> Excess:
    """What deferral moves is cooled with the least overhead that such work has at its site."""
    power, sets = case.inputs.power, case.inputs.sets
    used = case.inputs.racks.used
    may_wait = (
        (_waits_h(case) > 0)
        .reindex(list(sets.workload.labels))
        .to_numpy(np.bool_)[used["workload"]]
    )
    design = pd.Series(list(sets.hall.labels)).str.rsplit("|", n=1).str[0]
    cooling = sets.cooling.codes(design)[used["hall"]]
    has = np.zeros((len(sets.site), len(sets.cooling)), dtype=np.bool_)
    has[used["site"][may_wait], cooling[may_wait]] = True
    own = np.where(has[:, :, None], power.mechanical_frac, np.inf).min(axis=1)
    own = np.where(np.asarray(has.any(axis=1))[:, None], own, 0.0)
    place = pd.DataFrame({"site": list(sets.site.labels)})
    gap = np.abs(power.defer_mechanical_frac - own).max(axis=1)
    return Excess(place, gap, np.abs(own).max(axis=1))


RULES = (losses_from_curves, deployments_from_tables, deferral_blocks, deferral_overhead)
