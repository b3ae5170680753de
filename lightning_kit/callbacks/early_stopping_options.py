"""The options of EarlyStopping, checked against each other and resolved."""

import math
from dataclasses import dataclass
from typing import Literal, cast, final, get_args

from lightning_kit.callbacks.last_outputs import ScoreFunction
from lightning_kit.meters.arguments import check_whole, is_number
from lightning_kit.meters.event_filter import EventFilter
from lightning_kit.meters.functions import check_function
from lightning_kit.meters.plateau import DeltaMode, Mode, NonFinite, Plateau
from lightning_kit.meters.plateaus import Combine, Plateaus

CheckOn = Literal["validation", "epoch", "step"]


@final
@dataclass(frozen=True)
class EarlyStoppingOptions:
    """What was given; None stands for "not given" wherever a preset or the parent decides."""

    monitor: str | list[str] | None
    score_function: ScoreFunction | None
    mode: str | list[str] | None
    min_delta: float
    patience: int
    delta_mode: DeltaMode
    cumulative: bool | None
    nan: NonFinite | None
    check_finite: bool | None
    stopping_threshold: float | None
    divergence_threshold: float | None
    check_on_train_epoch_end: bool | None
    check_on: CheckOn | None
    start_after: int
    restore_best: bool
    filter: EventFilter | None
    combine: Combine | None
    preset: Literal["ignite"] | None

    def __post_init__(self) -> None:
        self._check_scores()
        self._check_ranges()
        if self.nan is not None and self.check_finite is not None:
            raise ValueError(
                f"nan ({self.nan!r}) and check_finite ({self.check_finite}) say the same thing "
                "twice: leave check_finite out"
            )
        if self.check_on is not None and self.check_on_train_epoch_end is not None:
            raise ValueError(
                f"check_on ({self.check_on!r}) and check_on_train_epoch_end "
                f"({self.check_on_train_epoch_end}) say the same thing twice: leave "
                "check_on_train_epoch_end out"
            )
        if len(self.names) == 1 and self.combine is not None:
            raise ValueError(
                f"combine ({self.combine!r}) needs several monitors, got one: leave it out"
            )
        for name in ("stopping_threshold", "divergence_threshold", "restore_best"):
            value = getattr(self, name)
            if len(self.names) > 1 and value is not None and value is not False:
                raise ValueError(
                    f"{name} ({value}) needs a single score, got "
                    f"{len(self.names)} monitors: use one EarlyStopping for each"
                )

    @property
    def names(self) -> list[str]:
        """What each score is called."""
        if self.score_function is not None:
            kind = type(self.score_function).__qualname__
            return [getattr(self.score_function, "__qualname__", kind)]
        return [self.monitor] if isinstance(self.monitor, str) else list(self.monitor or [])

    @property
    def modes(self) -> list[Mode]:
        """The direction of each score."""
        mode = self.mode or ("max" if self.preset == "ignite" else "min")
        modes = [mode] * len(self.names) if isinstance(mode, str) else list(mode)
        return cast(list[Mode], modes)

    @property
    def asks_for_more_than_the_parent(self) -> bool:
        return (
            self.score_function is not None
            or isinstance(self.monitor, list)
            or self.delta_mode != "abs"
            or self.cumulative is False
            or bool(self.start_after)
            or self.restore_best
            or any(
                value is not None for value in (self.nan, self.check_on, self.filter, self.preset)
            )
        )

    def plateaus(self) -> Plateaus:
        """Build what decides."""
        # Lightning's patience of 0 stops at the first check without a gain, as 1 does.
        built = [
            Plateau(
                max(self.patience, 1),
                mode,
                min_delta=self.min_delta,
                delta_mode=self.delta_mode,
                cumulative=self.preset != "ignite" if self.cumulative is None else self.cumulative,
                nan=self.nan or ("count" if self.check_finite is False else "stop"),
            )
            for mode in self.modes
        ]
        return Plateaus(built, self.combine or "any")

    def _check_scores(self) -> None:
        listed = self.monitor if isinstance(self.monitor, list | tuple) else [self.monitor or ""]
        if not all(isinstance(name, str) for name in listed):
            raise ValueError(f"monitor must be a key or a list of keys, got {self.monitor!r}")
        if self.mode is not None and not isinstance(self.mode, str | list | tuple):
            raise ValueError(f"mode must be one of {get_args(Mode)}, got {self.mode!r}")
        if self.monitor and self.score_function is not None:
            raise ValueError(
                f"monitor ({self.monitor!r}) and score_function exclude each other: leave one out"
            )
        if not self.monitor and self.score_function is None:
            raise ValueError(
                "monitor must name a logged key, or score_function a function of the trainer and "
                f"the module, got monitor {self.monitor!r} and no score_function"
            )
        if self.score_function is not None:
            check_function("score_function", self.score_function, "trainer", "pl_module")
        if len(set(self.names)) < len(self.names):
            raise ValueError(f"monitor must name each key once, got {self.names}")
        if len(self.modes) != len(self.names):
            raise ValueError(
                f"mode must be one direction, or one for each of the {len(self.names)} monitors, "
                f"got {len(self.modes)}"
            )

    def _check_ranges(self) -> None:
        for name, value, allowed in (
            *(("mode", mode, Mode) for mode in self.modes),
            ("delta_mode", self.delta_mode, DeltaMode),
            ("nan", self.nan or "stop", NonFinite),
            ("check_on", self.check_on or "epoch", CheckOn),
            ("combine", self.combine or "any", Combine),
            ("preset", self.preset or "ignite", Literal["ignite"]),
        ):
            if value not in get_args(allowed):
                raise ValueError(f"{name} must be one of {get_args(allowed)}, got {value!r}")
        for name, count in (("patience", self.patience), ("start_after", self.start_after)):
            check_whole(name, count, at_least=0, unit="checks")
        if not is_number(self.min_delta) or not math.isfinite(self.min_delta):
            raise ValueError(f"min_delta must be a finite number, got {self.min_delta!r}")
        for name in ("stopping_threshold", "divergence_threshold"):
            threshold = getattr(self, name)
            if threshold is not None and (not is_number(threshold) or math.isnan(threshold)):
                raise ValueError(f"{name} must be a number, got {threshold!r}")
