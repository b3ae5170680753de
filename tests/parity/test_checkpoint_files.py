"""Which files are kept: Ignite's Checkpoint beside BestK and ModelCheckpoint, score by score."""

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from ignite.engine import Engine, Events
from ignite.handlers import Checkpoint, DiskSaver
from ignite.handlers.checkpoint import BaseSaveHandler
from programs.scored import fit

from lightning_kit.callbacks.model_checkpoint import ModelCheckpoint
from lightning_kit.meters import BestK

pytestmark = pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty")


class InMemory(BaseSaveHandler):
    """Names in the order that they were saved, and what was done."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.done: list[str] = []

    def __call__(self, checkpoint: Any, filename: str, metadata: Any = None) -> None:
        if filename not in self.files:
            self.files.append(filename)
        self.done.append("save")

    def remove(self, filename: str) -> None:
        self.files.remove(filename)
        self.done.append("remove")


class Ignites:
    """Ignite's handler, driven by scores."""

    def __init__(
        self, n_saved: int | None, mode: str, *, scored: bool = True, **options: Any
    ) -> None:
        sign = 1 if mode == "max" else -1
        self.handler = InMemory()
        self.engine = Engine(lambda engine, batch: None)
        self.count, self.score = 0, 0.0
        if scored:
            options["score_function"] = lambda engine: sign * self.score
            options["global_step_transform"] = lambda engine, event: self.count
        self.checkpoint = Checkpoint(
            {"model": torch.nn.Linear(1, 1)}, self.handler, n_saved=n_saved, **options
        )

    def call(self, score: float) -> None:
        self.count += 1
        self.engine.state.iteration = self.count
        self.score = score
        self.checkpoint(self.engine)

    def offer(self, score: float) -> list[int]:
        """Return the counts of the files that are kept then."""
        self.call(score)
        return sorted(int(name.split("_")[1].split(".")[0]) for name in self.handler.files)


def streams(mode: str, number: int) -> list[list[float]]:
    """Short streams with many ties, and infinities now and then."""
    source = random.Random(mode)
    grid = [-1.0, -0.5, 0.0, 0.25, 0.5, 1.0, math.inf, -math.inf]
    return [
        [source.choice(grid) if source.random() < 0.7 else source.random() for _ in range(15)]
        for _ in range(number)
    ]


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("latest_on_tie", [False, True])
@pytest.mark.parametrize("k", [1, 2, 3, 4, None])
def test_the_best_k_are_ignites(mode: Any, latest_on_tie: bool, k: int | None) -> None:
    for scores in streams(mode, 150):
        theirs = Ignites(k, mode, greater_or_equal=latest_on_tie)
        ours = BestK(k, mode, latest_on_tie)
        for count, score in enumerate(scores, start=1):
            ours.offer(str(count), score)
            assert sorted(map(int, ours.kept)) == theirs.offer(score), scores
        # Ignite's `last_checkpoint` is the best one.
        assert f"_{next(iter(ours.kept))}_" in str(theirs.checkpoint.last_checkpoint)


def kept_by(callback: pl.callbacks.ModelCheckpoint, scores: list[float]) -> list[list[int]]:
    """The counts of the files that are kept after each epoch."""
    assert callback.dirpath is not None
    seen: list[list[int]] = []

    class Watch(pl.callbacks.Checkpoint):
        def on_train_epoch_end(self, *args: Any) -> None:
            paths = Path(str(callback.dirpath)).iterdir()
            names = [path.stem.split("_")[1] for path in paths]
            seen.append(sorted(map(int, names)))

    fit(scores, callback, Watch())
    return seen


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("latest_on_tie", [False, True])
@pytest.mark.parametrize("k", [1, 3])
def test_the_callback_keeps_ignites_files(
    tmp_path: Path, mode: Any, latest_on_tie: bool, k: int
) -> None:
    for number, scores in enumerate(streams(mode, 2)):
        theirs = Ignites(k, mode, greater_or_equal=latest_on_tie)
        ours = ModelCheckpoint(
            tmp_path / str(number),
            monitor="score",
            mode=mode,
            save_top_k=k,
            latest_on_tie=latest_on_tie,
            filename_style="ignite",
        )
        assert kept_by(ours, scores) == [theirs.offer(score) for score in scores]
        best = str(theirs.checkpoint.last_checkpoint).split("_")[1]
        if latest_on_tie:
            assert Path(ours.best_model_path).stem.split("_")[1] == best
        else:
            stock = pl.callbacks.ModelCheckpoint(
                tmp_path / f"stock {number}", monitor="score", mode=mode, save_top_k=k
            )
            fit(scores, stock)
            assert weights(stock) == weights(ours)


