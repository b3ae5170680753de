"""Write trained weights as an artefact proved to give the validated answers.

usage: lightning-kit export RUN_DIR [flags]                     the run's best checkpoint
       lightning-kit export CHECKPOINT [flags]
       lightning-kit export [-c RECIPE] --ckpt_path best|last|PATH|RUN_DIR [flags]
       lightning-kit export --model CLASS --data CLASS --ckpt_path PATH [flags]

  --out DIR            must not exist; artefact/ in the run's directory, else here
  --formats A,B        onnx, safetensors (the default), pt2, torchscript
  --opset N            of ONNX
  --quantize KIND      int8, int8-dynamic or fp16, of ONNX
  --lengths '{tokens: 1}'
                       a dimension of an input that may be of any size
  --name NAME          what the artefact is called

Other flags are those of validate. Every format answers real validation rows as the checkpoint does,
or nothing is written but a report, DIR-refused.json, and the exit code is 3.
"""

import sys

from lightning_kit.artefact import Artefact, ArtefactError
from lightning_kit.cli import PROGRAM
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.export_options import ExportOptions
from lightning_kit.cli.export_summary import print_export
from lightning_kit.cli.exporting import Exporting, default_out, find_weights
from lightning_kit.cli.failures import input_error
from lightning_kit.cli.request import Request
from lightning_kit.cli.signals import with_exit_code
from lightning_kit.export import GateRefused, export
from lightning_kit.export.staging import refuse_existing

REFUSED = 3


def main(args: list[str]) -> int:
    options, rest = ExportOptions.taken(args)
    request = Request.of("export", rest)
    if request.wants_help:
        print(__doc__)
        return 0
    return with_exit_code(lambda: _exported(request, options), at_once=True)


def _exported(request: Request, options: ExportOptions) -> int:
    try:
        artefact = _artefact(request, options)
    except GateRefused as refused:
        print(f"{PROGRAM}: {refused}", file=sys.stderr)
        return REFUSED
    except (ArtefactError, ImportError) as error:
        raise InputError(str(error)) from error
    except Exception as error:
        if (wrong := input_error(error)) is not None:
            raise wrong from error
        raise
    print_export(artefact)
    return 0


def _artefact(request: Request, options: ExportOptions) -> Artefact:
    source = find_weights(request)
    out = options.out or default_out(source)
    refuse_existing(out)
    found = Exporting.of(request, source)
    return export(
        found.module,
        out,
        samples=found.samples,
        lineage=found.lineage,
        measure=found.measure,
        name=options.name or found.name,
        training=found.training,
        **options.arguments(),
    )
