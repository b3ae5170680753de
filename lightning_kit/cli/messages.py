"""Turn what jsonargparse, Lightning and torch say into one line."""

import re

from lightning_kit.cli.classes import EXTRAS, arguments, by_import_path
from lightning_kit.cli.errors import InputError, did_you_mean


def of_parser(error: BaseException) -> str:
    """Return the one line that matters of a parser's error.

    >>> of_parser(ValueError("unrecognized arguments: --x=3"))
    'unrecognized arguments: --x=3'
    """
    # jsonargparse shows a flag's text inside what it made of it.
    text = re.sub(r"NestedArg\(key='([^']+)', val='?([^']*?)'?\)$", r"\2", str(error), flags=re.M)
    keys = re.findall(r'[Pp]arser key "([^"]+)"', text)
    where = ".".join(dict.fromkeys(keys)).removeprefix("fit.")
    inside = re.findall(r"Problem with given class_path '([^']+)':\s*([^\n]*)", text)
    if inside:
        where = f"{where} ({inside[-1][0].rpartition('.')[2]})".lstrip()
    prefix = f"{where}: " if where else ""
    if found := re.findall(r"following arguments are required: ([^\n]+)", text):
        return f"{prefix}needs {found[-1]}"
    if found := re.findall(r"Expected a ([^\n]+?)\. Got value: ([^\n]*)", text):
        return f"{prefix}must be {_kind(found[-1][0])}, got {found[-1][1]!r}"
    if found := re.findall(r"Option '([^']+)' is not accepted", text):
        return f"{prefix}takes no {found[-1]!r}{_nearest_argument(found[-1], inside)}"
    if inside and not inside[-1][1].startswith("Parser key"):
        return f"{prefix}{with_extra(inside[-1][1], error)}"
    for item in re.findall(r"^ *- ([^\n]+)", text, flags=re.MULTILINE):
        if not item.startswith(("Expected", "Not a valid", "Problem with", "a ", "Import of")):
            return f"{prefix}{with_extra(item, error)}"
    if (types := re.findall(r"Subtypes: [\[(]([^\n]+)[\])]", text)) and (
        value := re.findall(r"Given value: ([^\n]*)", text)
    ):
        kinds = " or ".join(_kind(kind) for kind in re.split(r", (?![^\[(]*[\])])", types[-1]))
        return f"{prefix}must be {kinds}, got {value[-1]!r}"
    lines = [line.strip(" -") for line in text.splitlines() if line.strip(" -")]
    told = [line for line in lines if not line.startswith(("Parser key", "Does not validate"))]
    return f"{prefix}{(told or lines or [type(error).__name__])[0]}"


def _nearest_argument(name: str, inside: list[tuple[str, str]]) -> str:
    """Return a suggestion from the arguments of the innermost class that an error names."""
    try:
        known = arguments(by_import_path(inside[-1][0])) if inside else None
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


def _kind(text: str) -> str:
    text = re.sub(r"<class '([^']+)'>", lambda match: match[1].rpartition(".")[2], text)
    return "null" if text == "NoneType" else text.replace("typing.", "")
