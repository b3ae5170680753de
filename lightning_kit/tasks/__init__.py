"""LightningModules, one learning problem each; every one takes any ``nn.Module``."""

from lightning_kit.tasks.auroc import MacroAUROC
from lightning_kit.tasks.base import AbstractTask
from lightning_kit.tasks.classification import ClassificationTask
from lightning_kit.tasks.data_facts import DataFacts
from lightning_kit.tasks.regression import RegressionTask
from lightning_kit.tasks.schedule import Schedule
from lightning_kit.tasks.step import StepOutput

__all__ = [
    "AbstractTask",
    "ClassificationTask",
    "DataFacts",
    "MacroAUROC",
    "RegressionTask",
    "Schedule",
    "StepOutput",
]
