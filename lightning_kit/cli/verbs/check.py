"""Find what is wrong with a configuration before any long work.

usage: lightning-kit check -c RECIPE [-c OVERLAY ...] [flags of fit]

Builds everything and runs one training and one validation batch in a temporary directory. A good
configuration prints one line a component; else every problem found is listed, exit code 2.
Flags are those of fit, --lean false too.
"""

import logging
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ModelCheckpoint, ProgressBar
from pytorch_lightning.loggers import CSVLogger, Logger

from lightning_kit.cli.amounts import amounts, without_batches
from lightning_kit.cli.app import KitCLI, lay_all, mistakes
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.failures import input_error
from lightning_kit.cli.idle import unreached_validation
from lightning_kit.cli.layers import as_list
from lightning_kit.cli.lost_record import refuse_lost_record
from lightning_kit.cli.messages import first_line, never_logged_key
from lightning_kit.cli.monitors import missing, validate_apart_at_once
from lightning_kit.cli.quiet import quiet
from lightning_kit.cli.remarks import shown
from lightning_kit.cli.request import Request
from lightning_kit.cli.signals import with_exit_code
from lightning_kit.cli.source import runs_root

# What Lightning judges together with the settings that the short run sets.
TOGETHER = ("fast_dev_run", "overfit_batches", "enable_checkpointing")
# What needs more than its name to be judged.
OUTSIDE = ("logger", "default_root_dir")


def main(args: list[str]) -> int:
    request = Request.of("fit", args)
    if request.wants_help:
        print(__doc__)
        return 0
    # What is said here is the list of components or problems, not Lightning's remarks.
    remarks = logging.getLogger("pytorch_lightning")
    level = remarks.level
    remarks.setLevel(logging.ERROR)
    try:
        with shown("lightning_kit.loops"):
            return with_exit_code(lambda: _checked(request))
    finally:
        remarks.setLevel(level)


def _checked(request: Request) -> int:
    found = list(dict.fromkeys(_problems(request)))
    for line in found:
        print(f"problem: {line}", file=sys.stderr)
    return 2 if found else 0


def _problems(request: Request) -> Iterator[str]:
    try:
        lay_all(request)
    except InputError as error:
        yield str(error)
        return
    found = list(mistakes(request))
    yield from found
    if found:
        return
    dead: set[str] = set()
    while True:
        found = list(_tried(request, dead))
        yield from found
        # The first watcher of a key that nothing logs ends a fit: the others are found without it.
        more = {key for line in found if (key := never_logged_key(line)) is not None} - dead
        if not more:
            return
        dead |= more


def _tried(request: Request, dead: set[str]) -> Iterator[str]:
    """Yield what a short run finds, without the callbacks that watch the ``dead`` keys."""
    with TemporaryDirectory() as folder:
        try:
            cli = KitCLI(request, lambda _, configured: _short_run(configured, folder, dead))
        except InputError as error:
            yield str(error)
            return
        runs = runs_root(request, cli.settings.trainer.default_root_dir).absolute()
        if not cli.settings.trainer.fast_dev_run and (wrong := _unwritable(runs)) is not None:
            yield wrong
            return
        why = unreached_validation(cli.settings.trainer.as_dict())
        found = list(_trial(cli, folder))
        for line in () if found or dead else _components(cli):
            print(f"ok: {line}")
        for line in found:
            # A key that is not logged may be one that only validation logs.
            yield f"{line}; {why}" if why and never_logged_key(line) else line


def _short_run(configured: dict[str, Any], folder: str, dead: set[str]) -> dict[str, Any]:
    refuse_lost_record(configured)
    callbacks = [c for c in as_list(configured["callbacks"]) if not _watches(c, dead)]
    validates = configured["limit_val_batches"] != 0 and unreached_validation(configured) is None
    over = {
        # A callback that watches a logger must find one, and none may reach a server.
        "logger": False
        if configured["logger"] is False
        else CSVLogger(folder, name="", version=""),
        "callbacks": [c for c in callbacks if not isinstance(c, ProgressBar)],
        "default_root_dir": folder,
        "max_epochs": 1,
        "max_steps": -1,
        "max_time": None,
        "min_epochs": None,
        "min_steps": None,
        "limit_train_batches": 1,
        "limit_val_batches": int(validates),
        "num_sanity_val_steps": 0,
        "check_val_every_n_epoch": 1,
        "val_check_interval": 1.0,
        "log_every_n_steps": 1,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    _refuse_overwritten(configured, over)
    return over


def _watches(callback: Any, keys: set[str]) -> bool:
    return not keys.isdisjoint(map(str, as_list(getattr(callback, "monitor", None))))


def _refuse_overwritten(configured: dict[str, Any], over: dict[str, Any]) -> None:
    """Let Lightning judge the settings that the short run does not use."""
    judged = {name: configured[name] for name in (*over, *TOGETHER) if name not in OUTSIDE}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pl.Trainer(**judged, accelerator="cpu", devices=1, logger=False)


def _unwritable(folder: Path) -> str | None:
    """Say why runs cannot be kept in ``folder``, None where they can."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        # Permissions alone do not tell: /proc takes no folder from anyone.
        TemporaryDirectory(dir=there).cleanup()
    except OSError as error:
        return f"trainer.default_root_dir: no run can be kept in {folder} ({error.strerror})"
    return None


def _trial(cli: KitCLI, folder: str) -> Iterator[str]:
    trainer = cli.trainer
    validate_apart_at_once(trainer)
    for callback in trainer.checkpoint_callbacks:
        if isinstance(callback, ModelCheckpoint):
            callback.dirpath = str(Path(folder, "checkpoints"))
    try:
        with quiet():
            trainer.fit(cli.model, datamodule=cli.datamodule)
    except Exception as error:
        wrong = input_error(error, trainer)
        yield str(wrong) if wrong else f"one batch: {type(error).__name__}: {first_line(error)}"
        return
    if (empty := without_batches(trainer)) is not None:
        yield empty
        return
    yield from amounts(trainer, cli.settings.trainer)
    yield from map(str, missing(trainer))


def _components(cli: KitCLI) -> Iterator[str]:
    parameters = sum(p.numel() for p in cli.model.parameters())
    yield f"model {type(cli.model).__name__}, {parameters:,} parameters"
    if cli.datamodule is not None:
        yield f"data {type(cli.datamodule).__name__}"
    configured = cli._get(cli.config_init, "trainer")
    for callback in as_list(configured["callbacks"]):
        yield f"callback {type(callback).__name__}"
    for logger in as_list(configured["logger"]):
        if isinstance(logger, Logger):
            yield f"logger {type(logger).__name__}"
    logged = sorted(cli.trainer.callback_metrics)
    yield f"one training and one validation batch; logged: {', '.join(logged)}"
