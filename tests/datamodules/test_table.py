import json
import logging
import pickle
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
import pytorch_lightning as pl
import torch
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from torch import nn

from lightning_kit.artefact.encoders import encode
from lightning_kit.datamodules import DataError
from lightning_kit.datamodules.table import TableDataModule
from lightning_kit.tasks import ClassificationTask

COLOURS = np.array(["blue", "green", "red", ""])


def columns(seed: int = 0, rows: int = 200) -> dict[str, list[Any]]:
    """Numbers with gaps, categories with gaps, dates, and targets that depend on them."""
    random = np.random.default_rng(seed)
    size = np.round(random.normal(10, 3, rows), 3)
    colour = random.choice(COLOURS, rows, p=[0.4, 0.3, 0.2, 0.1])
    days = np.datetime64("2023-01-01") + random.integers(0, 700, rows)
    price = np.round(2 * size + 5 * (colour == "red") + random.normal(0, 0.5, rows), 3)
    gaps = random.random(rows) < 0.1
    return {
        "size": ["" if gap else str(value) for gap, value in zip(gaps, size, strict=True)],
        "colour": colour.tolist(),
        "bought": [str(day) for day in days],
        "person": [str(value) for value in random.integers(0, 40, rows)],
        "price": [str(value) for value in price],
        "dear": ["yes" if value > 20 else "no" for value in price],
    }


def write(path: Path, table: dict[str, list[Any]]) -> str:
    arrow = pa.table(table)
    if path.suffix == ".parquet":
        pq.write_table(arrow, path)
    else:
        pa_csv.write_csv(arrow, path)
    return str(path)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return write(tmp_path / "shop.csv", columns())


def module(path: str, **options: Any) -> TableDataModule:
    return TableDataModule(path, "dear", ignore=["price", "person"], **options)


def fitted(path: str, **options: Any) -> TableDataModule:
    datamodule = module(path, **options)
    datamodule.setup("fit")
    return datamodule


def state_of(datamodule: TableDataModule) -> dict[str, Any]:
    state = datamodule.state_dict()
    state["preprocess"] = {name: value.tolist() for name, value in state["preprocess"].items()}
    return state


def test_a_batch_is_standardised_features_and_classes(path: str) -> None:
    datamodule = fitted(path)
    assert datamodule.classes == ["no", "yes"]
    assert datamodule.columns == ["size", "colour", "bought"]
    assert datamodule.feature_names == [
        "size", "size is missing", "colour=blue", "colour=green", "colour=red",
        "colour is missing", "bought days", "bought month sin", "bought month cos",
        "bought weekday sin", "bought weekday cos",
    ]  # fmt: skip
    input, target = datamodule.load("train")
    assert target is not None
    assert (input.shape, input.dtype, target.dtype) == ((140, 11), torch.float32, torch.int64)
    assert datamodule.class_counts == target.bincount().tolist()
    batch = next(iter(datamodule.train_dataloader()))
    ready, labels = datamodule.on_after_batch_transfer(batch, 0)
    assert ready.shape == (32, 11)
    assert labels.shape == (32,)
    assert datamodule.preprocess is not None
    everything = datamodule.preprocess(input)
    torch.testing.assert_close(everything.mean(dim=0), torch.zeros(11), atol=1e-4, rtol=0)
    torch.testing.assert_close(everything.std(dim=0, correction=0), torch.ones(11))


@pytest.mark.parametrize("seed", range(5))
def test_features_agree_with_scikit_learn(tmp_path: Path, seed: int) -> None:
    table = columns(seed)
    datamodule = fitted(write(tmp_path / "a.csv", table), seed=seed)
    size, colour = np.array(table["size"]), np.array(table["colour"])
    rows = {part: datamodule._parts.rows(part).rows for part in ("train", "test")}
    known = size[rows["train"]]
    median = np.median(known[known != ""].astype(float))
    filled = np.where(size == "", str(median), size).astype(float)[:, None]
    scaler = StandardScaler().fit(filled[rows["train"]])
    hot = OneHotEncoder(sparse_output=False).fit(colour[rows["train"]][:, None])
    input, _ = datamodule.load("test")
    assert datamodule.preprocess is not None
    ready = datamodule.preprocess(input).numpy()
    np.testing.assert_allclose(ready[:, :1], scaler.transform(filled[rows["test"]]), atol=1e-5)
    # scikit-learn sorts the empty text first, here it is last.
    raw = np.roll(hot.transform(colour[rows["test"]][:, None]), -1, axis=1)
    np.testing.assert_array_equal(input[:, 2:6].numpy(), raw)


