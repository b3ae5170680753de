"""A script of two lines around Lightning's own command line, which never heard of the kit."""

from unittest import mock

import pytorch_lightning as pl
from pytorch_lightning.cli import LightningCLI


def stock(*args: str, cli: type[LightningCLI] = LightningCLI) -> LightningCLI:
    """Run ``args`` through a LightningCLI whose model and data are named in YAML."""
    # Lightning warns where this process has a command line of its own.
    with mock.patch("sys.argv", ["train"]):
        return cli(
            pl.LightningModule,
            pl.LightningDataModule,
            subclass_mode_model=True,
            subclass_mode_data=True,
            save_config_callback=None,
            args=list(args),
        )
