"""What the kit costs beside the alternatives that a user has: ``python -m benchmarks.NAME``."""