def test_csv_and_parquet_give_the_same(tmp_path: Path, path: str) -> None:
    table = columns()
    table["size"] = [float(cell) if cell else None for cell in table["size"]]
    table["bought"] = [np.datetime64(day).item() for day in table["bought"]]
    table["colour"] = [cell or None for cell in table["colour"]]
    text, binary = fitted(path), fitted(write(tmp_path / "shop.parquet", table))
    assert text.encoders == binary.encoders
    assert torch.equal(text.load("test")[0], binary.load("test")[0])
    assert binary.raw_rows("test")["bought"] == text.raw_rows("test")["bought"]


def test_raw_rows_encode_to_what_training_sees(path: str) -> None:
    datamodule = fitted(path)
    assert datamodule.encoders is not None
    rows = datamodule.raw_rows("val")
    assert list(rows) == ["size", "colour", "bought"]
    assert (encode(rows, datamodule.encoders) == datamodule.load("val")[0].numpy()).all()


def test_other_test_and_val_rows_change_nothing_that_is_fitted(path: str) -> None:
    before = fitted(path)
    table = columns()
    for part in ("val", "test"):
        for row in before._parts.rows(part).rows:
            table["size"][row], table["colour"][row] = "1e6", "violet"
            table["bought"][row] = "1999-01-01"
    after = fitted(write(Path(path), table))
    states = state_of(before), state_of(after)
    # That the file is another is the one thing that must be told.
    assert states[0].pop("dealt") != states[1].pop("dealt")
    assert states[0] == states[1]
    # So that the comparison can fail: a training row does change what is fitted.
    table["size"][before._parts.rows("train").rows[0]] = "1e6"
    assert state_of(fitted(write(Path(path), table))) != state_of(before)


@pytest.mark.parametrize("split", ["random", "stratified", "group", "time", "kfold"])
def test_each_split_deals_every_row_once_and_by_its_seed(path: str, split: Any) -> None:
    every: dict[str, dict[str, Any]] = {
        "group": {"group_column": "person"},
        "time": {"time_column": "bought"},
        "kfold": {"num_folds": 4, "fold": 1},
    }
    options = every.get(split, {})

    def parts(seed: int) -> list[list[int]]:
        datamodule = TableDataModule(
            path, "dear", numeric=["size"], categorical=["colour"], ignore=["price"],
            split=split, seed=seed, **options,
        )  # fmt: skip
        datamodule.setup("fit")
        return [datamodule._parts.rows(part).rows.tolist() for part in ("train", "val", "test")]

    first = parts(0)
    assert sorted(row for part in first for row in part) == list(range(200))
    assert parts(0) == first
    assert (parts(1) == first) == (split == "time")


def test_the_columns_of_a_split_are_features_only_where_listed(path: str) -> None:
    datamodule = fitted(path, split="time", time_column="bought")
    assert datamodule.columns == ["size", "colour"]
    datamodule = fitted(path, split="time", time_column="bought", dates=["bought"])
    assert datamodule.columns == ["size", "colour", "bought"]


def test_the_seed_decides_the_batches(path: str) -> None:
    def batches(seed: int) -> list[list[float]]:
        datamodule = fitted(path, seed=seed, split_seed=0)
        return [input[:, 0].tolist() for input, _ in datamodule.train_dataloader()]

    assert batches(1) == batches(1)
    assert batches(1) != batches(2)
    assert sorted(chain(*batches(1))) == sorted(chain(*batches(2)))


