"""What torch.export prints of a program that it could not finish."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO


@contextmanager
def without_partial_graph() -> Iterator[None]:
    """Keep the partial program off standard error that torch prints before it raises.

    Whatever else the block writes there, a model's own words for example, is passed on. torch
    prints it by hand (``_log_export_wrapper`` in torch/export/_trace.py), no logger can be told.
    """
    said = StringIO()
    partial = ""
    try:
        with redirect_stderr(said):
            yield
    except Exception as error:
        if (graph := getattr(error, "partial_fx_graph", None)) is not None:
            partial = f"{graph}\n"
        raise
    finally:
        sys.stderr.write(said.getvalue().replace(partial, "") if partial else said.getvalue())
