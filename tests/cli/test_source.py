"""Where weights and the lowest layer come from; a checkpoint is data, not code."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.request import Request
from lightning_kit.cli.source import find, load, recipe_name, runs_root, stored_settings
from lightning_kit.runs.directory import RunDirectory
from lightning_kit.runs.errors import RunError
from lightning_kit.runs.record import RunRecord


@pytest.fixture
def run() -> RunDirectory:
    run = RunDirectory.create("small")
    (run.path / "checkpoints").mkdir()
    torch.save({"state_dict": {}}, run.checkpoints / "a.ckpt")
    RunRecord("small", best={"path": "checkpoints/a.ckpt"}).write(run.record_path)
    run.config.write_text("trainer: {max_epochs: 4}\nckpt_path: /old.ckpt\n")
    run.make_latest()
    return run


def test_a_run_brings_its_settings_but_not_its_own_source(run: RunDirectory) -> None:
    source = find(Request.of("test", [str(run.path)]))
    assert source.base == {"trainer": {"max_epochs": 4}}
    assert source.checkpoint == run.best()


def test_a_recipe_beside_a_checkpoint_keeps_the_runs_settings_out(
    run: RunDirectory, recipe: str
) -> None:
    source = find(Request.of("test", ["-c", recipe, "--ckpt_path", "best"]))
    assert source.base == {}
    assert source.run == run


def test_two_runs_are_one_too_many(run: RunDirectory) -> None:
    other = RunDirectory.create("other")
    RunRecord("other").write(other.record_path)
    with pytest.raises(InputError, match="are two runs: name one"):
        find(Request.of("test", [str(run.path), "--ckpt_path", str(other.path)]))
    twice = find(Request.of("test", [str(run.path), "--ckpt_path", "runs/small/latest"]))
    assert twice.run == run


def test_a_checkpoint_is_found_by_way_of_latest(run: RunDirectory) -> None:
    given = "runs/small/latest/checkpoints/a.ckpt"
    source = find(Request.of("test", ["--ckpt_path", given]))
    assert (source.run, source.checkpoint) == (run, run.best())
    assert source.base == {"trainer": {"max_epochs": 4}}


def test_names() -> None:
    assert recipe_name([]) is None
    assert recipe_name(["deep/digits.yaml", "b.yaml"]) == "digits"


def test_a_runs_own_config_is_its_recipe(run: RunDirectory) -> None:
    assert recipe_name([str(run.config)]) == "small"


def root(*args: str) -> Path:
    request = Request.of("fit", list(args))
    request.lay(find(request).base)
    return runs_root(request, (request.view().get("trainer") or {}).get("default_root_dir"))


def test_the_folder_of_runs(recipe: str) -> None:
    assert root("-c", recipe) == Path("runs")
    flag = ["--trainer.default_root_dir", "x"]
    assert root("-c", recipe, *flag) == Path("x")
    assert root("-c", recipe, *flag, "--trainer.default_root_dir", "null") == Path("runs")
    assert root("-c", recipe, "--trainer.default_root_dir", "~/x") == Path.home() / "x"


def test_a_run_that_goes_on_stays_below_its_own_root_unless_told_otherwise() -> None:
    run = RunDirectory.create("small", Path("deep/runs"))
    RunRecord("small").write(run.record_path)
    run.checkpoints.mkdir(exist_ok=True)
    torch.save({"state_dict": {}}, run.checkpoints / "a.ckpt")
    stays = Path("deep/runs").absolute()
    run.config.write_text("trainer: {default_root_dir: named}\n")
    Path("same.yaml").write_text("trainer: {default_root_dir: named}\n")
    Path("over.yaml").write_text("trainer: {default_root_dir: there}\n")
    assert root(str(run.path)) == stays
    assert root(str(run.path), "-c", "same.yaml") == stays
    assert root(str(run.path), "-c", "over.yaml") == Path("there")
    assert root(str(run.path), "--trainer.default_root_dir", "named") == Path("named")
    assert root(str(run.path), "--trainer.default_root_dir", "null") == stays


@pytest.mark.parametrize("trainer", ["{default_root_dir: elsewhere}", "part.yaml"])
def test_the_latest_run_is_looked_for_where_all_layers_say(
    run: RunDirectory, recipe: str, trainer: str
) -> None:
    Path("part.yaml").write_text("default_root_dir: elsewhere\n")
    Path("over.yaml").write_text(f"trainer: {trainer}\n")
    shutil.copytree("runs", "elsewhere", symlinks=True)
    words = ["-c", recipe, "-c", "over.yaml", "--ckpt_path", "best"]
    found = find(Request.of("test", words)).run
    assert found is not None
    assert found.path.parents[1] == Path("elsewhere").absolute()
    null = [*words, "--trainer.default_root_dir", "null"]
    assert find(Request.of("test", null)).run == run


def test_stored_settings_of_a_python_module_need_the_recipes_class() -> None:
    content: dict[str, Any] = {"hyper_parameters": {"lr": 5}}
    assert stored_settings(content, {}, Path("a.ckpt")) == {}
    config = {"model": {"class_path": "a.B"}}
    assert stored_settings(content, config, Path("a.ckpt")) == {"model": {"init_args": {"lr": 5}}}


def test_a_class_that_nobody_imported_is_refused() -> None:
    content = {"hyper_parameters": {"_class_path": "no_such_module.Thing"}}
    wanted = (
        "^a.ckpt: not used: hyper_parameters._class_path names 'no_such_module.Thing', which no "
        "imported module defines; if you trust it, name what it is of: -c FILE --ckpt_path a.ckpt, "
        "or --model CLASS --data CLASS --ckpt_path a.ckpt$"
    )
    with pytest.raises(InputError, match=wanted):
        stored_settings(content, {}, Path("a.ckpt"))


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"", "not a readable checkpoint"), (b"PK torn", "not a readable"), (None, "no state_dict")],
)
def test_what_is_no_checkpoint(content: bytes | None, line: str) -> None:
    path = Path("a.ckpt")
    if content is None:
        torch.save({"weights": 1}, path)
    else:
        path.write_bytes(content)
    with pytest.raises(InputError, match=line):
        load(path)


@pytest.mark.parametrize("verb", ["test", "fit"])
def test_a_killed_run_is_named_when_it_is_opened(
    run: RunDirectory, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    find(Request.of(verb, [str(run.path)]))
    assert capsys.readouterr().err == ""
    RunRecord("small", epoch=3, pid=2**22 + 1).write(run.record_path)
    find(Request.of(verb, ["--ckpt_path", str(run.checkpoints / "a.ckpt")]))
    said = capsys.readouterr().err
    shown = f"runs/small/{run.path.name}"
    assert said == f"{shown}: failed (killed), epoch 3 of 4 was the last on record\n"


@pytest.mark.parametrize(
    "args", [["{run}"], ["--ckpt_path", "{run}"], ["-c", "small.yaml", "--ckpt_path", "best"]]
)
def test_a_killed_run_is_named_also_where_its_checkpoint_is_gone(
    run: RunDirectory, recipe: str, args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    RunRecord("small", best={"path": "checkpoints/b.ckpt"}, epoch=3, pid=2**22 + 1).write(
        run.record_path
    )
    with pytest.raises(RunError, match="is recorded but gone"):
        find(Request.of("test", [arg.format(run=run.path) for arg in args]))
    assert capsys.readouterr().err.count("failed (killed), epoch 3 of 4 was the last") == 1


@pytest.mark.parametrize(
    ("epochs", "steps", "told"),
    [
        (3, 12, "epoch 3 of 4 was the last on record"),
        (0, 12, "no whole epoch on record, step 12 is in its newest checkpoint"),
        (0, 0, "no epoch on record"),
    ],
)
def test_a_killed_runs_checkpoint_says_how_far_it_came(
    run: RunDirectory, epochs: int, steps: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = {"epoch_progress": {"current": {"processed": epochs}}}
    content = {"state_dict": {}, "loops": {"fit_loop": loop}, "global_step": steps}
    torch.save(content, run.checkpoints / "a.ckpt")
    RunRecord("small", pid=2**22 + 1).write(run.record_path)
    find(Request.of("fit", [str(run.path)]))
    assert capsys.readouterr().err.endswith(f": failed (killed), {told}\n")


def test_a_copy_of_a_run_has_the_root_of_its_settings(run: RunDirectory) -> None:
    copy = Path("elsewhere/two")
    shutil.copytree(run.path, copy)
    assert RunDirectory.open(copy).name == "small"
    assert root(str(copy)) == Path("runs")
    (copy / "config.yaml").write_text("trainer: {default_root_dir: deep/runs}\n")
    assert root(str(copy)) == Path("deep/runs")
    (run.path).rename(run.path.parent / "renamed")
    assert root("runs/small/renamed") == Path("runs").absolute(), "it lies among its kind"
