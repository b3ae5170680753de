"""Why a run is left to Lightning's own loop."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loops.fetchers import _DataFetcher, _PrefetchDataFetcher
from pytorch_lightning.loops.optimization.manual import _ManualOptimization
from pytorch_lightning.profilers import PassThroughProfiler

from lightning_kit.loops.automatic import LeanAutomaticOptimization
from lightning_kit.loops.connector import LeanLoggerConnector
from lightning_kit.loops.fingerprints import changed

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
    for name, part in {"loop": loop, "logger connector": trainer._logger_connector}.items():
        own = vars(part).keys() - KNOWN
        if patched := sorted(
            each for each in own if callable(getattr(type(part).__base__, each, None))
        ):
            return f"{', '.join(patched)} of the {name} was replaced"
    if not hasattr(loop, "automatic_optimization"):
        return None
    if type(loop.automatic_optimization) is not LeanAutomaticOptimization:
        return f"automatic optimization is a {type(loop.automatic_optimization).__name__}"
    if type(loop.manual_optimization) is not _ManualOptimization:
        return f"manual optimization is a {type(loop.manual_optimization).__name__}"
    return None
