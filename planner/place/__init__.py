"""Places: distances, round trips, climate."""
