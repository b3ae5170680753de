"""What every datamodule promises. A datamodule that has no example here fails the suite."""

import copy
import inspect
import io
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
import yaml
from jsonargparse import ArgumentParser
from pytorch_lightning.plugins.precision import Precision
from torch import Tensor, nn

from lightning_kit import datamodules
from lightning_kit.datamodules import AbstractDataModule, BatchLoader
from lightning_kit.datamodules.base import FITTED

Arguments = dict[str, Any]


def arrays(target: Any) -> Arguments:
    rows = np.random.RandomState(0).standard_normal((107, 6))
    np.savez("rows.npz", input=rows, target=target)
    return {"path": "rows.npz", "standardise": True}


def array_classes() -> Arguments:
    return arrays(np.arange(107) % 3)


def array_values() -> Arguments:
    return arrays(np.random.RandomState(1).standard_normal(107))


def array_files() -> Arguments:
    arguments = array_values()
    for name in ("train_path", "val_path", "test_path"):
        arguments[name] = f"{name}.npz"
        Path(arguments[name]).write_bytes(Path("rows.npz").read_bytes())
    del arguments["path"]
    return arguments


def table() -> Arguments:
    pytest.importorskip("pyarrow")
    lines = ["age,city,price"]
    lines += [f"{20 + row % 40},{'ABC'[row % 3]},{row * 1.5}" for row in range(107)]
    Path("rows.csv").write_text("\n".join(lines) + "\n")
    return {"path": "rows.csv", "target": "price"}


#: Name of an example: (datamodule, its arguments but batch_size and seed; makes its files itself).
EXAMPLES: dict[str, tuple[str, Callable[[], Arguments]]] = {
    "array classes": ("ArrayDataModule", array_classes),
    "array values": ("ArrayDataModule", array_values),
    "array files": ("ArrayDataModule", array_files),
    "digits": ("DigitsDataModule", dict),
    "digit pictures": ("DigitsDataModule", lambda: {"image": True}),
    "blobs": ("SyntheticDataModule", lambda: {"num_rows": 107}),
    "labels": ("SyntheticDataModule", lambda: {"num_rows": 107, "kind": "labels"}),
    "surface": (
        "SyntheticDataModule",
        lambda: {"num_rows": 107, "kind": "surface", "num_targets": 2},
    ),
    "table": ("TableDataModule", table),
}


def classes() -> dict[str, type[AbstractDataModule]]:
    found = {name: getattr(datamodules, name) for name in datamodules.__all__}
    return {
        name: value
        for name, value in found.items()
        if inspect.isclass(value)
        and issubclass(value, AbstractDataModule)
        and not inspect.isabstract(value)
    }


HERE = [name for name, (owner, _) in EXAMPLES.items() if owner in classes()]
examples = pytest.mark.parametrize("name", HERE)


def built(name: str, **options: Any) -> AbstractDataModule:
    owner, arguments = EXAMPLES[name]
    return classes()[owner](**({"batch_size": 16, "seed": 0} | arguments() | options))


def ready(name: str, stage: str = "fit", **options: Any) -> AbstractDataModule:
    datamodule = built(name, **options)
    datamodule.prepare_data()
    datamodule.setup(stage)
    return datamodule


def rows(loader: BatchLoader) -> list[tuple[float, ...]]:
    """Each row's input, in the order of the batches."""
    found: list[tuple[float, ...]] = []
    for batch in loader:
        input = batch if isinstance(batch, Tensor) else batch[0]
        found += [tuple(row.flatten().tolist()) for row in input]
    return found


