"""Measure trained weights on the test data.

usage: lightning-kit test RUN_DIR [flags]                       the run's best checkpoint
       lightning-kit test [-c RECIPE] --ckpt_path best|last|PATH|RUN_DIR [flags]
       lightning-kit test -c RECIPE --random_weights [flags]    untrained, if that is meant

Flags are those of fit. The metrics are printed and, for a run, written beside it.
"""

from lightning_kit.cli.evaluation import Evaluation


def main(args: list[str]) -> int:
    evaluation = Evaluation("test", args)
    if evaluation.request.wants_help:
        print(__doc__)
        return 0
    evaluation.prepare()
    if evaluation.run():
        evaluation.write_metrics()
        evaluation.print_baselines()
    return evaluation.code
