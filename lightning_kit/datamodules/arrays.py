"""Arrays in files, read into memory whole."""

from collections.abc import Sequence
from typing import Any, Literal, final

import torch
from torch import Tensor

from lightning_kit.artefact.rows.errors import DataError
from lightning_kit.datamodules.array_checks import KINDS, check_classes
from lightning_kit.datamodules.array_paths import ArrayPaths
from lightning_kit.datamodules.array_source import ArraySource
from lightning_kit.datamodules.base import AbstractDataModule, Part
from lightning_kit.datamodules.dealt import Dealt, hash_of_tensors
from lightning_kit.datamodules.parts import Parts, deal, take
from lightning_kit.datamodules.preprocess import Standardise
from lightning_kit.datamodules.resident import Resident
from lightning_kit.datamodules.splits import check_fractions, random_split, stratified_split
from lightning_kit.datamodules.targets import check_varies, count_classes, mean_and_std

FRACTIONS = (0.7, 0.15, 0.15)
STAGES: dict[str, Part] = {"fit": "train", "validate": "val", "test": "test", "predict": "predict"}


@final
class ArrayDataModule(AbstractDataModule):
    """``.npz``, ``.safetensors`` or ``.npy`` files: one that is split, or one for each part.

    The target's type says what is learnt:

    ============================== ===================== =======================================
    target in the file             in a batch            what it is
    ============================== ===================== =======================================
    integers or booleans (N,)      (N,) int64            classes, numbered from 0 without gaps
    integers or booleans (N, C)    (N, C) int64          a label a column, 0 or 1
    floating point (N,) or (N, T)  (N,) or (N, T) float  values
    ============================== ===================== =======================================

    A single column ``(N, 1)`` is taken as ``(N,)``. With ``class_names``, whole numbers in floating
    point are classes too.
    Prediction gets ``predict_path``, which needs no target, else the inputs of the test part.

    Args:
        path: One file for all parts. A ``.npy`` file is the input alone.
        target_path: The ``.npy`` file with the target, where ``path`` is one.
        train_path: The training part's own file, instead of ``path``.
        val_path: Likewise for validation.
        test_path: Likewise for testing.
        predict_path: Inputs to predict; beside ``path`` too.
        input: Name of the array with the inputs, ``(N, F)`` or ``(N, F, ...)``.
        target: Name of the array with the targets.
        input_dtype: What the model takes: numbers, or ``"int64"`` for tokens ``(N, ...)``.
        class_names: One a class or label; else they are called by their numbers.
        standardise: Shift and scale each feature (of pictures: channel) by its training rows.
        fractions: Of the training, validation and test part of ``path``; (0.7, 0.15, 0.15) where
            left out.
        stratify: Give every part of ``path`` each class in proportion; done where left out and
            the targets are classes.
        batch_size: Rows in a batch of one device, at least 1.
        seed: Decides the split and the order of training samples.
        resident: Move a part to the trainer's accelerator whole, when its loader is built, and
            gather batches there; each process holds all rows. Not on the CPU.

    Raises:
        ValueError: If an argument is out of range or has no effect; ``resident`` when set up.
        DataError: When set up or loaded, if a file cannot be trained on.
    """

    def __init__(
        self,
        path: str | None = None,
        target_path: str | None = None,
        *,
        train_path: str | None = None,
        val_path: str | None = None,
        test_path: str | None = None,
        predict_path: str | None = None,
        input: str = "input",
        target: str = "target",
        input_dtype: Literal["float32", "int64"] = "float32",
        class_names: list[str] | None = None,
        standardise: bool = False,
        fractions: Sequence[float] | None = None,
        stratify: bool | None = None,
        batch_size: int = 32,
        seed: int = 0,
        resident: bool = False,
    ) -> None:
        super().__init__(batch_size=batch_size, seed=seed)
        # A Path would be in the checkpoint, which then does not load with `weights_only`.
        path, target_path, train_path, val_path, test_path, predict_path = (
            None if given is None else str(given)
            for given in (path, target_path, train_path, val_path, test_path, predict_path)
        )
        paths = ArrayPaths(path, target_path, train_path, val_path, test_path, predict_path)
        if path is None and (fractions is not None or stratify is not None):
            raise ValueError("fractions and stratify have no effect without path: leave them out")
        if standardise and input_dtype == "int64":
            raise ValueError("standardise has no effect on int64 inputs: leave it out")
        if class_names is not None and len(set(class_names)) != max(len(class_names), 2):
            raise ValueError(f"class_names must be at least 2 different ones, got {class_names}")
        if input == target:
            raise ValueError(f"input and target must be two arrays, got {input!r} for both")
        check_fractions(FRACTIONS if fractions is None else fractions)
        self.save_hyperparameters(logger=False)
        self.paths = paths
        self.source = ArraySource(input, target, input_dtype, class_names)
        self.standardise = standardise
        self.fractions = FRACTIONS if fractions is None else fractions
        self.stratify = stratify
        self.resident = resident
        self._on_device: Resident | None = None
        self._parts: Parts = {}
        self._row_shape: list[int] | None = None
        self._dealt: Dealt | None = None

    def setup(self, stage: str) -> None:
        if self.resident:
            trainer = self.trainer
            device = torch.device("cpu") if trainer is None else trainer.strategy.root_device
            if self._on_device is None or self._on_device.device != device:
                self._on_device = Resident(device)
        if stage == "fit":
            self._trained = None
        if self.paths.path is not None and not self._parts:
            self._parts = self._deal(self.paths.path)
        if self.standardise and self.preprocess is None:
            self.preprocess = Standardise(self._part(STAGES[stage])[0].shape[1])
        if stage == "fit":
            self._fit()

    def load(self, part: Part) -> tuple[Tensor, Tensor | None]:
        if part != "predict" or self.paths.predict_path is None:
            self.check_dealt(part, self.paths.path)
        input, target = self._part(part)
        file = self.paths.of(part)
        if self._row_shape is not None:
            self.source.check_width(input, self._row_shape, file)
        elif self.standardise:
            raise ValueError("standardise needs the training part: fit, or load a checkpoint first")
        if target is not None and self.classes is not None:
            self.source.check_classes(target, len(self.classes), file)
        if target is not None and self.target_mean is not None:
            self.source.check_values(target, len(self.target_mean), file)
        if (move := self._on_device) is not None:
            return move(input), None if target is None else move(target)
        return input, target

    def teardown(self, stage: str) -> None:
        self._on_device = None

    def dealt(self) -> Dealt | None:
        return self._dealt

    def state_dict(self) -> dict[str, Any]:
        names = {"input": self.source.input, "target": self.source.target}
        return {**super().state_dict(), "row_shape": self._row_shape, "arrays": names}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        # Another file may call them otherwise, but a fit that goes on has its training file.
        if self._row_shape is not None:
            self.source.check_same(state_dict.get("arrays", {}))
        super().load_state_dict(state_dict)
        self._row_shape = state_dict["row_shape"]
        if self.classes is not None:
            self.classes = self.source.class_names or self.classes

    def _part(self, part: Part) -> tuple[Tensor, Tensor | None]:
        if part not in self._parts:
            if part == "predict":
                path = self.paths.predict_path
                input = self._part("test")[0] if path is None else self.source.input_rows(path)
                self._parts[part] = input, None
            elif self.paths.path is None:
                self._parts[part] = self.source.rows(self.paths.of(part))
        return take(self._parts, part)

    def _deal(self, path: str) -> Parts:
        input, target = self.source.rows(path, self.paths.target_path)
        classes = not target.is_floating_point() and target.ndim == 1
        if classes and self.source.class_names is None:
            check_classes(target, self.source.target, self.paths.target_path or path)
        if self.stratify and not classes:
            raise DataError(
                "stratify has no effect unless targets are classes: leave it out",
                file=self.paths.target_path or path,
                column=self.source.target,
                value=str(target.dtype),
                way_out=KINDS,
            )
        if self.stratify is False or not classes:
            split = random_split(len(input), self.fractions, self.seed)
        else:
            try:
                split = stratified_split(target.numpy(), self.fractions, self.seed)
            except DataError as error:
                way_out = f"or split without regard to classes: stratify: false; {KINDS}"
                raise error.placed(file=path, way_out=way_out) from None
        self._dealt = {
            "rows": len(input),
            "seed": self.seed,
            "fractions": list(self.fractions),
            "stratify": classes and self.stratify is not False,
            "content": hash_of_tensors(input, target),
        }
        parts = deal(input, target, split)
        parts.pop("predict", None)
        return parts

    def _fit(self) -> None:
        input, target = self._part("train")
        assert target is not None
        file = self.paths.of("train")
        self._row_shape = list(input.shape[1:])
        if isinstance(self.preprocess, Standardise):
            self.preprocess.fit(input)
        if target.is_floating_point():
            check_varies(target, self.source.target, file)
            self.target_mean, self.target_std = mean_and_std(target)
            return
        self.classes = self.source.class_names or self._numbers(target, file)
        if target.ndim == 1:
            check_varies(target, self.source.target, file)
        self.class_counts = count_classes(target, len(self.classes))

    def _numbers(self, target: Tensor, file: str) -> list[str]:
        if target.ndim == 2:
            return [str(column) for column in range(target.shape[1])]
        if self.paths.path is None:
            check_classes(target, self.source.target, file)
            known = [target]
        else:
            # A class that a random split kept from training is a class all the same.
            known = [other for _, other in self._parts.values() if other is not None]
        return [str(number) for number in range(1 + max(int(part.max()) for part in known))]
