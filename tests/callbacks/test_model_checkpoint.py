"""ModelCheckpoint keeps the parent's files, and with the kit's options those that they say."""

import math
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from programs.scored import Scored, fit, loader

from lightning_kit.callbacks.actions import Validate
from lightning_kit.callbacks.end_epoch import EndEpoch
from lightning_kit.callbacks.last_outputs import last_outputs
from lightning_kit.callbacks.model_checkpoint import ModelCheckpoint
from lightning_kit.callbacks.on_event import OnEvent
from lightning_kit.callbacks.unlogged_key import UnloggedKey
from lightning_kit.meters import EventFilter

pytestmark = pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty")
STOCK = pl.callbacks.ModelCheckpoint


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def steps(folder: Path) -> list[int]:
    """The optimizer steps at which the files were saved, as their weights say."""
    return sorted(
        int(torch.load(path, weights_only=True)["state_dict"]["net.weight"])
        for path in folder.iterdir()
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"save_top_k": -1, "filename": "{epoch}-{score:.3f}"},
        {"save_top_k": 0, "save_last": True},
        {"monitor": "score", "save_top_k": 3},
        {"monitor": "score", "mode": "max", "save_top_k": 2, "filename": "best"},
        {"monitor": "score", "mode": "max", "save_last": "link", "save_weights_only": True},
        {"monitor": "score", "every_n_train_steps": 3, "save_top_k": 2, "save_last": True},
        {"every_n_epochs": 2, "save_on_train_epoch_end": True, "enable_version_counter": False},
    ],
)
def test_without_the_kits_options_it_is_the_parent(tmp_path: Path, arguments: Any) -> None:
    # A NaN first, a tie, a NaN in the middle.
    scores = [math.nan, 0.5, 0.25, 0.5, math.nan, 0.75, 0.125, 0.125]
    kept: list[Any] = []
    for kind in (STOCK, ModelCheckpoint):
        folder = tmp_path / kind.__module__
        callback = kind(folder, **arguments)
        fit(scores, callback, batches=2)
        state = callback.state_dict()
        relative = {key: str(value).replace(str(folder), "") for key, value in state.items()}
        kept.append((names(folder), callback.state_key, relative))
    assert kept[0] == kept[1]


def test_each_loads_what_the_other_saved(tmp_path: Path) -> None:
    scores = [0.5, 0.25, 0.75, 0.1]
    for first, second in ((STOCK, ModelCheckpoint), (ModelCheckpoint, STOCK)):
        folder = tmp_path / first.__module__
        fit(scores[:2], first(folder, monitor="score", save_top_k=2))
        newest = folder / "epoch=1-step=2.ckpt"
        callback = second(folder, monitor="score", save_top_k=2)
        fit(scores, callback, ckpt_path=newest)
        assert names(folder) == ["epoch=1-step=2.ckpt", "epoch=3-step=4.ckpt"]


def test_the_newest_are_kept_whatever_their_score(tmp_path: Path) -> None:
    callback = ModelCheckpoint(tmp_path, keep_last=2)
    fit([0.1, 0.5, 0.2, 0.3], callback)
    assert names(tmp_path) == ["epoch=2-step=3.ckpt", "epoch=3-step=4.ckpt"]
    assert [Path(path).name for path in callback.last_k_models] == names(tmp_path)
    assert callback.best_model_path == callback.last_k_models[-1]


def test_the_newest_of_one_name_are_told_apart(tmp_path: Path) -> None:
    fit([0.0] * 5, ModelCheckpoint(tmp_path, "model", keep_last=2))
    assert names(tmp_path) == ["model-v1.ckpt", "model.ckpt"]
    assert steps(tmp_path) == [4, 5]


