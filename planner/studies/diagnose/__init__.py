"""Why a scenario has no plan, and the least change that gives it one."""

from planner.studies.diagnose.diagnose import Diagnosis, Remedy, diagnose

__all__ = ["Diagnosis", "Remedy", "diagnose"]
