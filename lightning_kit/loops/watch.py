"""Notice what is put, in the middle of a run, on the objects whose methods a plan leaves out."""

from typing import Any, final

import pytorch_lightning as pl

# What a part leaves out as long as its owner has it from its class. Hooks look by themselves.
OF_THE_MODULE = frozenset({
    "training_step", "validation_step", "test_step", "optimizer_step", "optimizer_zero_grad",
    "configure_gradient_clipping", "clip_gradients",
    "backward", "on_before_batch_transfer", "transfer_batch_to_device", "on_after_batch_transfer",
    "_on_before_batch_transfer", "_apply_batch_transfer_handler", "_call_batch_hook",
})  # fmt: skip
OF_THE_DATAMODULE = frozenset({
    "on_before_batch_transfer", "transfer_batch_to_device", "on_after_batch_transfer",
})  # fmt: skip
OF_THE_STRATEGY = frozenset({
    "training_step", "validation_step", "test_step", "post_training_step", "batch_to_device",
    "on_train_batch_start", "backward", "pre_backward", "post_backward", "optimizer_step",
})  # fmt: skip
OF_THE_PRECISION = frozenset({
    "convert_input", "train_step_context", "val_step_context", "test_step_context",
    "forward_context", "autocast_context_manager", "backward", "pre_backward", "post_backward",
    "optimizer_step", "_wrap_closure", "_after_closure", "_clip_gradients", "clip_gradients",
})  # fmt: skip
OF_THE_LOOP = frozenset({
    "_accumulated_batches_reached", "_broadcast_sigterm_tensor", "_build_kwargs",
    "_build_step_args_from_hook_kwargs", "_num_ready_batches_reached",
    "_save_loggers_on_train_batch_end", "_should_accumulate", "_update_learning_rates",
    "update_lr_schedulers",
})  # fmt: skip
OF_THE_CONNECTOR = frozenset({
    "on_batch_start", "on_batch_end", "should_reset_tensors", "update_eval_step_metrics",
    "update_train_step_metrics",
})  # fmt: skip
OF_THE_FIT_LOOP = frozenset({"_should_accumulate"})
OF_THE_PROFILER = frozenset({"start", "stop", "profile"})
OF_AN_OPTIMIZER = frozenset({"step"})


@final
class Watch:
    """What the objects of a run have of their own, now and later.

    An attribute that is new makes an object's dictionary longer, so their length together is all
    that a step asks for; the module, where attributes come and go, is asked by name.

    Args:
        trainer: The trainer, set up for its run.
        loop: The loop that calls the steps.
    """

    def __init__(self, trainer: pl.Trainer, loop: Any) -> None:
        module: Any = trainer.lightning_module
        datamodule = getattr(trainer, "datamodule", None)
        strategy = trainer.strategy
        self.trainer, self.module = trainer, vars(module)
        self.owners: list[tuple[dict[str, Any], frozenset[str]]] = [
            (self.module, OF_THE_MODULE),
            (vars(strategy), OF_THE_STRATEGY),
            (vars(trainer.precision_plugin), OF_THE_PRECISION),
            (vars(loop), OF_THE_LOOP),
            (vars(trainer._logger_connector), OF_THE_CONNECTOR),
            (vars(trainer.fit_loop), OF_THE_FIT_LOOP),
            (vars(vars(trainer)["profiler"]), OF_THE_PROFILER),
            *((vars(each), OF_AN_OPTIMIZER) for each in strategy._lightning_optimizers),
        ]
        if datamodule is not None:
            self.owners.append((vars(datamodule), OF_THE_DATAMODULE))
        self.states = tuple(state for state, _ in self.owners)
        self.found = self._found()
        self.length = sum(map(len, self.states))
        self.lacks = self.module.keys().isdisjoint
        self.absent = OF_THE_MODULE - self.module.keys()

    @property
    def is_out_of_date(self) -> bool:
        """Whether anything has a method of its own since, or the module another trainer."""
        if self.module["_trainer"] is not self.trainer or not self.lacks(self.absent):
            return True
        length = sum(map(len, self.states))
        if length == self.length:
            return False
        self.length = length
        return self._found() != self.found

    def _found(self) -> list[frozenset[str]]:
        return [names & state.keys() for state, names in self.owners]
