"""The independent checker: reads a finished plan and recomputes everything it claims."""

from planner.check.plan import GROUPS, RULES, check_plan
from planner.check.verdict import Check, Verdict

__all__ = ["GROUPS", "RULES", "Check", "Verdict", "check_plan"]
