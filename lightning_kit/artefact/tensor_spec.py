"""What one tensor that goes into a graph, or comes out of it, looks like."""

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True)
class TensorSpec:
    """A tensor's name, dtype and shape.

    Args:
        name: As the graph calls it.
        dtype: As numpy calls it, such as ``float32`` or ``uint8``.
        shape: A size, or the name of a dynamic one (``batch``, ``length``), for each dimension.
        finite: Of an input: whether a row with NaN or an infinity is refused, as the file answers
            it otherwise than the model does. Of an output: whether a row is refused where this is
            not finite, as the model's own answer may well be.
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]
    finite: bool = False

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(map(str, self.shape))}) {self.dtype}"
