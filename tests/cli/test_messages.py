"""What libraries say in many lines is said in one."""

from typing import Any

import pytest
from conftest import Run

from lightning_kit.cli.messages import first_line, never_logged, of_parser, with_extra

UNION = """Parser key "trainer.max_epochs":
  Does not validate against any of the Union subtypes
  Subtypes: [<class 'int'>, <class 'NoneType'>]
  Errors:
    - Expected a <class 'int'>
    - Expected a <class 'NoneType'>
  Given value type: <class 'str'>
  Given value: abc"""
REQUIRED = """Parser key "trainer.callbacks":
  Does not validate against any of the Union subtypes
  Subtypes: [list[Callback], <class 'NoneType'>]
  Errors:
    - Problem with given class_path 'pytorch_lightning.callbacks.EarlyStopping':
        the following arguments are required: monitor
  Given value: [Namespace()]"""
NESTED = """Parser key "model":
  Does not validate against any of the Union subtypes
  Subtypes: [<class 'LightningModule'>, <class 'NoneType'>]
  Errors:
    - Problem with given class_path 'a.M':
        Parser key "hidden":
          Expected a <class 'int'>. Got value: x
  Given value: NestedArg(key='hidden', val='x')"""

LATER = """Parser key "model":
  Does not validate against any of the Union subtypes
  Subtypes: [<class 'LightningModule'>, <class 'NoneType'>]
  Errors:
    - Problem with given class_path 'a.M':
        Parser key "optimizer":
          Type typing.Callable[[int], int] expects a function or a callable class: Parser key "lr":

            - Expected a path but abc either not accessible or invalid
            - Does not validate against any of the Union subtypes
            Subtypes: [<class 'float'>, <class 'torch.Tensor'>]
            Errors:
              - Expected a <class 'float'>
              - Expected a dot import path string: abc
            Given value type: <class 'str'>
            Given value: abc. Got value: Namespace(class_path='Adam', init_args=Namespace())
    - Expected a <class 'NoneType'>
  Given value: NestedArg(key='optimizer.lr', val='abc')"""
LIST = """Parser key "trainer.callbacks":
  Does not validate against any of the Union subtypes
  Subtypes: [list[a.Callback], <class 'NoneType'>]
  Errors:
    - Problem with given class_path 'a.Monitor':
        Parser key "logging_interval":
          Does not validate against any of the Union subtypes
          Subtypes: [typing.Literal['step', 'epoch'], <class 'NoneType'>]
          Errors:
            - Expected a typing.Literal['step', 'epoch']
            - Expected a <class 'NoneType'>
          Given value type: <class 'str'>
          Given value: epoc
    - Expected a <class 'NoneType'>
  Given value: [{'class_path': 'a.Monitor', 'init_args': {'logging_interval': 'epoc'}}]"""
TWICE = """Parser key "model":
  Problem with given class_path 'a.M':
    Parser key "model":
      Problem with given class_path 'torch.nn.Linear':
        Option 'in_featurs' is not accepted"""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (LATER, "model.optimizer.lr (Adam): must be float or Tensor, got 'abc'"),
        (
            LIST,
            "callbacks.Monitor.logging_interval: must be one of 'step', 'epoch' or null, got "
            "'epoc': did you mean epoch?",
        ),
        (
            TWICE,
            "model.model (Linear): takes no 'in_featurs': did you mean in_features?",
        ),
        (UNION, "trainer.max_epochs: must be int or null, got 'abc'"),
        (REQUIRED, "callbacks.EarlyStopping: needs monitor"),
        (NESTED, "model.hidden (M): must be int, got 'x'"),
        ("unrecognized arguments: --x", "unrecognized arguments: --x"),
    ],
)
def test_the_parsers_errors(text: str, line: str) -> None:
    assert of_parser(ValueError(text)) == line


ON_EVENT = "--callbacks.OnEvent={event: started, action: "


@pytest.mark.parametrize(
    ("flag", "line"),
    [
        (ON_EVENT + "builtins.pint}", "OnEvent.action: builtins.pint: builtins has no 'pint': did"),
        (ON_EVENT + "mine.f}", "OnEvent.action: mine.f: cannot be imported: no module 'mine' here"),
        (ON_EVENT + "EmptyCach}", "OnEvent.action: EmptyCach: no such action: did you mean Empty"),
        (
            ON_EVENT + "3}",
            "OnEvent.action: must be the import path of a function or class, got '3'",
        ),
        (
            ON_EVENT + "{class_path: SetAttribute, init_args: {target: [3], value: 1}}}",
            "OnEvent.action.target (SetAttribute): must be str, got '[3]'",
        ),
        (
            "--callbacks.ParamScheduler={target: optimizer.lr, schedule: Linea}",
            "ParamScheduler.schedule: Linea: no such schedule: did you mean Linear?",
        ),
        (
            "--callbacks.EMA={filter: {when: builtins.pint}}",
            "EMA.filter.when (EventFilter): builtins.pint: builtins has no 'pint': did you mean",
        ),
        (
            "--callbacks.LearningRateFinder={class_path: lightning_kit.callbacks."
            "LearningRateFinder, preset: ignit}",
            "LearningRateFinder.preset: must be one of 'ignite' or null, got 'ignit': did you",
        ),
    ],
)
def test_an_argument_of_a_callback(
    kit: Run, recipe: str, capsys: Any, flag: str, line: str
) -> None:
    assert kit("check", "-c", recipe, flag) == 2
    assert f"problem: callbacks.{line}" in capsys.readouterr().err


def test_the_first_line_or_the_class() -> None:
    assert first_line(ValueError("\n a \n b")) == "a"
    assert first_line(KeyError()) == "KeyError"


def test_a_missing_package_names_its_extra() -> None:
    error = ModuleNotFoundError("Neither `tensorboard` nor `tensorboardX` is available.")
    assert first_line(error).endswith("(pip install 'lightning_kit[tensorboard]')")
    wrapped = ValueError(
        "Does not validate\nErrors:\n  - Neither `onnx` is there\n  - Expected a int"
    )
    assert of_parser(wrapped) == "Neither `onnx` is there (pip install 'lightning_kit[export]')"
    assert with_extra("all is well", wrapped) == "all is well"
    other = ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow.csv")
    assert first_line(other).endswith("(pip install 'lightning_kit[data]')")


def test_an_unlogged_key_names_the_nearest() -> None:
    line = str(never_logged("val/los", ["val/loss", "train/loss", "train/loss_step"]))
    assert line == "'val/los' is never logged: did you mean val/loss?; logged: train/loss, val/loss"
    assert str(never_logged("x", [])) == "'x' is never logged; logged: nothing"
