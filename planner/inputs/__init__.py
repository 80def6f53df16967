"""From scenario and tables to sets and arrays: frozen, complete, checked."""

from planner.inputs.build import TABLES, build_inputs, build_inputs_from, inputs_without_notes
from planner.inputs.inputs import Inputs

__all__ = ["TABLES", "Inputs", "build_inputs", "build_inputs_from", "inputs_without_notes"]
