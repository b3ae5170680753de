"""What the kit reads of Lightning's and torch's protected state, each use guarded.

A guard that finds its ground changed answers as if the thing were not there, and logs it.
"""

from lightning_kit.compat.detours import after_interruption, around_stage, detour
from lightning_kit.compat.epoch_loop import EpochLoop
from lightning_kit.compat.fetch_watches import watch_fetches
from lightning_kit.compat.hooks_under_way import Hook, as_within, hooks_under_way
from lightning_kit.compat.interruptions import forget_unscaled, remember_hook
from lightning_kit.compat.logged import logged_step, logs_this_batch
from lightning_kit.compat.processes import default_store, forks, global_rank, release_observer
from lightning_kit.compat.rate_search import (
    RateCurve,
    RateSearch,
    leave_fit,
    refuse_missing_search,
    search_rates,
    sets_rate,
)
from lightning_kit.compat.resumes import allow_validation, mend_resume
from lightning_kit.compat.saves import average_of, save_rank_local, weights_to_save
from lightning_kit.compat.scores import (
    LoggedKeys,
    keep_scores,
    kept_scores,
    keys_of_epochs,
    logged_keys,
    put_back_scores,
    times_apart,
)
from lightning_kit.compat.trainers import callbacks_of, is_lean, refuse_twin
from lightning_kit.compat.validations import validate_apart, validate_now

__all__ = [
    "EpochLoop",
    "Hook",
    "LoggedKeys",
    "RateCurve",
    "RateSearch",
    "after_interruption",
    "allow_validation",
    "around_stage",
    "as_within",
    "average_of",
    "callbacks_of",
    "default_store",
    "detour",
    "forget_unscaled",
    "forks",
    "global_rank",
    "hooks_under_way",
    "is_lean",
    "keep_scores",
    "kept_scores",
    "keys_of_epochs",
    "leave_fit",
    "logged_keys",
    "logged_step",
    "logs_this_batch",
    "mend_resume",
    "put_back_scores",
    "refuse_missing_search",
    "refuse_twin",
    "release_observer",
    "remember_hook",
    "save_rank_local",
    "search_rates",
    "sets_rate",
    "times_apart",
    "validate_apart",
    "validate_now",
    "watch_fetches",
    "weights_to_save",
]