@pytest.mark.parametrize(("latest", "kept"), [(False, [1, 2]), (True, [2, 4])])
def test_a_tie_is_the_latests_where_it_was_asked_for(
    tmp_path: Path, latest: bool, kept: list[int]
) -> None:
    callback = ModelCheckpoint(
        tmp_path, monitor="score", mode="max", save_top_k=2, latest_on_tie=latest
    )
    # With two of .5 kept, one of .5 more is a tie with the worst; NaN and .25 are not.
    fit([0.5, 0.5, 0.25, 0.5, math.nan], callback)
    assert steps(tmp_path) == kept
    best = torch.load(callback.best_model_path, weights_only=True)["state_dict"]["net.weight"]
    assert int(best) == (4 if latest else 1)


def test_a_score_function_sees_the_last_batch(tmp_path: Path) -> None:
    def score(trainer: pl.Trainer, pl_module: pl.LightningModule) -> float:
        assert isinstance(pl_module, Scored)
        return float(last_outputs(trainer)["loss"])

    callback = ModelCheckpoint(
        tmp_path, score_function=score, score_name="loss", save_top_k=2, filename="{loss:.0f}"
    )
    # The loss is minus the weight: 0, -1, -2, ... Lower is better: the newest win.
    fit([0.0] * 4, callback, accumulate_grad_batches=1)
    assert names(tmp_path) == ["loss=-2.ckpt", "loss=-3.ckpt"]
    assert callback.monitor == "loss"
    assert callback.best_model_score == -3


def test_ignites_names(tmp_path: Path) -> None:
    by_epoch = ModelCheckpoint(
        tmp_path / "a", monitor="score", filename_style="ignite", filename_prefix="best"
    )
    by_step = ModelCheckpoint(tmp_path / "b", preset="ignite", save_last=True)
    fit([0.5, 0.25], by_epoch, by_step, batches=3)
    assert names(tmp_path / "a") == ["best_checkpoint_2_score=0.2500.ckpt"]
    # Without a score the count is the iteration's, as in Ignite.
    assert names(tmp_path / "b") == ["checkpoint_6.ckpt", "last.ckpt"]
    assert by_step.keep_last == 1


def test_ignites_preset_takes_the_highest_score(tmp_path: Path) -> None:
    fit([0.5, 0.75, 0.25], ModelCheckpoint(tmp_path, monitor="score", preset="ignite"))
    assert names(tmp_path) == ["checkpoint_2_score=0.7500.ckpt"]


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        ({"filter": EventFilter(every=2)}, [4, 8]),
        ({"filter": EventFilter(after=3)}, [8, 10]),
        ({"filter": EventFilter(every=3), "every_n_train_steps": 1}, [6, 9]),
        ({"filter": EventFilter(once=[2, 5]), "every_n_train_steps": 1}, [2, 5]),
        # Steps 2, 4, ... are due, and of these the filter picks 4 and 8.
        ({"filter": EventFilter(every=4), "every_n_train_steps": 2}, [4, 8]),
    ],
)
def test_a_filter_counts_epochs_or_iterations(
    tmp_path: Path, arguments: dict[str, Any], kept: list[int]
) -> None:
    fit([0.0] * 5, ModelCheckpoint(tmp_path, keep_last=2, **arguments), batches=2)
    assert steps(tmp_path) == kept


@pytest.mark.parametrize("once", [[2, 6, 7], [1, 2, 3]])
def test_a_filter_picks_iterations_between_two_optimizer_steps(
    tmp_path: Path, once: list[int]
) -> None:
    """Windows of four: 6 and 7 share a step, and before 4 there is none."""
    callback = ModelCheckpoint(
        tmp_path,
        save_top_k=-1,
        every_n_train_steps=1,
        filter=EventFilter(once=once),
        filename_style="ignite",
    )
    fit([0.0], callback, batches=8, accumulate_grad_batches=4)
    assert names(tmp_path) == [f"checkpoint_{iteration}.ckpt" for iteration in once]


