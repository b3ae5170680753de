"""What was patched or overridden is told from Lightning's own."""

import pytorch_lightning as pl
from programs.traced import QUIET, Traced
from pytorch_lightning.plugins import MixedPrecision
from pytorch_lightning.strategies import SingleDeviceStrategy

from lightning_kit.loops.stock import is_known, is_stock, is_untouched, scales


class Overrides(Traced):
    def backward(self, *args: object, **kwargs: object) -> None:
        """Do nothing."""


def test_an_overridden_method_is_not_stock_and_a_patched_one_neither() -> None:
    module = Traced()
    assert is_stock(module, pl.LightningModule, "backward", "optimizer_step")
    assert not is_stock(Overrides(), pl.LightningModule, "optimizer_step", "backward")
    vars(module)["backward"] = print
    assert not is_stock(module, pl.LightningModule, "backward")
    assert not is_untouched(module, "optimizer_step", "backward")
    assert is_untouched(module, "optimizer_step")


def test_only_exact_strategies_and_precisions_are_known() -> None:
    class Other(SingleDeviceStrategy):
        """Anything."""

    assert is_known(pl.Trainer(**QUIET))
    assert is_known(pl.Trainer(precision="bf16-mixed", **QUIET))
    assert not is_known(pl.Trainer(precision="64-true", **QUIET))
    options = {key: value for key, value in QUIET.items() if key != "accelerator"}
    assert not is_known(pl.Trainer(accelerator="cpu", strategy=Other(), **options))


def test_a_loss_is_scaled_for_float16_alone() -> None:
    assert scales(pl.Trainer(plugins=MixedPrecision("16-mixed", "cpu"), **QUIET))
    assert not scales(pl.Trainer(precision="bf16-mixed", **QUIET))
    assert not scales(pl.Trainer(**QUIET))
