from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import Run

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.exporting import Exporting, default_out, find_weights
from lightning_kit.cli.request import Request
from lightning_kit.cli.source import Source
from lightning_kit.runs.directory import RunDirectory


@pytest.fixture
def run(kit: Run, recipe: str) -> RunDirectory:
    assert kit("fit", "-c", recipe, "--trainer.precision", "bf16-mixed") == 0
    return RunDirectory.latest("small")


def test_a_run_gives_module_rows_lineage_and_name(run: RunDirectory) -> None:
    request = Request.of("export", [str(run.path)])
    source = find_weights(request)
    found = Exporting.of(request, source)
    assert default_out(source) == run.path / "artefact"
    assert (found.name, found.measure) == ("small", None)
    assert found.samples is not None
    assert len(found.samples) == 40
    assert found.lineage["precision"] == "bf16-mixed"
    assert found.lineage["weights"] == "best"
    pipeline: Any = found.module
    weights = torch.load(run.best(), weights_only=True)["state_dict"]
    torch.testing.assert_close(dict(pipeline.network.state_dict()), dict(weights))


def test_another_checkpoint_is_no_best(run: RunDirectory) -> None:
    best = run.best()
    other = best.with_name("other.ckpt")
    other.write_bytes(best.read_bytes())
    request = Request.of("export", ["--ckpt_path", str(other)])
    found = Exporting.of(request, find_weights(request))
    assert (found.lineage["weights"], found.lineage["checkpoint"]) == (
        "as given", "checkpoints/other.ckpt",
    )  # fmt: skip


def test_without_a_run_the_artefact_lies_here() -> None:
    assert default_out(Source()) == Path("artefact")


def test_random_weights_are_nothing_to_export() -> None:
    with pytest.raises(InputError, match="an export is of trained weights"):
        find_weights(Request.of("export", ["--random_weights"]))
