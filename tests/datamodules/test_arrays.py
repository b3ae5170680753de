from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from lightning_kit.datamodules import ArrayDataModule, DataError
from lightning_kit.datamodules.base import Part

RANDOM = np.random.RandomState(0)
INPUT = RANDOM.standard_normal((100, 4)) * [1, 2, 3, 0] + [0, 10, 20, 30]
LABELS = np.arange(100) % 3
VALUES = RANDOM.standard_normal(100) * 2 + 5


class Keeper(pl.LightningModule):
    """Keeps the batches that reach it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)
        self.seen: list[Any] = []

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        self.seen.append([part.cpu() for part in batch])
        loss: torch.Tensor = self.layer(batch[0]).sum()
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        pass

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


QUIET: dict[str, Any] = {
    "max_epochs": 2,
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}


def saved(name: str, target: Any, input: Any = INPUT) -> str:
    np.savez(name, input=input, target=target)
    return name


def fitted(*args: Any, **options: Any) -> ArrayDataModule:
    datamodule = ArrayDataModule(*args, **options)
    datamodule.setup("fit")
    return datamodule


def restored(datamodule: ArrayDataModule, stage: str, **options: Any) -> ArrayDataModule:
    """As Lightning does it in another process: set up first, then load the state."""
    other = ArrayDataModule(**options)
    other.setup(stage)
    other.load_state_dict(datamodule.state_dict())
    return other


def part_sizes(datamodule: ArrayDataModule) -> list[int]:
    parts: list[Part] = ["train", "val", "test", "predict"]
    return [len(datamodule.load(part)[0]) for part in parts]


def test_one_file_of_classes() -> None:
    datamodule = fitted(saved("a.npz", LABELS))
    assert part_sizes(datamodule) == [70, 15, 15, 15]
    assert datamodule.classes == ["0", "1", "2"]
    assert datamodule.class_counts is not None
    assert sorted(datamodule.class_counts) == [23, 23, 24]
    assert datamodule.target_mean is None


def test_one_file_of_values() -> None:
    datamodule = fitted(saved("a.npz", VALUES))
    target = datamodule.load("train")[1]
    assert target is not None
    assert datamodule.classes is None
    assert datamodule.target_mean is not None
    torch.testing.assert_close(datamodule.target_mean, target.mean().reshape(1))


def test_one_file_of_labels() -> None:
    datamodule = fitted(saved("a.npz", np.stack([LABELS == 0, LABELS > 0], axis=1)))
    target = datamodule.load("train")[1]
    assert target is not None
    assert (target.shape, target.dtype) == ((70, 2), torch.int64)
    assert datamodule.classes == ["0", "1"]
    assert datamodule.class_counts == target.sum(0).tolist()


def test_two_npy_files() -> None:
    np.save("x.npy", INPUT)
    np.save("y.npy", LABELS)
    assert part_sizes(fitted("x.npy", "y.npy")) == [70, 15, 15, 15]


def test_a_file_each_and_unlabelled_inputs() -> None:
    np.save("p.npy", INPUT[:7])
    datamodule = fitted(
        train_path=saved("a.npz", LABELS),
        val_path=saved("v.npz", LABELS[:20], INPUT[:20]),
        test_path=saved("t.npz", LABELS[:30], INPUT[:30]),
        predict_path="p.npy",
    )
    assert part_sizes(datamodule) == [100, 20, 30, 7]


def test_inputs_to_predict_beside_one_file() -> None:
    np.save("p.npy", INPUT[:7])
    assert part_sizes(fitted(saved("a.npz", LABELS), predict_path="p.npy")) == [70, 15, 15, 7]


def test_rows_that_would_be_resident_on_the_cpu_are_refused() -> None:
    path = saved("a.npz", LABELS)
    with pytest.raises(ValueError, match="resident must be false"):
        ArrayDataModule(path, resident=True).setup("fit")
    trainer = pl.Trainer(accelerator="cpu", **QUIET)
    with pytest.raises(ValueError, match="resident must be false"):
        trainer.fit(Keeper(), ArrayDataModule(path, resident=True))


def test_resident_parts_are_moved_once_and_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    datamodule = ArrayDataModule(saved("a.npz", LABELS), resident=True)
    datamodule.trainer = pl.Trainer(accelerator="cpu", **QUIET)
    monkeypatch.setattr(type(datamodule.trainer.strategy), "root_device", torch.device("meta"))
    datamodule.setup("fit")
    train, again = datamodule.load("train"), datamodule.load("train")
    assert [part.device.type for part in train if part is not None] == ["meta", "meta"]
    assert all(one is other for one, other in zip(train, again, strict=True))
    assert datamodule.load("predict")[0] is datamodule.load("test")[0]
    assert datamodule.load("predict")[1] is None
    # Bookkeeping is done where the rows were read.
    assert datamodule.class_counts is not None
    datamodule.setup("fit")
    assert datamodule.load("train")[0] is train[0]
    datamodule.teardown("fit")
    assert datamodule.load("train")[0].device.type == "cpu"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no accelerator here")
@pytest.mark.parametrize("precision", ["32-true", "bf16-true"])
def test_resident_batches_are_the_same_in_the_same_order(precision: Any) -> None:
    path, batches = saved("a.npz", LABELS), []
    for resident in (False, True):
        trainer = pl.Trainer(accelerator="cuda", devices=1, precision=precision, **QUIET)
        module = Keeper()
        trainer.fit(module, ArrayDataModule(path, standardise=True, resident=resident))
        batches.append(module.seen)
    assert len(batches[0]) == 6
    torch.testing.assert_close(batches[0], batches[1], rtol=0, atol=0)


def test_testing_needs_no_training_file() -> None:
    paths = {"train_path": saved("a.npz", VALUES), "test_path": saved("t.npz", VALUES)}
    first = fitted(**paths, standardise=True)
    Path("a.npz").unlink()
    again = restored(first, "test", test_path="t.npz", standardise=True)
    assert torch.equal(again.load("test")[0], first.load("test")[0])
    assert again.target_mean is not None
    assert first.target_mean is not None
    assert torch.equal(again.target_mean, first.target_mean)
    assert first.preprocess is not None
    assert again.preprocess is not None
    assert torch.equal(
        again.preprocess(again.load("test")[0]), first.preprocess(first.load("test")[0])
    )


def test_standardising_measures_the_training_rows_alone() -> None:
    datamodule = fitted(saved("a.npz", LABELS), standardise=True)
    assert datamodule.preprocess is not None
    train = datamodule.preprocess(datamodule.load("train")[0])
    torch.testing.assert_close(train.mean(0), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        train.std(0, correction=0), torch.tensor([1.0, 1.0, 1.0, 0.0]), atol=1e-5, rtol=0
    )


def test_standardising_without_what_was_fitted_is_refused() -> None:
    datamodule = ArrayDataModule(saved("a.npz", LABELS), standardise=True)
    datamodule.setup("test")
    with pytest.raises(ValueError, match="fit, or load a checkpoint first"):
        datamodule.load("test")


def test_names_come_from_the_settings_not_from_the_checkpoint() -> None:
    first = fitted(saved("a.npz", LABELS), class_names=["cat", "dog", "cow"])
    assert first.classes == ["cat", "dog", "cow"]
    assert restored(first, "test", path="a.npz").classes == ["cat", "dog", "cow"]
    renamed = restored(first, "test", path="a.npz", class_names=["Cat", "Dog", "Cow"])
    assert renamed.classes == ["Cat", "Dog", "Cow"]


def test_whole_numbers_in_floating_point_are_named_classes() -> None:
    datamodule = fitted(saved("a.npz", LABELS.astype(float)), class_names=["cat", "dog", "cow"])
    target = datamodule.load("train")[1]
    assert target is not None
    assert target.dtype == torch.int64
    assert datamodule.classes == ["cat", "dog", "cow"]


def test_a_named_class_may_have_no_rows() -> None:
    datamodule = fitted(saved("a.npz", LABELS), class_names=["a", "b", "c", "d"])
    assert datamodule.class_counts is not None
    assert datamodule.class_counts[3] == 0


def test_a_rare_class_is_kept_by_a_random_split() -> None:
    path = saved("a.npz", np.array([0, 1] * 49 + [2, 2]))
    with pytest.raises(DataError, match=r"a\.npz: .*class 2 .*stratify: false"):
        fitted(path)
    assert fitted(path, stratify=False).classes == ["0", "1", "2"]


def test_paths_are_kept_as_text() -> None:
    datamodule = ArrayDataModule(Path(saved("a.npz", LABELS)))  # type: ignore[arg-type]
    assert datamodule.hparams["path"] == "a.npz"
    assert datamodule.hparams["fractions"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train_path": "a.npz", "fractions": (0.8, 0.1, 0.1)}, "no effect without path"),
        ({"train_path": "a.npz", "stratify": True}, "no effect without path"),
        ({"path": "a.npz", "standardise": True, "input_dtype": "int64"}, "no effect on int64"),
        ({"path": "a.npz", "class_names": ["a"]}, "at least 2 different ones, got .'a'."),
        ({"path": "a.npz", "class_names": ["a", "a"]}, "at least 2 different ones"),
        ({"path": "a.npz", "input": "target"}, "must be two arrays, got 'target' for both"),
        ({"path": "a.npz", "fractions": (0.8, 0.1)}, "fractions must be three"),
        ({"path": "a.npz", "batch_size": 0}, "batch_size must be at least 1 row, got 0"),
        ({"path": "a.npz", "seed": -1}, "seed must not be negative, got -1"),
    ],
)
def test_arguments_without_effect_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ArrayDataModule(**options)


def test_stratify_is_refused_where_there_are_no_classes() -> None:
    with pytest.raises(ValueError, match="stratify has no effect unless targets are classes"):
        fitted(saved("a.npz", VALUES), stratify=True)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (np.zeros(100, dtype=int), r"a\.npz, column 'target': must have more than one class"),
        (LABELS + 1, r"a\.npz, column 'target': no training row has label 0"),
        (np.ones(100), r"a\.npz, column 'target': must hold more than one value .*got 1.0"),
        (LABELS[:99], r"a\.npz, column 'target': must have the 100 rows of the input, got 99"),
    ],
)
@pytest.mark.parametrize("argument", ["path", "train_path"])
def test_a_training_target_that_cannot_be_learnt_is_named(
    argument: str, target: Any, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        fitted(**{argument: saved("a.npz", target)})


@pytest.mark.parametrize(
    ("target", "input", "message"),
    [
        (LABELS + 1, INPUT, r"v\.npz, row 3, column 'target': .*in \[0, 3\), got 3"),
        (VALUES, INPUT, r"v\.npz, column 'target': must hold integers"),
        (LABELS, INPUT[:, :3], r"v\.npz, column 'input': a row must have shape \[4\].*got \[3\]"),
    ],
)
def test_a_part_unlike_training_is_named(target: Any, input: Any, message: str) -> None:
    datamodule = fitted(train_path=saved("a.npz", LABELS), val_path=saved("v.npz", target, input))
    with pytest.raises(DataError, match=message):
        datamodule.load("val")


@pytest.mark.parametrize("part", ["train", "val", "test", "predict"])
@pytest.mark.parametrize(
    ("options", "rows", "differs"),
    [
        ({"seed": 5}, slice(100), "seed 0 -> 5 "),
        ({"stratify": False}, slice(100), "stratify True -> False"),
        ({"fractions": [0.5, 0.25, 0.25]}, slice(100), r"fractions .* -> \[0.5, 0.25, 0.25\]"),
        ({}, slice(99), "rows 100 -> 99; content"),
        ({}, slice(None, None, -1), "parts: content"),
    ],
)
def test_a_split_that_is_not_that_of_training_is_refused(
    part: Part, options: dict[str, Any], rows: slice, differs: str
) -> None:
    datamodule = fitted(saved("a.npz", LABELS))
    saved("a.npz", LABELS[rows], INPUT[rows])
    stage = {"train": "fit", "val": "validate"}.get(part, part)
    other = restored(datamodule, stage, path="a.npz", **options)
    with pytest.raises(DataError, match=f"a.npz: must be split as in training.*{differs}"):
        other.load(part)
    other.setup("fit")
    assert len(other.load(part)[0])


@pytest.mark.parametrize("option", ["input", "target"])
def test_a_fit_does_not_go_on_with_another_array(option: str) -> None:
    np.savez("many.npz", input=INPUT, target=LABELS, x=INPUT + 1, y=LABELS[::-1])
    paths: dict[str, Any] = {"train_path": "many.npz", "val_path": "many.npz"}
    names: dict[str, Any] = {option: "x" if option == "input" else "y"}
    first = fitted(**paths)
    rule = f"{option} must be '{option}', as the checkpoint was trained, got '{names[option]}'"
    with pytest.raises(ValueError, match=rule):
        restored(first, "fit", **paths, **names)
    assert len(restored(first, "test", test_path="many.npz", **names).load("test")[0]) == 100


def test_a_part_of_its_own_file_does_not_depend_on_the_split() -> None:
    datamodule = fitted(saved("a.npz", LABELS))
    saved("t.npz", LABELS[:30], INPUT[:30])
    assert len(restored(datamodule, "test", test_path="t.npz").load("test")[0]) == 30
    other = restored(datamodule, "predict", path="a.npz", predict_path="t.npz", seed=5)
    assert len(other.load("predict")[0]) == 30


def test_stratifying_values_names_file_and_array() -> None:
    message = r"a.npz, column 'target': stratify has no effect .*float32' \(integers are classes"
    with pytest.raises(DataError, match=message):
        fitted(saved("a.npz", LABELS.astype(float)), stratify=True)
