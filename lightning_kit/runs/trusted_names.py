"""Refuse a checkpoint whose settings name code that this process has not imported."""

import ast
import builtins
import importlib.machinery
import importlib.util
import inspect
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, final

import yaml

_CLASS_KEYS = ("class_path", "_class_path")
# Data types that a setting may well hold; nothing else of the standard library is built from one.
_PLAIN_LIBRARY = {"collections", "datetime", "decimal", "fractions"}
WAY_OUT = "if you trust this checkpoint, import the module that defines it first"


@final
class UntrustedName(ValueError):
    """A name that is not used; ``reason`` is the error without its way out, which is Python's."""

    def __init__(self, reason: str, way_out: str) -> None:
        super().__init__(f"{reason}; {way_out}")
        self.reason = reason


def check_names(hyper_parameters: Mapping[str, Any]) -> None:
    """Check every name of a class or function in a checkpoint's settings, nested ones too.

    Lightning would import whatever such a name says, and importing runs code. So a name must
    resolve in modules that are already imported, and outside Python's standard library, whose
    ``subprocess`` or ``os`` is always imported. Nothing is imported here.

    A string is read as jsonargparse would read it: as an import path, as a type expression
    (``a.B | None``), or as YAML that holds any of these.

    Args:
        hyper_parameters: As they lie in the checkpoint.

    Raises:
        ValueError: Naming the first key and the name it holds.
    """
    for key, value, is_class in _strings(hyper_parameters, "hyper_parameters"):
        if "${" in value:
            raise ValueError(f"{key} holds {value!r}: a checkpoint must not hold interpolations")
        if value.endswith((".yaml", ".yml", ".json")) and Path(value).is_file():
            # jsonargparse reads a class from a file that is named in its place.
            raise ValueError(f"{key} names the file {value!r}, which could name classes")
        for path in _import_paths(value):
            reason = _objection(path, is_class)
            if reason:
                raise UntrustedName(f"{key} names {path!r}, {reason}", WAY_OUT)


def _strings(value: Any, key: str) -> Iterator[tuple[str, str, bool]]:
    """Yield ``(key, string, whether it names a class)`` for every string in ``value``."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            if isinstance(name, str):
                yield from _strings(name, key)
            yield from _strings(part, f"{key}.{name}")
    elif isinstance(value, list | tuple | set | frozenset):
        for index, part in enumerate(value):
            yield from _strings(part, f"{key}[{index}]")
    elif isinstance(value, str):
        yield key, value, key.rpartition(".")[2] in _CLASS_KEYS
        yield from _inside_yaml(value, key)


def _inside_yaml(text: str, key: str) -> Iterator[tuple[str, str, bool]]:
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    if loaded != text:
        yield from _strings(loaded, key)


def _import_paths(text: str) -> set[str]:
    """Return the dotted names in ``text`` where all of it is one, or a type expression of some."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    allowed = (
        ast.Expression, ast.Name, ast.Attribute, ast.Constant, ast.Subscript,
        ast.Tuple, ast.List, ast.BinOp, ast.BitOr, ast.Load,
    )  # fmt: skip
    nodes = list(ast.walk(tree))
    if not all(isinstance(node, allowed) for node in nodes):
        return set()
    # In `a.b.c` the attribute `a.b` is a part, not a name of its own.
    parts = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    return {
        ast.unparse(node)
        for node in nodes
        if isinstance(node, ast.Attribute) and id(node) not in parts
    }


def _objection(path: str, is_class: bool) -> str:
    """Say what is wrong with ``path``, or nothing."""
    found, missing = _resolve(path.split("."))
    if missing:
        if is_class:
            return "which no imported module defines"
        return f"which would import {missing!r}" if _findable(path, missing) else ""
    if callable(found) and _home(found) in sys.stdlib_module_names - _PLAIN_LIBRARY:
        return "which belongs to the standard library"
    if is_class and not inspect.isclass(found) and not _returns_a_class(found):
        return "which is neither a class nor a function that says which class it returns"
    return ""


def _resolve(parts: list[str]) -> tuple[Any, str]:
    """Follow ``parts`` through imported modules; return the find, or the name not found."""
    found: Any = sys.modules.get(parts[0])
    if found is None:
        return None, parts[0]
    for index, part in enumerate(parts[1:], start=2):
        name = ".".join(parts[:index])
        if isinstance(found, types.ModuleType):
            # Not getattr: a module's own `__getattr__` may import.
            found = vars(found).get(part, sys.modules.get(name))
        else:
            found = inspect.getattr_static(found, part, None)
        if found is None:
            return None, name
    return found, ""


def _findable(path: str, missing: str) -> bool:
    """Whether an import of ``path`` would run code at ``missing`` or below; imports nothing."""
    parent, _, last = missing.rpartition(".")
    if parent:
        places = getattr(sys.modules.get(parent), "__path__", None)
        spec = importlib.machinery.PathFinder.find_spec(missing, places) if places else None
    else:
        spec = importlib.util.find_spec(last)
    rest = path.removeprefix(missing).split(".")[1:]
    while spec is not None and spec.origin is None and rest:
        # A folder without code, such as `data` in `data.csv`: it runs nothing itself.
        places, name = spec.submodule_search_locations, f"{spec.name}.{rest.pop(0)}"
        spec = importlib.machinery.PathFinder.find_spec(name, places)
    return spec is not None and spec.origin is not None


def _home(found: Any) -> str:
    module = getattr(found, "__module__", None)
    if module is None and found in vars(builtins).values():
        module = "builtins"
    return str(module).partition(".")[0]


def _returns_a_class(found: Any) -> bool:
    try:
        returned = inspect.signature(found, eval_str=True).return_annotation
    except (TypeError, ValueError, NameError, AttributeError):
        return False
    return inspect.isclass(returned) and _home(returned) not in sys.stdlib_module_names
