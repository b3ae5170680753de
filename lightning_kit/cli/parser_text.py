"""Find the innermost of the errors that jsonargparse nests in one text."""

import re
from dataclasses import dataclass

KEY = re.compile(r'[Pp]arser key "([^"]+)":?')
CLASS = re.compile(r"Problem with given class_path '([^']+)':?")
# What jsonargparse adds to an error in the arguments of a class that is built later.
LATER = re.compile(r"\. Got value: Namespace\(class_path='([^']+)'.*", re.DOTALL)


@dataclass(frozen=True)
class Fault:
    """One error.

    Args:
        where: The dotted key, ``callbacks.CLASS`` for a callback's place in the list.
        cls: Import path of the class whose argument it is, empty for none.
        text: What is said about it.
    """

    where: str
    cls: str
    text: str


def innermost(text: str) -> Fault:
    r"""Return the error in ``text`` that the most keys lead to, the first of them.

    >>> innermost('Parser key "a":\n  Parser key "b":\n    wrong').where
    'a.b'
    """
    # jsonargparse shows a flag's text inside what it made of it.
    text = re.sub(r"NestedArg\(key='([^']+)', val='?([^']*?)'?\)$", r"\2", text, flags=re.M)
    lines = [line for line in text.splitlines() if line.strip()]
    deepest: list[tuple[int, str, str]] = []
    above: list[tuple[int, str, str]] = []
    begin = 0
    for number, line in enumerate(lines):
        indent = _indent(line)
        keys, classes = KEY.findall(line), CLASS.findall(line)
        if not keys and not classes:
            continue
        above = [found for found in above if found[0] < indent]
        above += [(indent, key, "") for key in keys] + [(indent, "", cls) for cls in classes]
        if len(above) > len(deepest):
            deepest, begin = list(above), number
    where = _address(deepest)
    classes = [cls for _, _, cls in deepest if cls]
    told = "\n".join([_after(lines[begin]), *_below(lines, begin)] if deepest else lines)
    if later := LATER.search(told):
        classes, told = [*classes, later[1]], LATER.sub("", told)
    return Fault(where, classes[-1] if classes else "", told)


def _address(found: list[tuple[int, str, str]]) -> str:
    """Join the keys; of the list of callbacks, the class says which one is meant."""
    keys = [key for _, key, _ in found if key]
    if keys[:1] in (["trainer.callbacks"], ["fit.trainer.callbacks"]) and found[1:2]:
        cls = found[1][2].rpartition(".")[2]
        keys = ["callbacks", cls, *keys[1:]] if cls else keys
    return ".".join(keys).removeprefix("fit.")


def _after(line: str) -> str:
    """Return what follows the last key or class on its own line."""
    *_, last = [*KEY.finditer(line), *CLASS.finditer(line)]
    return line[last.end() :].strip()


def _below(lines: list[str], begin: int) -> list[str]:
    """Return the lines that belong to the one at ``begin``: those further right."""
    indent = _indent(lines[begin])
    below = []
    for line in lines[begin + 1 :]:
        if _indent(line) <= indent:
            break
        below.append(line)
    return below


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" -"))
