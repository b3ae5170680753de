"""Which operation stopped an exporter."""

import linecache
import re
from pathlib import Path
from types import TracebackType

import torch

NOT_THE_MODELS = (Path(torch.__file__).parent, Path(__file__).parents[1])


def blamed(error: BaseException) -> str:
    """Return one line: what is wrong, and the operation or the line of the model's code."""
    said = str(error) or type(error).__name__
    if missing := re.search(r"No ONNX function found for <OpOverload\(op='([\w.]+)'", _all(error)):
        return f"ONNX has no operation for {missing[1].replace('.', '::', 1)}"
    # The second is how a trace tells that it would freeze a value.
    if "data-dependent" in said or "returned a result with an exception set" in said:
        rule = "control flow or a size depends on the values of the input"
    else:
        rule = said.splitlines()[0]
    return f"{rule}{_place(error.__traceback__)}"


def _all(error: BaseException) -> str:
    causes = []
    cause: BaseException | None = error
    while cause is not None:
        causes.append(str(cause))
        cause = cause.__cause__ or cause.__context__
    return "\n".join(causes)


def _place(traceback: TracebackType | None) -> str:
    """Name the innermost line that is neither torch's nor ours."""
    place = ""
    while traceback is not None:
        file, line = traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        if not any(folder in Path(file).parents for folder in NOT_THE_MODELS):
            code = linecache.getline(file, line).strip()
            place = f" in `{code}` ({Path(file).name}, line {line})"
        traceback = traceback.tb_next
    return place
