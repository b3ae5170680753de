"""One program run twice, on Lightning's own loop and on the lean one, with all that can be seen."""

import copy
import warnings
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers.logger import DummyLogger
from pytorch_lightning.loops.optimization.closure import AbstractClosure
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from lightning_kit.loops import lean

HOOKS = (
    "on_fit_start", "on_fit_end", "on_sanity_check_start", "on_sanity_check_end",
    "on_train_start", "on_train_end", "on_train_epoch_start", "on_train_epoch_end",
    "on_train_batch_start", "on_train_batch_end", "on_validation_start", "on_validation_end",
    "on_validation_epoch_start", "on_validation_epoch_end", "on_validation_batch_start",
    "on_validation_batch_end", "on_test_batch_start", "on_test_batch_end", "on_before_zero_grad",
    "on_before_backward", "on_after_backward", "on_before_optimizer_step",
)  # fmt: skip
OF_THE_MODULE = (
    "configure_gradient_clipping", "optimizer_step", "optimizer_zero_grad", "lr_scheduler_step",
    "on_before_batch_transfer", "on_after_batch_transfer", "transfer_batch_to_device", "backward",
    "on_validation_model_zero_grad", "on_validation_model_eval", "on_validation_model_train",
)  # fmt: skip


def plain(value: Any) -> Any:
    """Return what two runs can be compared by: values, not objects."""
    if isinstance(value, Tensor):
        return "tensor", tuple(value.shape), value.detach().clone().flatten().tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, int | float | str | bool | type(None)):
        return value
    # What a module's `optimizer_step` is given is a kind of closure.
    name = type(value).__name__.removeprefix("Lightning")
    return "Closure" if isinstance(value, AbstractClosure) else name


class Notes:
    """What one run did, in order."""

    def __init__(self) -> None:
        self.lines: list[Any] = []

    def hooks_of(self, kind: type, names: tuple[str, ...]) -> dict[str, Any]:
        """Return overriding hooks that note their call, its arguments and the current hook."""

        def noting(name: str) -> Callable[..., Any]:
            stock = getattr(kind, name)

            def hook(this: Any, *args: Any, **kwargs: Any) -> Any:
                module = args[1] if kind is pl.Callback else this
                given = args[2:] if kind is pl.Callback else args
                line = (kind.__name__, name, module._current_fx_name, plain(given), plain(kwargs))
                self.lines.append(line)
                return stock(this, *args, **kwargs)

            return hook

        return {name: noting(name) for name in names}


class Keeps(DummyLogger):
    """A logger that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Any] = []

    def log_metrics(self, metrics: Any, step: int | None = None) -> None:
        self.rows.append((step, dict(metrics)))

    @property
    def save_dir(self) -> None:
        return None


class Program(pl.LightningModule):
    """A small classifier that logs in every way."""

    def __init__(self, schedule: str = "", lr: float = 0.1, result: str = "loss") -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2))
        self.schedule, self.lr, self.result = schedule, lr, result

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        x, y = batch
        loss = nn.functional.cross_entropy(self.net(x), y)
        self.log("loss", loss, prog_bar=True, on_step=True, on_epoch=True)
        self.log("step_only", loss * 2)
        self.log("epoch_only", loss.detach(), on_step=False, on_epoch=True)
        self.log("number", float(batch_idx), on_epoch=True, batch_size=2)
        self.log_dict({"most": loss, "least": loss}, on_epoch=True, reduce_fx="max")
        if batch_idx == 1:
            self.log("seldom", torch.tensor(3.0))
        if self.result == "dict":
            return {"loss": loss, "extra": x.sum()}
        return None if self.result == "none" and batch_idx == 1 else loss

    def validation_step(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        x, y = batch
        self.log("val_loss", nn.functional.cross_entropy(self.net(x), y), prog_bar=True)
        self.log("val_step", x.sum(), on_step=True, on_epoch=False)

    test_step = validation_step

    def on_train_epoch_end(self) -> None:
        self.log("at_end", 1.0)

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=self.lr, momentum=0.9)
        schedules = {
            "step": torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5),
            "epoch": torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5),
            "plateau": torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0),
        }
        if not self.schedule:
            return optimizer
        schedule: dict[str, Any] = {"scheduler": schedules[self.schedule], "monitor": "val_loss"}
        schedule["interval"] = "step" if self.schedule == "step" else "epoch"
        return {"optimizer": optimizer, "lr_scheduler": schedule}


class Adversaries(pl.LightningModule):
    """Two networks, two optimizers, which the module drives itself."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.one, self.two = nn.Linear(3, 2), nn.Linear(3, 2)

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        x, y = batch
        for network, optimizer in zip((self.one, self.two), self.optimizers(), strict=True):
            self.toggle_optimizer(optimizer)
            loss = nn.functional.cross_entropy(network(x), y)
            self.log(f"loss_{len(network.weight)}", loss, prog_bar=True)
            optimizer.zero_grad()
            self.manual_backward(loss)
            optimizer.step()
            self.untoggle_optimizer(optimizer)
        return {"loss": loss, "more": x.mean()}

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.log("val_loss", nn.functional.cross_entropy(self.one(batch[0]), batch[1]))

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.one.parameters()), torch.optim.SGD(self.two.parameters(), 0.1)


