"""The independent checker: reads a finished plan and recomputes everything it claims."""

from planner.check.all_checks import GROUPS, RULES, check_plan
from planner.check.ledger import REREAD, TAKEN_AS_GIVEN, in_words
from planner.check.verdict import CheckResult, Verdict

__all__ = ["GROUPS", "REREAD", "RULES", "TAKEN_AS_GIVEN", "CheckResult", "Verdict", "check_plan", "in_words"]
