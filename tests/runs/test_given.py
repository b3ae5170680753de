"""What a run was given is plain, and a schedule can be replayed under other settings."""

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint
from torch.optim import SGD, Adam, lr_scheduler

from lightning_kit.runs.given import (
    NOTHING,
    Given,
    copy_over_nothing,
    group_settings,
    of_another_class,
    plain,
    replay,
)


def optimizer(lr: float = 1.0) -> SGD:
    return SGD([torch.nn.Parameter(torch.ones(2))], lr=lr)


def test_plain_keeps_values_and_drops_objects() -> None:
    value = {"a": (1, 2.0), "b": torch.tensor([1, 2]), "c": object(), "d": [None, "x", len]}
    assert plain(value) == {"a": [1, 2.0], "b": [1, 2], "d": [None, "x"]}
    assert plain(object()) is NOTHING


def test_configured_forms_are_all_understood() -> None:
    for form in (
        lambda o, s: ([o], [s]),
        lambda o, s: {"optimizer": o, "lr_scheduler": s},
        lambda o, s: {"optimizer": o, "lr_scheduler": {"scheduler": s, "interval": "step"}},
        lambda o, s: ([o], [{"scheduler": s}]),
    ):
        given = Given()
        one = optimizer()
        given.note_configured(form(one, lr_scheduler.StepLR(one, 3)), copy_schedules=False)
        assert [group["lr"] for group in given.optimizers[0]] == [1.0]
        assert given.schedules[0]["step_size"] == 3
        assert (given.classes, given.driven) == (["SGD"], [True])
    plain_form = Given()
    plain_form.note_configured([optimizer(), optimizer()], copy_schedules=False)
    assert (plain_form.classes, plain_form.driven) == (["SGD", "SGD"], [False, False])


def test_classes_are_told_apart_by_their_settings() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    sgd, adam = ([group_settings(o([weight]).param_groups[0])] for o in (SGD, Adam))
    assert of_another_class(sgd, adam)
    assert of_another_class(adam, sgd)
    older = [{name: value for name, value in adam[0].items() if name != "decoupled_weight_decay"}]
    assert not of_another_class(adam, older)
    assert not of_another_class(adam, [{**adam[0], "initial_lr": 0.1}])


def test_callbacks_give_the_arguments_that_they_keep_as_state() -> None:
    given = Given()
    given.note_callbacks([EarlyStopping("val/loss", patience=4), ModelCheckpoint(), pl.Callback()])
    stopping, checkpoint = given.callbacks.values()
    assert stopping == {"patience": 4}
    assert set(checkpoint) == {"monitor", "dirpath"}


def test_a_copy_holds_no_weights_and_moves_alone() -> None:
    one = optimizer()
    schedule = lr_scheduler.ExponentialLR(one, 0.5)
    copied = copy_over_nothing(schedule)
    assert copied.optimizer is not one
    assert all(p.numel() == 0 for g in copied.optimizer.param_groups for p in g["params"])
    replay(copied, 3)
    assert copied.get_last_lr() == [0.125]
    assert one.param_groups[0]["lr"] == 1.0


def test_a_replay_equals_the_schedule_itself() -> None:
    def build(one: SGD) -> lr_scheduler.LRScheduler:
        warm = lr_scheduler.LinearLR(one, 0.1, total_iters=3)
        cosine = lr_scheduler.CosineAnnealingLR(one, 7)
        return lr_scheduler.SequentialLR(one, [warm, cosine], milestones=[3])

    real = build(optimizer())
    copied = copy_over_nothing(build(optimizer()))
    for _ in range(6):
        real.optimizer.step()
        real.step()
    replay(copied, 6)
    assert copied.get_last_lr() == real.get_last_lr()
