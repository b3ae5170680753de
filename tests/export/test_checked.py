import json
from pathlib import Path
from typing import Any

import pytest
from programs.planted import accuracy, table

from lightning_kit.artefact.hashes import sha256_of
from lightning_kit.artefact.manifest import Manifest
from lightning_kit.export.checked import verdict_on
from lightning_kit.export.evaluating import evaluating
from lightning_kit.export.formats import Pt2, SafeTensors
from lightning_kit.export.parts import Parts
from lightning_kit.export.specs import input_specs, output_specs
from lightning_kit.export.verdict import Verdict
from lightning_kit.export.written import write_formats


def judged(folder: Path, alter: Any = None) -> Verdict:
    parts = Parts.of(*table(), None)
    with evaluating(parts.graph):
        written = write_formats(
            folder, [Pt2(), SafeTensors()], parts.graph, parts.example, parts.dynamic,
            quantized=None, inputs=parts.calibration(),
        )  # fmt: skip
        entries = written.entries(folder)
        Manifest(
            "a", "now", input_specs(parts.example, parts.dynamic),
            output_specs(parts.graph, parts.example, parts.dynamic), parts.pipeline.classes,
            parts.pipeline.encoders, {}, entries, {}, {}, {}, {},
            {each["file"]: sha256_of(folder / each["file"]) for each in entries.values()},
        ).write(folder)  # fmt: skip
        if alter is not None:
            path = folder / "manifest.json"
            plain = json.loads(path.read_text())
            alter(plain)
            path.write_text(json.dumps(plain))
        return verdict_on(folder, written, parts, accuracy, None)


def test_files_that_agree_pass_and_weights_are_read_back(tmp_path: Path) -> None:
    verdict = judged(tmp_path)
    assert verdict.reason == ""
    assert list(verdict.formats) == ["pt2", "safetensors"]
    assert verdict.metrics["accuracy"]["value"] == 1
    assert verdict.eager_us.keys() == {"1", "64"}


def fill(plain: Any) -> None:
    plain["encoders"][0]["fill"] += 0.2


def forget_missing(plain: Any) -> None:
    plain["encoders"][1]["categories"][0] = "pink"


@pytest.mark.parametrize("alter", [fill, forget_missing])
def test_encoders_are_those_of_the_manifest(tmp_path: Path, alter: Any) -> None:
    verdict = judged(tmp_path, alter)
    assert verdict.formats["pt2"].reason.startswith("batch 256: output 'probabilities', row ")
    assert verdict.formats["manifest"].reason == "encoders differ from those of the pipeline"
