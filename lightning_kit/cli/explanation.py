"""What a class does, what it takes, and the YAML that names it."""

import inspect
import textwrap
from dataclasses import dataclass
from typing import Any

import docstring_parser

from lightning_kit.cli.classes import class_path
from lightning_kit.cli.pasted import pasted


@dataclass(frozen=True)
class Argument:
    """One constructor argument; ``default`` is its text, None where it must be given."""

    name: str
    type: str
    default: str | None
    line: str


def summary(cls: Any) -> str:
    """Return the first sentence that ``cls`` says of itself."""
    return " ".join((_doc(cls).short_description or "").split())


def one_line(cls: Any) -> str:
    """Return the first sentence of ``cls``, else what it says of its first argument."""
    return summary(cls) or next(
        (f"{row.name}: {row.line}" for row in arguments(cls) if row.line), ""
    )


def text(cls: Any) -> str:
    """Return all that a person needs to use ``cls`` from YAML."""
    doc = _doc(cls)
    path = class_path(cls)
    parts = [path, "", summary(cls)]
    if doc.long_description:
        parts += ["", doc.long_description]
    rows = arguments(cls)
    if _parameters(cls) is None:
        parts += ["", "arguments: not known, it has no signature that can be read"]
    elif rows:
        parts += ["", "arguments:"]
        for row in rows:
            default = "required" if row.default is None else f"default {row.default}"
            parts.append(f"  {row.name} ({row.type}, {default})")
            parts += textwrap.wrap(row.line, 92, initial_indent=" " * 6, subsequent_indent=" " * 6)
    return "\n".join([*parts, "", "YAML:", *_indented(pasted(cls, path, _given(rows)))])


def arguments(cls: Any) -> list[Argument]:
    """Return what the constructor takes, in order."""
    found = {**_described(getattr(cls, "__init__", None)), **_described(cls)}
    rows = []
    for parameter in _parameters(cls) or []:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        default = None if parameter.default is parameter.empty else _shown(parameter.default)
        line = found.get(parameter.name, "")
        rows.append(Argument(parameter.name, _type(parameter.annotation), default, line))
    return rows


def _parameters(cls: Any) -> list[inspect.Parameter] | None:
    """Return what ``cls`` is called with; None where it does not say, as many built-in classes."""
    try:
        return list(inspect.signature(cls).parameters.values())
    except ValueError:
        return None


def _doc(cls: Any) -> docstring_parser.Docstring:
    """Return what ``cls`` says of itself; many classes say it in ``__init__``, none in a base."""
    own = vars(cls).get("__doc__") if isinstance(cls, type) else cls.__doc__
    init = vars(cls).get("__init__") if isinstance(cls, type) else None
    return docstring_parser.parse(inspect.cleandoc(own or getattr(init, "__doc__", None) or ""))


def _described(thing: Any) -> dict[str, str]:
    parameters = docstring_parser.parse(inspect.getdoc(thing) or "").params
    return {row.arg_name: " ".join((row.description or "").split()) for row in parameters}


def _type(annotation: Any) -> str:
    if annotation is inspect.Parameter.empty:
        return "any"
    shown = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    for noise in ("typing.", "collections.abc.", "pathlib."):
        shown = shown.replace(noise, "")
    return shown


def _shown(default: Any) -> str:
    if inspect.isfunction(default):
        try:
            return inspect.getsource(default).partition("lambda")[2].strip(" ,\n") and (
                "lambda" + inspect.getsource(default).partition("lambda")[2].rstrip(" ,\n")
            )
        except OSError:
            return default.__qualname__
    return repr(getattr(default, "value", default))


def _given(rows: list[Argument]) -> dict[str, str]:
    """Return the arguments that must be given, each with its type to be filled in."""
    found = {row.name: f"<{row.type}>" for row in rows if row.default is None}
    if any(row.name == "monitor" for row in rows):
        # Parts that watch a key do nothing without one, and each task of the kit logs this.
        found["monitor"] = "val/loss"
    return found


def _indented(block: str) -> list[str]:
    return [f"  {line}" for line in block.rstrip().splitlines()]
