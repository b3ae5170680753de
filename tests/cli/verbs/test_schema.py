"""The schema accepts every recipe and overlay, and refuses what is misspelt."""

import json
import subprocess
import sys
from typing import Any

import jsonschema
import pytest
import yaml
from conftest import Run

from lightning_kit.cli.recipes import shipped


@pytest.fixture(scope="module")
def validator() -> Any:
    # A process of its own: Lightning makes optimizer classes in a fit that nothing can import.
    command = [sys.executable, "-m", "lightning_kit", "schema"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found)


def test_shipped_files_are_valid(validator: Any) -> None:
    for kind in ("recipes", "overlays"):
        for file in shipped(kind).values():
            errors = [
                error.message[:200] for error in validator.iter_errors(yaml.safe_load(file.text))
            ]
            assert errors == [], file.path


@pytest.mark.parametrize(
    "wrong",
    [{"trainer": {"max_epoch": 1}}, {"modle": {}}, {"trainer": {"max_epochs": "many"}}],
)
def test_mistakes_are_not(validator: Any, wrong: dict[str, Any]) -> None:
    assert list(validator.iter_errors(wrong))


def test_it_takes_no_arguments(kit: Run) -> None:
    assert kit("schema", "x") == 2


@pytest.mark.filterwarnings("ignore")
def test_jsonargparse_still_needs_help() -> None:
    """Remove the workaround on the day that this fails."""
    from lightning_kit.cli.classes import KINDS, short_names
    from lightning_kit.cli.verbs.schema import _parser

    for kind in KINDS.values():
        short_names(kind)
    parser = _parser()
    with pytest.raises(TypeError, match="type.__subclasses__"):
        parser.get_completion_script("jsonschema")
