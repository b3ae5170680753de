"""What plain models reach on a datamodule's own split: the score that a recipe is held against."""

import warnings
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightning_kit.datamodules.base import AbstractDataModule, Part

Array = NDArray[Any]


def baselines(datamodule: AbstractDataModule, part: Part = "test") -> dict[str, float]:
    """Fit guessing, linear and gradient-boosted models to the training part, score ``part``.

    They see what the model sees: the same rows, encoded, and standardised where the datamodule
    does that. Classes are scored by accuracy (with several labels a row, the fraction of labels),
    numbers by RMSE and R2 in the targets' units, as the kit's tasks log them.

    Args:
        datamodule: Set up for ``fit``; its inputs are ``(N, ...)``, flattened to ``(N, F)``.
        part: Whose rows are scored.

    Returns:
        ``majority/accuracy``, ``linear/accuracy`` and ``boosted/accuracy``; or ``rmse`` and ``r2``
        of ``mean``, ``linear`` and ``boosted``.

    Raises:
        ValueError: If ``part`` has no targets.
    """
    (train, target), (input, truth) = _arrays(datamodule, "train"), _arrays(datamodule, part)
    classifies = datamodule.classes is not None
    scores: dict[str, float] = {}
    for name, model in _models(classifies, several=target.ndim > 1).items():
        # On a table's few rows, threads cost more than they do.
        with _one_thread(), warnings.catch_warnings():
            # A baseline that has not quite converged is one still.
            warnings.filterwarnings("ignore", category=_not_converged())
            answer = model.fit(train, target).predict(input)
        score = _accuracy if classifies else _errors
        scores |= {f"{name}/{metric}": value for metric, value in score(answer, truth).items()}
    return scores


def _arrays(datamodule: AbstractDataModule, part: Part) -> tuple[Array, Array]:
    input, target = datamodule.load(part)
    if target is None:
        raise ValueError(f"part must have targets to score, got {part!r}")
    preprocess = datamodule.preprocess
    ready = input if preprocess is None else preprocess(input.to(_device(preprocess)))
    return ready.flatten(1).double().cpu().numpy(), target.cpu().numpy()


def _device(preprocess: Any) -> Any:
    """After a fit the statistics are where the model was."""
    return next((buffer.device for buffer in preprocess.buffers()), "cpu")


def _models(classifies: bool, *, several: bool) -> dict[str, Any]:
    # Two seconds to import, which only who asks for baselines should wait for.
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor

    if not classifies:
        boosted = HistGradientBoostingRegressor(random_state=0)
        return {
            "mean": DummyRegressor(),
            "linear": Ridge(),
            "boosted": MultiOutputRegressor(boosted) if several else boosted,
        }
    models = {
        "majority": DummyClassifier(strategy="most_frequent"),
        "linear": LogisticRegression(max_iter=1000),
        "boosted": HistGradientBoostingClassifier(random_state=0),
    }
    return {name: MultiOutputClassifier(model) if several else model
            for name, model in models.items()}  # fmt: skip


def _one_thread() -> AbstractContextManager[Any]:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    limits: AbstractContextManager[Any] = threadpool_limits(1)
    return limits


def _not_converged() -> type[Warning]:
    from sklearn.exceptions import ConvergenceWarning

    warning: type[Warning] = ConvergenceWarning
    return warning


def _accuracy(answer: Array, truth: Array) -> dict[str, float]:
    return {"accuracy": float((answer == truth).mean())}


def _errors(answer: Array, truth: Array) -> dict[str, float]:
    """RMSE over all numbers, and the mean over targets of R2."""
    squares = np.square(answer - truth)
    spread = np.square(truth - truth.mean(axis=0))
    r2 = 1 - squares.sum(axis=0) / spread.sum(axis=0)
    return {"rmse": float(np.sqrt(squares.mean())), "r2": float(np.mean(r2))}
