"""Measure trained weights on the test data.

usage: lightning-kit test RUN_DIR [flags]                       the run's best checkpoint
       lightning-kit test [-c RECIPE] --ckpt_path best|last|PATH|RUN_DIR [flags]
       lightning-kit test -c RECIPE --random_weights [flags]    untrained, if that is meant

Flags are those of fit, --lean false too. The metrics are printed and, for a run, written beside it.
"""

from lightning_kit.cli.evaluation import Evaluation, measure


def main(args: list[str]) -> int:
    return measure("test", args, __doc__, Evaluation.print_baselines)
