"""Run an ONNX file on the CPU, with nothing but onnxruntime."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from numpy.typing import NDArray

from lightning_kit.artefact.errors import ArtefactError
from lightning_kit.artefact.extras import imported

# Of onnxruntime's levels: 3 is errors, 4 is fatal ones; what goes wrong is raised as well.
FATAL = 4


@final
class OnnxRuntime:
    """One loaded graph; calls from several threads are safe.

    Args:
        path: The ``.onnx`` file.
        threads: For the work within one call, at least 1.

    Raises:
        ArtefactError: If the file is missing, or no graph that onnxruntime can run.
        ImportError: If onnxruntime is not installed.
    """

    def __init__(self, path: str | Path, *, threads: int = 1) -> None:
        if threads < 1:
            raise ValueError(f"threads must be at least 1, got {threads}")
        self.path = Path(path)
        if not self.path.is_file():
            raise ArtefactError(f"{self.path}: there is no such file")
        runtime = imported("onnxruntime", "answers", "export")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = FATAL
        try:
            self._session = runtime.InferenceSession(
                str(self.path), options, providers=["CPUExecutionProvider"]
            )
        # Its own exceptions have no common base but this.
        except Exception as error:
            raise ArtefactError(
                f"{self.path}: onnxruntime {runtime.__version__} cannot run it: {_line(error)}"
            ) from error
        self._quiet = runtime.RunOptions()
        self._quiet.log_severity_level = FATAL
        self.input_names: list[str] = [node.name for node in self._session.get_inputs()]
        self.output_names: list[str] = [node.name for node in self._session.get_outputs()]

    def __call__(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return the outputs by name.

        Raises:
            ArtefactError: If ``inputs`` are not what the graph takes.
        """
        try:
            outputs = self._session.run(self.output_names, dict(inputs), self._quiet)
        except Exception as error:
            raise ArtefactError(f"{self.path}: {_line(error)}") from error
        return dict(zip(self.output_names, outputs, strict=True))


def _line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
