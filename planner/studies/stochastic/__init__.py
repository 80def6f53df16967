"""Orders before it is known which future comes, and the rest after: one program over all."""

from planner.studies.stochastic.found import Stochastic
from planner.studies.stochastic.stochastic import stochastic

__all__ = ["Stochastic", "stochastic"]