def plain(value: Any) -> Any:
    """The same with tensors as lists, so that ``==`` compares all of it."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return (value.dtype, value.tolist()) if isinstance(value, Tensor) else value


def example(name: str) -> tuple[Tensor, Tensor]:
    batch = next(iter(ready(name).train_dataloader()))
    assert not isinstance(batch, Tensor)
    return batch


def test_every_datamodule_has_an_example() -> None:
    assert set(classes()) <= {owner for owner, _ in EXAMPLES.values()}


@examples
def test_it_is_built_from_yaml(name: str) -> None:
    owner, arguments = EXAMPLES[name]
    path = f"lightning_kit.datamodules.{owner}"
    settings = yaml.safe_dump({"data": {"class_path": path, "init_args": arguments()}})
    parser = ArgumentParser()
    parser.add_subclass_arguments(pl.LightningDataModule, "data")
    datamodule = parser.instantiate_classes(parser.parse_string(settings)).data
    datamodule.setup("fit")
    assert len(datamodule.train_dataloader()) > 1


@examples
def test_it_is_final_and_its_settings_load_as_plain_values(name: str) -> None:
    datamodule = built(name)
    assert getattr(type(datamodule), "__final__", False)
    stream = io.BytesIO()
    torch.save(dict(datamodule.hparams), stream)
    stream.seek(0)
    stored = torch.load(stream, weights_only=True)
    assert type(datamodule)(**stored).hparams == datamodule.hparams
    assert {"batch_size", "seed"} <= stored.keys()


@examples
def test_it_pickles_before_and_after_set_up(name: str) -> None:
    pickle.loads(pickle.dumps(built(name))).setup("fit")
    datamodule = ready(name)
    copied = pickle.loads(pickle.dumps(datamodule))
    assert rows(copied.train_dataloader()) == rows(datamodule.train_dataloader())


@examples
def test_the_seed_decides_the_batches(name: str) -> None:
    first, again, other = (ready(name, seed=seed).train_dataloader() for seed in (0, 0, 1))
    assert rows(first) == rows(again)
    assert rows(first) != rows(other)


@examples
def test_epochs_differ_in_order_and_not_in_rows(name: str) -> None:
    loader = ready(name).train_dataloader()
    first = rows(loader)
    loader.set_epoch(1)
    assert first != rows(loader)
    assert sorted(first) == sorted(rows(loader))


@examples
def test_parts_share_no_row_and_the_last_batch_is_there(name: str) -> None:
    datamodule = ready(name)
    loaders = [
        datamodule.train_dataloader(),
        datamodule.val_dataloader(),
        datamodule.test_dataloader(),
    ]
    for loader in loaders:
        sizes = [len(batch[0]) for batch in loader]
        assert len(sizes) == len(loader)
        assert sum(sizes) == len(loader.input)
        assert set(sizes[:-1]) <= {16}
        assert 1 <= sizes[-1] <= 16
    if name != "array files":
        train, val, test = (set(rows(loader)) for loader in loaders)
        assert not train & test
        assert not train & val
        assert not val & test


@examples
@pytest.mark.parametrize("part", ["train", "val", "test", "predict"])
def test_two_ranks_are_disjoint_and_complete(name: str, part: str) -> None:
    datamodule = ready(name)
    whole = getattr(datamodule, f"{part}_dataloader")()
    ranks = []
    for rank in (0, 1):
        # What a strategy of two processes answers; the real one is in tests/distributed.
        datamodule.trainer = FakeTrainer(rank)  # type: ignore[assignment]
        ranks.append(getattr(datamodule, f"{part}_dataloader")())
    left, right = (rows(loader) for loader in ranks)
    assert len(ranks[0]) == len(ranks[1]) == sum(1 for _ in ranks[0])
    assert abs(len(left) - len(right)) <= len(ranks[0])
    assert sorted(left + right) == sorted(rows(whole))


class FakeTrainer:
    overfit_batches = 0

    def __init__(self, rank: int) -> None:
        self.distributed_sampler_kwargs = {"num_replicas": 2, "rank": rank}
        self.strategy = self
        self.root_device = torch.device("cpu")
        self.precision_plugin = Precision()


@examples
def test_what_was_fitted_comes_back_in_another_process(name: str) -> None:
    first = ready(name)
    stream = io.BytesIO()
    torch.save(first.state_dict(), stream)
    stream.seek(0)
    again = ready(name, "test")
    again.load_state_dict(torch.load(stream, weights_only=True))
    assert plain(again.state_dict()) == plain(first.state_dict())
    assert {*FITTED, "preprocess"} <= first.state_dict().keys()
    for batch, other in zip(again.test_dataloader(), first.test_dataloader(), strict=True):
        left, right = (m.on_after_batch_transfer(b, 0) for m, b in ((again, batch), (first, other)))
        assert torch.equal(left[0], right[0])
        assert torch.equal(left[1], right[1])


@examples
@pytest.mark.parametrize("stage", ["validate", "test", "predict"])
def test_only_a_fit_fits(name: str, stage: str) -> None:
    unfitted = ready(name, stage)
    for attribute in ("class_counts", "target_mean", "target_std"):
        assert getattr(unfitted, attribute) is None
    datamodule = ready(name)
    before = plain(copy.deepcopy(datamodule.state_dict()))
    datamodule.setup(stage)
    assert plain(datamodule.state_dict()) == before


@examples
def test_the_global_generators_are_left_alone(name: str) -> None:
    def state() -> tuple[Any, ...]:
        return torch.get_rng_state().tolist(), random.getstate(), repr(np.random.get_state())

    built(name)
    before = state()
    datamodule = ready(name)
    rows(datamodule.train_dataloader())
    rows(datamodule.predict_dataloader())
    assert state() == before


@examples
def test_a_task_learns_what_it_asks_for(name: str) -> None:
    datamodule = ready(name)
    target = next(iter(datamodule.train_dataloader()))[1]
    if target.is_floating_point():
        width = 1 if target.ndim == 1 else target.shape[1]
        assert datamodule.target_mean is not None
        assert datamodule.target_std is not None
        assert datamodule.target_mean.shape == datamodule.target_std.shape == (width,)
        assert (datamodule.target_std > 0).all()
    else:
        assert datamodule.classes is not None
        assert datamodule.class_counts is not None
        assert len(datamodule.classes) == len(datamodule.class_counts)
        if target.ndim == 1:
            assert sum(datamodule.class_counts) == len(datamodule.train_dataloader().input)


class Stranger(pl.LightningModule):
    """Never heard of the kit."""

    def __init__(self, example: tuple[Tensor, Tensor]) -> None:
        super().__init__()
        width = example[1].reshape(len(example[1]), -1).shape[1]
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(example[0][0].numel(), width))

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        output = self.net(batch[0])
        return nn.functional.mse_loss(output, batch[1].reshape(output.shape).float())

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self.log("val_loss", self.training_step(batch, batch_idx))

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self.log("test_loss", self.training_step(batch, batch_idx))

    def predict_step(self, batch: Tensor, batch_idx: int) -> Any:
        return self.net(batch)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=1e-3)


@examples
def test_a_module_that_never_heard_of_the_kit_trains_on_it(name: str, tmp_path: Path) -> None:
    module = Stranger(example(name))
    datamodule = built(name)
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=2,
        logger=False,
        default_root_dir=tmp_path,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, datamodule)
    path = trainer.checkpoint_callback.best_model_path  # type: ignore[union-attr]
    first = trainer.test(module, datamodule, verbose=False)
    other = built(name)
    again = trainer.test(module, other, ckpt_path=path, weights_only=True, verbose=False)
    assert again == first
    outputs = trainer.predict(module, other, ckpt_path=path, weights_only=True)
    assert outputs is not None
    assert sum(map(len, outputs)) == len(other.predict_dataloader().input)
    rebuilt = type(datamodule).load_from_checkpoint(path, weights_only=True)
    assert rebuilt.hparams == datamodule.hparams


@examples
def test_a_quick_run_goes_through(name: str) -> None:
    module = Stranger(example(name))
    trainer = pl.Trainer(accelerator="cpu", fast_dev_run=True, enable_progress_bar=False)
    trainer.fit(module, built(name))
