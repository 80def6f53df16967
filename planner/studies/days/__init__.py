"""Days that represent a year, chosen from its hours by clustering."""

from planner.studies.days.choose import KEPT, ChosenDays, choose_days

__all__ = ["KEPT", "ChosenDays", "choose_days"]
