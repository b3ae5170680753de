"""Arguments for each callback of the kit; one that has none here fails the contract suite."""

from typing import Any

QUIETLY = {"after": 10_000}
ACTIONS = "lightning_kit.callbacks.actions"

# Dropout of everything: what is random would differ after a resume.
#: name: arguments as YAML has them
CASES: dict[str, dict[str, Any]] = {
    "EMA": {"decay": 0.5},
    "EarlyStopping": {"monitor": "val/loss", "cumulative": False, "patience": 9},
    "EndEpoch": {"filter": {"once": 3}},
    "EpochOutputs": {},
    "EventHandlers": {},
    "ExactAccumulation": {},
    "ExceptionPolicy": {"rules": [{"exception": "ZeroDivisionError", "action": "stop"}]},
    # The fastest format to write.
    "ExportOnFitEnd": {"formats": ["pt2"]},
    "HandlersTimer": {},
    "LearningRateFinder": {"num_training_steps": 5},
    "ModelCheckpoint": {"dirpath": "own", "keep_last": 2},
    "OnEvent": {
        "action": {
            "class_path": f"{ACTIONS}.SetAttribute",
            "init_args": {"target": "model.net.0.p", "value": 1.0},
        },
        "event": "iteration_started",
        "every": 2,
    },
    "ParamScheduler": {
        "target": "optimizer.momentum",
        "schedule": {
            "class_path": "lightning_kit.schedules.Exponential",
            "init_args": {"start": 0.9, "gamma": 0.9},
        },
    },
    "RunningAverages": {"keys": ["loss"]},
    "TerminateOnNonFinite": {"check": ["loss", "grads"]},
    "TimeBreakdown": {},
}
#: name: arguments under which the callback has nothing to do at any step of the program
QUIET: dict[str, dict[str, Any]] = {
    "EMA": {**CASES["EMA"], "filter": QUIETLY},
    "EndEpoch": {"filter": QUIETLY},
    "EventHandlers": {},
    "ExactAccumulation": {},
    "ExceptionPolicy": CASES["ExceptionPolicy"],
    "ExportOnFitEnd": CASES["ExportOnFitEnd"],
    "HandlersTimer": {},
    "ModelCheckpoint": {"keep_last": 2, "every_n_train_steps": 1, "filter": QUIETLY},
    "OnEvent": {**CASES["OnEvent"], "every": None, "after": 10_000},
    "ParamScheduler": {**CASES["ParamScheduler"], "filter": QUIETLY},
    "RunningAverages": {**CASES["RunningAverages"], "filter": QUIETLY},
    "TerminateOnNonFinite": {**CASES["TerminateOnNonFinite"], "filter": QUIETLY},
    "TimeBreakdown": {},
}
