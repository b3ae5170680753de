"""What every schedule shares: one call a value, and looking at the whole."""

from abc import ABC, abstractmethod
from pathlib import Path


class Schedule(ABC):
    """A value over time. The final half says :meth:`at`; nothing is remembered between calls."""

    @abstractmethod
    def at(self, k: int) -> float:
        """Return the value for event ``k``, which is at least 0."""

    def __call__(self, k: int) -> float:
        """Return the value for event ``k`` = 0, 1, 2, ..."""
        if k < 0:
            raise ValueError(f"k must be at least 0, the first event, got {k}")
        return float(self.at(k))

    def values(self, n: int) -> list[float]:
        """Return the values of the first ``n`` events."""
        if n < 0:
            raise ValueError(f"n must be at least 0, got {n}")
        return [self(k) for k in range(n)]

    def plot(self, n: int, path: str | Path) -> Path:
        """Draw the values of the first ``n`` events into a PNG file, and return its path.

        Raises:
            ValueError: If ``path`` cannot be written, or ``n`` is below 1.
            ImportError: If matplotlib, the extra ``plot``, is not installed.
        """
        if n < 1:
            raise ValueError(f"n must be at least 1 event to draw, got {n}")
        try:
            from matplotlib.figure import Figure
        except ImportError as error:
            raise ImportError(
                "a plot needs matplotlib, which is not installed: pip install 'lightning_kit[plot]'"
            ) from error
        figure = Figure(figsize=(6.4, 3.6), layout="constrained")
        axes = figure.add_subplot()
        # One value holds until the next event.
        axes.step(range(n), self.values(n), where="post")
        axes.set(xlabel="event", ylabel="value", title=type(self).__name__)
        axes.grid(alpha=0.3)
        path = Path(path)
        try:
            figure.savefig(path, format="png", dpi=150)
        except OSError as error:
            raise ValueError(
                f"path must be a file that can be written, got {path}: {error}"
            ) from error
        return path
