"""Why a run is left to Lightning's own loop."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loops.fetchers import _DataFetcher, _PrefetchDataFetcher
from pytorch_lightning.loops.optimization.automatic import _AutomaticOptimization
from pytorch_lightning.loops.optimization.manual import _ManualOptimization
from pytorch_lightning.profilers import PassThroughProfiler

from lightning_kit.loops.connector import LeanLoggerConnector
from lightning_kit.loops.fingerprints import changed

# What the kit itself puts on a loop, and the lean loop calls where it lies.
KNOWN = {"_should_check_val_fx", "_on_before_fetch", "_on_after_fetch"}


def why_not(loop: Any, data_fetcher: _DataFetcher) -> str | None:
    """Return what the lean loop does not cover in this run, None where it covers all."""
    trainer: pl.Trainer = loop.trainer
    profiler = vars(trainer)["profiler"]
    if (difference := changed()) is not None:
        return difference
    if type(data_fetcher) is not _PrefetchDataFetcher:
        return "the step takes dataloader_iter"
    if type(profiler) is not PassThroughProfiler and not hasattr(profiler, "spans"):
        return f"{type(profiler).__name__} asks for every entry, having no attribute spans"
    kind, own = type(loop), vars(loop).keys() - KNOWN
    patched = sorted(name for name in own if callable(getattr(kind, name, None)))
    if patched:
        return f"{', '.join(patched)} of the loop was replaced"
    if type(trainer._logger_connector) is not LeanLoggerConnector:
        return "the trainer's logger connector is another"
    if not hasattr(loop, "automatic_optimization"):
        return None
    if type(loop.automatic_optimization) is not _AutomaticOptimization:
        return f"automatic optimization is a {type(loop.automatic_optimization).__name__}"
    if type(loop.manual_optimization) is not _ManualOptimization:
        return f"manual optimization is a {type(loop.manual_optimization).__name__}"
    return None
