"""The independent checker: reads a finished plan and recomputes everything it claims."""

from planner.check.plan import RULES, check_plan
from planner.check.verdict import Check, Verdict

__all__ = ["RULES", "Check", "Verdict", "check_plan"]