def test_what_is_found_is_told_once(path: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        datamodule = fitted(path)
        datamodule.setup("fit")
        datamodule.load("train")
    lines = [record.getMessage() for record in caplog.records if "shop.csv" in record.getMessage()]
    assert [line.split("shop.csv: ")[1] for line in lines] == [
        "1 numeric: size",
        "1 categorical: colour",
        "1 dates: bought",
        "target dear: classes no, yes; 11 features",
    ]


def test_targets_of_every_kind(path: str) -> None:
    one = TableDataModule(path, "price", numeric=["size"], ignore=["dear"])
    two = TableDataModule(path, ["price", "size"], numeric=["person"])
    for datamodule, size in ((one, (140,)), (two, None)):
        if size is None:
            with pytest.raises(DataError, match="column 'size': a target must not be missing"):
                datamodule.setup("fit")
            continue
        datamodule.setup("fit")
        target = datamodule.load("train")[1]
        assert target is not None
        assert (target.shape, target.dtype) == (size, torch.float32)
        assert datamodule.classes is None
        assert datamodule.target_mean is not None
        torch.testing.assert_close(datamodule.target_mean, target.mean(0, keepdim=True))


def test_several_targets(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    table = {name: random.integers(0, 2, 50).tolist() for name in ("a", "b", "x")}
    path = write(tmp_path / "a.csv", table)
    labels = TableDataModule(path, ["a", "b"])
    labels.setup("fit")
    target = labels.load("train")[1]
    assert target is not None
    assert (labels.classes, target.dtype, target.shape) == (["a", "b"], torch.int64, (34, 2))
    assert labels.class_counts == target.sum(0).tolist()
    values = TableDataModule(path, ["a", "b"], kind="regression")
    values.setup("fit")
    assert values.target_std is not None
    assert values.target_std.shape == (2,)


def test_prediction_rows_need_no_target(tmp_path: Path, path: str) -> None:
    table = columns(1, rows=7)
    del table["dear"], table["price"], table["person"]
    datamodule = fitted(path, predict_path=write(tmp_path / "new.csv", table))
    datamodule.setup("predict")
    (batch,) = datamodule.predict_dataloader()
    assert isinstance(batch, torch.Tensor)
    assert batch.shape == (7, 11)
    assert datamodule.on_after_batch_transfer(batch, 0).shape == (7, 11)


def task() -> ClassificationTask:
    torch.manual_seed(0)
    return ClassificationTask(nn.Linear(11, 2), 2)


def trainer(folder: Path) -> pl.Trainer:
    return pl.Trainer(
        max_epochs=2, accelerator="cpu", devices=1, logger=False, default_root_dir=folder,
        enable_progress_bar=False, enable_model_summary=False, log_every_n_steps=1,
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*does not have many workers")
def test_a_checkpoint_tests_and_predicts_without_the_training_file(
    tmp_path: Path, path: str
) -> None:
    test_path = write(tmp_path / "test.csv", columns(9, rows=60))
    first = trainer(tmp_path)
    datamodule = module(path, test_path=test_path)
    first.fit(task(), datamodule=datamodule)
    first.save_checkpoint(tmp_path / "a.ckpt")
    expected = first.test(first.lightning_module, datamodule=datamodule, verbose=False)
    torch.load(tmp_path / "a.ckpt", weights_only=True)

    Path(path).unlink()
    fresh = module(path, test_path=test_path)
    fresh.setup("test")
    assert (fresh.encoders, fresh.classes, fresh.preprocess) == (None, None, None)
    ckpt = str(tmp_path / "a.ckpt")
    again = trainer(tmp_path).test(task(), datamodule=fresh, ckpt_path=ckpt, verbose=False)
    assert again == expected
    assert state_of(fresh) == state_of(datamodule)
    fresh = module(path, test_path=test_path)
    answers = trainer(tmp_path).predict(task(), datamodule=fresh, ckpt_path=ckpt)
    assert answers is not None
    predicted = torch.cat([answer["prediction"] for answer in answers])  # type: ignore[call-overload]
    assert predicted.shape == (60,)


def test_without_a_checkpoint_the_training_part_is_fitted_and_said(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    fresh = module(path)
    fresh.setup("test")
    assert fresh.encoders is None
    with caplog.at_level(logging.INFO):
        input, _ = fresh.load("test")
    assert "no checkpoint gave the table's statistics" in caplog.text
    assert torch.equal(input, fitted(path).load("test")[0])


def test_a_restored_state_wins_over_other_data(tmp_path: Path, path: str) -> None:
    before = fitted(path)
    other = fitted(write(tmp_path / "other.csv", columns(5)))
    assert state_of(other) != state_of(before)
    other.load_state_dict(before.state_dict())
    assert state_of(other) == state_of(before)
    with pytest.raises(ValueError, match="'colour' must be category, as the checkpoint"):
        module(path, dates=["colour"]).load_state_dict(before.state_dict())


def test_a_second_fit_reads_the_file_as_it_is_then(path: str) -> None:
    datamodule = fitted(path)
    write(Path(path), columns(5))
    datamodule.setup("test")
    assert state_of(datamodule) == state_of(fitted(write(Path(path).with_name("0.csv"), columns())))
    datamodule.setup("fit")
    assert state_of(datamodule) == state_of(fitted(path))


def test_features_can_stay_as_they_are(path: str) -> None:
    plain = fitted(path, standardise=False)
    assert plain.preprocess is None
    batch = next(iter(plain.val_dataloader()))
    assert plain.on_after_batch_transfer(batch, 0) is batch
    plain.load_state_dict(fitted(path).state_dict())
    assert plain.preprocess is None


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_seconds_since_1970_keep_their_spread(tmp_path: Path, suffix: str) -> None:
    seconds = 1.7e9 + np.random.default_rng(0).normal(0, 100, 200)
    cells = [repr(float(value)) for value in seconds] if suffix == ".csv" else seconds.tolist()
    table = {**columns(), "size": cells}
    datamodule = fitted(write(tmp_path / f"shop{suffix}", table))
    rows = datamodule._parts.rows("train").rows
    assert datamodule.preprocess is not None
    ready = datamodule.preprocess(datamodule.load("train")[0])[:, 0].numpy()
    wanted = (seconds[rows] - seconds[rows].mean()) / seconds[rows].std()
    np.testing.assert_allclose(ready, wanted, atol=1e-4)
    # What is served goes the same way.
    again = encode(datamodule.raw_rows("train"), json.loads(json.dumps(datamodule.encoders)))
    assert torch.equal(torch.from_numpy(again), datamodule.load("train")[0])


def test_it_pickles(path: str) -> None:
    datamodule = fitted(path)
    again = pickle.loads(pickle.dumps(datamodule))
    assert torch.equal(again.load("test")[0], datamodule.load("test")[0])


def test_without_a_validation_or_test_part_it_fits(path: str) -> None:
    assert len(fitted(path, fractions=(1, 0, 0)).load("train")[0]) == 200


def change(path: str, name: str, row: int, cell: str) -> None:
    table = columns()
    table[name][row - 1] = cell
    write(Path(path), table)


@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_a_bad_cell_of_any_part_is_named_before_training(path: str, part: Any) -> None:
    row = int(fitted(path)._parts.rows(part).rows[-1]) + 1
    change(path, "size", row, "twelve")
    datamodule = module(path, numeric=["size"])
    message = rf"shop\.csv, row {row}, column 'size': must be a number, got 'twelve'"
    with pytest.raises(DataError, match=message):
        datamodule.setup("fit")


@pytest.mark.parametrize("cell", ["", "nan"])
def test_a_missing_label_is_named(path: str, cell: str) -> None:
    change(path, "dear", 17, cell)
    with pytest.raises(DataError, match="row 17, column 'dear': a target must not be missing"):
        module(path).setup("fit")


def test_labels_of_another_file_must_be_known(tmp_path: Path, path: str) -> None:
    table = columns(3, rows=10)
    table["dear"][4] = "perhaps"
    datamodule = module(path, val_path=write(tmp_path / "val.csv", table))
    message = r"val\.csv, row 5, column 'dear': must be one of the 2 classes .* got 'perhaps'"
    with pytest.raises(DataError, match=message):
        datamodule.setup("fit")
    del table["colour"]
    datamodule = module(path, test_path=write(tmp_path / "val.csv", table))
    with pytest.raises(DataError, match=r"val\.csv, column 'colour': is missing"):
        datamodule.setup("fit")


def test_tables_that_cannot_be_learnt_from_are_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(DataError, match=r"column 'dera': is missing \(did you mean 'dear'"):
        TableDataModule(path, "dera").setup("fit")
    table = columns()
    table["dear"] = ["yes"] * 200
    with pytest.raises(DataError, match="column 'dear': must have more than one class .* 'yes'"):
        module(write(tmp_path / "b.csv", table)).setup("fit")
    table["price"] = ["1"] * 200
    flat = TableDataModule(str(tmp_path / "b.csv"), "price", kind="regression", numeric=["size"])
    write(tmp_path / "b.csv", table)
    with pytest.raises(DataError, match="column 'price': must hold more than one value"):
        flat.setup("fit")
    with pytest.raises(DataError, match="column 'colour': must have at most max_categories=2 .* 3"):
        fitted(path, max_categories=2)
    few = {name: cells[:2] for name, cells in columns().items()}
    with pytest.raises(DataError, match="rows must be at least 3 for parts, got 2"):
        module(write(tmp_path / "few.csv", few)).setup("fit")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"numeric": ["dear"]}, "target must not be in another list, got .'dear'."),
        ({"max_categories": 0}, "max_categories must be at least 1"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"fold": 1}, "fold has no effect with split 'random'"),
        ({"kind": "ranking"}, "kind must be 'classification' or 'regression'"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TableDataModule("a.csv", "dear", **options)


def test_categories_agree_between_csv_parquet_and_json(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    flag, grade, tenth = random.random(60) < 0.5, random.integers(0, 4, 60), random.random(60)
    table: dict[str, list[Any]] = {
        "flag": flag.tolist(),
        "grade": [None if row == 0 else float(cell) for row, cell in enumerate(grade)],
        "tenth": np.round(2 * tenth, 0).tolist(),
        "y": (flag ^ (grade > 1)).tolist(),
    }
    text = {
        name: ["" if cell is None else str(cell) for cell in cells] for name, cells in table.items()
    }
    options: dict[str, Any] = {"categorical": ["flag", "grade", "tenth"]}
    typed = TableDataModule(write(tmp_path / "a.parquet", table), "y", **options)
    plain = TableDataModule(write(tmp_path / "a.csv", text), "y", **options)
    for datamodule in (typed, plain):
        datamodule.setup("fit")
    assert text["flag"][0] in ("True", "False")
    assert typed.encoders == plain.encoders
    assert typed.classes == plain.classes == ["false", "true"]
    for left, right in zip(typed.load("test"), plain.load("test"), strict=True):
        assert left is not None
        assert right is not None
        assert torch.equal(left, right)
    assert plain.encoders is not None
    raw = json.loads(json.dumps(typed.raw_rows("test")))
    assert np.array_equal(encode(raw, plain.encoders), plain.load("test")[0].numpy())


def restored(state: dict[str, Any], stage: str, path: str, **options: Any) -> TableDataModule:
    """As Lightning does it in another process: set up first, then load the state."""
    datamodule = module(path, **options)
    datamodule.setup(stage)
    datamodule.load_state_dict(state)
    return datamodule


@pytest.mark.parametrize("part", ["train", "val", "test", "predict"])
@pytest.mark.parametrize(
    ("options", "rows", "differs"),
    [
        ({"seed": 5}, 200, "seed 0 -> 5 "),
        ({"split_seed": 5}, 200, "seed 0 -> 5 "),
        ({"fractions": [0.5, 0.25, 0.25]}, 200, r"fractions \[0.7, .*\] -> \[0.5, 0.25, 0.25\]"),
        ({"split": "stratified"}, 200, "split random -> stratified"),
        ({}, 201, "rows 200 -> 201; content"),
    ],
)
def test_a_split_that_is_not_that_of_training_is_refused(
    path: str, part: Any, options: dict[str, Any], rows: int, differs: str
) -> None:
    state = fitted(path).state_dict()
    write(Path(path), columns(rows=rows))
    stage = {"train": "fit", "val": "validate"}.get(part, part)
    datamodule = restored(state, stage, path, **options)
    for load in (datamodule.load, datamodule.raw_rows):
        with pytest.raises(DataError, match=f"shop.csv: must be split as in .*: {differs}") as info:
            load(part)
    assert (f"{part}_path" in str(info.value)) == (part != "train")


def test_other_cells_in_as_many_rows_are_refused(path: str) -> None:
    state = fitted(path).state_dict()
    write(Path(path), columns(seed=1))
    with pytest.raises(DataError, match="other parts: content .go back to the data"):
        restored(state, "test", path).load("test")


def test_a_part_of_its_own_file_does_not_depend_on_the_split(path: str, tmp_path: Path) -> None:
    state = fitted(path).state_dict()
    own = write(tmp_path / "own.csv", columns(seed=1, rows=50))
    for part in ("val", "test", "predict"):
        datamodule = restored(state, "test", path, seed=5, **{f"{part}_path": own})
        assert len(datamodule.load(part)[0]) == 50
    assert len(restored(state, "predict", path, seed=5, test_path=own).load("predict")[0]) == 50


def test_a_seed_that_deals_nothing_may_change(path: str) -> None:
    split: dict[str, Any] = {"split": "time", "time_column": "bought"}
    for options in (split, {"split_seed": 0}):
        state = fitted(path, **options).state_dict()
        assert len(restored(state, "test", path, seed=5, **options).load("test")[0]) == 30


def test_a_checkpoint_from_before_splits_were_kept_still_loads(path: str) -> None:
    state = fitted(path).state_dict()
    del state["dealt"]
    assert len(restored(state, "test", path, seed=5).load("test")[0]) == 30


@pytest.mark.parametrize("stage", ["fit", "validate", "test", "predict"])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("price", None), r"target must be \['dear'\], as the checkpoint was .*, got \['price'\]"),
        ((["dear", "person"], None), r"\['dear'\], as .*, got \['dear', 'person'\]"),
        (("number", "regression"), "kind must be 'classification', as .*, got 'regression'"),
    ],
)
def test_another_target_or_kind_than_that_of_training_is_refused(
    path: str, stage: str, given: tuple[Any, Any], message: str
) -> None:
    table = {**columns(), "number": np.random.default_rng(0).integers(0, 3, 200).tolist()}
    write(Path(path), table)
    (target, kind), trained = given, "number" if "number" in given else "dear"
    rest: dict[str, Any] = {"numeric": ["size"], "ignore": ["colour", "bought"]}
    first = TableDataModule(path, trained, kind=None, **rest)
    first.setup("fit")
    second = TableDataModule(path, target, kind=kind, **rest)
    if stage != "fit" or target != ["dear", "person"]:
        second.setup(stage)
    with pytest.raises(ValueError, match=message) as error:
        second.load_state_dict(first.state_dict())
    assert "\n" not in str(error.value)


