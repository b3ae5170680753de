"""torch.export's own file: for torch programs that know nothing of the training code."""

from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar, final

import torch
from numpy.typing import NDArray

from lightning_kit.export.arrays import as_arrays, as_tensors
from lightning_kit.export.formats.base import Answerer, Dynamic, Example, Format
from lightning_kit.export.formats.program import program_of
from lightning_kit.export.formats.quiet import quiet
from lightning_kit.export.formats.unsupported import Unsupported
from lightning_kit.export.graph import AnswerGraph


@final
class Pt2(Format):
    """``torch.export.load(path).module()(*inputs)``, inputs in the order of ``input_names.txt``.

    The names are comma separated, in the archive's extra files.
    """

    name: ClassVar[str] = "pt2"
    file_name: ClassVar[str] = "model.pt2"

    def write(self, graph: AnswerGraph, example: Example, dynamic: Dynamic, path: Path) -> None:
        program = program_of(graph, example, dynamic)
        content = BytesIO()
        try:
            with quiet():
                torch.export.save(
                    program, content, extra_files={NAMES: ",".join(graph.input_names)}
                )
        except Exception as error:
            raise Unsupported(str(error)) from error
        # Apart, as a full disk says nothing of the model.
        path.write_bytes(content.getbuffer())

    def open(self, path: Path) -> Answerer:
        names = {NAMES: ""}
        with quiet():
            module = torch.export.load(path, extra_files=names).module()
        order = names[NAMES].split(",")

        def answer(inputs: Any) -> dict[str, NDArray[Any]]:
            tensors = as_tensors(inputs)
            with torch.no_grad():
                return as_arrays(module(*(tensors[name] for name in order)))

        return answer


NAMES = "input_names.txt"