class Stream(IterableDataset[Any]):
    """Rows without a length."""

    def __iter__(self) -> Any:
        return iter(rows())


def rows(num: int = 14) -> TensorDataset:
    generator = torch.Generator().manual_seed(3)
    return TensorDataset(torch.randn(num, 3, generator=generator), torch.arange(num) % 2)


def loader(num: int = 14) -> DataLoader[Any]:
    return DataLoader(rows(num), 4)


def run(
    is_lean: bool,
    module: Callable[[], pl.LightningModule],
    callbacks: Callable[[], list[pl.Callback]] = list,
    *,
    of_callback: tuple[str, ...] = HOOKS,
    of_module: tuple[str, ...] = (),
    train: Any = None,
    val: Any = None,
    ckpt_path: str | None = None,
    fit: Callable[..., Any] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Fit and return everything that can be seen of the run."""
    notes, logger = Notes(), Keeps()
    torch.manual_seed(0)
    built = module()
    own = notes.hooks_of(type(built), of_module)
    built.__class__ = type(type(built).__name__, (type(built),), own)
    looks: list[Any] = []

    def on_train_batch_end(this: Any, trainer: Any, module: Any, *args: Any) -> None:
        if args[-1] % 2:
            looks.append((plain(trainer.callback_metrics), plain(trainer.logged_metrics)))
            looks.append(plain(trainer.progress_bar_metrics))

    seen = type("Seen", (pl.Callback,), notes.hooks_of(pl.Callback, of_callback))()
    look = type("Look", (pl.Callback,), {"on_train_batch_end": on_train_batch_end})()
    settings: dict[str, Any] = {
        "max_epochs": 2, "accelerator": "cpu", "logger": logger, "log_every_n_steps": 2,
        "enable_checkpointing": False, "enable_progress_bar": False,
        "enable_model_summary": False, **options,
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = pl.Trainer(callbacks=[seen, *callbacks(), look], **settings)
        if is_lean:
            lean(trainer)
        error = ""
        try:
            if fit is not None:
                fit(trainer, built)
            else:
                train = loader() if train is None else train
                trainer.fit(built, train, loader(8) if val is None else val, ckpt_path=ckpt_path)
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
    return {
        "error": error,
        "lines": notes.lines,
        "rows": logger.rows,
        "looks": looks,
        "weights": plain(built.state_dict()),
        "state": copy.deepcopy(trainer.fit_loop.state_dict()),
        "callback_metrics": plain(trainer.callback_metrics),
        "logged_metrics": plain(trainer.logged_metrics),
        "bar": plain(trainer.progress_bar_metrics),
        "global_step": trainer.global_step,
    }


def pair(module: Callable[[], pl.LightningModule], *args: Any, **kwargs: Any) -> Any:
    """Return what Lightning's own loop did and what the lean one did."""
    return run(False, module, *args, **kwargs), run(True, module, *args, **kwargs)
