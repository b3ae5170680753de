"""The recipes and overlays that come with the kit."""

import re
from dataclasses import dataclass
from pathlib import Path

import lightning_kit
from lightning_kit.cli.errors import InputError, did_you_mean

DATA = re.compile(r"configs/data/([\w.-]+)")


@dataclass(frozen=True)
class Shipped:
    """A YAML file that comes with the kit; ``line`` is what it says of itself first."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def text(self) -> str:
        return self.path.read_text()

    @property
    def line(self) -> str:
        first = self.text.partition("\n")[0]
        return first.removeprefix("#").strip() if first.startswith("#") else ""


def folder() -> Path:
    """Return ``configs/``: beside the package in a clone, inside it in a wheel."""
    package = Path(lightning_kit.__file__).parent
    inside = package / "configs"
    return inside if inside.is_dir() else package.parent / "configs"


def shipped(kind: str) -> dict[str, Shipped]:
    """Return the files of ``kind`` (``recipes`` or ``overlays``) by name."""
    return {path.stem: Shipped(path) for path in sorted((folder() / kind).glob("*.yaml"))}


def recipe(name: str) -> Shipped:
    """Return the recipe, or overlay, ``name``."""
    known = {**shipped("recipes"), **shipped("overlays")}
    if name not in known:
        raise InputError(f"{name}: no such recipe{did_you_mean(name, known) or _listing(known)}")
    return known[name]


def data_files(text: str) -> list[Path]:
    """Return the shipped data files that a recipe's text names."""
    return [folder() / "data" / name for name in dict.fromkeys(DATA.findall(text))]


def outside_clone(text: str) -> str:
    """Return a shipped text whose paths are those of files here.

    >>> outside_clone("fit -c configs/recipes/digits_mlp.yaml, on configs/data/diabetes.csv")
    'fit -c digits_mlp.yaml, on diabetes.csv'
    """
    return re.sub(r"configs/(?:recipes|overlays|data)/", "", text)


def _listing(known: dict[str, Shipped]) -> str:
    return f"; there are: {', '.join(known)}"
