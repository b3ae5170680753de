"""Make an artefact a version of a model in MLflow's registry."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, final

from lightning_kit.artefact import Artefact
from lightning_kit.artefact.extras import imported
from lightning_kit.tracking.mlflow_files import FOLDER, write_mlflow_model
from lightning_kit.tracking.mlflow_model import _load_pyfunc

EXPERIMENT = "lightning_kit"
# MLflow refuses longer tags.
MOST_CHARACTERS = 5000


@final
@dataclass(frozen=True)
class Registered:
    """A version of a model.

    Args:
        name: Of the model.
        version: From 1.
        store: URI of the registry.
    """

    name: str
    version: str
    store: str

    @property
    def uri(self) -> str:
        """What ``mlflow.pyfunc.load_model`` takes."""
        return f"models:/{self.name}/{self.version}"


def register(
    artefact: Artefact, name: str | None = None, *, store: str = "mlflow.db"
) -> Registered:
    """Copy ``artefact`` into MLflow's store as a new version, with its lineage as tags.

    Args:
        artefact: It must still give its golden answers.
        name: Of the model; the artefact's own where None.
        store: A file, or a URI such as ``sqlite:///mlflow.db`` or ``https://...``. Beside a file
            lie the models, in ``mlartifacts/``.

    Raises:
        ArtefactError: If the artefact does not give its golden answers here.
        ValueError: If the registry refuses the name.
        ImportError: If MLflow is not installed.
    """
    mlflow = imported("mlflow", "model registries", "mlflow")
    for package in ("sqlalchemy", "alembic"):
        imported(package, "MLflow's sqlite stores", "mlflow")
    name = artefact.manifest.name if name is None else name
    with _quiet(), TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        folder.mkdir()
        write_mlflow_model(artefact, folder)
        # What is registered is what will be loaded.
        _load_pyfunc(str(folder / FOLDER)).artefact.replay()
        uri, models = _store(store)
        client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
        try:
            version = _version(client, artefact, name, folder, models)
        except mlflow.exceptions.MlflowException as error:
            line = str(error).splitlines()[0]
            raise ValueError(f"{uri} does not take model {name!r}: {line}") from error
    return Registered(name, str(version), uri)


def _version(client: Any, artefact: Artefact, name: str, folder: Path, models: str | None) -> Any:
    experiment = client.get_experiment_by_name(EXPERIMENT)
    known = experiment and experiment.experiment_id
    tags = _tags(artefact)
    run = client.create_run(
        known or client.create_experiment(EXPERIMENT, artifact_location=models),
        run_name=name,
        tags=tags,
    )
    try:
        for metric, value in _metrics(artefact).items():
            client.log_metric(run.info.run_id, metric, value)
        client.log_artifacts(run.info.run_id, str(folder), "model")
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        made = client.create_model_version(
            name,
            source=f"{run.info.artifact_uri}/model",
            run_id=run.info.run_id,
            tags=tags,
            description=f"verified artefact of lightning_kit, {artefact.manifest.created}",
        )
    except BaseException:
        client.delete_run(run.info.run_id)
        raise
    client.set_terminated(run.info.run_id)
    return made.version


def _tags(artefact: Artefact) -> dict[str, str]:
    lineage = {
        key: str(value)[:MOST_CHARACTERS]
        for key, value in artefact.manifest.lineage.items()
        if value is not None
    }
    return {**lineage, "formats": ", ".join(artefact.manifest.formats)}


def _metrics(artefact: Artefact) -> dict[str, float]:
    found = artefact.manifest.verification.get("metrics") or {}
    values = {name: entry.get("value") for name, entry in found.items() if isinstance(entry, dict)}
    return {name: float(value) for name, value in values.items() if isinstance(value, int | float)}


def _store(store: str) -> tuple[str, str | None]:
    """Return the URI of a store, and where its models lie; None: where the server puts them."""
    path = store.removeprefix("sqlite:///")
    if "://" in path:
        return store, None
    file = Path(path).expanduser().absolute()
    return f"sqlite:///{file}", (file.parent / "mlartifacts").as_uri()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what MLflow's libraries say of each other, and its own report of use."""
    before = os.environ.get("MLFLOW_DISABLE_TELEMETRY")
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    try:
        with warnings.catch_warnings():
            # MLflow 3.17 under SQLAlchemy 2.1.
            warnings.filterwarnings("ignore", module=r"(sqlalchemy|mlflow|alembic)\b")
            warnings.filterwarnings("ignore", message="The ``noload`` loader strategy")
            yield
    finally:
        if before is None:
            del os.environ["MLFLOW_DISABLE_TELEMETRY"]
        else:
            os.environ["MLFLOW_DISABLE_TELEMETRY"] = before
