from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score, root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lightning_kit.datamodules import DigitsDataModule
from lightning_kit.datamodules.base import AbstractDataModule
from lightning_kit.datamodules.baselines import baselines
from lightning_kit.datamodules.synthetic import SyntheticDataModule
from lightning_kit.datamodules.table import TableDataModule

CONFIGS = Path(__file__).parents[2] / "configs" / "data"


def cancer(**options: Any) -> TableDataModule:
    datamodule = TableDataModule(
        str(CONFIGS / "breast_cancer.csv"), "diagnosis", split="stratified", **options
    )
    datamodule.setup("fit")
    return datamodule


def arrays(datamodule: AbstractDataModule, part: Any) -> tuple[Any, Any]:
    input, target = datamodule.load(part)
    assert target is not None
    return input.double().numpy(), target.numpy()


@pytest.mark.parametrize("seed", [0, 1])
def test_classes_are_scored_as_scikit_learn_scores_the_same_rows(seed: int) -> None:
    datamodule = cancer(seed=seed)
    train, test = arrays(datamodule, "train"), arrays(datamodule, "test")
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(*train)
    boosted = HistGradientBoostingClassifier(random_state=0).fit(*train)
    scores = baselines(datamodule)
    assert list(scores) == ["majority/accuracy", "linear/accuracy", "boosted/accuracy"]
    assert scores["majority/accuracy"] == (test[1] == np.bincount(train[1]).argmax()).mean()
    assert scores["linear/accuracy"] == pytest.approx(linear.score(*test))
    assert scores["boosted/accuracy"] == pytest.approx(boosted.score(*test), abs=0.03)
    assert min(scores["linear/accuracy"], scores["boosted/accuracy"]) > 0.9
    assert scores["majority/accuracy"] < 0.7


def test_numbers_are_scored_in_the_targets_units() -> None:
    datamodule = TableDataModule(str(CONFIGS / "diabetes.csv"), "progression", kind="regression")
    datamodule.setup("fit")
    train, val = arrays(datamodule, "train"), arrays(datamodule, "val")
    answer = make_pipeline(StandardScaler(), Ridge()).fit(*train).predict(val[0])
    scores = baselines(datamodule, "val")
    assert scores["linear/rmse"] == pytest.approx(root_mean_squared_error(val[1], answer), rel=1e-4)
    assert scores["linear/r2"] == pytest.approx(r2_score(val[1], answer), rel=1e-4)
    spread = root_mean_squared_error(val[1], np.full_like(val[1], train[1].mean()))
    assert scores["mean/rmse"] == pytest.approx(spread)
    assert scores["linear/rmse"] < scores["mean/rmse"]


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({"kind": "labels", "num_classes": 2}, {"majority/accuracy", "boosted/accuracy"}),
        ({"kind": "surface", "num_targets": 2}, {"mean/r2", "boosted/rmse"}),
    ],
)
def test_several_targets_are_scored_together(options: dict[str, Any], keys: set[str]) -> None:
    datamodule = SyntheticDataModule(num_rows=300, **options)
    datamodule.setup("fit")
    scores = baselines(datamodule)
    assert keys < set(scores)
    test, train = arrays(datamodule, "test")[1], arrays(datamodule, "train")[1]
    if options["kind"] == "labels":
        majority = (test == (train.mean(axis=0) > 0.5)).mean()
        assert scores["majority/accuracy"] == pytest.approx(majority)
    else:
        constant = np.broadcast_to(train.mean(axis=0), test.shape)
        assert scores["mean/r2"] == pytest.approx(r2_score(test, constant), rel=1e-4)


def test_pictures_are_flattened() -> None:
    flat, image = DigitsDataModule(), DigitsDataModule(image=True)
    flat.setup("fit")
    image.setup("fit")
    keep = slice(0, 60)
    for datamodule in (flat, image):
        parts = datamodule._parts
        for part, (input, target) in parts.items():
            parts[part] = (input[keep], None if target is None else target[keep])
    assert baselines(flat) == baselines(image)


def test_a_part_without_targets_is_refused() -> None:
    with pytest.raises(ValueError, match="part must have targets to score, got 'predict'"):
        baselines(cancer(), "predict")


def test_they_fit_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

    seen: list[int] = []
    fit = Ridge.fit

    def spy(self: Any, *args: Any, **options: Any) -> Any:
        seen.extend(pool["num_threads"] for pool in threadpool_info())
        return fit(self, *args, **options)

    monkeypatch.setattr(Ridge, "fit", spy)
    datamodule = SyntheticDataModule(kind="surface", num_rows=60)
    datamodule.setup("fit")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        baselines(datamodule)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert set(seen) == {1}
