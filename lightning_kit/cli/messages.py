"""Turn what jsonargparse, Lightning and torch say into one line."""

import re

from lightning_kit.cli.classes import EXTRAS, arguments, by_import_path
from lightning_kit.cli.errors import InputError, did_you_mean
from lightning_kit.cli.import_paths import misnamed
from lightning_kit.cli.parser_text import Fault, innermost

# What jsonargparse says of each member of a Union that it tried.
NOISE = ("Expected", "Not a valid", "Problem with", "a ", "Import of", "Does not validate")


def of_parser(error: BaseException) -> str:
    """Return the one line that matters of a parser's error.

    >>> of_parser(ValueError("unrecognized arguments: --x=3"))
    'unrecognized arguments: --x=3'
    """
    fault = innermost(str(error))
    where = fault.where
    cls = fault.cls.rpartition(".")[2]
    if cls and cls not in where.split("."):
        where = f"{where} ({cls})".lstrip()
    return f"{where}: {_told(fault, error)}" if where else _told(fault, error)


def _told(fault: Fault, error: BaseException) -> str:
    text = fault.text
    if found := re.findall(r"following arguments are required: ([^\n]+)", text):
        return f"needs {found[-1]}"
    if found := re.findall(r"Expected a ([^\n]+?)\. Got value: ([^\n]*)", text):
        return _must_be([found[-1][0]], found[-1][1])
    if found := re.findall(r"Option '([^']+)' is not accepted", text):
        return f"takes no {found[-1]!r}{_nearest_argument(found[-1], fault.cls)}"
    if wrong := misnamed(text, fault.where.rpartition(".")[2]):
        return wrong
    for item in re.findall(r"^ *- ([^\n]+)", text, flags=re.MULTILINE):
        if not item.startswith(NOISE):
            return with_extra(item, error)
    if (types := re.findall(r"Subtypes: [\[(]([^\n]+)[\])]", text)) and (
        value := re.findall(r"Given value: ([^\n]*)", text)
    ):
        return _must_be(re.split(r", (?![^\[(]*[\])])", types[-1]), value[-1])
    lines = [line.strip(" -") for line in text.splitlines() if line.strip(" -")]
    told = [line for line in lines if not line.startswith("Does not validate")]
    return with_extra((told or lines or [type(error).__name__])[0], error)


def _must_be(types: list[str], value: str) -> str:
    choices = re.findall(r"'([^']+)'", " ".join(kind for kind in types if "Literal[" in kind))
    hint = did_you_mean(value, choices)
    return f"must be {' or '.join(map(_kind, types))}, got {value!r}{hint}"


def _nearest_argument(name: str, cls: str) -> str:
    """Return a suggestion from the arguments of the class at ``cls``, if that is one."""
    try:
        known = arguments(by_import_path(cls)) if cls else None
    except InputError:
        known = None
    return did_you_mean(name, known or [])


def first_line(error: BaseException) -> str:
    """Return an exception's own first line, or its class where it says nothing."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return with_extra(lines[0] if lines else type(error).__name__, error)


def with_extra(line: str, error: BaseException) -> str:
    """Add the extra to install where ``line`` or ``error`` misses a module of one."""
    missing = next((extra for name, extra in EXTRAS.items() if name in line.split("`")), None)
    if missing is None and isinstance(error, ImportError):
        missing = EXTRAS.get((error.name or "").partition(".")[0])
    return f"{line} (pip install 'lightning_kit[{missing}]')" if missing else line


def never_logged(monitor: str, logged: list[str]) -> InputError:
    """Return the error for a monitored key that no one logs."""
    # Lightning logs the same value a second time under these endings.
    keys = sorted(key for key in logged if not key.endswith(("_step", "_epoch")))
    hint = did_you_mean(monitor, keys)
    return InputError(f"{monitor!r} is never logged{hint}; logged: {', '.join(keys) or 'nothing'}")


def never_logged_key(line: str) -> str | None:
    """Return the key that :func:`never_logged` said ``line`` of, None for any other line.

    >>> never_logged_key(str(never_logged("val/los", ["val/loss"])))
    'val/los'
    """
    found = re.match(r"(['\"])(.*?)\1 is never logged", line)
    return found and found[2]


def _kind(text: str) -> str:
    text = re.sub(r"<class '([^']+)'>", lambda match: match[1].rpartition(".")[2], text)
    if literal := re.fullmatch(r"(?:typing\.)?Literal\[(.*)\]", text):
        return f"one of {literal[1]}"
    return (
        "null"
        if text == "NoneType"
        else text.replace("typing.", "").replace("collections.abc.", "")
    )
