"""A checkpoint callback that never saves by steps is not asked at every batch."""

from datetime import timedelta
from typing import Any

import pytest
from programs.lean_pairs import Program, pair
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint

from lightning_kit.loops.idle import is_idle

HOOK = "on_train_batch_end"


def test_only_lightnings_own_checkpoint_without_steps_is_idle() -> None:
    class Own(ModelCheckpoint):
        """May do more."""

    assert is_idle(ModelCheckpoint(monitor="loss"), HOOK)
    assert not is_idle(ModelCheckpoint(every_n_train_steps=2), HOOK)
    assert not is_idle(ModelCheckpoint(train_time_interval=timedelta(seconds=1)), HOOK)
    assert not is_idle(ModelCheckpoint(), "on_train_epoch_end")
    assert not is_idle(Own(), HOOK)
    assert not is_idle(EarlyStopping("loss"), HOOK)


@pytest.mark.parametrize(
    "options", [{"monitor": "val_loss"}, {"every_n_train_steps": 3}, {"save_last": True}]
)
def test_the_same_files_are_saved(options: dict[str, Any], tmp_path: Any) -> None:
    folders: list[Any] = []

    def callbacks() -> list[Any]:
        folders.append(tmp_path / str(len(folders)))
        return [
            ModelCheckpoint(folders[-1], save_top_k=-1 if "monitor" in options else 1, **options)
        ]

    stock, lean = pair(Program, callbacks, enable_checkpointing=True)
    assert stock == lean
    files = [sorted(path.name for path in folder.iterdir()) for folder in folders]
    assert files[0] == files[1] != []
