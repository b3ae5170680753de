"""What every callback promises. A callback that has no case here fails the suite."""

import copy
import inspect
import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import pytorch_lightning as pl
import torch
import yaml
from contracts.callback_cases import CASES, QUIET
from origin.stock import QUIET as QUIET_TRAINER
from programs.plain import PlainData, PlainModule
from pytorch_lightning.cli import LightningCLI
from pytorch_lightning.strategies import SingleDeviceStrategy
from torch.utils._python_dispatch import TorchDispatchMode

from lightning_kit import callbacks
from lightning_kit.compat import callbacks_of

pytestmark = [
    # A second fit, and a resumed one, write where the first did.
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists:UserWarning"),
    pytest.mark.filterwarnings("ignore:Skipping learning rate finder since:UserWarning"),
]
cases = pytest.mark.parametrize("name", sorted(CASES))


def discovered() -> set[str]:
    return {
        name
        for name in callbacks.__all__
        if inspect.isclass(getattr(callbacks, name))
        and issubclass(getattr(callbacks, name), pl.Callback)
    }


def settings(name: str, arguments: dict[str, Any], **trainer: Any) -> dict[str, Any]:
    entry = {"class_path": f"lightning_kit.callbacks.{name}", "init_args": arguments}
    return {
        "seed_everything": 3,
        "model": {"class_path": "programs.plain.PlainModule"},
        "data": {"class_path": "programs.plain.PlainData"},
        "trainer": {**QUIET_TRAINER, "max_epochs": 2, "callbacks": [entry], **trainer},
    }


def build(name: str, arguments: dict[str, Any], **trainer: Any) -> LightningCLI:
    """Build the program from YAML with a stock LightningCLI."""
    if name == "ModelCheckpoint":
        trainer.setdefault("enable_checkpointing", True)
    Path("callback.yaml").write_text(yaml.safe_dump(settings(name, arguments, **trainer)))
    with mock.patch("sys.argv", ["train"]):
        return LightningCLI(
            pl.LightningModule,
            pl.LightningDataModule,
            subclass_mode_model=True,
            subclass_mode_data=True,
            save_config_callback=None,
            run=False,
            args=["-c", "callback.yaml"],
        )


def one(run: LightningCLI, name: str) -> Any:
    kind = getattr(callbacks, name)
    (found,) = (each for each in callbacks_of(run.trainer) if type(each) is kind)
    return found


def fit(run: LightningCLI, **arguments: Any) -> None:
    run.trainer.fit(run.model, run.datamodule, **arguments)


def weights(module: pl.LightningModule) -> dict[str, torch.Tensor]:
    return copy.deepcopy(dict(module.state_dict()))


def test_every_callback_has_a_case() -> None:
    assert discovered() == set(CASES)


@cases
def test_built_from_yaml_it_fits_and_its_settings_read_back(name: str) -> None:
    run = build(name, CASES[name])
    fit(run)
    assert run.trainer.global_step > 0
    text = run.parser.dump(run.config, skip_none=False)
    again = yaml.safe_load(text)["trainer"]["callbacks"][0]
    assert again["class_path"].endswith(name)
    for key, value in CASES[name].items():
        assert key in again["init_args"], f"{name}.{key} = {value} was lost"
    Path("again.yaml").write_text(text)
    assert run.parser.parse_args(["-c", "again.yaml"])


@cases
def test_one_object_serves_two_fits(name: str) -> None:
    run = build(name, CASES[name])
    fit(run)
    callback = one(run, name)
    options = settings(name, {})["trainer"]
    checkpoints = name == "ModelCheckpoint"
    trainer = pl.Trainer(
        **{**options, "callbacks": [callback], "enable_checkpointing": checkpoints}
    )
    trainer.fit(PlainModule(), PlainData())
    assert trainer.state.finished


