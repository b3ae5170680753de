"""What is exported, and what it is exported and checked with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from lightning_kit.artefact.encoders import RawRows, encode, image
from lightning_kit.artefact.encoding import has_image
from lightning_kit.export.arrays import device_of
from lightning_kit.export.examples import allowed, example_of
from lightning_kit.export.formats import Dynamic
from lightning_kit.export.graph import AnswerGraph
from lightning_kit.export.pipeline import Pipeline
from lightning_kit.export.samples import ENOUGH, Samples
from lightning_kit.export.statistics import statistics


@final
@dataclass(frozen=True)
class Parts:
    """A pipeline, its samples, and what follows from both.

    Args:
        pipeline: The parts of the model.
        samples: Real rows.
        inputs: What the graph takes for 256 of them, or all.
        graph: The parts as one module.
        example: Two rows of each input.
        dynamic: The dimensions that a file must take in any size.
    """

    pipeline: Pipeline
    samples: Samples
    inputs: dict[str, Any]
    graph: AnswerGraph
    example: dict[str, Tensor]
    dynamic: Dynamic

    @classmethod
    def of(cls, pipeline: Pipeline, samples: Samples, lengths: Mapping[str, int] | None) -> Self:
        few = samples.take(samples.spread(ENOUGH))
        inputs = (
            dict(few.inputs) if few.inputs is not None else encoded(few.rows, pipeline.encoders)
        )
        device = device_of(pipeline.network)
        example, dynamic = example_of(inputs, lengths=lengths, device=device)
        graph = pipeline.graph(example)
        return cls(pipeline, samples, inputs, graph, example, allowed(graph, example, dynamic))

    def calibration(self) -> dict[str, NDArray[Any]]:
        return {name: np.asarray(values) for name, values in self.inputs.items()}

    def statistics(self, training: RawRows | None) -> dict[str, Any]:
        # Those whose inputs are at hand.
        few = self.samples.take(self.samples.spread(ENOUGH))
        rows, inputs, of = few.rows, self.inputs, "validation samples"
        if training is not None:
            rows, inputs, of = training, encoded(training, self.pipeline.encoders), "training rows"
        return statistics(rows, self.pipeline.encoders, inputs, of=of)


def encoded(rows: RawRows, encoders: list[dict[str, Any]] | None) -> dict[str, Any]:
    """Return what encoders make of ``rows``; without encoders, the rows as they are."""
    if encoders is None:
        return dict(rows)
    if has_image(encoders):
        (encoder,) = encoders
        return {"input": image.encode(rows[encoder["column"]], encoder)}
    return {"input": encode(rows, encoders)}
