"""Orders before it is known which future comes, and the rest after: one program over all."""

from planner.studies.stochastic.stochastic import Stochastic, stochastic

__all__ = ["Stochastic", "stochastic"]
