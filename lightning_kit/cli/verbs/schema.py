"""Print a JSON schema of recipes, for editors that complete and check YAML.

usage: lightning-kit schema > recipe.schema.json

In VS Code, with the YAML extension, begin a recipe with
# yaml-language-server: $schema=recipe.schema.json
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from lightning_kit.cli.errors import InputError

# Arguments that build something later, and how such a one is written.
BUILDERS = {"optimizer", "lr_scheduler"}
BUILDER: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["class_path"],
    "properties": {"class_path": {"type": "string"}, "init_args": {"type": "object"}},
}


def main(args: list[str]) -> int:
    if {"-h", "--help"} & set(args):
        print(__doc__)
        return 0
    if args:
        raise InputError(f"schema takes no arguments, got {' '.join(args)}")
    # Packages that are looked through on the way may greet on standard output.
    with redirect_stdout(sys.stderr):
        found = schema()
    print(json.dumps(found, indent=1))
    return 0


def schema() -> dict[str, Any]:
    """Return the schema of a recipe: LightningCLI's keys and ``callbacks`` by name."""
    from lightning_kit.cli.classes import KINDS, short_names
    from lightning_kit.cli.nested_names import ARGUMENTS

    # The parser describes the classes that are imported.
    for kind in KINDS.values():
        short_names(kind)
    with _classes_that_can_be_named():
        found: dict[str, Any] = json.loads(_parser().get_completion_script("jsonschema"))
    # An overlay is a recipe in part.
    found.pop("required", None)
    for base in ("LightningModule", "Callback", "Schedule"):
        for part in found["$defs"].get(base, {}).get("anyOf", []):
            arguments = part.get("properties", {}).get("init_args", {}).get("properties", {})
            for name in BUILDERS & arguments.keys():
                # jsonargparse's schema knows a callable by its name, not by class and arguments.
                arguments[name] = {"anyOf": [arguments[name], BUILDER]}
            for name in ARGUMENTS.keys() & arguments.keys():
                arguments[name] = _or_built(arguments[name])
    found["title"] = "lightning_kit recipe"
    found["properties"]["callbacks"] = {
        "type": "object",
        "description": "Callbacks to change, add ({}) or remove (null), by class name.",
    }
    trainer = found["properties"]["trainer"]["properties"]
    # LightningCLI's way to add to a list.
    trainer["callbacks+"] = trainer["callbacks"]
    return found


def _or_built(schema: Any) -> Any:
    """Return ``schema`` with a class and its arguments wherever it knows a name alone."""
    if isinstance(schema, list):
        return [_or_built(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "string" and "enum" not in schema:
        return {"anyOf": [schema, BUILDER]}
    return {key: _or_built(value) for key, value in schema.items()}


def _parser() -> Any:
    import pytorch_lightning as pl
    from pytorch_lightning.cli import LightningArgumentParser

    parser = LightningArgumentParser(exit_on_error=False)
    parser.add_argument("--seed_everything", type=bool | int, default=0)
    parser.add_lightning_class_args(pl.Trainer, "trainer")
    parser.add_lightning_class_args(pl.LightningModule, "model", subclass_mode=True)
    parser.add_lightning_class_args(pl.LightningDataModule, "data", subclass_mode=True)
    return parser


@contextmanager
def _classes_that_can_be_named() -> Iterator[None]:
    """Keep jsonargparse to classes that YAML can name.

    jsonargparse 4.53 walks the annotations of all subclasses of all parts, and stumbles over
    ``abc.ABCMeta`` (a metaclass has no subclasses to list) and ``builtins.function``.
    """
    from jsonargparse import _completions_jsonschema as upstream

    found = getattr(upstream, "get_all_subclass_paths", None)
    if found is None:
        raise InputError("schema: this jsonargparse builds its schema in another way")

    def get_all_subclass_paths(cls: Any, *args: Any, **kwargs: Any) -> list[str]:
        is_metaclass = isinstance(cls, type) and issubclass(cls, type)
        if is_metaclass:
            return []
        return [p for p in found(cls, *args, **kwargs) if not p.startswith("builtins.")]

    vars(upstream)["get_all_subclass_paths"] = get_all_subclass_paths
    try:
        yield
    finally:
        vars(upstream)["get_all_subclass_paths"] = found
