"""Compute: what a fleet of racks stands for, and what a workload wants of it."""
