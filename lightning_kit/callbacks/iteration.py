"""The number of a training batch in its run."""

import pytorch_lightning as pl


def iteration(trainer: pl.Trainer) -> int:
    """Return the number of the training batch, from 1, as Ignite's ``state.iteration``.

    It goes on over epochs and in a resumed run, and counts batches, which ``global_step`` does not:
    that counts optimizer steps. Between two batches it is the last one's; 0 before the first.

    Example:
        ``if iteration(trainer) % 100 == 0`` in ``on_train_batch_end``
    """
    return trainer.fit_loop.total_batch_idx + 1
