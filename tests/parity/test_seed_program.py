"""The article's program: ``nn.Linear(784, 10)``, Adam, validation, early stopping, best two files.

Ignite and Lightning with the kit do the same operations in the same order, so losses, weights and
kept files are equal to the bit; scores, which Ignite adds up in float64, to five digits.
"""

from pathlib import Path
from typing import Any

import pytest
import torch
from programs.ranks import two_ranks
from programs.seed import Options, Trace, through_ignite, through_the_kit


def both(options: Options, folder: Path) -> tuple[Trace, Trace]:
    (folder / "ignite").mkdir()
    (folder / "kit").mkdir()
    return through_ignite(options, folder / "ignite"), through_the_kit(options, folder / "kit")


@pytest.mark.parametrize(
    "options",
    [
        Options(),
        Options(seed=5),
        Options(accumulate=2),
        Options(bf16=True),
        Options(clip=0.5),
        Options(accumulate=2, clip=0.5),
    ],
    ids=["plain", "all epochs", "accumulated", "bf16", "clipped", "accumulated and clipped"],
)
def test_losses_scores_weights_stop_and_files(options: Options, tmp_path: Path) -> None:
    theirs, mine = both(options, tmp_path)
    assert mine.losses == theirs.losses
    assert len(mine.weights) == len(theirs.weights), "both stop after the same epoch"
    torch.testing.assert_close(mine.weights, theirs.weights, rtol=0, atol=0)
    for logged, reference in zip(mine.scores, theirs.scores, strict=True):
        assert logged == pytest.approx(reference, rel=1e-5)
    assert list(mine.files) == list(theirs.files)
    torch.testing.assert_close(mine.files, theirs.files, rtol=0, atol=0)


def test_the_plain_program_is_stopped_before_its_last_epoch(tmp_path: Path) -> None:
    theirs, mine = both(Options(), tmp_path)
    # Macro F1 of labels that are noise: the first epoch's is never beaten, three checks, stop.
    assert len(mine.scores) == len(theirs.scores) == 4
    assert max(scores["f1"] for scores in mine.scores) == mine.scores[0]["f1"]
    assert list(mine.files) == ["model_1_val_f1=0.1029.pt", "model_4_val_f1=0.0921.pt"]
    torch.testing.assert_close(mine.files["model_1_val_f1=0.1029.pt"], mine.weights[0])


def test_ignites_accumulation_window_runs_across_the_epochs_end_where_lightning_steps(
    tmp_path: Path,
) -> None:
    theirs, mine = both(Options(batches=9, epochs=2, accumulate=2), tmp_path)
    # Ignite steps after batches 2, 4, ..., 18; Lightning after 2, 4, 6, 8 and 9 of each epoch, so
    # batch 9 is the first whose step they do not share, and batch 10 the first to see it.
    assert mine.losses[:9] == theirs.losses[:9]
    assert mine.losses[9] != theirs.losses[9]
    assert not torch.equal(mine.weights[0][0], theirs.weights[0][0])


RANKS = """
import torch, torch.distributed as dist, warnings
from pathlib import Path
from programs.seed import Options, through_ignite, through_the_kit

dist.init_process_group("gloo")
options = Options(epochs=3, rank=rank, world_size=2)
traces = {}
for name, run in (("ignite", through_ignite), ("kit", through_the_kit)):
    Path(name).mkdir()
    trace = run(options, Path(name))
    traces[name] = {
        "losses": trace.losses,
        "scores": trace.scores,
        "weights": [[tensor.tolist() for tensor in epoch] for epoch in trace.weights],
        "files": list(trace.files),
    }
tell(**traces)
"""


def test_two_ranks(tmp_path: Path) -> None:
    first, second = two_ranks(RANKS, tmp_path)
    for rank in (first, second):
        theirs: dict[str, Any] = rank["ignite"]
        mine: dict[str, Any] = rank["kit"]
        assert mine["losses"] == theirs["losses"]
        assert len(mine["weights"]) == 3
        assert mine["weights"] == theirs["weights"]
        for logged, reference in zip(mine["scores"], theirs["scores"], strict=True):
            assert logged == pytest.approx(reference, rel=1e-5)
    assert first["kit"]["weights"] == second["kit"]["weights"]
    assert first["kit"]["losses"] != second["kit"]["losses"], "each rank has its own batches"
    assert first["kit"]["files"] == first["ignite"]["files"]
    assert len(first["kit"]["files"]) == 2
