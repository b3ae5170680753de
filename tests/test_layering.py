"""Imports go downwards only, as the layers say, and reading them takes no import."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lightning_kit"
LIGHTNING = {"pytorch_lightning", "lightning_fabric"}
BESIDE = {
    "tuning", "tracking", "callbacks", "tasks", "datamodules", "loops", "strategies", "interop",
}  # fmt: skip
BELOW_RUNS = {"export", "meters", "schedules", "models", "artefact"}
# What each folder may import of the kit; `compat` is for every folder that may import Lightning.
ALLOWED: dict[str, set[str]] = {
    "cli": {"cli", *BESIDE, *BELOW_RUNS, "runs", "compat", "serving"},
    **{folder: {folder, "runs", "compat", *BELOW_RUNS} for folder in BESIDE},
    "runs": {"runs", "compat", *BELOW_RUNS},
    "export": {"export", "artefact"},
    "serving": {"serving", "artefact"},
    **{folder: {folder} for folder in ("artefact", "meters", "schedules", "models")},
    "compat": {"compat"},
    "__init__.py": set(),
    "__main__.py": {"cli"},
}
NEVER: dict[str, set[str]] = {
    "export": LIGHTNING,
    "serving": {*LIGHTNING, "torch", "torchmetrics"},
    "artefact": {*LIGHTNING, "torch", "torchmetrics"},
    **dict.fromkeys(("meters", "schedules", "models"), LIGHTNING),
}
DASHBOARDS = {"wandb", "mlflow", "prometheus_client"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def wrong(path: Path, root: Path) -> Iterator[str]:
    folder = path.relative_to(root).parts[0]
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "lightning_kit" and len(parts) > 1:
            part = parts[1]
            is_part = (root / part).is_dir() or (root / f"{part}.py").is_file()
            if is_part and part not in ALLOWED[folder]:
                yield f"{path}: {folder} may not import {name}"
        if parts[0] in NEVER.get(folder, set()) or parts[0] == "lightning":
            yield f"{path}: {folder} may not import {name}"
        if parts[0] in DASHBOARDS and folder != "tracking":
            yield f"{path}: only tracking may import {name}"


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_imports_go_downwards(path: Path) -> None:
    assert list(wrong(path, PACKAGE)) == []


def test_an_upward_import_is_found(tmp_path: Path) -> None:
    for folder in ("models", "tasks"):
        (tmp_path / folder).mkdir()
    path = tmp_path / "models" / "mlp.py"
    path.write_text(
        "import pytorch_lightning\nfrom lightning_kit.tasks import base\nimport wandb\n"
    )
    assert len(list(wrong(path, tmp_path))) == 4


def test_every_module_has_a_test_twin() -> None:
    tests = PACKAGE.parent / "tests"
    lonely = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if not path.name.startswith("__")
        and not (tests / path.relative_to(PACKAGE).with_name(f"test_{path.name}")).exists()
    ]
    assert lonely == []
