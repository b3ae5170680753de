"""What every task and every recipe promises of an export, in every format."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import Run
from contracts.task_data import FEATURES, Rows
from contracts.test_tasks import CASES

from lightning_kit import tasks
from lightning_kit.artefact import Artefact
from lightning_kit.cli.recipes import shipped
from lightning_kit.export import export
from lightning_kit.export.formats import FORMATS
from lightning_kit.models import MLP
from lightning_kit.runs.directory import RunDirectory
from lightning_kit.runs.exported import measure_of, to_export

pytestmark = pytest.mark.filterwarnings("ignore:`torch\\.jit\\..*is deprecated:DeprecationWarning")
ROOT = Path(__file__).parents[2]
RECIPES = shipped("recipes")
QUICK = ("--trainer.enable_progress_bar", "false", "--trainer.enable_model_summary", "false")
# The fastest of them stands for the others in the daily loop.
QUICK_RECIPE = "digits_mlp"


def task_of(kind: str) -> Any:
    name, arguments, width = CASES[kind]
    torch.manual_seed(0)
    return getattr(tasks, name)(MLP(FEATURES, width, hidden=[8]), **arguments)


@pytest.fixture
def exported(tmp_path: Path) -> Callable[[str], tuple[Any, Artefact]]:
    def of(kind: str) -> tuple[Any, Artefact]:
        task, data = task_of(kind), Rows(kind)
        pipeline, samples = to_export(task, data, data.val_dataloader())
        artefact = export(
            pipeline,
            tmp_path / kind,
            samples=samples,
            formats=tuple(FORMATS),
            measure=measure_of(task),
        )
        return task, artefact

    return of


@pytest.mark.parametrize("kind", CASES)
def test_every_task_exports_to_every_format(
    kind: str, exported: Callable[[str], tuple[Any, Artefact]]
) -> None:
    task, artefact = exported(kind)
    manifest = artefact.manifest
    assert set(manifest.formats) == set(FORMATS)
    assert manifest.left_out == {}
    input = Rows(kind).input
    with torch.no_grad():
        wanted = task.predict_step(input, 0)
    found = artefact.answer({"input": input.numpy()})
    assert list(found) == list(wanted)
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name], values.numpy(), rtol=1e-4, atol=1e-5)
    measured = task.measure(wanted, Rows(kind).target)
    verified = manifest.verification["metrics"]
    for name, value in measured.items():
        assert verified[name]["value"] == pytest.approx(value, rel=1e-5)
        assert verified[name]["low"] <= value <= verified[name]["high"]
    # A copy elsewhere, with nothing of the task at hand, still gives its golden answers.
    artefact.replay()


def test_the_task_is_left_as_it_was(exported: Callable[[str], tuple[Any, Artefact]]) -> None:
    fresh = task_of("multiclass")
    task, _ = exported("multiclass")
    assert [each.training for each in task.modules()] == [each.training for each in fresh.modules()]
    torch.testing.assert_close(dict(task.state_dict()), dict(fresh.state_dict()))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == QUICK_RECIPE else pytest.mark.slow)
        for name in RECIPES
    ],
)
def test_every_recipe_ends_in_an_artefact_with_the_answers_of_its_run(
    name: str, kit: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    files = ("-c", str(RECIPES[name].path), "--trainer.max_epochs", "2")
    assert kit("fit", *files, *QUICK) == 0
    run = RunDirectory.latest(name)
    assert kit("export", str(run.path), "--formats", ",".join(FORMATS)) == 0, capsys.readouterr()
    artefact = Artefact.open(run.path / "artefact")
    assert set(artefact.manifest.formats) | set(artefact.manifest.left_out) == set(FORMATS)
    assert "onnx" in artefact.manifest.formats
    artefact.replay()
    golden = str(artefact.path / "golden.jsonl")
    assert kit("predict", str(artefact.path), "--rows", golden, "--out", "a.csv") == 0
    assert kit("predict", str(run.path), "--rows", golden, "--out", "b.csv") == 0
    ours, theirs = (
        list(csv.DictReader(Path(file).read_text().splitlines())) for file in ("a.csv", "b.csv")
    )
    assert len(ours) == len(theirs) > 0
    for one, other in zip(ours, theirs, strict=True):
        assert list(one) == list(other)
        for key, value in one.items():
            try:
                assert float(value) == pytest.approx(float(other[key]), rel=1e-3, abs=1e-5)
            except ValueError:
                assert value == other[key]
