"""Hold rows that went through encoders against what the predict data gives itself."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from lightning_kit.artefact.encoders import Encoder
from lightning_kit.artefact.encoding import has_image
from lightning_kit.cli.errors import InputError

INPUT = "input"


def check_alike(encoded: Tensor, sample: Mapping[str, Tensor], encoders: Sequence[Encoder]) -> None:
    """Refuse rows of another type or shape than the model is fed by the predict data.

    A loader that scales what its encoders made has the model learn from other numbers. Where that
    keeps type and shape, as in a table, nothing here tells.

    Args:
        encoded: ``(N, ...)``, as the encoders have it.
        sample: A batch of the predict data, by name.
        encoders: That made ``encoded``; of a picture without a declared size any is right.

    Raises:
        InputError: Naming both.
    """
    if list(sample) != [INPUT]:
        raise InputError(
            f"--rows: encoders make one input named {INPUT}, got {', '.join(sample)}: let the "
            "predict data give that alone, or do without encoders"
        )
    any_size = has_image(encoders) and encoders[0]["size"] is None
    ours, theirs = (_row(value, any_size) for value in (encoded, sample[INPUT]))
    if ours != theirs:
        raise InputError(
            f"--rows: the predict data must give what its encoders make, {ours} a row, got "
            f"{theirs} a row: let the loader give that; scaling belongs into preprocess"
        )


def _row(value: Tensor, any_size: bool) -> str:
    shape: tuple[int | str, ...] = tuple(value.shape[1:])
    if any_size and len(shape) == 3:
        shape = (shape[0], "H", "W")
    sizes = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
    return f"{str(value.dtype).removeprefix('torch.')} ({sizes})"
