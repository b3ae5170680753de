"""Predict with a checkpoint, through Lightning: the predict data, or rows from a file."""

from lightning_kit.cli.answers import write_answers
from lightning_kit.cli.artefact_answers import DEFAULT
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.evaluation import Evaluation
from lightning_kit.cli.given_rows import give
from lightning_kit.cli.rows_flags import RowsFlags, check_free
from lightning_kit.cli.signals import with_exit_code
from lightning_kit.cli.summary import shown_path


def predict(flags: RowsFlags) -> int:
    """Write the answers and return the exit code."""
    evaluation = Evaluation("predict", flags.others)
    return with_exit_code(lambda: _predicted(evaluation, flags), at_once=True)


def _predicted(evaluation: Evaluation, flags: RowsFlags) -> int:
    evaluation.prepare()
    if evaluation.source.run is None and flags.out is None:
        check_free(DEFAULT)
    if evaluation.cli.trainer.world_size > 1:
        raise InputError(
            "predict answers on one device, in the order of the rows: --trainer.devices 1"
        )
    if flags.rows is not None:
        give(flags.rows, evaluation)
    if evaluation.run() and evaluation.is_trial:
        print("nothing is written: fast_dev_run answers no more than a batch or two")
    elif evaluation.results is not None:
        path = flags.out or evaluation.file(".csv") or DEFAULT
        classes = getattr(evaluation.cli.datamodule, "classes", None)
        count = write_answers(path, evaluation.results, classes)
        print(f"{count} predictions: {shown_path(path)}")
    return evaluation.code
