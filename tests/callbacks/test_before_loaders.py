"""The two methods are borrowed, still found by Lightning, and given back."""

from programs.plain import PlainData
from pytorch_lightning.utilities.model_helpers import is_overridden

from lightning_kit.callbacks.before_loaders import BeforeLoaders


def test_it_acts_before_each_loader_until_given_back() -> None:
    data = PlainData()

    def action() -> None:
        data.batch_size += 1

    borrowed = BeforeLoaders(data, action)
    assert is_overridden("train_dataloader", data)
    assert data.train_dataloader().batch_size == 9
    # This one asks for the other.
    assert data.val_dataloader().batch_size == 11
    borrowed.give_back()
    assert data.val_dataloader().batch_size == 11
    assert not {"train_dataloader", "val_dataloader"} & set(vars(data))


def test_a_method_of_the_instance_comes_back() -> None:
    data = PlainData()
    own = data.val_dataloader
    vars(data)["val_dataloader"] = own
    borrowed = BeforeLoaders(data, lambda: None)
    borrowed.give_back()
    borrowed.give_back()
    assert vars(data)["val_dataloader"] is own
