"""A run directory is taken once, found again, and says which checkpoint is best."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lightning_kit.runs.directory import RunDirectory
from lightning_kit.runs.errors import RunError
from lightning_kit.runs.record import RunRecord


def started(root: Path, name: str = "digits") -> RunDirectory:
    run = RunDirectory.create(name, root)
    RunRecord(name).write(run.record_path)
    run.checkpoints.mkdir()
    return run


def test_runs_that_start_together_get_directories_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: RunDirectory.create("digits", tmp_path), range(16)))
    assert len({run.path for run in runs}) == 16
    stamps = sorted(run.path.name for run in runs)
    assert any(name.endswith("-2") for name in stamps)
    assert all(run.name == "digits" for run in runs)


def test_latest_points_at_the_newest_and_is_relative(tmp_path: Path) -> None:
    first, second = started(tmp_path), started(tmp_path)
    assert first.make_latest() is None
    assert second.make_latest() == first
    assert RunDirectory.latest("digits", tmp_path) == second
    # A moved `runs` keeps its links.
    assert not os.path.isabs(os.readlink(tmp_path / "digits" / "latest"))


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_latest_that_is_no_link_is_kept_and_named(tmp_path: Path, kind: str) -> None:
    taken = tmp_path / "digits" / "latest"
    taken.parent.mkdir()
    if kind == "folder":
        taken.mkdir()
    else:
        taken.write_text("mine")
    with pytest.raises(RunError, match=f"latest is a {kind}.*rename it or remove it"):
        RunDirectory.create("digits", tmp_path)
    assert list(taken.parent.iterdir()) == [taken]
    assert not taken.is_symlink()


def test_a_folder_above_runs_names_the_newest(tmp_path: Path) -> None:
    run = started(tmp_path)
    with pytest.raises(RunError, match=f"did you mean {run.path}"):
        RunDirectory.open(tmp_path / "digits")


def test_a_latest_whose_run_was_removed_names_one_that_is_left(tmp_path: Path) -> None:
    left = started(tmp_path)
    gone = started(tmp_path)
    gone.make_latest()
    gone.remove()
    named = f"no run.json; did you mean {left.path}"
    with pytest.raises(RunError, match=named):
        RunDirectory.latest("digits", tmp_path)
    with pytest.raises(RunError, match=named):
        RunDirectory.open(tmp_path / "digits" / "latest")


def test_no_run_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run of 'digits'.*train one first"):
        RunDirectory.latest("digits", tmp_path)


def test_best_is_what_the_run_recorded(tmp_path: Path) -> None:
    run = started(tmp_path)
    (run.checkpoints / "a.ckpt").touch()
    RunRecord("digits", best={"path": "checkpoints/a.ckpt"}).write(run.record_path)
    assert run.best() == run.checkpoints / "a.ckpt"
    (run.checkpoints / "a.ckpt").rename(run.checkpoints / "b.ckpt")
    with pytest.raises(RunError, match="recorded but gone; there are: checkpoints/b.ckpt"):
        run.best()


def test_without_a_best_the_way_out_is_named(tmp_path: Path) -> None:
    run = started(tmp_path)
    with pytest.raises(RunError, match=r"has no checkpoint: start again from its config\.yaml"):
        run.best()
    (run.checkpoints / "a.ckpt").touch()
    with pytest.raises(RunError, match=r"--ckpt_path last, or one of: checkpoints/a\.ckpt"):
        run.best()


def test_last_is_the_newest_file(tmp_path: Path) -> None:
    run = started(tmp_path)
    with pytest.raises(RunError, match="has no checkpoint"):
        run.last()
    for age, name in enumerate(("z.ckpt", "deeper/m.ckpt", "a.ckpt")):
        path = run.checkpoints / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        os.utime(path, ns=(age, age))
    assert run.last().name == "a.ckpt"


def test_last_is_what_an_ended_run_recorded_whatever_a_copy_did_to_times(tmp_path: Path) -> None:
    run = started(tmp_path)
    for age, name in enumerate(("last.ckpt", "best.ckpt")):
        (run.checkpoints / name).touch()
        os.utime(run.checkpoints / name, ns=(age, age))
    RunRecord("digits", status="finished", last="checkpoints/last.ckpt").write(run.record_path)
    assert run.last().name == "last.ckpt"


def test_a_resumed_run_without_checkpoints_falls_back_on_its_source(tmp_path: Path) -> None:
    run, source = started(tmp_path), tmp_path / "old.ckpt"
    source.touch()
    RunRecord("digits", resumed_from=str(source)).write(run.record_path)
    assert run.last() == source


def test_a_checkpoint_knows_its_run(tmp_path: Path) -> None:
    run = started(tmp_path)
    assert RunDirectory.of_checkpoint(run.checkpoints / "a.ckpt") == run
    assert RunDirectory.of_checkpoint(tmp_path / "a.ckpt") is None


def test_dated_files_never_meet(tmp_path: Path) -> None:
    run = started(tmp_path)
    first = run.dated_file("test", ".json")
    first.touch()
    second = run.dated_file("test", ".json")
    assert first != second
    assert first.suffix == second.suffix == ".json"


def test_a_removed_run_takes_the_folders_along_that_were_made_for_it(tmp_path: Path) -> None:
    root = tmp_path / "new" / "runs"
    RunDirectory.create("small", root).remove()
    assert not list(tmp_path.iterdir())
    root.mkdir(parents=True)
    RunDirectory.create("small", root).remove()
    assert root.is_dir()
    assert not list(root.iterdir())
    first, second = (RunDirectory.create("small", root) for _ in range(2))
    first.remove()
    assert second.path.is_dir()
