"""Compute: what a fleet of racks stands for, and what a class wants of it."""
