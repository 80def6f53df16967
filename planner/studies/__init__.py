"""What is done with the model: solve and check, explain a plan, or say why there is none."""

from planner.studies.diagnose import Diagnosis, Remedy, diagnose
from planner.studies.explain import explain
from planner.studies.explanation import Explanation
from planner.studies.run import solve

__all__ = ["Diagnosis", "Explanation", "Remedy", "diagnose", "explain", "solve"]
