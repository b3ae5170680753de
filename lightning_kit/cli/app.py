"""LightningCLI over a composed request: parse, build, and write down what was built."""

import sys
from argparse import ArgumentError
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, final

import pytorch_lightning as pl
import yaml
from jsonargparse import Namespace
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI
from pytorch_lightning.utilities.model_helpers import is_overridden

from lightning_kit.cli.checking import problems
from lightning_kit.cli.constructors import of_constructor
from lightning_kit.cli.defaults import with_own_defaults
from lightning_kit.cli.documents import Config, text_of
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.idle import idle_options, untrained
from lightning_kit.cli.layers import as_list, lay
from lightning_kit.cli.lean import kept
from lightning_kit.cli.messages import of_parser
from lightning_kit.cli.quiet import quiet
from lightning_kit.cli.registered import misspelt
from lightning_kit.cli.request import Request
from lightning_kit.cli.source import Source, find, load, stored_settings
from lightning_kit.cli.summary import shown_path
from lightning_kit.compat import global_rank
from lightning_kit.loops import lean

# What the Trainer raises when its arguments, or the files that they name, are wrong.
WRONG_ARGUMENT = (
    ValueError, TypeError, OSError, ImportError, LookupError, AttributeError,
    MisconfigurationException,
)  # fmt: skip


@final
class KitCLI(LightningCLI):
    """A LightningCLI whose layers are already laid together and whose trainer is run by the verb.

    Args:
        request: The command, composed.
        adapt: Takes this object and the Trainer's arguments as configured; returns what the verb
            sets over them.
    """

    def __init__(
        self, request: Request, adapt: Callable[["KitCLI", dict[str, Any]], dict[str, Any]]
    ) -> None:
        self.request = request
        self.adapt = adapt
        super().__init__(
            save_config_callback=None,
            seed_everything_default=0,
            parser_kwargs={
                "exit_on_error": False,
                request.method: {"exit_on_error": False},
            },
        )

    def subcommands(self) -> dict[str, set[str]]:  # type: ignore[override]
        # One parser is a quarter of the work of four.
        return {self.request.method: super().subcommands()[self.request.method]}

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        composed = text_of(with_own_defaults(self.request.composed()))
        words = [self.request.method, f"--config={composed}", *self.request.words()]
        try:
            with quiet():
                self.config = parser.parse_args(words)
        except (ArgumentError, ValueError, TypeError) as error:
            raise InputError(of_parser(error)) from error

    def _set_seed(self) -> None:
        try:
            super()._set_seed()
        except ValueError as error:
            raise InputError(f"seed_everything: {error}") from error

    def _parse_ckpt_path(self) -> None:
        # A checkpoint's settings are the lowest layer of the request, not the highest.
        return

    def instantiate_classes(self) -> None:
        try:
            with quiet():
                super().instantiate_classes()
        except Exception as error:
            line = of_constructor(error, self.request.composed())
            if line is None and not isinstance(error, WRONG_ARGUMENT):
                raise
            raise InputError(line or of_parser(error)) from error

    def instantiate_trainer(self, **kwargs: Any) -> pl.Trainer:
        configured = dict(self._get(self.config_init, "trainer", default={}))
        _refuse_indistinct(as_list(configured.get("callbacks")))
        trainer = super().instantiate_trainer(**{**self.adapt(self, configured), **kwargs})
        return lean(trainer) if self.request.lean else trainer

    def _run_subcommand(self, subcommand: str) -> None:
        # The verb runs the trainer, so that it sees how the run ends.
        return

    @property
    def settings(self) -> Namespace:
        """The parsed configuration of this verb."""
        found: Namespace = self.config[self.request.method]
        return found

    def run_arguments(self, source: Source) -> dict[str, Any]:
        """Return what the Trainer's method of this verb takes."""
        found: dict[str, Any] = self._prepare_subcommand_kwargs(self.request.method)
        found["ckpt_path"] = source.checkpoint
        if found.get("weights_only") is None:
            # A checkpoint is data: what is more than that loads only where a person said so.
            found["weights_only"] = True
        return found


