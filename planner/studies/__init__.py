"""What is done with the model: solve a scenario and check the plan, or say why there is none."""

from planner.studies.diagnose import Diagnosis, Remedy, diagnose
from planner.studies.run import solve

__all__ = ["Diagnosis", "Remedy", "diagnose", "solve"]
