"""Handwritten digits: real pictures that ship inside scikit-learn, so nothing is downloaded."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from lightning_kit.datamodules.base import AbstractDataModule, Part
from lightning_kit.datamodules.dealt import Dealt
from lightning_kit.datamodules.parts import Parts, deal, take
from lightning_kit.datamodules.preprocess import Scale
from lightning_kit.datamodules.splits import check_fractions, stratified_split
from lightning_kit.datamodules.targets import count_classes


@final
class DigitsDataModule(AbstractDataModule):
    """1,797 pictures of 8 x 8 pixels, ten classes (UCI Optical Recognition of Handwritten Digits).

    A batch is ``(input, target)``: pixels of ``(N, 64)`` or ``(N, 1, 8, 8)``, float32 in [0, 16]
    in the loader and in [0, 1] for the model, and digits of ``(N,)``, int64 in [0, 10). Prediction
    gets the inputs of the test part.

    Args:
        batch_size: Rows in a batch of one device, at least 1.
        seed: Decides the split, which is stratified, and the order of training samples.
        image: Give pictures ``(N, 1, 8, 8)``, as convolutions take them, not rows ``(N, 64)``.
        fractions: Of the training, validation and test part; the default is 1,257, 270 and 270
            pictures.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(
        self,
        batch_size: int = 32,
        seed: int = 0,
        *,
        image: bool = False,
        fractions: Sequence[float] = (0.7, 0.15, 0.15),
    ) -> None:
        super().__init__(batch_size=batch_size, seed=seed)
        check_fractions(fractions)
        self.save_hyperparameters(logger=False)
        self.image = image
        self.fractions = fractions
        self.preprocess = Scale(16)
        self._parts: Parts = {}

    def setup(self, stage: str) -> None:
        if stage == "fit":
            self._trained = None
        if not self._parts:
            # A second to import, which `--help` should not wait for.
            from sklearn.datasets import load_digits

            pixels, digits = load_digits(return_X_y=True)
            shape = (-1, 1, 8, 8) if self.image else (-1, 64)
            input = torch.from_numpy(pixels).float().reshape(shape)
            split = stratified_split(digits, self.fractions, self.seed)
            self._parts = deal(input, torch.from_numpy(digits).long(), split)
        if stage == "fit":
            self.classes = [str(digit) for digit in range(10)]
            target = self.load("train")[1]
            assert target is not None
            self.class_counts = count_classes(target, 10)

    def load(self, part: Part) -> tuple[Tensor, Tensor | None]:
        self.check_dealt(part)
        return take(self._parts, part)

    def dealt(self) -> Dealt:
        return {"fractions": list(self.fractions), "seed": self.seed}
