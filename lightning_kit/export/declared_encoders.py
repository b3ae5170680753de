"""Which attribute of a datamodule is a declaration of encoders."""

from typing import Any

from lightning_kit.artefact.encoders import Encoder


def declared_encoders(datamodule: Any) -> list[Encoder] | None:
    """Return the ``encoders`` of a datamodule; None where it declares none.

    A declaration is a list of dicts, at least one, each with ``kind`` and ``column``. The name is
    an ordinary one, so whatever else has it is somebody's own: a ``ModuleList``, a dict of
    tokenizers, an empty list.

    Args:
        datamodule: Any, or None. A module's ``encoders`` are parts of its network: never ask one.
    """
    found = getattr(datamodule, "encoders", None)
    if not isinstance(found, list | tuple) or not all(_is_encoder(each) for each in found):
        return None
    return list(found) or None


def _is_encoder(value: Any) -> bool:
    return isinstance(value, dict) and {"kind", "column"} <= value.keys()
