"""Listen to the Trainer: when to ask a meter, and what to do with the answer."""

__all__: list[str] = []