def _refuse_indistinct(callbacks: list[pl.Callback]) -> None:
    """Refuse two of which a checkpoint could keep the state of one only, as Lightning would."""
    keys: set[str] = set()
    for callback in callbacks:
        if not is_overridden("state_dict", callback, parent=pl.Callback):
            continue
        key = callback.state_key
        if key in keys:
            raise InputError(
                f"trainer.callbacks: two {type(callback).__name__} need different settings, or a "
                f"checkpoint takes one for the other, got {key} twice: leave one out"
            )
        keys.add(key)


def prepare(request: Request) -> Source:
    """Lay the layers together and refuse the first name in them that nothing takes."""
    source = lay_all(request)
    for line in mistakes(request):
        raise InputError(line)
    return source


def mistakes(request: Request) -> Iterator[str]:
    """Yield one line for each mistake that shows before anything is built."""
    yield from problems(request.composed(), request.flags)
    yield from misspelt(request.view())
    yield from idle_options(request.view())
    if request.verb == "fit":
        yield from untrained(request.view())


def lay_all(request: Request) -> Source:
    """Find the checkpoint and lay its settings, files and flags together."""
    source = find(request)
    if request.lean is None:
        request.lean = kept(request.files, source.run if source.base else None)
    request.lay(source.base)
    for line in request.callbacks.dropped if global_rank() == 0 else ():
        print(line, file=sys.stderr)
    if source.checkpoint is not None and source.checkpoint.is_file():
        content = load(source.checkpoint, weights_only=request.weights_only)
        if request.verb == "fit" and "optimizer_states" not in content:
            raise InputError(
                f"{source.checkpoint}: holds weights alone (save_weights_only), so a run cannot go "
                "on from it"
            )
        if not source.base:
            # The files' classes are imported by now; those in the checkpoint must be among them.
            list(problems(request.composed(), []))
            stored = stored_settings(content, request.config, Path(shown_path(source.checkpoint)))
            request.config = lay(request.config, stored)
    request.interpolate()
    if "model" not in request.composed():
        for line in problems(request.composed(), request.flags):
            raise InputError(line)
        raise InputError("no model: name a recipe (-c FILE), a run directory, or --model CLASS")
    return source


def written(cli: KitCLI) -> str:
    """Return the text of ``config.yaml``: every LightningCLI setting, in a form that reads back.

    Data paths become absolute, so that the run can be repeated from elsewhere.
    """
    parser = cli._parser(cli.request.method)
    with quiet():
        text = parser.dump(cli.settings, skip_none=False, skip_link_targets=False)
    dumped = yaml.safe_load(text)
    config: Config = _readable(dumped, cli.settings.as_dict())
    for key in ("ckpt_path", "weights_only", "optimizer", "lr_scheduler", "data"):
        if config.get(key, 0) is None:
            del config[key]
    data = config.get("data")
    if isinstance(data, dict):
        data["init_args"] = {
            name: _absolute(value) for name, value in (data.get("init_args") or {}).items()
        }
    return f"# pytorch_lightning=={version('pytorch-lightning')}\n{text_of(config)}"


def _absolute(value: Any) -> Any:
    """Return a text that names a file or folder here by its absolute path, all else as it is."""
    if isinstance(value, list):
        return [_absolute(item) for item in value]
    looks_like_one = isinstance(value, str) and ("/" in value or "." in value)
    if looks_like_one and "://" not in value and Path(value).expanduser().exists():
        return str(Path(value).expanduser().absolute())
    return value


def _readable(dumped: Any, given: Any) -> Any:
    """Put back what jsonargparse could not serialize though it was given as plain text."""
    if isinstance(dumped, dict) and isinstance(given, dict):
        return {key: _readable(value, given.get(key)) for key, value in dumped.items()}
    if isinstance(dumped, list) and isinstance(given, list):
        items = zip(dumped, given, strict=True)
        return [_readable(d, g.as_dict() if isinstance(g, Namespace) else g) for d, g in items]
    if isinstance(dumped, str) and dumped.lower().startswith("unable to serialize instance"):
        return given if isinstance(given, str) else dumped
    # A text such as `1e3` comes back from jsonargparse's own YAML as a number.
    return given if isinstance(given, str) and not isinstance(dumped, str) else dumped
