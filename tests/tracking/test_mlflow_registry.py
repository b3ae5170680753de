import json
import sys
from pathlib import Path

import numpy as np
import pytest
from programs.artefacts import TABLE_ROWS, write_table

from lightning_kit.artefact import Artefact, ArtefactError
from lightning_kit.artefact.hashes import sha256_of
from lightning_kit.tracking.mlflow_model import _load_pyfunc
from lightning_kit.tracking.mlflow_registry import register


@pytest.fixture
def artefact(tmp_path: Path) -> Artefact:
    return Artefact.open(write_table(tmp_path / "small"))


def test_versions_count_up_and_each_gives_the_golden_answers(
    artefact: Artefact, tmp_path: Path
) -> None:
    mlflow = pytest.importorskip("mlflow")
    first, second = (register(artefact, "sizes", store=str(tmp_path / "m.db")) for _ in range(2))
    assert (first.uri, second.uri) == ("models:/sizes/1", "models:/sizes/2")
    client = mlflow.MlflowClient(tracking_uri=first.store, registry_uri=first.store)
    source = Path(client.get_model_version("sizes", "2").source.removeprefix("file://"))
    assert source.is_relative_to(tmp_path / "mlartifacts")
    answers = _load_pyfunc(str(source / "artefact")).predict(TABLE_ROWS)
    np.testing.assert_array_equal(
        answers["probabilities"], artefact.answer(TABLE_ROWS)["probabilities"]
    )


# Of MLflow's own types, as they are imported.
@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning")
def test_mlflow_itself_loads_it_where_pandas_is_there(artefact: Artefact, tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    from mlflow import pyfunc, set_registry_uri, set_tracking_uri

    found = register(artefact, store=str(tmp_path / "m.db"))
    set_tracking_uri(found.store)
    set_registry_uri(found.store)
    model = pyfunc.load_model(found.uri)
    wanted = artefact.answer(TABLE_ROWS)["probabilities"]
    np.testing.assert_array_equal(model.predict(TABLE_ROWS)["probabilities"], wanted)


def test_an_artefact_that_answers_otherwise_is_not_registered(
    artefact: Artefact, tmp_path: Path
) -> None:
    golden, manifest = artefact.path / "golden.jsonl", artefact.path / "manifest.json"
    golden.write_text(golden.read_text().replace("red", "blue"))
    content = json.loads(manifest.read_text())
    content["files"]["golden.jsonl"] = sha256_of(golden)
    manifest.write_text(json.dumps(content))
    with pytest.raises(ArtefactError, match="golden row"):
        register(Artefact.open(artefact.path), store=str(tmp_path / "m.db"))
    assert not (tmp_path / "m.db").exists()


def test_a_name_that_mlflow_refuses_is_one_line(artefact: Artefact, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not take model 'a/b'") as raised:
        register(artefact, "a/b", store=str(tmp_path / "m.db"))
    assert "\n" not in str(raised.value)


def test_without_mlflow_the_extra_is_named(
    artefact: Artefact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(ImportError, match="lightning_kit\\[mlflow\\]"):
        register(artefact)
