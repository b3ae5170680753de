import torch
from torch import Tensor

from lightning_kit.models.digits import keeping_digits


def test_a_narrower_type_is_not_taken_and_a_wider_one_is() -> None:
    tensor = torch.tensor([2015.1])
    keep = keeping_digits(lambda given: given.to("meta", torch.bfloat16))
    assert (keep(tensor).device.type, keep(tensor).dtype) == ("meta", torch.float32)
    assert keeping_digits(Tensor.double)(tensor).dtype == torch.float64
    assert torch.equal(keeping_digits(Tensor.half)(tensor), tensor)


def test_integers_stay_integers() -> None:
    counter = torch.tensor(1)
    assert keeping_digits(lambda given: given)(counter) is counter