def test_a_kind_that_was_found_may_be_given(path: str) -> None:
    state = fitted(path).state_dict()
    assert len(restored(state, "fit", path, kind="classification").load("test")[0]) == 30
    del state["target"]
    assert len(restored(state, "test", path).load("test")[0]) == 30


def test_a_new_fit_may_have_another_split(path: str) -> None:
    datamodule = restored(fitted(path).state_dict(), "test", path, seed=5)
    datamodule.setup("fit")
    assert len(datamodule.load("test")[0]) == 30


# Lightning warns that the folder of the checkpoints is not empty.
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_fit_is_not_resumed_on_another_split(path: str, tmp_path: Path) -> None:
    def trainer(epochs: int) -> pl.Trainer:
        return pl.Trainer(
            accelerator="cpu", max_epochs=epochs, logger=False, default_root_dir=tmp_path,
            enable_progress_bar=False, enable_model_summary=False,
        )  # fmt: skip

    net = nn.Linear(11, 2)
    first = trainer(1)
    first.fit(ClassificationTask(net, 2), module(path))
    file = first.checkpoint_callback.best_model_path  # type: ignore[union-attr]
    with pytest.raises(DataError, match="seed 0 -> 5"):
        trainer(2).fit(ClassificationTask(net, 2), module(path, seed=5), ckpt_path=file)
    with pytest.raises(DataError, match="seed 0 -> 5"):
        trainer(1).test(ClassificationTask(net, 2), module(path, seed=5), ckpt_path=file)
