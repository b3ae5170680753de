from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from lightning_kit.datamodules import DigitsDataModule, TableDataModule
from lightning_kit.runs.exported import to_export
from lightning_kit.runs.own_answers import OwnAnswers
from lightning_kit.tasks import ClassificationTask, RegressionTask

ROWS = {"input": np.arange(12, dtype=np.float32).reshape(4, 3)}


class Two(pl.LightningModule):
    """Takes a dict by keyword and answers a pair."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.9))

    def forward(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        return self.net(left), self.net(right)


class Plain(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(3, 2)

    def forward(self, input: Tensor) -> Any:
        return self.net(input)


class Halving(pl.LightningDataModule):
    """Scales in a hook that takes pairs alone, as most do."""

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        input, target = batch
        return input / 2, target


def test_a_task_answers_as_its_predict_step_does() -> None:
    data = DigitsDataModule(batch_size=5)
    data.setup("validate")
    task = ClassificationTask(nn.Sequential(nn.Dropout(0.5), nn.Linear(64, 10)), 10)
    trainer = pl.Trainer(logger=False, accelerator="cpu", enable_progress_bar=False)
    data.setup("predict")
    wanted = trainer.predict(task, data)
    assert wanted is not None
    raw = {"input": data.load("predict")[0].numpy()}
    answers = OwnAnswers(task, data)(raw)
    assert set(answers) == {"probabilities", "prediction", "confidence"}
    for name, found in answers.items():
        expected = torch.cat([batch[name] for batch in wanted])  # type: ignore[call-overload]
        torch.testing.assert_close(torch.from_numpy(found), expected)


def test_a_table_goes_through_its_own_encoders(tmp_path: Any) -> None:
    path = tmp_path / "rows.csv"
    lines = [f"{place % 7},{'ab'[place % 2]},{place / 3}" for place in range(40)]
    path.write_text("\n".join(["size,kind,price", *lines]))
    data = TableDataModule(str(path), "price", numeric=["size"])
    data.setup("fit")
    task = RegressionTask(nn.Linear(3, 1))
    rows = data.raw_rows("val")
    (input, _), *_ = data.val_dataloader()
    with torch.no_grad():
        wanted = task.predict_step(data.on_after_batch_transfer(input, 0), 0)["prediction"]
    found = OwnAnswers(task, data, target=torch.zeros(1))(rows)["prediction"]
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_what_else_a_datamodule_calls_encoders_is_let_be() -> None:
    module, data = Plain(), pl.LightningDataModule()
    data.encoders = {}  # type: ignore[attr-defined]
    own, bare = OwnAnswers(module, data)(ROWS), OwnAnswers(module)(ROWS)
    np.testing.assert_array_equal(own["output"], bare["output"])


def test_a_hook_that_takes_pairs_gets_a_pair() -> None:
    module = Plain()
    halved = OwnAnswers(module, Halving(), target=torch.zeros(2, dtype=torch.long))(ROWS)
    whole = OwnAnswers(module)({"input": ROWS["input"] / 2})
    np.testing.assert_array_equal(halved["output"], whole["output"])


def test_a_modules_own_hook_counts_where_the_datamodule_has_none() -> None:
    class Own(Plain):
        def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
            return batch + 1

    module = Own()
    shifted = OwnAnswers(module, pl.LightningDataModule())(ROWS)["output"]
    plain = Plain()
    plain.load_state_dict(module.state_dict())
    np.testing.assert_array_equal(
        shifted, OwnAnswers(plain)({"input": ROWS["input"] + 1})["output"]
    )


def test_a_dict_goes_by_keyword_and_a_pair_of_answers_is_numbered() -> None:
    module = Two().train()
    rows = {"left": ROWS["input"], "right": -ROWS["input"]}
    answers = OwnAnswers(module)(rows)
    assert set(answers) == {"output_0", "output_1"}
    np.testing.assert_array_equal(answers["output_0"], OwnAnswers(module)(rows)["output_0"])
    assert module.training
    assert module.net.training


def test_what_is_no_tensor_is_refused() -> None:
    class Text(Plain):
        def forward(self, input: Tensor) -> Any:
            return "seven"

    with pytest.raises(ValueError, match="the answers must be a tensor .* got str"):
        OwnAnswers(Text())(ROWS)


class Doubling(pl.LightningModule):
    """Predicts more than its forward gives."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return input

    def predict_step(self, batch: torch.Tensor, batch_idx: int) -> torch.Tensor:
        return 2 * self.forward(batch)


def test_a_predict_step_that_is_not_exported_is_told(caplog: pytest.LogCaptureFixture) -> None:
    told = "Doubling has a predict_step of its own, which is not exported"
    loader: Any = [torch.rand(4, 3), torch.rand(4, 3)]
    pipeline, samples = to_export(Doubling(), None, loader)
    assert samples is not None
    assert pipeline.remarks[0].startswith(told)
    answers = pipeline.answers(samples.rows)["output"]
    np.testing.assert_array_equal(answers, samples.rows["input"])
    # Without rows of its own nobody takes the pipeline.
    module = Doubling()
    module.example_input_array = torch.rand(1, 3)
    assert to_export(module)[1] is None
    assert told in caplog.text