def weights(callback: pl.callbacks.ModelCheckpoint) -> list[float]:
    """What is in the files: it counts the batches."""
    return sorted(
        float(torch.load(path, weights_only=True)["state_dict"]["net.weight"])
        for path in Path(str(callback.dirpath)).iterdir()
    )


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_newest_k_are_ignites_without_a_score(tmp_path: Path, k: int) -> None:
    theirs = Ignites(k, "max", scored=False)
    ours = ModelCheckpoint(tmp_path, preset="ignite", keep_last=k)
    assert kept_by(ours, [0.0] * 6) == [theirs.offer(0.0) for _ in range(6)]


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ({}, {}),
        ({"filename_prefix": "best"}, {"filename_prefix": "best"}),
        (
            {"score_name": "f1", "filename_prefix": "best"},
            {"score_name": "f1", "filename_prefix": "best", "monitor": "score"},
        ),
    ],
)
def test_names_are_ignites(tmp_path: Path, options: Any, arguments: Any) -> None:
    scored = "score_name" in options
    theirs = Ignites(1, "max", scored=scored, **options)
    theirs.call(0.123456)
    ours = ModelCheckpoint(tmp_path, preset="ignite", modules=["net"], **arguments)
    fit([0.123456], ours)
    (name,) = theirs.handler.files
    assert [path.name for path in tmp_path.iterdir()] == [name.replace("model", "net")]


def test_nan_is_kept_for_ever_by_ignite_and_goes_first_here(tmp_path: Path) -> None:
    scores = [math.nan, 0.5, 0.25]
    theirs = Ignites(1, "max")
    assert [theirs.offer(score) for score in scores] == [[1], [1], [1]]
    best = BestK(1, "max")
    assert [best.offer(str(n), score) for n, score in enumerate(scores)] == [[], ["0"], None]
    ours = ModelCheckpoint(tmp_path, monitor="score", preset="ignite")
    assert kept_by(ours, scores) == [[1], [2], [2]]


def test_ignite_removes_before_it_saves_and_the_kit_after(tmp_path: Path) -> None:
    theirs = Ignites(1, "max")
    for score in (0.25, 0.5):
        theirs.offer(score)
    assert theirs.handler.done == ["save", "remove", "save"]

    ours = ModelCheckpoint(tmp_path, monitor="score", preset="ignite")
    done: list[str] = []
    noted(ours, "_save_checkpoint", "save", done)
    noted(ours, "_remove_checkpoint", "remove", done)
    fit([0.25, 0.5], ours)
    assert done == ["save", "save", "remove"]


def noted(thing: Any, method: str, name: str, done: list[str]) -> None:
    original: Callable[..., Any] = getattr(thing, method)

    def call(*args: Any) -> None:
        original(*args)
        done.append(name)

    setattr(thing, method, call)


def test_after_a_restart_ignite_refuses_lower_iterations_and_the_kit_keeps_the_newest(
    tmp_path: Path,
) -> None:
    theirs = Ignites(1, "max", scored=False)
    theirs.count = 19
    assert theirs.offer(0.0) == [20]
    theirs.count = 4
    assert [theirs.offer(0.0), theirs.offer(0.0)] == [[20], [20]]

    ours = ModelCheckpoint(tmp_path, preset="ignite")
    fit([0.0], ours, batches=20)
    fit([0.0, 0.0], ours, batches=3)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint_6.ckpt"]


def test_ignite_refuses_a_folder_with_files_and_the_kit_goes_on_in_it(tmp_path: Path) -> None:
    (tmp_path / "model_1.pt").write_text("of another run")
    with pytest.raises(ValueError, match="already present"):
        DiskSaver(tmp_path)
    fit([0.0], ModelCheckpoint(tmp_path, preset="ignite"))
    assert {path.name for path in tmp_path.iterdir()} == {"model_1.pt", "checkpoint_1.ckpt"}


def test_ignite_saves_a_single_object_bare_and_the_kit_by_its_name(tmp_path: Path) -> None:
    model = torch.nn.Linear(1, 1)
    theirs = Checkpoint({"model": model}, DiskSaver(tmp_path / "a"))
    engine = Engine(lambda engine, batch: None)
    engine.add_event_handler(Events.ITERATION_COMPLETED, theirs)
    engine.run([0])
    assert set(torch.load(tmp_path / "a" / "model_1.pt", weights_only=True)) == {"weight", "bias"}
    fit([0.0], ModelCheckpoint(tmp_path / "b", preset="ignite", modules=["net"]))
    assert set(torch.load(tmp_path / "b" / "net_1.pt", weights_only=True)) == {"net"}
