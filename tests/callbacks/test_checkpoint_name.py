"""The names are those that Ignite's own patterns give."""

import itertools

import pytest
from ignite.handlers import Checkpoint

from lightning_kit.callbacks.checkpoint_name import ignite_name

CASES = list(itertools.product(("", "best"), (None, 0.12345, -2.0), (None, "f1")))


@pytest.mark.parametrize(("prefix", "score", "score_name"), CASES)
def test_a_name_is_ignites(prefix: str, score: float | None, score_name: str | None) -> None:
    pattern = Checkpoint.setup_filename_pattern(
        with_prefix=bool(prefix),
        with_score=score is not None,
        with_score_name=score is not None and score_name is not None,
    )
    wanted = pattern.format(
        filename_prefix=prefix,
        name="checkpoint",
        global_step=7,
        score_name=score_name,
        score=None if score is None else f"{score:.4f}",
        ext="pt",
    )
    assert ignite_name(prefix, None, 7, score_name, score) + ".pt" == wanted


def test_one_module_names_the_file_and_several_do_not() -> None:
    assert ignite_name("", ["net"], 1, None, None) == "net_1"
    assert ignite_name("", ["net", "other"], 1, None, None) == "checkpoint_1"


def test_a_slash_makes_no_folder() -> None:
    assert ignite_name("", None, 1, "val/f1", 0.5) == "checkpoint_1_val_f1=0.5000"
