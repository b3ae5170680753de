"""Small modules that recipes use, and the postprocessing that tasks own. Torch only."""

from lightning_kit.models.answers import ClassAnswer, RegressionAnswer
from lightning_kit.models.cnn import CNN
from lightning_kit.models.jitter import Jitter
from lightning_kit.models.mlp import MLP

__all__ = ["CNN", "MLP", "ClassAnswer", "Jitter", "RegressionAnswer"]
