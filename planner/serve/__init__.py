"""The pages of `dcplan serve`: runs, reports, comparisons and solves, on this machine alone.

FastAPI and uvicorn are an optional extra; nothing outside this room imports it but the command.
"""
