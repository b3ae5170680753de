"""Tell wrong input, which a person can put right, from a run that failed."""

import pickle
import re
import traceback

import pytorch_lightning as pl
from lightning_fabric.utilities.exceptions import MisconfigurationException

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.messages import first_line, never_logged_key
from lightning_kit.cli.monitors import missing


def input_error(error: Exception, trainer: pl.Trainer | None = None) -> InputError | None:
    """Return the one line for an exception of a run that wrong input caused, else None."""
    if isinstance(error, InputError):
        return error
    if trainer is not None and isinstance(error, MisconfigurationException | RuntimeError):
        for unlogged in missing(trainer):
            key = never_logged_key(str(unlogged))
            if key is not None and key in str(error):
                return unlogged
    if isinstance(error, MisconfigurationException) or _of_the_amounts(error):
        return InputError(first_line(error))
    if isinstance(error, pickle.UnpicklingError):
        return InputError(
            "the checkpoint holds more than plain data, and loading it could run code: "
            f"{first_line(error)}; if you trust it, say --weights_only false"
        )
    if shapes := re.search(
        r"mat1 and mat2 shapes cannot be multiplied \(\d+x(\d+) and (\d+)", str(error)
    ):
        return InputError(
            f"the model takes {shapes[2]} features and gets {shapes[1]}: set its in_features (or "
            "the size of its first layer)"
        )
    if isinstance(error, RuntimeError) and "loading state_dict" in str(error):
        lines = [line.strip() for line in str(error).splitlines()[:2]]
        return InputError(f"the checkpoint does not fit this model: {' '.join(lines)}")
    if isinstance(error, ValueError | TypeError | ImportError) and _raised_by_the_kit(error):
        return InputError(_named(first_line(error), error))
    return None


def _of_the_amounts(error: Exception) -> bool:
    """Say whether Lightning raised ``error`` where it holds the settings against the data."""
    module, function = _raised_in(error)
    in_loops = module.startswith("pytorch_lightning.loops.") and function == "setup_data"
    return isinstance(error, ValueError) and in_loops


def _raised_by_the_kit(error: Exception) -> bool:
    """Say whether one of the kit's own checks raised ``error``, not a library or user code."""
    return _raised_in(error)[0].startswith("lightning_kit.")


def _named(line: str, error: Exception) -> str:
    """Put the callback before ``line`` whose hook raised ``error``, if one did."""
    names = [
        type(frame.f_locals["self"]).__name__
        for frame, _ in traceback.walk_tb(error.__traceback__)
        # Other methods of a callback may run code that is not its own.
        if hasattr(pl.Callback, frame.f_code.co_name)
        and isinstance(frame.f_locals.get("self"), pl.Callback)
    ]
    return f"{names[-1]}: {line}" if names and not line.startswith(names[-1]) else line


def _raised_in(error: Exception) -> tuple[str, str]:
    """Return the module and the function that raised ``error``."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if not frames:
        return "", ""
    return str(frames[-1].f_globals.get("__name__", "")), frames[-1].f_code.co_name
