"""Give memory back."""

import gc
from typing import final

import torch


@final
class EmptyCache:
    """Collect garbage and give the accelerator's unused cached memory back; on CPU garbage only.

    It waits for the device, and the next allocations are slow: for between epochs.
    """

    def __call__(self) -> None:
        gc.collect()
        accelerator = getattr(torch, "accelerator", None)
        # torch.accelerator.empty_cache is of torch 2.9.
        if accelerator is not None and hasattr(accelerator, "empty_cache"):
            if accelerator.is_available():
                accelerator.empty_cache()
        elif torch.cuda.is_available():
            torch.cuda.empty_cache()
