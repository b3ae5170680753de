"""Say what is wrong with a text that should name a function or class."""

import re

from lightning_kit.cli.classes import by_import_path, resolve
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.nested_names import ARGUMENTS

# What jsonargparse says of it: alone, or as one member of a Union.
WANTED = re.compile(r"expects a function or a callable class|Expected a dot import path string")
PATH = re.compile(r"\w+(\.\w+)+")


def misnamed(text: str, argument: str) -> str | None:
    """Return what is wrong with the name that a parser's ``text`` refuses, None for other texts.

    Args:
        text: The parser's message.
        argument: The last key that leads there, which says what short names may stand for.

    >>> misnamed("Expected a dot import path string: Freez", "action")
    'Freez: no such action: did you mean Freeze?'
    """
    if WANTED.search(text) is None:
        return None
    shown = re.findall(r"(?:Got value|Given value|path string): ([^\n]*)", text)
    if not shown:
        return None
    # A mapping is shown whole after the value in it that was refused.
    name = next(filter(PATH.fullmatch, shown), shown[-1])
    kind = ARGUMENTS.get(argument)
    try:
        if PATH.fullmatch(name):
            by_import_path(name)
        elif kind is not None and name.isidentifier():
            resolve(kind, name)
    except InputError as error:
        return str(error)
    if "Subtypes:" in text:
        # Other types may stand there as well.
        return None
    return f"must be the import path of a function or class, got {name!r}"