def test_a_save_due_by_iteration_waits_for_the_score_of_validation(tmp_path: Path) -> None:
    callback = ModelCheckpoint(
        tmp_path,
        monitor="score",
        every_n_train_steps=1,
        save_on_train_epoch_end=False,
        filter=EventFilter(once=4),
    )
    fit([0.5, 0.25, 0.125], callback, batches=2)
    assert steps(tmp_path) == [4]
    assert callback.best_model_score == 0.25


@pytest.mark.parametrize("settings", [{}, {"save_on_train_epoch_end": True}])
def test_an_epoch_without_a_validation_is_not_scored(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    """The second epoch is cut after its first batch: the 0.5 of the first is not its score."""
    callback = ModelCheckpoint(tmp_path, monitor="score", save_top_k=-1, **settings)
    cut = EndEpoch(EventFilter(once=3), validate=False)
    fit([0.5, 0.25, 0.125], cut, callback, batches=2)
    assert steps(tmp_path) == [2, 5]
    assert sorted(map(float, callback.best_k_models.values())) == [0.125, 0.5]


def test_an_epoch_is_scored_after_a_resume_from_its_validations_end(tmp_path: Path) -> None:
    """Epoch 3 is the best; the file is saved between its validation and its end."""

    class Saves(pl.Callback):
        def on_validation_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
            trainer.save_checkpoint(tmp_path / f"{trainer.current_epoch + 1}.ckpt")

    scores = [0.5, 0.75, 0.25, 0.5]
    folder = tmp_path / "best"
    for start in (None, 1, 2, 3):
        callback = ModelCheckpoint(folder, monitor="score", save_on_train_epoch_end=True)
        path = start and tmp_path / f"{start}.ckpt"
        fit(scores, *([] if start else [Saves()]), callback, ckpt_path=path)
        assert callback.best_model_score == 0.25
        assert names(folder) == ["epoch=2-step=3.ckpt"]
        (folder / "epoch=2-step=3.ckpt").unlink()


@pytest.mark.filterwarnings("ignore:.*could not find the monitored key")
def test_no_epoch_is_scored_by_a_score_from_before_a_resume(tmp_path: Path) -> None:
    """Epochs 2 and 4 are validated; the file is saved between the first's and its epoch's end."""

    class Saves(pl.Callback):
        def on_validation_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
            trainer.save_checkpoint(tmp_path / f"{trainer.current_epoch + 1}.ckpt")

    folder, scores = tmp_path / "best", [0.5, 0.5, 0.25, 0.25]
    for path in (None, tmp_path / "2.ckpt"):
        settings: dict[str, Any] = {"save_top_k": -1, "save_on_train_epoch_end": True}
        callback = ModelCheckpoint(folder, monitor="score", **settings)
        saves = [] if path else [Saves()]
        fit(scores, *saves, callback, ckpt_path=path, check_val_every_n_epoch=2)
        assert steps(folder) == [2, 4]
        for each in folder.iterdir():
            each.unlink()


@pytest.mark.parametrize("on_epoch", [True, False])
def test_a_score_of_other_loaders_scores_one_epoch(tmp_path: Path, on_epoch: bool) -> None:
    """Of five epochs, the second and the fourth have one, both before their own validation."""
    acts = OnEvent(Validate(loader, "other"), "iteration_completed", once=[2, 4])
    settings: dict[str, Any] = {"save_top_k": -1, "save_on_train_epoch_end": on_epoch}
    callback = ModelCheckpoint(tmp_path, monitor="other/score", **settings)
    fit([0.5, 0.4, 0.3, 0.2, 0.1], acts, callback)
    assert steps(tmp_path) == [2, 4]
    assert sorted(map(float, callback.best_k_models.values())) == [0.2, 0.4]


def test_by_steps_a_score_of_other_loaders_is_waited_for(tmp_path: Path) -> None:
    acts = OnEvent(Validate(loader, "other"), "iteration_completed", once=3)
    callback = ModelCheckpoint(
        tmp_path, monitor="other/score", save_top_k=-1, every_n_train_steps=1
    )
    fit([0.5] * 4, acts, callback)
    assert steps(tmp_path) == [3, 4]


def test_only_some_weights_are_saved(tmp_path: Path) -> None:
    callback = ModelCheckpoint(tmp_path, modules=["net"], preset="ignite", keep_last=2)
    fit([0.0] * 3, callback)
    assert names(tmp_path) == ["net_2.pt", "net_3.pt"]
    saved = torch.load(tmp_path / "net_3.pt", weights_only=True)
    torch.testing.assert_close(saved, {"net": {"weight": torch.tensor([[3.0]])}})
    Scored().net.load_state_dict(saved["net"])


def test_several_modules_are_called_checkpoint(tmp_path: Path) -> None:
    fit([0.0], ModelCheckpoint(tmp_path, modules=["net", "other"], preset="ignite"))
    saved = torch.load(tmp_path / "checkpoint_1.pt", weights_only=True)
    assert {name: set(state) for name, state in saved.items()} == {
        "net": {"weight"},
        "other": {"weight", "bias"},
    }


def test_on_saved_comes_before_the_old_file_goes(tmp_path: Path) -> None:
    seen: list[tuple[str, list[str]]] = []

    def on_saved(trainer: pl.Trainer, path: str) -> None:
        assert torch.load(path, weights_only=True)["global_step"] == trainer.global_step
        seen.append((Path(path).name, names(tmp_path)))

    fit([0.0] * 2, ModelCheckpoint(tmp_path, "{epoch}", keep_last=1, on_saved=on_saved))
    assert seen == [
        ("epoch=0.ckpt", ["epoch=0.ckpt"]),
        ("epoch=1.ckpt", ["epoch=0.ckpt", "epoch=1.ckpt"]),
    ]
    assert names(tmp_path) == ["epoch=1.ckpt"]


def test_a_run_that_goes_on_knows_what_was_kept(tmp_path: Path) -> None:
    keep: dict[str, Any] = {"keep_last": 2, "filename": "{epoch}"}
    fit([0.0] * 3, ModelCheckpoint(tmp_path, **keep))
    callback = ModelCheckpoint(tmp_path, **keep)
    fit([0.0] * 6, callback, ckpt_path=tmp_path / "epoch=2.ckpt")
    # What it went on from stays, beyond the two.
    assert names(tmp_path) == ["epoch=2.ckpt", "epoch=4.ckpt", "epoch=5.ckpt"]
    again = ModelCheckpoint(tmp_path, **keep)
    fit([0.0] * 8, again, ckpt_path=tmp_path / "epoch=5.ckpt")
    assert names(tmp_path) == ["epoch=2.ckpt", *(f"epoch={e}.ckpt" for e in (5, 6, 7))]


@pytest.mark.parametrize("arguments", [{"monitor": "score"}, {"keep_last": 1}, {}])
def test_what_a_run_went_on_from_is_never_removed(
    tmp_path: Path, arguments: dict[str, Any]
) -> None:
    """Also where it was named by a link, which Lightning 2.6.6 does not look through."""
    folder, link = tmp_path / "run", tmp_path / "latest"
    fit([0.5], ModelCheckpoint(folder, "{epoch}", **arguments))
    link.symlink_to(folder)
    callback = ModelCheckpoint(folder, "{epoch}", **arguments)
    fit([0.5, 0.4, 0.3], callback, ckpt_path=link / "epoch=0.ckpt")
    assert names(folder) == ["epoch=0.ckpt", "epoch=2.ckpt"]


def test_also_where_the_folder_is_named_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "run")
    folder, root = tmp_path / "run" / "checkpoints", tmp_path / "link"
    fit([0.5], ModelCheckpoint(filename="{epoch}"), default_root_dir=root)
    begun = folder / "epoch=0.ckpt"
    callback = ModelCheckpoint(filename="{epoch}")
    fit([0.5, 0.4, 0.3], callback, ckpt_path=begun, default_root_dir=root)
    assert names(folder) == ["epoch=0.ckpt", "epoch=2.ckpt"]


