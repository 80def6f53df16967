"""The form of a scenario, made from the schema: a new setting is in it by itself."""
