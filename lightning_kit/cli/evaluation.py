"""What ``validate``, ``test`` and ``predict`` share: trained weights in, a dated file out."""

import json
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import CSVLogger, Logger

from lightning_kit.cli.app import KitCLI, prepare
from lightning_kit.cli.beside import print_baselines
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.failures import input_error
from lightning_kit.cli.idle import unmeasured
from lightning_kit.cli.layers import as_list
from lightning_kit.cli.quiet import quiet
from lightning_kit.cli.remarks import shown
from lightning_kit.cli.request import Request
from lightning_kit.cli.signals import with_exit_code
from lightning_kit.cli.source import Source
from lightning_kit.cli.summary import shown_path


class Evaluation:
    """One run of a verb that needs trained weights.

    ``results`` is what the Trainer returned, None where it failed (then ``code`` says how).
    """

    def __init__(self, verb: str, args: list[str]) -> None:
        self.request = Request.of(verb, args)
        self._stage = "val" if verb == "validate" else verb
        self.results: Any = None
        self.code = 0

    def prepare(self) -> None:
        """Find the weights and build everything."""
        self.source: Source = prepare(self.request)
        for line in unmeasured(self.request.view(), self.request.verb):
            raise InputError(line)
        with shown("lightning_kit.loops"):
            self.cli = KitCLI(self.request, self._over_trainer)

    def run(self) -> bool:
        """Run the trainer; return whether there are results."""
        arguments = self.cli.run_arguments(self.source)
        try:
            with quiet(), shown("lightning_kit.loops"):
                self.results = getattr(self.cli.trainer, self.request.verb)(**arguments)
        except Exception as error:
            if (wrong := input_error(error, self.cli.trainer)) is not None:
                raise wrong from error
            traceback.print_exc()
            self.code = 1
        if self.code == 0 and not any(getattr(self.cli.trainer, f"num_{self._stage}_batches")):
            raise InputError(f"the {self._stage} data gives no batch: it has no rows")
        return self.results is not None

    @property
    def is_trial(self) -> bool:
        """Whether ``fast_dev_run`` keeps this to a few batches."""
        return bool(getattr(self.cli.trainer, "fast_dev_run", False))

    def file(self, suffix: str) -> Path | None:
        """Return the new file for the results, in the run that was given, if one was.

        None too for a trial on a batch or two, which says nothing of the weights.
        """
        if self.source.run is None or self.is_trial or not self.cli.trainer.is_global_zero:
            return None
        return self.source.run.dated_file(self.request.verb, suffix)

    def write_metrics(self) -> None:
        """Write the metrics beside the run, with the checkpoint that gave them."""
        if self.is_trial:
            print("nothing is written: fast_dev_run measures no more than a batch or two")
        if (path := self.file(".json")) is None:
            return
        metrics = {key: value for part in self.results for key, value in part.items()}
        checkpoint = self.source.checkpoint and str(self.source.checkpoint)
        path.write_text(json.dumps({"checkpoint": checkpoint, "metrics": metrics}, indent=2))
        print(f"written: {shown_path(path)}")

    def print_baselines(self) -> None:
        """Print simple models on the test data beside this one, where training data is at hand."""
        if self.source.run is None or self.is_trial or not self.cli.trainer.is_global_zero:
            return
        own = {k.removeprefix("test/"): v for part in self.results for k, v in part.items()}
        print_baselines(self.cli.datamodule, "test", own)

    def _over_trainer(self, cli: KitCLI, configured: dict[str, Any]) -> dict[str, Any]:
        loggers = [item for item in as_list(configured["logger"]) if isinstance(item, Logger)]
        kept = [logger for logger in loggers if type(logger) is not CSVLogger]
        root = self.source.run.path if self.source.run is not None else None
        return {"logger": kept or False, "default_root_dir": root and str(root)}


def measure(
    verb: str, args: list[str], usage: str, then: Callable[[Evaluation], None] | None = None
) -> int:
    """Run ``verb``, write its metrics, call ``then`` and return the exit code.

    Args:
        verb: ``"validate"`` or ``"test"``.
        args: Its words.
        usage: What ``--help`` prints.
        then: Called with the evaluation where it has results.
    """
    evaluation = Evaluation(verb, args)
    if evaluation.request.wants_help:
        print(usage)
        return 0

    def measured() -> int:
        evaluation.prepare()
        if evaluation.run():
            evaluation.write_metrics()
            if then is not None:
                then(evaluation)
        return evaluation.code

    return with_exit_code(measured, at_once=True)
