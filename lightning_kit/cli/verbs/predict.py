"""Answer raw rows or the predict data with trained weights, into a CSV file.

usage: lightning-kit predict RUN_DIR [flags]                  the run's best checkpoint
       lightning-kit predict [-c RECIPE] --ckpt_path best|last|PATH|RUN_DIR [flags]
       lightning-kit predict -c RECIPE --random_weights [flags]
       lightning-kit predict ARTEFACT --rows FILE             an exported model, without torch

--rows FILE answers the rows of a file, whatever is asked: .csv, .tsv, .parquet, .jsonl, .npz,
.npy, a picture or a folder of them. Columns are those of the training table; where the data is no
table, the model's inputs: an array `input` in .npz and .jsonl, columns input_0, input_1... in
tables. --out FILE says where the answers go.

Flags are those of fit; --lean changes nothing, for Lightning's own loop predicts. Without --out a
run gets predict-<time>.csv, anything else predictions.csv here.
"""

from lightning_kit.cli.artefact_answers import answer_rows
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.rows_flags import RowsFlags


def main(args: list[str]) -> int:
    if {"-h", "--help"} & set(args):
        print(__doc__)
        return 0
    flags = RowsFlags.of(args)
    if (folder := flags.artefact) is not None:
        return answer_rows(folder, flags)
    try:
        # Torch and Lightning, which an artefact is answered without.
        from lightning_kit.cli.prediction import predict
    except ModuleNotFoundError as error:
        asked = f"{flags.words[0]} is no artefact (it has no manifest.json)" if flags.words else ""
        raise InputError(
            f"{asked}{': ' * bool(asked)}runs and checkpoints need {error.name}, which is not "
            "installed: pip install lightning_kit"
        ) from error
    return predict(flags)