@cases
def test_fast_dev_run(name: str) -> None:
    run = build(name, CASES[name], fast_dev_run=True)
    fit(run)
    assert run.trainer.global_step <= 1


def spelt(state: Any) -> Any:
    """Return ``state`` with tensors as exact numbers in text, which are equal where NaN is too."""
    if isinstance(state, torch.Tensor):
        return f"{state.dtype} {state.tolist()}"
    if isinstance(state, dict):
        return {key: spelt(value) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return [spelt(value) for value in state]
    return str(state) if isinstance(state, float) else state


@cases
def test_its_state_is_plain_and_comes_back(name: str, tmp_path: Path) -> None:
    run = build(name, CASES[name])
    fit(run)
    state = one(run, name).state_dict()
    torch.save(state, tmp_path / "state.pt")
    loaded = torch.load(tmp_path / "state.pt", weights_only=True)
    fresh = one(build(name, CASES[name]), name)
    fresh.load_state_dict(loaded)
    assert spelt(fresh.state_dict()) == spelt(state)


@cases
def test_it_pickles(name: str) -> None:
    callback = one(build(name, CASES[name]), name)
    assert pickle.loads(pickle.dumps(callback)).state_key == callback.state_key


class Broken(PlainModule):
    def __init__(self) -> None:
        super().__init__(fail_at=7)


def borrowed(run: LightningCLI) -> dict[str, Any]:
    """What a callback may have borrowed, and must give back."""
    trainer, module = run.trainer, run.model
    loop = trainer.fit_loop.epoch_loop
    return {
        "grad": torch.is_grad_enabled(),
        "dtype": torch.get_default_dtype(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "SIGINT": signal.getsignal(signal.SIGINT),
        "SIGTERM": signal.getsignal(signal.SIGTERM),
        "excepthook": sys.excepthook,
        "methods": [key for key in vars(module) if callable(getattr(type(module), key, None))],
        "requires_grad": [parameter.requires_grad for parameter in module.parameters()],
        "callbacks": list(map(id, callbacks_of(trainer))),
        "hooks of callbacks": [
            key
            for callback in callbacks_of(trainer)
            for key in vars(callback)
            if hasattr(pl.Callback, key) and key.startswith("on_")
        ],
        "loop": {
            key for each in (trainer, trainer.strategy, loop, loop.automatic_optimization)
            for key, value in vars(each).items()
            if callable(value) and callable(getattr(type(each), key, None))
        },
    }  # fmt: skip


@cases
@pytest.mark.parametrize("ends", ["well", "raises"])
def test_what_it_borrows_it_gives_back(name: str, ends: str) -> None:
    run = build(name, CASES[name])
    if ends == "raises":
        run.model = Broken()
    before = borrowed(run)
    if ends == "raises":
        with pytest.raises(RuntimeError, match="cursed"):
            fit(run)
    else:
        fit(run)
    assert borrowed(run) == before


class Reads(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Count how often a tensor's value is read by the host."""

    count = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func.overloadpacket.__name__ in (
            "_local_scalar_dense",
            "is_nonzero",
            "nonzero",
            "equal",
        ):
            self.count += 1
        return func(*args, **(kwargs or {}))


class Counted(PlainModule):
    """Counts reads and collectives from its fourth batch to the last of an epoch of ten."""

    def __init__(self) -> None:
        super().__init__()
        self.reads, self.collectives, self.stack = Reads(), 0, ExitStack()  # type: ignore[no-untyped-call]

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        if batch_idx == 3:
            self.stack.enter_context(self.reads)
            self.collectives = COLLECTIVES.count

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        if batch_idx == 8:
            self.stack.close()
            self.collectives = COLLECTIVES.count - self.collectives


class COLLECTIVES:
    count = 0


def counting(original: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*args: Any, **kwargs: Any) -> Any:
        COLLECTIVES.count += 1
        return original(*args, **kwargs)

    return counted


@pytest.mark.parametrize("name", sorted(QUIET))
def test_a_quiet_step_costs_no_sync_and_no_collective(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for method in ("reduce_boolean_decision", "reduce", "broadcast", "barrier", "all_gather"):
        monkeypatch.setattr(
            SingleDeviceStrategy, method, counting(getattr(SingleDeviceStrategy, method))
        )
    counts = []
    for alone in (True, False):
        run = build(name, QUIET[name], max_epochs=1, num_sanity_val_steps=0)
        run.model = Counted()
        run.datamodule = PlainData(batch_size=4)
        if alone:
            callbacks_of(run.trainer).clear()
        fit(run)
        counts.append((run.model.reads.count, run.model.collectives))
    without, with_callback = counts
    assert with_callback == without


@cases
def test_a_resumed_run_is_the_uninterrupted_one(name: str, tmp_path: Path) -> None:
    if name in ("HandlersTimer", "LearningRateFinder"):
        pytest.skip("times differ from run to run; a rate is found at the start only")
    saver = {
        "class_path": "pytorch_lightning.callbacks.ModelCheckpoint",
        "init_args": {"save_top_k": -1, "dirpath": str(tmp_path / "kept"), "filename": "{epoch}"},
    }

    def run(epochs: int) -> LightningCLI:
        (given,) = settings(name, CASES[name])["trainer"]["callbacks"]
        return build(
            name,
            CASES[name],
            max_epochs=epochs,
            enable_checkpointing=True,
            callbacks=[given, saver],
        )

    whole = run(3)
    fit(whole)
    rest = run(3)
    fit(rest, ckpt_path=str(tmp_path / "kept" / "epoch=0.ckpt"))
    assert rest.trainer.global_step == whole.trainer.global_step
    torch.testing.assert_close(weights(rest.model), weights(whole.model), rtol=0, atol=0)
    states = [one(each, name).state_dict() for each in (rest, whole)]
    for state in states:
        # Which files there are, a resumed run may see otherwise: it never deletes where it began.
        for key in [key for key in state if "path" in key or "k_models" in key or "from" in key]:
            del state[key]
    assert spelt(states[0]) == spelt(states[1])


RANKS = """
import json, sys
import pytorch_lightning as pl
from contracts.test_callbacks import build, fit, one
from contracts.callback_cases import CASES

for name in sys.argv[1:]:
    run = build(name, CASES[name], devices=2, strategy="ddp", max_epochs=2)
    fit(run)
    weights = [value.tolist() for value in run.model.state_dict().values()]
    told = {"weights": weights, "steps": run.trainer.global_step, "stop": run.trainer.should_stop}
    with open(f"{name}.{run.trainer.global_rank}", "w") as file:
        json.dump(told, file)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], dict[str, Any]]:
    """Every callback's program on two ranks over gloo."""
    folder = tmp_path_factory.mktemp("ranks")
    port = str(29_500 + os.getpid() % 10_000)
    ranks = []
    for rank in range(2):
        (folder / str(rank)).mkdir()
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "OMP_NUM_THREADS": "1",
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": port,
            "WORLD_SIZE": "2",
            "LOCAL_WORLD_SIZE": "2",
            "GROUP_RANK": "0",
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "TORCHELASTIC_RUN_ID": "contract",
        }
        ranks.append(
            subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", RANKS, *sorted(CASES)],
                env=environment,
                cwd=folder / str(rank),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    for process in ranks:
        try:
            output, _ = process.communicate(timeout=200)
        except subprocess.TimeoutExpired:
            for each in ranks:
                each.kill()
            raise
        assert process.returncode == 0, output

    def read(name: str, rank: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((folder / str(rank) / f"{name}.{rank}").read_text())
        return found

    return read


@cases
def test_two_ranks_agree(name: str, told: Callable[[str, int], dict[str, Any]]) -> None:
    assert told(name, 0) == told(name, 1)
    assert told(name, 0)["steps"] > 0
