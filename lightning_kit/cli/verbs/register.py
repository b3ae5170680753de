"""Make an artefact a version of a model in MLflow's registry.

usage: lightning-kit register ARTEFACT [--name NAME] [--store STORE]
       lightning-kit register RUN_DIR ...                    the run's artefact/

  --name NAME    of the model; the artefact's own where left out
  --store STORE  a sqlite file or a URI; MLFLOW_TRACKING_URI, else mlflow.db here, with the models
                 in mlartifacts/ beside it

mlflow.pyfunc.load_model("models:/NAME/VERSION").predict(rows) gives the artefact's answers.
"""

import os
from pathlib import Path

from lightning_kit.artefact import Artefact, ArtefactError
from lightning_kit.cli.errors import InputError, did_you_mean
from lightning_kit.cli.flags import split
from lightning_kit.tracking.mlflow_registry import register

FLAGS = ("name", "store")


def main(args: list[str]) -> int:
    words = list(split(args))
    if any(flag.key in ("h", "help") for flag in words):
        print(__doc__)
        return 0
    paths = [str(flag.value) for flag in words if not flag.key]
    given = {flag.key: flag.value for flag in words if flag.key}
    for key, value in given.items():
        if key not in FLAGS:
            raise InputError(f"--{key}: no such flag of register{did_you_mean(key, FLAGS)}")
        if not value:
            raise InputError(f"--{key}: a value must follow")
    if len(paths) != 1:
        raise InputError(f"register takes one artefact, got {' '.join(paths) or 'none'}")
    store = given.get("store") or os.environ.get("MLFLOW_TRACKING_URI") or "mlflow.db"
    try:
        found = register(Artefact.open(_folder(paths[0])), given.get("name"), store=store)
    except (ArtefactError, ValueError, ImportError) as error:
        raise InputError(str(error)) from error
    print(f"{found.uri} in {found.store}")
    return 0


def _folder(path: str) -> Path:
    """Return the artefact's folder, where ``path`` is the run that has it too."""
    folder = Path(path)
    if not (folder / "run.json").is_file():
        return folder
    if not (folder / "artefact").is_dir():
        raise InputError(f"{path} has no artefact: lightning-kit export {path} makes one")
    return folder / "artefact"
