import pytest
import torch
from sklearn.metrics import roc_auc_score

from lightning_kit.tasks import MacroAUROC


def softmax_scores(rows: int, classes: int) -> torch.Tensor:
    # Rounded, so that many scores tie.
    return torch.randn(rows, classes).softmax(dim=1).round(decimals=1)


def test_multiclass_is_the_mean_of_one_against_the_rest() -> None:
    torch.manual_seed(0)
    scores, target = torch.randn(200, 4).softmax(dim=1), torch.randint(4, (200,))
    metric = MacroAUROC()
    for rows in torch.split(torch.arange(200), 64):
        metric.update(scores[rows], target[rows])
    wanted = roc_auc_score(target, scores, multi_class="ovr", average="macro")
    assert metric.compute().item() == pytest.approx(wanted, abs=1e-6)


def test_ties_are_counted_as_scikit_learn_does() -> None:
    torch.manual_seed(0)
    scores, target = softmax_scores(200, 1).squeeze(1) * 0, torch.randint(2, (200,))
    scores += torch.randn(200).round(decimals=1)
    wanted = roc_auc_score(target, scores)
    assert MacroAUROC()(scores, target).item() == pytest.approx(wanted, abs=1e-6)


def test_a_class_that_does_not_occur_is_left_out() -> None:
    scores = torch.tensor([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])
    target = torch.tensor([0, 1, 1])
    # Class 2 never occurs. Class 0: 0.7 above 0.2 and 0.6. Class 1: 0.7 and 0.3 above 0.2.
    # torchmetrics' macro mean would be 2/3, with a warning.
    assert MacroAUROC()(scores, target).item() == 1.0


def test_one_class_alone_has_no_answer() -> None:
    assert MacroAUROC()(torch.rand(4), torch.ones(4, dtype=torch.long)).isnan()


def test_multilabel_is_the_mean_over_labels_without_what_is_ignored() -> None:
    torch.manual_seed(0)
    scores, target = torch.rand(100, 3), torch.randint(2, (100, 3))
    target[:20, 1] = -1
    wanted = [
        roc_auc_score(target[:, 0], scores[:, 0]),
        roc_auc_score(target[20:, 1], scores[20:, 1]),
        roc_auc_score(target[:, 2], scores[:, 2]),
    ]
    metric = MacroAUROC(ignore_index=-1)
    assert metric(scores, target).item() == pytest.approx(sum(wanted) / 3, abs=1e-6)


def test_an_ignored_class_number_does_not_count_as_a_negative() -> None:
    scores = torch.tensor([[0.9, 0.1], [0.1, 0.9], [0.0, 1.0]])
    target = torch.tensor([0, 1, 255])
    assert MacroAUROC(ignore_index=255)(scores, target).item() == 1.0
