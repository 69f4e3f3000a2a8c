"""The training schemes side by side: each stage sees as many pictures, one table.

    python benchmarks/schemes.py --data BCCD --backbone-weights FILE --out DIR --seeds 0 1

Each run is `frcnn train` in a process of its own, then `frcnn eval` on the split asked for, for the
detections and for the proposals. A run that is in the folder already is taken as it is, so that
the script can be stopped and goes on. Nothing is chosen: the weights are the last ones, and the
validation pictures are looked at once, at the end of a step. The table goes to stdout in Markdown.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

STEPS = 1000
"""Of two pictures each: from so many each of the two stages learns, whatever the scheme."""
PLANS: dict[str, dict[str, object]] = {
    "joint": {},
    "alternating": {
        "rpn.steps": 400,
        "detector.steps": 700,
        "rpn_layers.steps": 600,
        "detector_layers.steps": 300,
        # in the last two steps the backbone stays as it is, and the layers bear a higher rate
        "rpn_layers.learning_rate": 0.001,
        "detector_layers.learning_rate": 0.0002,
        "last_layers": "kept",
    },
    "exact-joint": {},
    "unshared": {},
}
"""What differs from the settings that all have."""
RECALLS = ("recall50_50", "recall50_100", "recall50_300", "AR_300")
FRCNN = (sys.executable, "-m", "frcnn")


def train(options: argparse.Namespace, scheme: str, seed: int) -> Path:
    """Train one scheme with one seed, unless that is done.

    Args:
        options: of the command line.
        scheme: which.
        seed: of the run.

    Returns:
        The run's folder; `cost.json` in the folder above has its time.
    """
    folder: Path = options.out / f"{scheme}-{seed}"
    cost = folder / "cost.json"
    if not cost.exists():
        plan = PLANS[scheme]
        changes = {
            "model.pictures.shorter_side": options.side,
            "model.pictures.order": "subtract_then_resize",  # as the authors' code has it
            "training.batches.flip_vertical": "random",
            "training.schedule.steps": STEPS,
            "training.evaluation.every_epochs": 1000,
            **{f"training.alternating.{name}": value for name, value in plan.items()},
        }
        sets = [word for name, value in changes.items() for word in ("--set", f"{name}={value}")]
        names = ("--data", options.data, "--model", "vgg16", "--scheme", scheme)
        start = ("--backbone-weights", options.backbone_weights, "--seed", str(seed))
        began, before = time.monotonic(), _processor_seconds()
        _run("train", *names, *start, *sets, "--out", folder)
        spent = {"clock": time.monotonic() - began, "processor": _processor_seconds() - before}
        cost.write_text(json.dumps(spent), encoding="utf-8")
    return (folder / "latest").resolve()


def figures(run: Path, metric: str, split: str) -> dict[str, Any]:
    """Evaluate a run.

    Args:
        run: its folder.
        metric: `coco` or `proposals`.
        split: of the data.

    Returns:
        What `metrics.json` holds.
    """
    out = run / "eval" / (split if metric == "coco" else f"{split}-{metric}")
    if not (out / "metrics.json").exists():
        _run("eval", run / "last.safetensors", "--split", split, "--metric", metric, "--out", out)
    found: dict[str, Any] = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    return found


def _run(*words: object) -> None:
    ended = subprocess.run([*FRCNN, *map(str, words)], check=False, stdout=sys.stderr)
    if ended.returncode:  # it has said why
        raise SystemExit(ended.returncode)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def row(options: argparse.Namespace, scheme: str, seed: int) -> str:
    """Make a row of the table: train and evaluate.

    Args:
        options: of the command line.
        scheme: which.
        seed: of the run.

    Returns:
        A line of Markdown.
    """
    run = train(options, scheme, seed)
    cost = json.loads((run.parent / "cost.json").read_text(encoding="utf-8"))
    detections = figures(run, "coco", options.split)["coco"]
    proposals = figures(run, "proposals", options.split)["figures"]
    shown = [detections["AP50"], detections["AP"], *(proposals[name] for name in RECALLS)]
    minutes = f"{cost['clock'] / 60:.1f} | {cost['processor'] / 60:.1f}"
    cells = " | ".join(f"{value:.3f}" for value in shown)
    return f"| `{scheme}` | {seed} | {minutes} | {cells} |"


def main() -> None:
    """Run all that was asked for, a row as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--backbone-weights", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--schemes", nargs="+", choices=PLANS, default=list(PLANS))
    parser.add_argument("--side", type=int, default=320)
    parser.add_argument("--split", default="test")
    options = parser.parse_args()
    for path in (options.data, options.backbone_weights):
        if not path.exists():
            parser.error(f"{path}: nothing is there")
    heads = ["scheme", "seed", "minutes", "of the processor", "AP50", "AP", *RECALLS]
    print(f"| {' | '.join(heads)} |\n|---|--:{'|--:' * (len(heads) - 2)}|", flush=True)
    for seed in options.seeds:
        for scheme in options.schemes:
            print(row(options, scheme, seed), flush=True)


if __name__ == "__main__":
    main()
