"""``test``: trained weights or a refusal, and a dated file beside the run."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import Run

from lightning_kit.runs.directory import RunDirectory


@pytest.fixture
def trained(kit: Run, recipe: str) -> RunDirectory:
    assert kit("fit", "-c", recipe) == 0
    return RunDirectory.latest("small")


def results(run: RunDirectory) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(run.path.glob("test-*.json"))]


def test_a_bare_run_directory_means_its_best(kit: Run, trained: RunDirectory) -> None:
    assert kit("test", "runs/small/latest") == 0
    (found,) = results(trained)
    assert found["checkpoint"] == str(trained.best())
    assert 0 < found["metrics"]["test/loss"] < 1


@pytest.mark.parametrize("which", ["best", "last", "path", "run"])
def test_every_way_to_name_a_checkpoint(
    kit: Run, trained: RunDirectory, recipe: str, which: str
) -> None:
    given = {"path": str(trained.last()), "run": str(trained.path)}.get(which, which)
    assert kit("test", "-c", recipe, "--ckpt_path", given) == 0
    assert kit("test", "runs/small/latest", "--ckpt_path", given) == 0
    assert len(results(trained)) == 2


def test_a_checkpoint_in_a_run_needs_no_recipe(kit: Run, trained: RunDirectory) -> None:
    assert kit("test", "--ckpt_path", str(trained.best())) == 0
    assert kit("test", str(trained.best())) == 0


def test_untrained_weights_are_refused(kit: Run, recipe: str, capsys: Any) -> None:
    for verb in ("test", "validate", "predict"):
        assert kit(verb, "-c", recipe) == 2
        assert f"{verb} needs trained weights" in capsys.readouterr().err


def test_untrained_weights_can_be_meant(kit: Run, recipe: str) -> None:
    assert kit("test", "-c", recipe, "--random_weights") == 0
    assert not Path("runs").exists()


def test_random_and_trained_exclude_each_other(
    kit: Run, trained: RunDirectory, recipe: str, capsys: Any
) -> None:
    assert kit("test", "-c", recipe, "--random_weights", "--ckpt_path", "best") == 2
    assert "exclude each other" in capsys.readouterr().err


def test_best_without_a_run_says_what_to_do(kit: Run, recipe: str, capsys: Any) -> None:
    assert kit("test", "-c", recipe, "--ckpt_path", "best") == 2
    assert "no run of 'small'" in capsys.readouterr().err


def test_a_torn_checkpoint_is_one_line(kit: Run, trained: RunDirectory, capsys: Any) -> None:
    best = trained.best()
    best.write_bytes(best.read_bytes()[:1000])
    assert kit("test", "runs/small/latest") == 2
    assert "not a readable checkpoint" in capsys.readouterr().err


class Opaque:
    pass


def test_a_checkpoint_that_could_run_code_is_refused(
    kit: Run, trained: RunDirectory, capsys: Any
) -> None:
    best = trained.best()
    content = torch.load(best, weights_only=True)
    torch.save({**content, "extra": Opaque()}, best)
    assert kit("test", "runs/small/latest") == 2
    assert "could run code" in capsys.readouterr().err


def test_a_checkpoint_of_another_shape_is_one_line(
    kit: Run, trained: RunDirectory, capsys: Any
) -> None:
    best = trained.best()
    content = torch.load(best, weights_only=True)
    content["state_dict"] = {k: v[:1] for k, v in content["state_dict"].items()}
    torch.save(content, best)
    assert kit("test", "runs/small/latest") == 2
    assert "does not fit this model" in capsys.readouterr().err


def test_fit_alone_makes_runs(kit: Run, trained: RunDirectory) -> None:
    before = sorted(Path("runs/small").iterdir())
    assert kit("test", "runs/small/latest") == 0
    assert sorted(Path("runs/small").iterdir()) == before


def test_ctrl_c_is_130(kit: Run, recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from programs.plain import PlainModule

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(PlainModule, "test_step", interrupt)
    assert kit("test", "-c", recipe, "--random_weights") == 130


def test_baselines_stand_beside_a_run(
    kit: Run, trained: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(
        "lightning_kit.cli.evaluation.print_baselines", lambda *given: asked.append(given)
    )
    assert kit("validate", str(trained.path)) == 0
    assert asked == []
    assert kit("test", str(trained.path)) == 0
    ((data, part, own),) = asked
    assert (type(data).__name__, part, set(own)) == ("PlainData", "test", {"loss"})
