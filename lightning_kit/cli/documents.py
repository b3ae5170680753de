"""Read YAML as a person means it: ``1e-3`` is a number, ``0123`` and ``12:30`` are not."""

import re
from pathlib import Path
from typing import Any, final

import yaml

from lightning_kit.cli.errors import InputError

Config = dict[str, Any]


@final
class Loader(yaml.SafeLoader):
    """YAML's core schema of version 1.2, with ``yes`` and ``no`` left as text.

    A key that occurs twice in a mapping is an error, as YAML says: PyYAML drops the first one.
    """

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            name = (key.tag, str(key.value))
            if name in seen and key.tag != "tag:yaml.org,2002:merge":
                problem = f"{key.value!r} occurs twice in one mapping"
                raise yaml.composer.ComposerError(None, None, problem, key.start_mark)
            seen.add(name)
        return node


# A resolver is a table by first character; the parent's must stay as it is.
Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(0|[1-9][0-9_]*)", "-+0123456789"),
    ("float", r"[-+]?([0-9][0-9_]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?(?<=[0-9.])", "-+0123456789."),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
    ("merge", r"<<", "<"),
):
    exact = rf"^(?:{pattern})$"
    if tag == "float" and "inf" not in pattern:
        # Digits alone with a leading zero are text, and so is a lone sign or dot.
        exact = r"^(?=.*[0-9])(?=.*[.eE])(?:" + pattern + r")$"
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(exact), list(first))


@final
class Dumper(yaml.SafeDumper):
    """Quote what either schema would read as more than text, and repeat what occurs twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


Dumper.add_representer(tuple, Dumper.represent_list)
Dumper.yaml_implicit_resolvers = {
    first: [*yaml.SafeDumper.yaml_implicit_resolvers.get(first, []), *resolvers]
    for first, resolvers in {
        **{first: [] for first in yaml.SafeDumper.yaml_implicit_resolvers},
        **Loader.yaml_implicit_resolvers,
    }.items()
}


def text_of(config: Config) -> str:
    """Return ``config`` as YAML that PyYAML, jsonargparse and :func:`parse` read alike.

    >>> print(text_of({"rate": 0.001, "name": "1e-3", "when": "12:30"}), end="")
    rate: 0.001
    name: '1e-3'
    when: '12:30'
    """
    text: str = yaml.dump(config, Dumper=Dumper, sort_keys=False)
    return text


def parse(text: str) -> Any:
    """Return the value that ``text`` stands for.

    >>> parse("1e-3"), parse("0123"), parse("12:30"), parse("[1, .inf]"), parse("no")
    (0.001, '0123', '12:30', [1, inf], 'no')
    """
    return yaml.load(text, Loader)


def meant(text: str) -> Any:
    """Return the value that a flag's ``text`` stands for; what is not valid YAML is plain text.

    >>> meant("{a: 1}"), meant("a: b: c")
    ({'a': 1}, 'a: b: c')
    """
    try:
        return parse(text)
    except yaml.YAMLError:
        return text


def read(path: str | Path) -> Config:
    """Return the mapping in a YAML or JSON file; InputError names the file and the line."""
    try:
        found = parse(Path(path).read_text())
    except FileNotFoundError:
        raise InputError(f"{path}: no such file{_nearby(Path(path))}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(f"{path}{line}: not valid YAML ({problem})") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise InputError(f"{path}: must be a mapping of keys to values, got {type(found).__name__}")
    return found


def _nearby(path: Path) -> str:
    """Return the way out where ``path`` is not there: a neighbour's name, or the kit's own file."""
    from lightning_kit.cli.errors import did_you_mean
    from lightning_kit.cli.recipes import shipped

    spelt_out = path.with_name(f"{path.name}.yaml")
    if spelt_out.is_file():
        return f": did you mean {spelt_out}?"
    if path.stem in {**shipped("recipes"), **shipped("overlays")}:
        name = path.stem
        return f": {name} comes with the kit, get it by lightning-kit new {name} > {name}.yaml"
    folder = path.parent
    names = [found.name for found in folder.iterdir()] if folder.is_dir() else []
    # Names that have little more in common than their ending are not alike.
    hint = did_you_mean(path.name, names, cutoff=0.8)
    return hint if folder == Path() else hint.replace("mean ", f"mean {folder}/")
