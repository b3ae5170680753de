"""Put a checkpoint's weights into a module outside a Trainer's loops, as ``validate`` would."""

from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl


def restore(
    module: pl.LightningModule,
    datamodule: pl.LightningDataModule | None,
    content: Mapping[str, Any],
    trainer: pl.Trainer,
) -> None:
    """Prepare the validation data and restore ``content``, in the Trainer's own order.

    The module is set up for prediction, where a task has its plain model: no compiled one.

    Args:
        module: Fresh.
        datamodule: Fresh, where there is one.
        content: A checkpoint, as it was read.
        trainer: What the two find as their ``trainer``; it runs nothing.

    Raises:
        ValueError: If the weights are those of another model.
    """
    module.trainer = trainer
    trainer.strategy.connect(module)
    if datamodule is not None:
        trainer.datamodule = datamodule  # type: ignore[attr-defined]
        datamodule.trainer = trainer
        datamodule.prepare_data()
        datamodule.setup("validate")
    module.prepare_data()
    module.setup("predict")
    module.configure_model()
    if datamodule is not None and (state := content.get(type(datamodule).__qualname__)):
        datamodule.load_state_dict(state)
    module.on_load_checkpoint(dict(content))
    try:
        module.load_state_dict(content["state_dict"], strict=module.strict_loading)
    except RuntimeError as error:
        first = " ".join(line.strip() for line in str(error).splitlines()[:2])
        raise ValueError(
            f"the checkpoint must be one of {type(module).__name__}: {first}; name the class that "
            "it was saved by, with its arguments"
        ) from error
