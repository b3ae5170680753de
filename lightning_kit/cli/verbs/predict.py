"""Answer the predict data with trained weights, into a CSV file.

usage: lightning-kit predict RUN_DIR [flags]                  the run's best checkpoint
       lightning-kit predict [-c RECIPE] --ckpt_path best|last|PATH|RUN_DIR [flags]
       lightning-kit predict -c RECIPE --random_weights [flags]

Flags are those of fit; --lean changes nothing, for Lightning's own loop predicts. A run gets
predict-<time>.csv, anything else predictions.csv here.
"""

from pathlib import Path

from lightning_kit.cli.answers import write_answers
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.evaluation import Evaluation
from lightning_kit.cli.signals import with_exit_code
from lightning_kit.cli.summary import shown_path


def main(args: list[str]) -> int:
    evaluation = Evaluation("predict", args)
    if evaluation.request.wants_help:
        print(__doc__)
        return 0
    return with_exit_code(lambda: _predicted(evaluation), at_once=True)


def _predicted(evaluation: Evaluation) -> int:
    here = Path("predictions.csv")
    evaluation.prepare()
    if evaluation.source.run is None and here.exists():
        raise InputError(f"{here} exists: move it away, nothing is overwritten")
    if evaluation.cli.trainer.world_size > 1:
        raise InputError(
            "predict answers on one device, in the order of the rows: --trainer.devices 1"
        )
    if evaluation.run() and evaluation.is_trial:
        print("nothing is written: fast_dev_run answers no more than a batch or two")
    elif evaluation.results is not None:
        path = evaluation.file(".csv") or here
        classes = getattr(evaluation.cli.datamodule, "classes", None)
        count = write_answers(path, evaluation.results, classes)
        print(f"{count} predictions: {shown_path(path)}")
    return evaluation.code
