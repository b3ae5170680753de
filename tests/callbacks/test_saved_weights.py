"""A module's hook is borrowed for weights-only checkpoints and given back as found."""

from typing import Any

import pytorch_lightning as pl
from programs.plain import PlainModule

from lightning_kit.callbacks.saved_weights import SavedWeights


def borrowing(module: pl.LightningModule) -> SavedWeights:
    hook = SavedWeights(lambda checkpoint: checkpoint.update(state_dict="ours"))
    hook.borrow(module)
    return hook


def saved(module: pl.LightningModule, **given: Any) -> Any:
    checkpoint = {"state_dict": "its", **given}
    module.on_save_checkpoint(checkpoint)
    return checkpoint["state_dict"]


def test_only_a_weights_only_checkpoint_is_changed() -> None:
    module = PlainModule()
    hook = borrowing(module)
    assert saved(module) == "ours"
    assert saved(module, callbacks={}) == "its"
    hook.give_back()
    assert saved(module) == "its"
    assert "on_save_checkpoint" not in vars(module)
    hook.give_back()


def test_it_ends_after_the_next_where_that_was_asked() -> None:
    module = PlainModule()
    hook = borrowing(module)
    hook.give_back_after_next()
    assert [saved(module), saved(module)] == ["ours", "its"]
    assert "on_save_checkpoint" not in vars(module)


def test_a_hook_that_was_put_on_the_object_comes_back() -> None:
    module = PlainModule()
    seen: list[Any] = []
    own = seen.append
    module.on_save_checkpoint = own  # type: ignore[method-assign,assignment]
    hook = borrowing(module)
    assert saved(module) == "ours"
    assert seen == [{"state_dict": "ours"}], "the module sees what is saved"
    hook.give_back()
    assert vars(module)["on_save_checkpoint"] is own


def test_another_borrower_on_top_is_left_alone() -> None:
    module = PlainModule()
    hook = borrowing(module)
    below = module.on_save_checkpoint

    def on_top(checkpoint: dict[str, Any]) -> None:
        below(checkpoint)

    module.on_save_checkpoint = on_top  # type: ignore[method-assign]
    hook.give_back()
    assert vars(module)["on_save_checkpoint"] is on_top
    assert saved(module) == "its"
