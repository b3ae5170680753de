"""An artefact folder, opened: raw rows in, answers out."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from lightning_kit.artefact import replay
from lightning_kit.artefact.arrays import GIVES_FINITE, check_finite
from lightning_kit.artefact.encoders import RawRows, RawRowsError
from lightning_kit.artefact.encoding import columns_of, count_rows, encode_inputs, has_image
from lightning_kit.artefact.errors import ArtefactError
from lightning_kit.artefact.golden import read_golden
from lightning_kit.artefact.hashes import check_files
from lightning_kit.artefact.manifest import FILE, Manifest
from lightning_kit.artefact.row_shapes import several_shapes
from lightning_kit.artefact.runtime import OnnxRuntime
from lightning_kit.artefact.seals import check_seals
from lightning_kit.artefact.tensor_spec import TensorSpec

ONNX = "onnx"


@final
class Artefact:
    """A folder that :meth:`open` found to be as it was verified.

    Example::

        answers = Artefact.open("runs/iris/latest/artefact").answer({"size": [3.5, None]})

    Args:
        path: The folder.
        manifest: What it says of itself.
        threads: For the work within one batch, at least 1.
    """

    def __init__(self, path: str | Path, manifest: Manifest, *, threads: int = 1) -> None:
        self.path = Path(path)
        self.manifest = manifest
        self.threads = threads

    @classmethod
    def open(cls, path: str | Path, *, threads: int = 1) -> Self:
        """Read the manifest of the folder ``path``, check its seals and every file's hash.

        Raises:
            ArtefactError: If the manifest is wrong or was edited, or a file is missing, changed or
                not listed.
        """
        manifest = Manifest.read(path)
        check_files(Path(path), manifest.files, beside=FILE)
        check_seals(Path(path), manifest)
        return cls(path, manifest, threads=threads)

    @cached_property
    def runtime(self) -> OnnxRuntime:
        """What runs the graph, loaded when first asked for.

        Raises:
            ArtefactError: If there is no ONNX file, or its names are not the manifest's.
        """
        entry = self.manifest.formats.get(ONNX)
        if entry is None:
            why = self.manifest.left_out.get(ONNX, "")
            raise ArtefactError(
                f"{self.path}: answers need the format onnx, it has "
                f"{', '.join(self.manifest.formats) or 'none'}{f' ({why})' if why else ''}: "
                "export with --formats onnx"
            )
        runtime = OnnxRuntime(self.path / entry["file"], threads=self.threads)
        self._check_names("takes", runtime.input_names, self.manifest.inputs)
        self._check_names("gives", runtime.output_names, self.manifest.outputs)
        return runtime

    @property
    def columns(self) -> list[str]:
        """The raw columns that rows must have."""
        return columns_of(self.manifest.encoders, self.manifest.inputs)

    def answer(self, rows: RawRows, *, batch_size: int = 256) -> dict[str, NDArray[Any]]:
        """Return every output for raw ``rows``, each with N rows in their order.

        Args:
            rows: Raw cells by column, or, where the manifest has no encoders, the graph's inputs.
            batch_size: Rows that the graph gets at once, at least 1.

        Raises:
            RawRowsError: If a column or a cell is wrong, or an answer is not finite that must be;
                it names column and row.
            ArtefactError: If the artefact has no ONNX, the graph fails, or an output has not one
                shape for every row.
        """
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1 row, got {batch_size}")
        runtime = self.runtime
        parts = [runtime(batch) for batch in self._batches(rows, batch_size)]
        answers = {}
        for spec in self.manifest.outputs:
            some = [part[spec.name] for part in parts]
            try:
                answers[spec.name] = np.concatenate(some)
            except ValueError as error:
                raise ArtefactError(f"{self.path}: {several_shapes(spec.name, some)}") from error
            check_finite(answers[spec.name], spec, GIVES_FINITE)
        return answers

    def replay(self, rtol: float = 1e-4, atol: float = 1e-5) -> dict[str, float]:
        """Answer the golden rows, through encoders and graph, and hold each answer against its own.

        Args:
            rtol: Of an answer in floating point, relative to the golden one.
            atol: Added to that. Integers must be equal.

        Returns:
            The largest difference of each output.

        Raises:
            ArtefactError: Naming the first row and output that differ.
        """
        golden = read_golden(self.path, self.columns)
        manifest = self.manifest
        encoded = encode_inputs(golden.rows, manifest.encoders, manifest.inputs)
        replay.compare(encoded, golden.inputs, "encoded input", rtol=rtol, atol=atol)
        answers = self.answer(golden.rows)
        return replay.compare(answers, golden.answers, "output", rtol=rtol, atol=atol)

    def _check_names(self, verb: str, found: list[str], specs: Sequence[TensorSpec]) -> None:
        named = [spec.name for spec in specs]
        if sorted(found) != sorted(named):
            raise ArtefactError(
                f"{self.path}: the graph {verb} {', '.join(found)}, the manifest says "
                f"{', '.join(named)}: export again"
            )

    def _batches(self, rows: RawRows, batch_size: int) -> Iterator[dict[str, NDArray[Any]]]:
        encoders, inputs = self.manifest.encoders, self.manifest.inputs
        count = count_rows(rows, encoders, inputs)
        if not count:
            raise RawRowsError("there must be at least one row")
        columns = {name: rows[name] for name in self.columns}
        if not has_image(encoders):
            encoded = encode_inputs(columns, encoders, inputs)
            for start in range(0, count, batch_size):
                yield {name: array[start : start + batch_size] for name, array in encoded.items()}
            return
        assert encoders is not None
        # All pictures at once may not fit; where no size is declared, each may have its own.
        step = batch_size if encoders[0]["size"] is not None else 1
        for start in range(0, count, step):
            some = {name: column[start : start + step] for name, column in columns.items()}
            try:
                yield encode_inputs(some, encoders, inputs)
            except RawRowsError as error:
                raise error.shifted(start) from None
