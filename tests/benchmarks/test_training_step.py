"""The seed program at a small size: all versions do the same work, and one that does not fails."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from benchmarks import training_step
from benchmarks.harness import DifferentWork, Plan, Ratio, Row, measure
from benchmarks.harness.command import hushed
from benchmarks.harness.same_work import Outcome
from benchmarks.programs.by_hand import by_hand
from benchmarks.programs.gan import gan_by_hand
from benchmarks.programs.seed import KEYS, Program, Seed
from benchmarks.programs.two_processes import two_processes
from benchmarks.training_step import (
    ALL,
    GANS,
    LOOPS,
    YAML,
    by_epoch,
    row,
    rows,
    same_game,
    same_program,
    similar_program,
)

RATIO = (Ratio("by hand", "by hand"),)


def small(programs: dict[str, Program], check: training_step.Check, **options: object) -> Row:
    return row("small", programs, RATIO, (1, 1), 30, 2, check, **options)


@pytest.mark.parametrize(
    ("programs", "check", "options"),
    [
        (ALL, same_program, {}),
        (ALL, same_program, {"fused": True}),
        (ALL, same_program, {"loader": "dataloader"}),
        (LOOPS, by_epoch, {"hidden": 8}),
        (GANS, same_game, {}),
    ],
    ids=["seed program", "fused", "DataLoader", "hidden", "two optimizers"],
)
def test_all_versions_do_the_same_work(
    programs: dict[str, Program], check: training_step.Check, options: dict[str, object],
    tmp_path: Path,
) -> None:  # fmt: skip
    measured = measure(small(programs, check, **options), Plan(2, folder=tmp_path))
    assert list(measured.seconds) == list(programs)
    assert all(len(samples) == 2 for samples in measured.seconds.values())
    assert measured.as_json()["ratios"][0]["ratio"] == 1


def test_the_kit_from_yaml_logs_as_often_and_learns_as_much(tmp_path: Path) -> None:
    measure(small(YAML, similar_program, fused=True), Plan(2, folder=tmp_path))


SEED = Seed(3, train_batches=30, val_batches=2)


def ignored() -> None:
    """Stand for a boundary that nobody waits at."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    with hushed():
        folder = tmp_path_factory.mktemp("loops")
        return {name: program(SEED, folder / name, ignored) for name, program in LOOPS.items()}


@pytest.mark.parametrize("other", [replace(SEED, epochs=2), replace(SEED, fused=True)])
def test_an_epoch_less_or_another_optimizer_is_found(
    other: Seed, outcomes: dict[str, Outcome], tmp_path: Path
) -> None:
    same_program(outcomes)
    found = {**outcomes, "other": by_hand(other, tmp_path / "other", ignored)}
    with pytest.raises(DifferentWork, match="other and by hand end with different weights"):
        same_program(found)


def test_a_score_or_a_file_less_is_found(outcomes: dict[str, Outcome]) -> None:
    first = outcomes["by hand"]
    for key in KEYS:
        fewer = {**first.scores, key: first.scores[key][:-1]}
        with pytest.raises(DifferentWork, match=f"other logged {key} "):
            same_program({**outcomes, "other": replace(first, scores=fewer)})
    with pytest.raises(DifferentWork, match="other kept the epochs"):
        same_program({**outcomes, "other": replace(first, kept=first.kept[:-1])})


def test_lean_must_log_the_very_digits_of_stock(outcomes: dict[str, Outcome]) -> None:
    scores = outcomes["lean"].scores
    near = {**scores, "val/loss": [value * (1 + 1e-7) for value in scores["val/loss"]]}
    with pytest.raises(DifferentWork, match="lean logged val/loss"):
        same_program({**outcomes, "lean": replace(outcomes["lean"], scores=near)})


def test_another_game_is_found(tmp_path: Path) -> None:
    found = {
        "by hand": gan_by_hand(SEED, tmp_path / "one", ignored),
        "other": gan_by_hand(replace(SEED, fused=True), tmp_path / "other", ignored),
    }
    with pytest.raises(DifferentWork, match="different weights"):
        same_game(found)


def test_a_quick_run_has_all_rows_and_the_seed_program_its_size() -> None:
    quick, full = rows(True), rows(False)
    assert [one.name for one in quick] == [one.name for one in full]
    assert quick[0].per == full[0].per == 400
    assert [ratio.bound for ratio in full[0].ratios if ratio.bound] == [
        "<= 1.15", "<= 1", ">= 4", "<= 1.35", ">= 4",
    ]  # fmt: skip


@pytest.mark.slow
def test_two_processes_do_the_same_work(tmp_path: Path) -> None:
    build = partial(two_processes, steps=60, val_batches=2)
    ratio = Ratio("kit", "DDP by hand")
    measured = measure(
        Row("two", build, 1, (ratio,), training_step.checked_by_the_ranks),
        Plan(2, folder=tmp_path),
    )
    assert [len(samples) for samples in measured.seconds.values()] == [2, 2, 2, 2]
