"""Where the weights and the lowest layer of a command come from."""

import pickle
import sys
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import torch
from pytorch_lightning import LightningDataModule

from lightning_kit.cli.documents import Config, read
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.messages import first_line
from lightning_kit.cli.request import Request
from lightning_kit.cli.summary import shown_path
from lightning_kit.compat import global_rank
from lightning_kit.runs.directory import RunDirectory
from lightning_kit.runs.errors import RunError
from lightning_kit.runs.given import plain
from lightning_kit.runs.progress import Progress
from lightning_kit.runs.record import KILLED, RunRecord
from lightning_kit.runs.sharded import read_sharded
from lightning_kit.runs.trusted_names import UntrustedName, check_names

OF_DATA = LightningDataModule.CHECKPOINT_HYPER_PARAMS_KEY


@final
@dataclass
class Source:
    """A checkpoint, the run that it lies in, and the settings that it brings along."""

    run: RunDirectory | None = None
    checkpoint: Path | None = None
    base: Config = field(default_factory=dict)


def recipe_name(files: list[str]) -> str | None:
    """Return the name of the first config file's recipe."""
    if not files:
        return None
    first = Path(files[0])
    beside = first.parent / "run.json"
    return RunDirectory.open(first.parent).name if beside.is_file() else first.stem


def runs_root(request: Request, asked: Any) -> Path:
    """Return the folder of all runs.

    Args:
        request: The command. A run that it goes on with stays where it is, unless a flag or a file
            over the run's own settings says otherwise.
        asked: What all layers together say of ``trainer.default_root_dir``; None means ``runs``.
    """
    if request.run is not None and (Path(request.run) / "run.json").is_file():
        run = RunDirectory.open(request.run)
        flagged = any(flag.key == "trainer.default_root_dir" for flag in request.flags)
        as_before = asked == _root(_run_settings(run)) and not flagged
        # A copy lies among things that are no runs.
        if run.path.parent.name == run.name and (asked is None or as_before):
            return run.path.parents[1]
    return Path(asked or "runs").expanduser()


def find(request: Request) -> Source:
    """Find what ``request`` names; InputError or RunError say how else to name it."""
    run = None
    if request.run is not None and request.run.endswith((".yaml", ".yml")):
        raise InputError(f"{request.run} is a configuration: say -c {request.run}")
    if request.ckpt_path is None:
        request.ckpt_path = _named_in_files(request)
    if request.run is not None and Path(request.run).is_file():
        if request.ckpt_path is not None:
            raise InputError(f"{request.run}: one checkpoint is enough, --ckpt_path names another")
        request.ckpt_path, request.run = request.run, None
    if request.run is not None:
        run = _opened(RunDirectory.open(request.run))
    source = _checkpoint(request, run)
    if request.random_weights and source.checkpoint is not None:
        raise InputError("--random_weights and a checkpoint exclude each other: leave one out")
    if run is not None or not request.files:
        source.base = _run_settings(source.run)
    return source


def _opened(run: RunDirectory) -> RunDirectory:
    """Return ``run``, having said in one line if it was killed: nothing else in its files does."""
    try:
        record = run.record()
    except RunError:
        # A checkpoint beside it can still be read.
        return run
    if record.stop_reason == KILLED and global_rank() == 0:
        told = f"{shown_path(run.path)}: {record.ending}, {_how_far(run, record)}"
        print(told, file=sys.stderr)
    return run


def _how_far(run: RunDirectory, record: RunRecord) -> str:
    """Say how far ``run`` is known to have come, by its record or by its newest checkpoint."""
    try:
        saved = Progress.of(load(run.last()))
    except (InputError, RunError):
        saved = Progress(0, 0)
    trainer = _run_settings(run).get("trainer") or {}
    limit = trainer.get("max_epochs") if isinstance(trainer, dict) else None
    of = f" of {limit}" if isinstance(limit, int) and limit > 0 else ""
    if epochs := max(record.epoch, saved.epochs):
        return f"epoch {epochs}{of} was the last on record"
    if saved.steps:
        return f"no whole epoch on record, step {saved.steps} is in its newest checkpoint"
    return "no epoch on record"


def stored_settings(content: Config, config: Config, checkpoint: Path) -> Config:
    """Return the settings that a checkpoint stores for its model, and for data that nobody names.

    Class names inside resolve only in what is imported already (``config``'s classes are): a
    checkpoint is not code.
    """
    stored = dict(content.get("hyper_parameters") or {})
    path, arguments = _class_and_arguments(stored, checkpoint)
    found: Config = {}
    if path is not None:
        found["model"] = {"class_path": path, "init_args": arguments}
    elif arguments and "model" in config:
        # Built in Python: the recipe names the class, the checkpoint its arguments.
        found["model"] = {"init_args": arguments}
    if "data" not in config and not config.get("model"):
        path, arguments = _class_and_arguments(dict(content.get(OF_DATA) or {}), checkpoint)
        if path is not None:
            found["data"] = {"class_path": path, "init_args": arguments}
    return found