def test_nor_is_what_an_earlier_run_went_on_from(tmp_path: Path) -> None:
    def kept() -> ModelCheckpoint:
        return ModelCheckpoint(tmp_path, "{epoch}", monitor="score", save_top_k=2)

    fit([0.5], kept())
    fit([0.5, 0.4], kept(), ckpt_path=tmp_path / "epoch=0.ckpt")
    fit([0.5, 0.4, 0.3, 0.2], kept(), ckpt_path=tmp_path / "epoch=1.ckpt")
    assert names(tmp_path) == [f"epoch={e}.ckpt" for e in range(4)]


def test_last_is_the_newest_also_where_it_was_gone_on_from(tmp_path: Path) -> None:
    for epochs in (1, 3):
        last = tmp_path / "last.ckpt"
        callback = ModelCheckpoint(tmp_path, save_last=True, save_top_k=0)
        fit([0.0] * epochs, callback, ckpt_path=last if last.exists() else None)
        assert steps(tmp_path) == [epochs]
        assert callback.last_model_path == str(last)


@pytest.mark.parametrize("arguments", [{}, {"save_top_k": 0}, {"save_on_train_epoch_end": False}])
def test_last_is_the_last_epoch_also_where_an_earlier_one_is_the_best(
    tmp_path: Path, arguments: dict[str, Any]
) -> None:
    callback = ModelCheckpoint(tmp_path, "best", "score", save_last=True, **arguments)
    epochs = []
    callback.on_saved = lambda trainer, path: epochs.append(
        (trainer.current_epoch, Path(path).stem)
    )
    fit([0.1, 0.5, 0.25], callback)
    assert [epoch for epoch, name in epochs if name == "last"] == [0, 1, 2]
    assert torch.load(tmp_path / "last.ckpt", weights_only=True)["epoch"] == 2
    stock = STOCK(tmp_path / "stock", "best", "score", save_last=True)
    fit([0.1, 0.5, 0.25], stock)
    saved = torch.load(tmp_path / "stock" / "last.ckpt", weights_only=True)
    assert saved["epoch"] == 0, "Lightning has this right now: _save_overdue_last can go"


