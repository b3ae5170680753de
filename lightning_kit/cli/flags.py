"""Take a command line apart into flags, and read flags from the environment."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lightning_kit.cli.errors import InputError, did_you_mean

# Flags that may stand without a value.
BARE = {"-h", "--help", "--print_config", "--random_weights"}
TOP = ("seed_everything", "trainer", "model", "data", "optimizer", "lr_scheduler", "ckpt_path")


@dataclass(frozen=True)
class Flag:
    """``--key value``, or a word of its own (then ``key`` is empty).

    ``key`` has no dashes; ``value`` is None where none was given.
    """

    key: str
    value: str | None
    source: str = ""

    def words(self) -> list[str]:
        """Return the flag as jsonargparse takes it."""
        name = self.source if self.source.startswith("-") else f"--{self.key}"
        return [name if self.value is None else f"{name}={self.value}"]


def split(args: list[str]) -> Iterator[Flag]:
    """Yield the flags and the loose words of ``args`` in order.

    >>> [(f.key, f.value) for f in split(["runs/x", "-c", "a.yaml", "--model.lr=1", "--help"])]
    [('', 'runs/x'), ('c', 'a.yaml'), ('model.lr', '1'), ('help', None)]
    """
    words = list(args)
    while words:
        word = words.pop(0)
        if not word.startswith("-") or word == "-":
            yield Flag("", word)
            continue
        name, equals, value = word.partition("=")
        key = name.lstrip("-")
        if equals:
            yield Flag(key, value, name)
        elif name in BARE or not words or _is_flag(words[0]):
            yield Flag(key, None, name)
        else:
            yield Flag(key, words.pop(0), name)


def from_environment(verb: str, environ: Mapping[str, str]) -> Iterator[Flag]:
    """Yield the flags in LightningCLI's variables, e.g. ``PL_FIT__TRAINER__MAX_EPOCHS``."""
    from pytorch_lightning import Trainer

    trainer = [name for name in inspect.signature(Trainer.__init__).parameters if name != "self"]
    known = {"config", *TOP, *(f"trainer.{name}" for name in trainer)}
    prefix = f"PL_{verb.upper()}__"
    for variable in sorted(environ):
        if not variable.startswith(prefix):
            continue
        key = variable.removeprefix(prefix).lower().replace("__", ".")
        head = key.partition(".")[0]
        if key not in known and (head == "trainer" or head not in TOP):
            hint = did_you_mean(key, known).removesuffix(".")
            raise InputError(f"{variable}: no setting {key!r}{hint}")
        yield Flag(key, environ[variable], variable)


def _is_flag(word: str) -> bool:
    return word.startswith("-") and not word[1:2].isdigit() and word[1:2] not in ("", ".")
