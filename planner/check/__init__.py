"""The independent checker: reads a finished plan and recomputes everything it claims."""

from planner.check.all_checks import GROUPS, REREAD, RULES, TAKEN_AS_GIVEN, check_plan, in_words
from planner.check.verdict import CheckResult, Verdict

__all__ = ["GROUPS", "REREAD", "RULES", "TAKEN_AS_GIVEN", "CheckResult", "Verdict", "check_plan", "in_words"]