def test_last_waits_for_a_save_that_is_due(tmp_path: Path) -> None:
    callback = ModelCheckpoint(tmp_path, "best", "score", save_last=True, every_n_epochs=2)
    fit([0.1, 0.1, 0.5, 0.5, 0.5], callback)
    assert torch.load(tmp_path / "last.ckpt", weights_only=True)["epoch"] == 3


def test_the_target_of_a_last_link_is_kept(tmp_path: Path) -> None:
    keep: dict[str, Any] = {"save_last": "link", "monitor": "score", "filename": "{epoch}"}
    fit([0.5], ModelCheckpoint(tmp_path, **keep))
    fit([0.5, 0.4, 0.3], ModelCheckpoint(tmp_path, **keep), ckpt_path=tmp_path / "last.ckpt")
    assert [name for name in names(tmp_path) if "last" not in name] == [
        "epoch=0.ckpt",
        "epoch=2.ckpt",
    ]


@pytest.mark.parametrize(
    ("scores", "kept"),
    [
        # The best two of the first five, then one that is better than the second.
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.15], [0, 6]),
        ([0.5, 0.4, 0.3, 0.2, 0.1, 0.6, 0.15], [4, 6]),
    ],
)
def test_a_smaller_k_is_kept_to_after_a_resume(
    tmp_path: Path, scores: list[float], kept: list[int]
) -> None:
    fit(scores[:5], ModelCheckpoint(tmp_path / "run", "{epoch}", monitor="score", save_top_k=5))
    begun = tmp_path / "begun.ckpt"
    begun.write_bytes((tmp_path / "run" / "epoch=4.ckpt").read_bytes())
    callback = ModelCheckpoint(tmp_path / "run", "{epoch}", monitor="score", save_top_k=2)
    fit(scores, callback, ckpt_path=begun)
    assert names(tmp_path / "run") == [f"epoch={epoch}.ckpt" for epoch in kept]
    assert {Path(path).name for path in callback.best_k_models} == set(names(tmp_path / "run"))
    assert callback.kth_value == 0.15
    assert callback.best_model_score == 0.1


