"""Callbacks by name: change, add or remove one entry of ``trainer.callbacks``.

jsonargparse neither merges a mapping nor takes flags into one, so this pass comes before it.
"""

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, final

from lightning_kit.cli.class_arguments import Reader, laid, set_argument
from lightning_kit.cli.classes import KINDS, class_path, resolve, short_names
from lightning_kit.cli.errors import InputError, did_you_mean
from lightning_kit.cli.layers import as_list, same_class
from lightning_kit.cli.nested_names import in_full

Entry = dict[str, Any]
# Defaults that jsonargparse cannot write down (an enum, a torch.device), in a form that it can.
UNWRITABLE: dict[str, Entry] = {
    "pytorch_lightning.callbacks.Timer": {"interval": "step"},
    "pytorch_lightning.callbacks.StochasticWeightAveraging": {"device": "cpu"},
}


@final
@dataclass
class Callbacks:
    """The list that the layers below the current one left, and the names that they gave.

    ``dropped`` collects one line for each list that replaced another.
    """

    entries: list[Entry] = field(default_factory=list)
    names: dict[str, Entry] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    given: bool = False

    def replace(self, value: Any, source: str) -> None:
        """Take a plain list, which replaces what stands below."""
        entries = [normal(item) for item in as_list(value)]
        gone = self._not_in(entries)
        if gone:
            self.dropped.append(
                f"{source}: trainer.callbacks replaces the list below it and drops "
                f"{', '.join(gone)}; write `callbacks:` by name to change single entries"
            )
        self.entries, self.names, self.given = entries, {}, True

    def append(self, value: Any) -> None:
        self.entries += [normal(item) for item in as_list(value)]
        self.given = True

    def apply(self, mapping: Any, source: str) -> None:
        """Take a mapping of names to what to change."""
        if not isinstance(mapping, dict):
            raise InputError(
                f"{source}: callbacks must be a mapping of class names to arguments, got "
                f"{mapping!r}; a plain list belongs under trainer.callbacks"
            )
        for name, change in mapping.items():
            self._apply_one(str(name), change, source)
        self.given = True

    def set(self, name: str, key: list[str], read: Reader) -> None:
        """Take ``--callbacks.NAME.KEY VALUE``."""
        self.apply({name: {}}, "flags")
        set_argument(self.entry(name), key, read)

    def entry(self, name: str) -> Entry:
        """Return the entry that ``name`` means; it must be there."""
        found = self._find(name, "flags")
        assert found is not None
        return found

    def set_last(self, key: list[str], read: Reader) -> None:
        """Take ``--trainer.callbacks.KEY VALUE``, which means the entry added last."""
        if not self.entries:
            raise InputError(f"--trainer.callbacks.{'.'.join(key)}: there is no callback to change")
        if not key:
            raise InputError("--trainer.callbacks.init_args: say --trainer.callbacks.ARGUMENT")
        if key == ["class_path"]:
            self.entries[-1] = normal({"class_path": read("", "class_path")})
        else:
            set_argument(self.entries[-1], key, read)

    def _apply_one(self, name: str, change: Any, source: str) -> None:
        entry = self._find(name, source)
        if change is None:
            if entry is None:
                here = [short(found) for found in self.entries]
                raise InputError(
                    f"{source}: callbacks.{name}: there is none to remove{did_you_mean(name, here)}"
                )
            self.entries = [found for found in self.entries if found is not entry]
            return
        if not isinstance(change, dict):
            raise InputError(
                f"{source}: callbacks.{name} must be a mapping of arguments, {{}} or null, got "
                f"{change!r}"
            )
        if entry is None:
            self._add(name, change, source)
        elif "class_path" in change:
            changed = normal(change)
            if changed["class_path"] != entry["class_path"]:
                entry["init_args"] = {}
            entry["class_path"] = changed["class_path"]
            self._change(entry, changed["init_args"])
            self.names[name] = entry
        else:
            self._change(entry, arguments_of(change))

    def _add(self, name: str, change: Entry, source: str) -> None:
        if "#" in name:
            raise InputError(f"{source}: callbacks.{name}: there are not so many{self._listing()}")
        try:
            added = normal(change if "class_path" in change else {"class_path": name, **change})
        except InputError:
            if "class_path" in change:
                raise
            known = [*short_names(KINDS["callbacks"]), *self.names]
            hint = did_you_mean(name, known) or "; a name of your own needs a class_path"
            raise InputError(f"{source}: {name}: no such callback{hint}") from None
        self.entries.append(added)
        if short(added) != name:
            self.names[name] = added

    def _find(self, name: str, source: str) -> Entry | None:
        named = self.names.get(name)
        if named is not None and any(entry is named for entry in self.entries):
            return named
        cls, _, number = name.partition("#")
        found = [entry for entry in self.entries if self._is_called(cls, entry)]
        if number:
            if not number.isdigit() or int(number) < 1:
                raise InputError(f"{source}: callbacks.{name}: a number from 1 must follow '#'")
            return found[int(number) - 1] if int(number) <= len(found) else None
        if len(found) > 1:
            choices = " or ".join(f"{cls}#{i + 1}" for i in range(len(found)))
            raise InputError(f"{source}: callbacks.{name} occurs {len(found)} times: say {choices}")
        return found[0] if found else None

    def _is_called(self, cls: str, entry: Entry) -> bool:
        """Say whether ``cls`` is the class of ``entry``, or was when a layer changed it."""
        named = [name.partition("#")[0] for name, of in self.names.items() if of is entry]
        return any(same_class(cls, name) for name in (entry["class_path"], *named))

    def _change(self, entry: Entry, arguments: Entry) -> None:
        entry["init_args"] = laid(entry["class_path"], arguments, entry["init_args"])

    def _not_in(self, entries: list[Entry]) -> list[str]:
        """Return the names of the entries that have no counterpart of their name in ``entries``.

        Where a name occurs twice, an entry that is the same in both lists is its own counterpart.
        """
        new = Counter(short(entry) for entry in entries if entry not in self.entries)
        gone = []
        for entry in self.entries:
            if entry in entries:
                continue
            if new[short(entry)] > 0:
                new[short(entry)] -= 1
            else:
                gone.append(self._address(entry))
        return gone

    def _address(self, entry: Entry) -> str:
        """Return the name of an entry, numbered where it occurs twice."""
        same = [found for found in self.entries if short(found) == short(entry)]
        number = next(index for index, found in enumerate(same, 1) if found is entry)
        return f"{short(entry)}#{number}" if len(same) > 1 else short(entry)

    def _listing(self) -> str:
        return f"; there are: {', '.join(short(entry) for entry in self.entries) or 'none'}"


def normal(item: Any) -> Entry:
    """Return one list item as a full class path and its arguments."""
    if isinstance(item, str):
        item = {"class_path": item}
    if not isinstance(item, dict) or not isinstance(item.get("class_path"), str):
        raise InputError(f"trainer.callbacks: an entry needs a class_path, got {item!r}")
    cls = resolve(KINDS["callbacks"], item["class_path"])
    # A function or an alias that is no class keeps the path it was given.
    path = class_path(cls) if isinstance(cls, type) else item["class_path"]
    arguments = in_full(arguments_of(item))
    return {"class_path": path, "init_args": {**UNWRITABLE.get(path, {}), **arguments}}


def arguments_of(change: Entry) -> Entry:
    """Return the arguments of an entry, beside its class or below ``init_args``."""
    beside = {k: v for k, v in change.items() if k not in ("class_path", "init_args")}
    return {**deepcopy(change.get("init_args") or {}), **deepcopy(beside)}


def short(entry: Entry) -> str:
    return str(entry["class_path"].rpartition(".")[2])
