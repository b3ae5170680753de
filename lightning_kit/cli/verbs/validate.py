"""Measure trained weights on the validation data.

usage: lightning-kit validate RUN_DIR [flags]                       the run's best checkpoint
       lightning-kit validate [-c RECIPE] --ckpt_path best|last|PATH|RUN_DIR [flags]
       lightning-kit validate -c RECIPE --random_weights [flags]    untrained, if that is meant

Flags are those of fit, --lean false too. The metrics are printed and, for a run, written beside it.
"""

from lightning_kit.cli.evaluation import measure


def main(args: list[str]) -> int:
    return measure("validate", args, __doc__)
