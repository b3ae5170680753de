import pytest
import torch

from lightning_kit.models import MLP


def test_layers_are_linear_relu_dropout_and_a_head() -> None:
    model = MLP(784, 10, hidden=[128], dropout=0.5)
    # 784 * 128 + 128 weights and biases, then 128 * 10 + 10.
    assert sum(p.numel() for p in model.parameters()) == 100_480 + 1_290
    names = [type(layer).__name__ for layer in model.hidden]
    assert names == ["Linear", "ReLU", "Dropout"]


def test_images_and_rows_of_the_same_numbers_get_the_same_answer() -> None:
    model = MLP(12, 3).eval()
    images = torch.randn(5, 3, 2, 2)
    torch.testing.assert_close(model(images), model(images.flatten(1)), rtol=0, atol=0)


def test_no_hidden_layer_is_a_linear_model() -> None:
    model, input = MLP(4, 2, hidden=[]), torch.randn(3, 4)
    torch.testing.assert_close(model(input), input @ model.head.weight.T + model.head.bias)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"in_features": 0, "out_features": 2}, r"at least 1, got \[0, 64, 2\]"),
        ({"in_features": 4, "out_features": 2, "dropout": 1.0}, r"in \[0, 1\), got 1.0"),
        ({"in_features": 4, "out_features": 2, "hidden": [], "dropout": 0.1}, "no effect"),
    ],
)
def test_wrong_sizes_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MLP(**options)  # type: ignore[arg-type]
