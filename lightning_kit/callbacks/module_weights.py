"""The weights of chosen submodules."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytorch_lightning as pl


def refuse_unknown(pl_module: pl.LightningModule, names: Sequence[str]) -> None:
    """Raise ValueError where a name is no submodule's, such as ``net`` or ``net.0``."""
    known = [name for name, _ in pl_module.named_modules() if name]
    for name in names:
        if name not in known:
            tops = ", ".join(each for each in known if "." not in each)
            raise ValueError(
                f"modules must name submodules of {type(pl_module).__name__}, got {name!r}; "
                f"there are {tops or 'none'}, and what is inside them"
            )


def weights_of(weights: Mapping[str, Any], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return a state dict for each name, out of the whole module's.

    Example:
        >>> weights_of({"net.bias": 1, "network.bias": 2}, ["net"])
        {'net': {'bias': 1}}
    """
    return {
        name: {
            key.removeprefix(f"{name}."): value
            for key, value in weights.items()
            if key.startswith(f"{name}.")
        }
        for name in names
    }
