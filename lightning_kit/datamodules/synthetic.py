"""Made-up data of a known shape, for tests, benchmarks and first tries."""

import math
from collections.abc import Sequence
from typing import Literal, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lightning_kit.datamodules.base import AbstractDataModule, Part
from lightning_kit.datamodules.dealt import Dealt
from lightning_kit.datamodules.parts import Parts, deal, take
from lightning_kit.datamodules.splits import check_fractions, random_split, stratified_split
from lightning_kit.datamodules.targets import check_varies, count_classes, mean_and_std

Kind = Literal["blobs", "labels", "surface"]
DEALING = ("kind", "num_rows", "num_features", "num_classes", "num_targets", "noise", "seed")


@final
class SyntheticDataModule(AbstractDataModule):
    """Seeded blobs, overlapping labels or a regression surface; the seed decides every number.

    ========= =========================================== ==================================
    kind      what it is                                  target
    ========= =========================================== ==================================
    blobs     one Gaussian a class (two serve binary)     (N,) int64 in [0, num_classes)
    labels    a half-space a label, for multilabel        (N, num_classes) int64, 0 or 1
    surface   waves on a slope, shifted and scaled        (N,) or (N, num_targets) float32
    ========= =========================================== ==================================

    Inputs are ``(N, num_features)`` float32. Prediction gets those of the test part.

    Args:
        batch_size: Rows in a batch of one device, at least 1.
        seed: Decides the data, the split and the order of training samples.
        kind: See above.
        num_rows: In all parts together.
        num_features: At least 1.
        num_classes: Of blobs (at least 2) and labels (at least 1); 3 where left out.
        num_targets: Of a surface, at least 1; 1 where left out.
        noise: Standard deviation of a blob, in distances of the two nearest centres; of what is
            added to a label's or a surface's value, in standard deviations of that value.
        fractions: Of the training, validation and test part.

    Raises:
        ValueError: If an argument is out of range or has no effect for this ``kind``.
        DataError: When set up, if there are too few rows for the parts.
    """

    def __init__(
        self,
        batch_size: int = 32,
        seed: int = 0,
        *,
        kind: Kind = "blobs",
        num_rows: int = 1000,
        num_features: int = 4,
        num_classes: int | None = None,
        num_targets: int | None = None,
        noise: float = 0.2,
        fractions: Sequence[float] = (0.7, 0.15, 0.15),
    ) -> None:
        super().__init__(batch_size=batch_size, seed=seed)
        if num_rows < 3:
            raise ValueError(f"num_rows must be at least 3, one a part, got {num_rows}")
        _check(kind, num_features, num_classes, num_targets, noise)
        check_fractions(fractions)
        self.save_hyperparameters(logger=False)
        self.kind = kind
        self.num_rows = num_rows
        self.num_features = num_features
        self.num_classes = 3 if num_classes is None else num_classes
        self.num_targets = 1 if num_targets is None else num_targets
        self.noise = noise
        self.fractions = fractions
        self._parts: Parts = {}

    def setup(self, stage: str) -> None:
        if stage == "fit":
            self._trained = None
        if not self._parts:
            self._parts = self._make()
        if stage != "fit":
            return
        target = self.load("train")[1]
        assert target is not None
        if self.kind == "surface":
            check_varies(target, "target")
            self.target_mean, self.target_std = mean_and_std(target)
        else:
            self.classes = [str(number) for number in range(self.num_classes)]
            self.class_counts = count_classes(target, self.num_classes)

    def load(self, part: Part) -> tuple[Tensor, Tensor | None]:
        self.check_dealt(part)
        return take(self._parts, part)

    def dealt(self) -> Dealt:
        settings = {name: getattr(self, name) for name in DEALING}
        return {**settings, "fractions": list(self.fractions)}

    def _make(self) -> Parts:
        random = np.random.RandomState(np.random.MT19937(self.seed))
        input = random.standard_normal((self.num_rows, self.num_features))
        if self.kind == "blobs":
            labels = np.arange(self.num_rows) % self.num_classes
            centres = random.standard_normal((self.num_classes, self.num_features))
            input = _apart(centres)[labels] + self.noise * input
            split = stratified_split(labels, self.fractions, self.seed)
            return deal(torch.from_numpy(input).float(), torch.from_numpy(labels), split)
        width = self.num_classes if self.kind == "labels" else self.num_targets
        value = input @ random.standard_normal((self.num_features, width))
        if self.kind == "surface":
            value += 2 * np.sin(input @ random.standard_normal((self.num_features, width)))
        value = value / value.std(axis=0) + self.noise * random.standard_normal(value.shape)
        if self.kind == "labels":
            target = torch.from_numpy(value > 0).long()
        else:
            # Neither mean 0 nor spread 1, as real targets are.
            target = torch.from_numpy(10 + 5 * value).float()
            target = target[:, 0] if width == 1 else target
        split = random_split(self.num_rows, self.fractions, self.seed)
        return deal(torch.from_numpy(input).float(), target, split)


def _check(
    kind: Kind, num_features: int, num_classes: int | None, num_targets: int | None, noise: float
) -> None:
    if kind not in ("blobs", "labels", "surface"):
        raise ValueError(f"kind must be 'blobs', 'labels' or 'surface', got {kind!r}")
    if num_features < 1:
        raise ValueError(f"num_features must be at least 1, got {num_features}")
    if not 0 <= noise < math.inf:
        raise ValueError(f"noise must be finite and not negative, got {noise}")
    useless = ("num_classes", num_classes) if kind == "surface" else ("num_targets", num_targets)
    if useless[1] is not None:
        raise ValueError(f"{useless[0]} has no effect for kind {kind!r}: leave it out")
    least = 2 if kind == "blobs" else 1
    if num_classes is not None and num_classes < least:
        raise ValueError(f"num_classes must be at least {least} for {kind!r}, got {num_classes}")
    if num_targets is not None and num_targets < 1:
        raise ValueError(f"num_targets must be at least 1, got {num_targets}")


def _apart(centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Stretch ``(C, F)`` until the two nearest are at distance 1."""
    distances = np.linalg.norm(centres[:, None] - centres[None], axis=-1)
    nearest: float = distances[np.triu_indices(len(centres), 1)].min()
    return centres / nearest
