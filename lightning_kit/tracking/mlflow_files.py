"""An MLflow model folder around an artefact."""

import platform
import shutil
import uuid
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import yaml

from lightning_kit.artefact import Artefact

FOLDER = "artefact"
LOADER = "lightning_kit.tracking.mlflow_model"
PACKAGES = ("lightning_kit", "numpy", "onnxruntime", "safetensors")
OF_IMAGES = "Pillow"


def write_mlflow_model(artefact: Artefact, folder: Path) -> None:
    """Write ``MLmodel``, its requirements and a copy of the artefact into ``folder``.

    MLflow's own writer would import pandas, which writing needs nowhere.

    Args:
        artefact: What the model answers with.
        folder: Empty.
    """
    shutil.copytree(artefact.path, folder / FOLDER)
    manifest = artefact.manifest
    flavour = {
        "data": FOLDER,
        "env": {"virtualenv": "python_env.yaml"},
        "loader_module": LOADER,
        "python_version": platform.python_version(),
    }
    model = {
        "artifact_path": "model",
        "flavors": {"python_function": flavour},
        "metadata": {"artefact": manifest.name, "run": manifest.lineage.get("run")},
        "mlflow_version": version("mlflow-skinny"),
        "model_uuid": uuid.uuid4().hex,
        "utc_time_created": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
    }
    (folder / "MLmodel").write_text(yaml.safe_dump(model))
    required = "\n".join(_requirements(artefact)) + "\n"
    (folder / "requirements.txt").write_text(required)
    environment = {
        "python": platform.python_version(),
        "dependencies": ["-r requirements.txt"],
    }
    (folder / "python_env.yaml").write_text(yaml.safe_dump(environment))


def _requirements(artefact: Artefact) -> list[str]:
    kinds = {encoder["kind"] for encoder in artefact.manifest.encoders or []}
    more = [OF_IMAGES] if "image" in kinds else []
    return [f"{name}=={version(name)}" for name in (*PACKAGES, *more)]
