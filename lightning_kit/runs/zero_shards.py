"""Read the weights of a checkpoint that DeepSpeed wrote, in one process."""

import io
import pickle
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

# Lightning's strategy saves under this name; a file says which another program took.
TAG, LATEST = "checkpoint", "latest"
# What DeepSpeed itself pickles beside tensors: building one runs nothing.
HARMLESS = {
    "deepspeed.runtime.fp16.loss_scaler.DynamicLossScaler",
    "deepspeed.runtime.fp16.loss_scaler.LossScaler",
    "deepspeed.runtime.zero.config.ZeroStageEnum",
    "deepspeed.utils.tensor_fragment.fragment_address",
}
# Lightning's before 2.1 put it before each name.
_WRAPPER = "_forward_module."
_TORN = (LookupError, TypeError, EOFError, OSError, RuntimeError, ValueError)


def is_of_deepspeed(folder: Path) -> bool:
    """Say whether ``folder`` is laid out as DeepSpeed's checkpoints are."""
    return (folder / LATEST).is_file() or (folder / TAG).is_dir()


def read_zero(folder: Path, *, weights_only: bool = True) -> dict[str, Any]:
    """Return what a checkpoint of DeepSpeed holds for Lightning, with whole weights.

    They are the float32 ones that ZeRO's optimizer keeps on all ranks (stages 1 to 3), else the
    module's own. DeepSpeed would unpickle anything, so it sees only files that are plain data.

    Args:
        folder: The checkpoint, as Lightning's ``DeepSpeedStrategy`` writes it.
        weights_only: False: trust its files, and let them hold more than plain data.

    Raises:
        ValueError: If it is torn or holds more than plain data, or DeepSpeed is needed and is not
            installed.
    """
    try:
        with _quietly():
            tag = (folder / LATEST).read_text().strip() if (folder / LATEST).is_file() else TAG
            models, shards = (
                sorted((folder / tag).glob(f"*_{kind}_states.pt")) for kind in ("model", "optim")
            )
            contents = [_read(file, weights_only) for file in (*models, *shards)]
            module = contents[0].pop("module")
            state = {**_whole(module), **(_merged(folder, tag) if shards else {})}
    except (_UntrustedError, pickle.UnpicklingError) as error:
        raise ValueError(
            f"{folder}: holds more than plain data, and loading it could run code "
            f"({str(error).splitlines()[0]}); if you trust it, say --weights_only false"
        ) from error
    except ImportError as error:
        raise ValueError(
            f"{folder}: needs {error.name or 'deepspeed'}, which is not installed: pip install "
            "'lightning_kit[deepspeed]'"
        ) from error
    except _TORN as error:
        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        raise ValueError(f"{folder}: not a whole checkpoint of DeepSpeed's ({reason})") from error
    state = {name.removeprefix(_WRAPPER): value for name, value in state.items()}
    return {**contents[0], "state_dict": state}


class _UntrustedError(Exception):
    """A name that no file of DeepSpeed's has need of."""


def _read(file: Path, weights_only: bool) -> dict[str, Any]:
    trusted: list[Any] = []
    for name in get_unsafe_globals_in_checkpoint(file) if weights_only else ():
        if name not in HARMLESS:
            raise _UntrustedError(f"{file.name} names {name}")
        home, _, last = name.rpartition(".")
        trusted.append(getattr(import_module(home), last))
    with safe_globals(trusted):
        content: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=weights_only)
    return content


def _whole(module: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the module's own weights; ZeRO's third stage leaves empty ones where it took them."""
    return {
        name: value.float() if value.is_floating_point() else value
        for name, value in (module or {}).items()
        if isinstance(value, torch.Tensor) and value.numel()
    }


def _merged(folder: Path, tag: str) -> dict[str, Any]:
    module = import_module("deepspeed.utils.zero_to_fp32")
    merged: dict[str, Any] = module.get_fp32_state_dict_from_zero_checkpoint(str(folder), tag)
    return merged


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep DeepSpeed's prints, progress bar and advice from whoever asked for an export."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
