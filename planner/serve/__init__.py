"""The pages of `dcplan serve`, which alone imports them: FastAPI and uvicorn are an optional extra."""
