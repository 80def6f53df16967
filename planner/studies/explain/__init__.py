"""Why a plan is as it is, in sentences that rest on numbers."""

from planner.studies.explain.explain import explain
from planner.studies.explain.words import Explanation

__all__ = ["Explanation", "explain"]
