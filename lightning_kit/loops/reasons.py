"""Why a run is left to Lightning's own loop."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loops.fetchers import _DataFetcher, _PrefetchDataFetcher
from pytorch_lightning.loops.optimization.manual import _ManualOptimization
from pytorch_lightning.profilers import PassThroughProfiler

from lightning_kit.loops.automatic import LeanAutomaticOptimization
from lightning_kit.loops.connector import LeanLoggerConnector
from lightning_kit.loops.fingerprints import changed
from lightning_kit.loops.watch import OF_THE_FIT_LOOP, OF_THE_PROFILER

# What the kit itself puts there, and the lean loop calls where it lies.
KNOWN = {"_should_check_val_fx", "_on_before_fetch", "_on_after_fetch", "log_metrics"}


def why_not(loop: Any, data_fetcher: _DataFetcher | None) -> str | None:
    """Return what the lean loop does not cover in this run, None where it covers all.

    Args:
        loop: A lean loop.
        data_fetcher: Where its batches come from, None where that is not known yet.
    """
    trainer: pl.Trainer = loop.trainer
    profiler = vars(trainer)["profiler"]
    if (difference := changed()) is not None:
        return difference
    if data_fetcher is not None and type(data_fetcher) is not _PrefetchDataFetcher:
        return "the step takes dataloader_iter"
    if type(profiler) is not PassThroughProfiler and not hasattr(profiler, "spans"):
        return f"{type(profiler).__name__} asks for every entry, having no attribute spans"
    if type(trainer._logger_connector) is not LeanLoggerConnector:
        return "the trainer's logger connector is another"
    if vars(trainer.lightning_module)["_trainer"] is not trainer:
        return "the module was given another trainer"
    if (patched := _replaced(loop)) is not None:
        return patched
    if not hasattr(loop, "automatic_optimization"):
        return None
    if type(loop.automatic_optimization) is not LeanAutomaticOptimization:
        return f"automatic optimization is a {type(loop.automatic_optimization).__name__}"
    if type(loop.manual_optimization) is not _ManualOptimization:
        return f"manual optimization is a {type(loop.manual_optimization).__name__}"
    return None


def _replaced(loop: Any) -> str | None:
    trainer: pl.Trainer = loop.trainer
    for name, part, names in (
        ("loop", loop, _methods(loop)),
        ("logger connector", trainer._logger_connector, _methods(trainer._logger_connector)),
        ("fit loop", trainer.fit_loop, OF_THE_FIT_LOOP),
        ("profiler", vars(trainer)["profiler"], OF_THE_PROFILER),
    ):
        if patched := sorted(names & vars(part).keys()):
            return f"{', '.join(patched)} of the {name} was replaced"
    return None


def _methods(part: Any) -> set[str]:
    """Return the methods that a lean part has of its own, where Lightning's class has them too."""
    own = vars(part).keys() - KNOWN
    return {each for each in own if callable(getattr(type(part).__base__, each, None))}