class Full(pl.Callback):
    """Let the disk run full in the middle of the write of the ``nth`` save."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
        original, self.count = pl.Trainer.save_checkpoint, 0

        def save(trainer: pl.Trainer, path: Any, *args: Any) -> None:
            self.count += 1
            if self.count != nth:
                original(trainer, path, *args)
                return
            Path(path).write_bytes(b"half")
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(pl.Trainer, "save_checkpoint", save)


@pytest.mark.parametrize(
    "arguments",
    [
        {"keep_last": 1},
        {"monitor": "score"},
        {"monitor": "score", "filename": "best"},
        {"save_top_k": 0, "save_last": True, "every_n_train_steps": 1},
    ],
)
def test_a_full_disk_leaves_the_files_before_it_and_none_torn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any]
) -> None:
    Full(monkeypatch, nth=3)
    callback = ModelCheckpoint(tmp_path, **arguments)
    with pytest.raises(OSError, match="No space left"):
        fit([0.5, 0.4, 0.3, 0.2], callback)
    assert steps(tmp_path) == [2]
    told = [callback.best_model_path, callback.last_model_path, *callback.best_k_models]
    (kept,) = {path for path in (*told, *callback.last_k_models) if path}
    assert Path(kept) == next(tmp_path.iterdir())
    if callback.monitor:
        assert callback.best_model_score == 0.4
        assert callback.kth_value == 0.4


def test_fast_dev_run_writes_nothing(tmp_path: Path) -> None:
    fit([0.0], ModelCheckpoint(tmp_path / "none", save_last=True), fast_dev_run=True)
    assert not (tmp_path / "none").exists()


def test_a_score_that_raised_is_not_asked_again(tmp_path: Path) -> None:
    calls: list[int] = []

    def score(trainer: pl.Trainer, pl_module: pl.LightningModule) -> float:
        calls.append(trainer.global_step)
        raise RuntimeError("no score")

    callback = ModelCheckpoint(tmp_path, score_function=score, save_on_exception=True)
    with pytest.raises(RuntimeError, match="no score"):
        fit([0.0], callback)
    assert calls == [1]
    assert len(names(tmp_path)) == 1


def test_two_of_them_are_told_apart(tmp_path: Path) -> None:
    callbacks = [
        ModelCheckpoint(tmp_path / "a", keep_last=1),
        ModelCheckpoint(tmp_path / "b", modules=["net"]),
        ModelCheckpoint(tmp_path / "c", filter=EventFilter(every=2)),
        ModelCheckpoint(tmp_path / "d"),
    ]
    assert len({callback.state_key for callback in callbacks}) == 4
    fit([0.0, 0.0], *callbacks)
    assert [len(names(tmp_path / each)) for each in "abcd"] == [1, 1, 1, 1]
    # Another number is another setting of the same callback.
    newest = ModelCheckpoint(tmp_path / "a", keep_last=5)
    assert newest.state_key == callbacks[0].state_key


def early(count: int) -> bool:
    return count < 3


def late(count: int) -> bool:
    return count >= 3


def test_folders_and_functions_tell_two_of_them_apart(tmp_path: Path) -> None:
    callbacks = [
        ModelCheckpoint(tmp_path / "a", keep_last=1),
        ModelCheckpoint(tmp_path / "b", keep_last=1),
        ModelCheckpoint(tmp_path / "c", filter=EventFilter(when=early)),
        ModelCheckpoint(tmp_path / "c", filter=EventFilter(when=late)),
    ]
    assert len({callback.state_key for callback in callbacks}) == 4
    fit([0.0, 0.0], *callbacks)
    # A folder alone is no option of the kit: the key stays the one of Lightning's own.
    assert ModelCheckpoint(tmp_path).state_key == ModelCheckpoint().state_key


def test_a_folder_that_cannot_be_written_is_found_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    module = Scored([0.0])
    trainer = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        default_root_dir=tmp_path / "file" / "below",
        callbacks=[ModelCheckpoint()],
    )
    with pytest.raises(ValueError, match="dirpath must be a folder .*file is no folder"):
        trainer.fit(module, loader(), loader())
    assert not module.net.weight.any()


def test_an_unknown_module_is_found_before_training() -> None:
    with pytest.raises(ValueError, match="got 'nets'; there are net, other"):
        fit([0.0], ModelCheckpoint(modules=["nets"]))


def test_a_module_that_is_made_as_the_fit_starts_is_known(tmp_path: Path) -> None:
    class Distilled(Scored):
        def on_fit_start(self) -> None:
            self.teacher = torch.nn.Linear(1, 1)

    options: dict[str, Any] = {"accelerator": "cpu", "logger": False, "max_epochs": 1}
    callback = ModelCheckpoint(tmp_path, modules=["teacher"])
    trainer = pl.Trainer(**options, enable_progress_bar=False, callbacks=[callback])
    trainer.fit(Distilled(), loader(), loader())
    assert len(names(tmp_path)) == 1


def test_a_folder_that_cannot_be_written_to_is_found_when_built(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for taken in (tmp_path / "file", str(tmp_path / "file" / "below")):
        with pytest.raises(
            ValueError, match=r"dirpath must be a folder that can be written to.*fi"
        ):
            ModelCheckpoint(taken)


@pytest.mark.parametrize("validates", [True, False])
def test_by_steps_a_key_that_is_never_logged_is_told_once_all_are(
    tmp_path: Path, validates: bool
) -> None:
    """Two batches an epoch, a validation after each, or none."""
    callback = ModelCheckpoint(tmp_path, monitor="scoer", every_n_train_steps=1)
    seen: list[int] = []

    class Counts(pl.Callback):
        def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
            seen.append(trainer.current_epoch)

    options: dict[str, Any] = {} if validates else {"limit_val_batches": 0}
    logged = "epoch, score, step" if validates else "epoch, step"
    with pytest.raises(UnloggedKey, match=f"got 'scoer'; logged: {logged}"):
        fit([0.5] * 4, Counts(), callback, batches=2, **options)
    assert seen == [0, 0]


@pytest.mark.parametrize("again", [False, True], ids=["first fit", "second fit"])
def test_by_steps_a_key_that_validation_logs_later_is_waited_for(
    tmp_path: Path, again: bool
) -> None:
    callback = ModelCheckpoint(tmp_path, monitor="score", every_n_train_steps=1)
    for _ in range(1 + again):
        fit([0.5] * 4, callback, batches=2, check_val_every_n_epoch=2)
    assert callback.best_model_score == 0.5


def test_by_steps_a_function_that_gives_the_score_is_no_key_that_is_not_logged(
    tmp_path: Path,
) -> None:
    """Validations come behind batches 2 and 4 of 5; Lightning lets a save at 5 wait for one."""
    callback = ModelCheckpoint(
        tmp_path,
        score_function=lambda trainer, module: trainer.global_step,
        score_name="steps",
        mode="max",
        save_top_k=-1,
        every_n_train_steps=5,
    )
    fit([0.5] * 2, callback, batches=5, val_check_interval=0.4)
    assert steps(tmp_path) == [7]


def test_without_validation_a_key_that_is_never_logged_is_told_at_the_first_save(
    tmp_path: Path,
) -> None:
    callback = ModelCheckpoint(tmp_path, monitor="score")
    with pytest.raises(UnloggedKey, match="got 'score'; logged: epoch, step"):
        fit([0.5] * 4, callback, limit_val_batches=0)