def _class_and_arguments(stored: Config, checkpoint: Path) -> tuple[str | None, Config]:
    try:
        check_names(stored)
    except UntrustedName as error:
        raise InputError(
            f"{checkpoint}: not used: {error.reason}; if you trust it, name what it is of: "
            f"-c FILE --ckpt_path {checkpoint}, or --model CLASS --data CLASS "
            f"--ckpt_path {checkpoint}"
        ) from error
    except ValueError as error:
        raise InputError(f"{checkpoint}: not used: {first_line(error)}") from error
    path = stored.pop("_class_path", None)
    # What YAML cannot hold (a device, say) is left to the recipe.
    plain_ones = {key: value for key, value in plain(stored).items() if not key.startswith("_")}
    return path, plain_ones


def load(checkpoint: Path, *, weights_only: bool = True) -> Config:
    """Read a checkpoint, a file or a folder of shards.

    What is not plain data, or torn, is an InputError.
    """
    if checkpoint.is_dir():
        try:
            return read_sharded(checkpoint, weights_only=weights_only)
        except ValueError as error:
            raise InputError(first_line(error)) from error
    try:
        content = torch.load(checkpoint, map_location="cpu", weights_only=weights_only, mmap=True)
    except pickle.UnpicklingError as error:
        reason = str(error).partition("Please file")[0].strip().splitlines()[0]
        raise InputError(
            f"{checkpoint}: holds more than plain data, and loading it could run code ({reason}); "
            "if you trust it, say --weights_only false"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        raise InputError(f"{checkpoint}: not a readable checkpoint ({error})") from error
    if not isinstance(content, dict) or "state_dict" not in content:
        raise InputError(f"{checkpoint}: not a Lightning checkpoint (it has no state_dict)")
    return content


def _checkpoint(request: Request, run: RunDirectory | None) -> Source:
    asked = request.ckpt_path
    if asked in ("best", "last"):
        run = run or _latest(request, asked)
        return Source(run, run.best() if asked == "best" else run.last())
    if asked is not None:
        return _at_path(request, run, asked)
    if request.random_weights:
        return Source(run)
    if run is not None:
        return Source(run, run.last() if request.verb == "fit" else run.best())
    if request.verb == "fit":
        return Source()
    raise InputError(
        f"{request.verb} needs trained weights: name a run directory (runs/NAME/latest) or "
        "--ckpt_path best|last|PATH, or say --random_weights"
    )


def _latest(request: Request, asked: str) -> RunDirectory:
    name = recipe_name(request.files)
    if name is None:
        raise InputError(f"--ckpt_path {asked}: of which run? name its directory, or -c")
    # Here no run brings settings along, so all layers are at hand.
    laid = deepcopy(request)
    laid.lay({})
    laid.interpolate()
    return _opened(RunDirectory.latest(name, runs_root(laid, _root(laid.view()))))


def _at_path(request: Request, run: RunDirectory | None, asked: str) -> Source:
    path = Path(asked)
    if (path / "run.json").is_file():
        named = RunDirectory.open(path)
        if run is not None and run != named:
            raise InputError(f"{request.run} and --ckpt_path {asked} are two runs: name one")
        named = run or _opened(named)
        return Source(named, named.last() if request.verb == "fit" else named.best())
    if not path.exists():
        raise InputError(f"--ckpt_path {asked}: no such file; say best, last, a path or a run")
    if run is None and (found := RunDirectory.of_checkpoint(path)) is not None:
        run = _opened(found)
    return Source(run, path.resolve())


def _named_in_files(request: Request) -> str | None:
    """Return the ``ckpt_path`` that a config file names; a run's own says what *it* began with."""
    named = None
    for file in request.files:
        if request.verb == "fit" or not (Path(file).parent / "run.json").is_file():
            named = read(file).get("ckpt_path", named)
    return named


def _root(config: Config) -> str | None:
    trainer = config.get("trainer")
    found = trainer.get("default_root_dir") if isinstance(trainer, dict) else None
    return None if found is None else str(found)


def _run_settings(run: RunDirectory | None) -> Config:
    if run is None or not run.config.is_file():
        return {}
    settings = read(run.config)
    # A resumed run's config names where it came from; this command has its own source.
    settings.pop("ckpt_path", None)
    return settings
