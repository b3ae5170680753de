"""Who belongs to the training, validation and test part. Plain numpy: no Lightning here.

Every function returns ``{"train": ..., "val": ..., "test": ...}``: sorted int64 row indices, each
row in one part. A part whose fraction is 0 is empty; any other has at least one row.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightning_kit.artefact.rows.errors import DataError

Indices = NDArray[np.int64]
Split = dict[str, Indices]

PARTS = ("train", "val", "test")


def check_fractions(fractions: Sequence[float]) -> None:
    """Refuse fractions that are not a training, a validation and a test share of the whole.

    Raises:
        ValueError: If there are not three, one is out of range, or they do not sum to 1.
    """
    if len(fractions) != len(PARTS):
        raise ValueError(f"fractions must be three, [train, val, test], got {list(fractions)}")
    if not fractions[0] > 0 or not all(0 <= fraction <= 1 for fraction in fractions):
        raise ValueError(f"fractions must be in [0, 1], train above 0, got {list(fractions)}")
    if not math.isclose(sum(fractions), 1, abs_tol=1e-6):
        raise ValueError(f"fractions must sum to 1, got {list(fractions)} ({sum(fractions):g})")


def random_split(num_rows: int, fractions: Sequence[float], seed: int) -> Split:
    """Deal out rows at random.

    >>> {part: rows.tolist() for part, rows in random_split(5, (0.6, 0.2, 0.2), seed=0).items()}
    {'train': [0, 2, 3], 'val': [1], 'test': [4]}

    Raises:
        DataError: If there are fewer rows than parts.
    """
    return stratified_split(np.zeros(num_rows), fractions, seed)


def stratified_split(labels: ArrayLike, fractions: Sequence[float], seed: int) -> Split:
    """Deal out rows so that every part has each class in the proportion of the whole.

    Args:
        labels: Shape ``(N,)``; integers or strings.
        fractions: Of the training, validation and test part.
        seed: Not negative.

    Raises:
        DataError: If a class has fewer rows than there are parts.
    """
    check_fractions(fractions)
    order, classes, counts = _by_class(labels, seed)
    least = [math.ceil(fraction) for fraction in fractions]
    _check_counts(classes, counts, sum(least), "parts")
    parts: list[list[Indices]] = [[], [], []]
    seen, given = 0, [0, 0, 0]
    for rows in np.split(order, np.cumsum(counts)[:-1]):
        seen += len(rows)
        # What rounding leaves over is carried to the next class, so that small ones add up.
        val = min(max(round(seen * fractions[1]) - given[1], least[1]), len(rows) - 1 - least[2])
        test = min(max(round(seen * fractions[2]) - given[2], least[2]), len(rows) - 1 - val)
        for part, share in enumerate(np.split(rows, [len(rows) - val - test, len(rows) - test])):
            parts[part].append(share)
            given[part] += len(share)
    return _split(*(np.concatenate(shares) for shares in parts))


def group_split(groups: ArrayLike, fractions: Sequence[float], seed: int) -> Split:
    """Deal out whole groups, at random, until each part has about its fraction of the rows.

    Args:
        groups: Shape ``(N,)``; rows of equal value stay together.
        fractions: Of the training, validation and test part, in rows.
        seed: Not negative.

    Raises:
        DataError: If there are fewer groups than parts.
    """
    check_fractions(fractions)
    names, member = np.unique(_column(groups, "groups"), return_inverse=True)
    wanted = np.asarray(fractions) * len(member)
    empty = set(np.flatnonzero(wanted).tolist())
    if len(names) < len(empty):
        raise DataError(f"groups must be at least {len(empty)}, one a part", value=len(names))
    sizes = np.bincount(member)
    part_of = np.zeros(len(names), dtype=np.int64)
    order = _random_state(seed).permutation(len(names))
    for remaining, group in zip(range(len(order), 0, -1), order, strict=True):
        open_parts = sorted(empty) if remaining <= len(empty) else range(len(PARTS))
        part = max(open_parts, key=lambda candidate: wanted[candidate])
        part_of[group] = part
        wanted[part] -= sizes[group]
        empty.discard(part)
    return _split(*(np.flatnonzero(part_of[member] == part) for part in range(len(PARTS))))


def time_split(times: ArrayLike, fractions: Sequence[float]) -> Split:
    """Give the earliest rows to training, the next to validation, the latest to the test part.

    Rows of the same time stay together, so a part's size may differ from its fraction.

    Args:
        times: Shape ``(N,)``; numbers, ``datetime64`` or strings that sort by time.
        fractions: Of the training, validation and test part.

    Raises:
        DataError: If a time is missing, or there are fewer distinct times than parts.
    """
    check_fractions(fractions)
    values = _column(times, "times")
    moments, member, counts = np.unique(values, return_inverse=True, return_counts=True)
    has_val, has_test = math.ceil(fractions[1]), math.ceil(fractions[2])
    if len(moments) < (num_parts := 1 + has_val + has_test):
        raise DataError(f"times must be at least {num_parts} distinct ones", value=len(moments))
    passed = np.cumsum(counts)
    first, second = (
        int(np.argmin(np.abs(passed - share * len(values)))) + 1
        for share in (fractions[0], fractions[0] + fractions[1])
    )
    first = min(first, len(moments) - has_val - has_test)
    second = min(max(second, first + has_val), len(moments) - has_test)
    return _split(
        np.flatnonzero(member < first),
        np.flatnonzero((member >= first) & (member < second)),
        np.flatnonzero(member >= second),
    )


def kfold_split(
    num_rows: int,
    num_folds: int,
    fold: int,
    val_fraction: float,
    seed: int,
    labels: ArrayLike | None = None,
) -> Split:
    """Make one fold the test part, and split the others into training and validation.

    Over all values of ``fold``, each row is in the test part once.

    Args:
        num_rows: ``N``.
        num_folds: At least 2.
        fold: The one to test on, in ``[0, num_folds)``.
        val_fraction: Of the rows outside the fold, in (0, 1).
        seed: Not negative; the same one for all folds.
        labels: Shape ``(N,)``: where given, each fold has each class in proportion.

    Raises:
        ValueError: If an argument is out of range.
        DataError: If there are fewer rows, or rows of a class, than folds.
    """
    if num_folds < 2:
        raise ValueError(f"num_folds must be at least 2, got {num_folds}")
    if not 0 <= fold < num_folds:
        raise ValueError(f"fold must be in [0, num_folds={num_folds}), got {fold}")
    if not 0 < val_fraction < 1:
        raise ValueError(f"val_fraction must be in (0, 1), got {val_fraction}")
    strata = np.zeros(num_rows) if labels is None else _column(labels, "labels")
    if len(strata) != num_rows:
        raise DataError(f"labels must have {num_rows} rows", value=len(strata))
    order, classes, counts = _by_class(strata, seed)
    _check_counts(classes, counts, num_folds, "folds")
    test = order[fold::num_folds]
    rest = np.setdiff1d(order, test)
    inner = stratified_split(strata[rest], (1 - val_fraction, val_fraction, 0), seed)
    return _split(rest[inner["train"]], rest[inner["val"]], test)


def _split(train: Indices, val: Indices, test: Indices) -> Split:
    return {part: np.sort(rows) for part, rows in zip(PARTS, (train, val, test), strict=True)}


def _column(values: ArrayLike, name: str) -> NDArray[np.generic]:
    column = np.asarray(values)
    if column.ndim != 1 or not len(column):
        raise DataError(f"{name} must be one column with rows", value=column.shape)
    if column.dtype.kind == "O":
        missing = np.asarray([value is None or value != value for value in column])
    else:
        missing = np.isnan(column) if column.dtype.kind in "fmM" else np.zeros(len(column), bool)
    if missing.any():
        raise DataError(f"{name} must not be missing", row=int(np.argmax(missing)) + 1)
    return column


def _by_class(
    labels: ArrayLike, seed: int
) -> tuple[Indices, NDArray[np.generic], NDArray[np.int64]]:
    """Return the rows in random order, class after class; the classes; their row counts."""
    classes, member, counts = np.unique(
        _column(labels, "labels"), return_inverse=True, return_counts=True
    )
    shuffled = _random_state(seed).permutation(len(member))
    return shuffled[np.argsort(member[shuffled], kind="stable")], classes, counts


def _check_counts(
    classes: NDArray[np.generic], counts: NDArray[np.int64], least: int, what: str
) -> None:
    rarest = int(np.argmin(counts))
    if counts[rarest] < least:
        whose = f" of class {classes[rarest].item()!r}" if len(classes) > 1 else ""
        raise DataError(
            f"rows{whose} must be at least {least} for {what}", value=int(counts[rarest])
        )


def _random_state(seed: int) -> np.random.RandomState:
    if seed < 0:
        raise ValueError(f"seed must not be negative, got {seed}")
    # Its stream is frozen for good (NEP 19), unlike `default_rng`'s: a split outlives an upgrade.
    return np.random.RandomState(np.random.MT19937(seed))
