"""Find labels that are no class: nothing else would say so before the scores look odd."""

from torch import Tensor

from lightning_kit.models.answers import Kind


def check_label_range(
    target: Tensor, kind: Kind, num_classes: int, ignore_index: int | None
) -> None:
    """Refuse a label that is no class. Reads a value back from the device.

    Raises:
        ValueError: Naming the first such label and what is allowed.
    """
    label = target.long()
    classes = num_classes if kind == "multiclass" else 2
    wrong = (label < 0) | (label >= classes)
    if ignore_index is not None:
        wrong &= label != ignore_index
    if not bool(wrong.any()):
        return
    found = int(label[wrong][0])
    if kind == "multiclass":
        rule, way = f"be in [0, {classes})", "raise num_classes"
    else:
        rule, way = f"be 0 or 1 for {kind}", "map them to 0 and 1"
    raise ValueError(
        f"labels must {rule}, got {found}: {way}, or set ignore_index={found} to leave it out"
    )
