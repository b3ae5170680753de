"""Every way that a file may be wrong is found, each planted into a file that is right."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lightning_kit.export.asking import Answers
from lightning_kit.export.candidate_check import CandidateCheck
from lightning_kit.export.loss import MetricBound
from lightning_kit.export.reference import Reference
from lightning_kit.export.samples import Samples
from lightning_kit.export.tolerance import TOLERANCES
from lightning_kit.export.verdict import FormatVerdict

FLOAT32 = TOLERANCES["float32"]
RANDOM = np.random.default_rng(0)
WEIGHT = RANDOM.normal(size=(4, 3)).astype(np.float32)
SAMPLES = Samples(
    {"x": RANDOM.normal(size=(300, 4)).astype(np.float32)}, target=RANDOM.integers(0, 3, 300)
)
Rows = Any


def model(rows: Rows, weight: NDArray[Any] = WEIGHT) -> Answers:
    with np.errstate(all="ignore"):
        # As many sums as rows, so that rows do not depend on each other's rounding.
        logits = np.stack([(row[:, None] * weight).sum(0) for row in rows["x"]])
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities = (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)
    return {
        "probabilities": probabilities,
        "prediction": probabilities.argmax(axis=1),
        "confidence": probabilities.max(axis=1),
        "length": np.abs(rows["x"]).sum(axis=1),
    }


def accuracy(answers: Mapping[str, NDArray[Any]], target: Any) -> dict[str, float]:
    return {"accuracy": float((answers["prediction"] == target).mean())}


def check(candidate: Callable[[Rows], Answers], **options: Any) -> FormatVerdict:
    answer = options.pop("answer", model)
    samples = options.pop("samples", SAMPLES)
    reference = Reference.of(answer, samples, FLOAT32)
    return CandidateCheck(answer, reference, samples, FLOAT32, None, accuracy).of(
        candidate, options.pop("bound", None)
    )


def test_the_same_model_passes_and_says_what_was_looked_at() -> None:
    verdict = check(model)
    assert verdict.passed, verdict.reason
    assert list(verdict.batches) == [
        "batch 256", "batch 1", "batch 2", "in another order", "asked again",
    ]  # fmt: skip
    assert verdict.agreement == {"prediction": 1.0}
    assert verdict.metrics["accuracy"]["loss"] == 0
    assert verdict.extremes["tried"] >= 10
    assert verdict.extremes["refused"] == []
    assert (verdict.finite, verdict.overflow) == ([], [])


def changed(**outputs: Callable[[Answers], NDArray[Any]]) -> Callable[[Rows], Answers]:
    return lambda rows: {**(a := model(rows)), **{name: of(a) for name, of in outputs.items()}}


def swapped_classes(rows: Rows) -> Answers:
    return model(rows, WEIGHT[:, [1, 0, 2]])


def wrong_normalisation(rows: Rows) -> Answers:
    return model({"x": rows["x"] / np.float32(1.01)})


def dropout(rows: Rows) -> Answers:
    keep = np.random.default_rng().random(rows["x"].shape) > 0.1
    return model({"x": (rows["x"] * keep / 0.9).astype(np.float32)})


def static_batch(rows: Rows) -> Answers:
    if len(rows["x"]) != 2:
        raise RuntimeError("Got invalid dimensions\n for input: x index: 0")
    return model(rows)


def first_row_for_all(rows: Rows) -> Answers:
    return {name: np.repeat(values[:1], len(values), 0) for name, values in model(rows).items()}


def reversed_rows(rows: Rows) -> Answers:
    return {name: values[::-1] for name, values in model(rows).items()}


def looks_at_neighbours(rows: Rows) -> Answers:
    return model({"x": rows["x"] - 0.01 * rows["x"].mean(axis=0)})


def swapped_names(rows: Rows) -> Answers:
    answers = model(rows)
    return answers | {"confidence": answers["length"], "length": answers["confidence"]}


def by_place_in_the_batch(rows: Rows) -> Answers:
    places = np.linspace(1, 1.01, 256, dtype=np.float32)[: len(rows["x"]), None]
    return model({"x": rows["x"] * places})


def one_row_short(rows: Rows) -> Answers:
    return {name: values[:-1] for name, values in model(rows).items()}


def output_dropped(rows: Rows) -> Answers:
    answers = model(rows)
    return {name: answers[name] for name in ("probabilities", "prediction", "length")}


def remembers() -> Callable[[Rows], Answers]:
    seen = [0]

    def answer(rows: Rows) -> Answers:
        seen[0] += 1
        return model({"x": rows["x"] * np.float32(1 + 1e-3 * (seen[0] > 300))})

    return answer


FAULTS: dict[str, tuple[Callable[[Rows], Answers], str]] = {
    "dropout left on": (dropout, "batch 256: output 'probabilities'"),
    "wrong normalisation": (wrong_normalisation, "batch 256: output 'probabilities'"),
    "swapped class order": (swapped_classes, "batch 256: output 'probabilities'"),
    "lost buffer": (lambda rows: model(rows, WEIGHT * 0), "batch 256: output 'probabilities'"),
    "static batch": (static_batch, "batch 256: RuntimeError: Got invalid dimensions for input"),
    "one weight": (
        lambda rows: model(rows, WEIGHT + np.eye(4, 3, dtype=np.float32) * 1e-3),
        "batch 256: output",
    ),
    "first row for all": (first_row_for_all, "batch 256: output"),
    "rows shuffled within a batch": (reversed_rows, "batch 256: output"),
    "neighbours": (looks_at_neighbours, "batch 256: output"),
    "names swapped": (swapped_names, "output 'confidence'"),
    "place in the batch": (by_place_in_the_batch, "batch 256: output"),
    "a row short": (one_row_short, "must have the 256 rows asked for"),
    "an output dropped": (output_dropped, "output 'confidence', is missing"),
    "an output more": (changed(extra=lambda a: a["length"]), "output 'extra', is an output that"),
    "logits for probabilities": (
        changed(probabilities=lambda a: np.log(a["probabilities"] + 1e-9).astype(np.float32)),
        "output 'probabilities'",
    ),
    "least for largest": (
        changed(prediction=lambda a: a["probabilities"].argmin(axis=1)),
        "output 'prediction', row",
    ),
    "classes from 1": (changed(prediction=lambda a: a["prediction"] + 1), "output 'prediction'"),
    "whole numbers cut": (
        changed(prediction=lambda a: a["prediction"].astype(np.int32)),
        "must be of type int64, got int32",
    ),
    "a dimension more": (changed(confidence=lambda a: a["confidence"][:, None]), "of shape"),
    "scores rounded": (
        changed(probabilities=lambda a: a["probabilities"].round(3)), "output 'probabilities'",
    ),
    "half precision": (
        changed(length=lambda a: a["length"].astype(np.float16).astype(np.float32)),
        "output 'length'",
    ),
    "nothing at all": (lambda rows: {}, "no outputs"),
    "NaN throughout": (changed(length=lambda a: a["length"] * np.nan), "got nan"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str) -> None:
    candidate, said = FAULTS[fault]
    verdict = check(candidate)
    assert not verdict.passed
    assert said in verdict.reason


def test_a_memory_of_earlier_calls_is_found() -> None:
    verdict = check(remembers())
    assert verdict.reason.startswith(("batch 2", "in another order", "asked again"))


@pytest.mark.parametrize(
    ("wrong_at", "said"), [(1, "batch 1: output"), (2, "batch 2: output"), (256, "batch 256")]
)
def test_a_fault_of_one_size_of_batch_is_found(wrong_at: int, said: str) -> None:
    def candidate(rows: Rows) -> Answers:
        return model(rows, WEIGHT * np.float32(1 + 0.01 * (len(rows["x"]) == wrong_at)))

    assert check(candidate).reason.startswith(said)


def test_a_row_among_many_that_looks_at_the_one_before_is_found() -> None:
    # Alone a row has none before it, so only the order tells.
    def candidate(rows: Rows) -> Answers:
        x = rows["x"].copy()
        if len(x) == 256:
            order = np.arange(256)
            known = SAMPLES.rows["x"][:256]
            if not np.array_equal(x, known):
                x[1:] += 0.01 * x[order[:-1]]
        return model({"x": x})

    assert check(candidate).reason.startswith("in another order: output")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (lambda rows: model({"x": np.clip(rows["x"], -10, 10)}), "x all "),
        (lambda rows: model({"x": np.where(rows["x"] == 0, 3, rows["x"])}), "x all 0"),
    ],
)
def test_what_real_samples_do_not_show_is_found(
    answers: Callable[[Rows], Answers], said: str
) -> None:
    reason = check(answers).reason
    assert reason.startswith(said), reason


def test_a_file_that_raises_at_nan_makes_the_input_finite() -> None:
    def candidate(rows: Rows) -> Answers:
        if np.isnan(rows["x"]).any():
            raise RuntimeError("no NaN please")
        return model(rows)

    verdict = check(candidate)
    assert (verdict.reason, verdict.finite) == ("", ["x"])


def test_a_file_that_raises_at_extremes_is_found() -> None:
    def candidate(rows: Rows) -> Answers:
        if (rows["x"] == 0).all(axis=1).any():
            raise RuntimeError("no zeros please")
        return model(rows)

    said = "x all 0: the module answers, the file raises RuntimeError: no zeros please"
    assert check(candidate).reason == said


@pytest.mark.parametrize(
    "changed",
    [lambda x: np.nan_to_num(x, nan=0.0), lambda x: np.where(np.isinf(x), np.float32(3e38), x)],
)
def test_what_only_rows_that_are_not_finite_show_makes_the_input_finite(changed: Any) -> None:
    verdict = check(lambda rows: model({"x": changed(rows["x"])}))
    assert (verdict.reason, verdict.finite) == ("", ["x"])


def test_rounding_is_no_fault() -> None:
    def candidate(rows: Rows) -> Answers:
        noise = np.random.default_rng(len(rows["x"])).normal(size=rows["x"].shape)
        return model({"x": (rows["x"] * (1 + 1e-7 * noise)).astype(np.float32)})

    assert check(candidate).reason == ""


def test_ties_may_go_either_way() -> None:
    tied = WEIGHT[:, [0, 0, 1]]

    def last(rows: Rows) -> Answers:
        answers = model(rows, tied)
        scores = answers["probabilities"]
        return answers | {"prediction": 2 - scores[:, ::-1].argmax(axis=1)}

    verdict = check(last, answer=lambda rows: model(rows, tied))
    assert verdict.passed, verdict.reason
    assert verdict.agreement["prediction"] < 1
    assert verdict.outputs["prediction"].share == 0


def test_constant_answers_are_no_fault() -> None:
    def constant(rows: Rows) -> Answers:
        return model(rows, WEIGHT * 0)

    assert check(constant, answer=constant).reason == ""


def test_infinite_answers_are_no_fault_where_expected() -> None:
    def masked(rows: Rows) -> Answers:
        answers = model(rows)
        logits = np.log(answers["probabilities"])
        logits[:, 1] = -np.inf
        return answers | {"logits": logits}

    def finite(rows: Rows) -> Answers:
        answers = masked(rows)
        return answers | {"logits": np.maximum(answers["logits"], -1e4)}

    assert check(masked, answer=masked).reason == ""
    assert "output 'logits', row 1, element [1] must be -inf" in check(finite, answer=masked).reason


@pytest.mark.parametrize("count", [1, 2, 3, 257])
def test_few_samples_are_asked_in_every_way_too(count: int) -> None:
    samples = SAMPLES.take(np.arange(count))
    assert check(model, samples=samples).reason == ""
    assert check(swapped_classes, samples=samples).reason


def test_a_bound_lets_numbers_differ_but_not_metrics_or_shapes() -> None:
    target = model(SAMPLES.rows)["prediction"]
    samples = Samples(SAMPLES.rows, target=target)

    def coarse(rows: Rows) -> Answers:
        return model(rows, WEIGHT * np.float32(1.01))

    verdict = check(coarse, samples=samples, bound=MetricBound())
    assert verdict.reason == ""
    assert verdict.outputs["probabilities"].share > 1
    assert verdict.metrics["accuracy"]["module"] == 1
    verdict = check(swapped_classes, samples=samples, bound=MetricBound())
    assert verdict.reason.startswith("batch 256: metric 'accuracy' must not lose more than 0.01")
    verdict = check(output_dropped, samples=samples, bound=MetricBound())
    assert "is missing" in verdict.reason


def test_a_bound_covers_no_answer_that_is_no_number() -> None:
    target = model(SAMPLES.rows)["prediction"]

    def one_is_nan(rows: Rows) -> Answers:
        answers = model(rows)
        odd = rows["x"][:, 0] == float(np.asarray(SAMPLES.rows["x"])[7, 0])
        return answers | {"length": np.where(odd, np.float32("nan"), answers["length"])}

    samples = Samples(SAMPLES.rows, target=target)
    verdict = check(one_is_nan, samples=samples, bound=MetricBound())
    assert verdict.reason.startswith("batch 256: output 'length', row 8 must be ")
