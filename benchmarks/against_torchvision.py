"""Speed and memory of our VGG-16 detector, beside torchvision's FasterRCNN assembled alike.

    python benchmarks/against_torchvision.py --repetitions 7 --what step,inference,stages,memory

Like for like: the same VGG-16 with two stages frozen, nine anchors, RoIAlign, a head of 4096, 21
classes with background; in training 128 regions of 2000 proposals and SGD with momentum, at test
300 proposals; one picture at a time, already of the size that the detectors want. Ours computes
in its default mode (bfloat16 where the processor has it) and in float32, and, as `frcnn train` and
`frcnn predict` do, lets the allocator keep freed memory (`machine.keep_freed_memory`); torchvision
runs as it is imported, without that.

Each detector lives in a process of its own that waits until it is asked for one repetition; they
are asked in turn, so that whatever the machine does besides hits all of them alike. Tables go to
stdout in Markdown, progress to stderr.
"""

import argparse
import multiprocessing
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

from frcnn import machine
from frcnn._version import __version__

PARTS = ("step", "inference", "stages", "memory")
SIZES = {"step": (600, 800), "inference": (600, 1000), "stages": (600, 800), "memory": (600, 800)}
WARM_UP = 2
PAUSE = 0.3  # seconds between repetitions: threads of the one before stop spinning


class Worker:
    """A process that holds one detector and works when it is asked."""

    def __init__(self, part: str, variant: str, size: tuple[int, int], head_width: int) -> None:
        """Start it and wait until it is warm.

        Args:
            part: what is measured.
            variant: whose detector, and in which precision.
            size: height and width of the picture, pixels.
            head_width: of fc6 and fc7.
        """
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(
            target=_work, args=(other, part, variant, size, head_width), daemon=True
        )
        self._process.start()
        other.close()
        self._answer()

    def ask(self) -> tuple[float, object]:
        """Give the seconds of one repetition, and what it returned."""
        time.sleep(PAUSE)
        self._connection.send("go on")
        seconds, answer = self._answer()
        return seconds, answer

    def stop(self) -> None:
        """End the process."""
        self._connection.send("")
        self._process.join()

    def _answer(self) -> tuple[float, object]:
        try:
            answer: tuple[float, object] = self._connection.recv()
        except EOFError:
            sys.exit("the process has ended; its reason is above, or the memory is too small")
        return answer


def _work(
    connection: Connection, part: str, variant: str, size: tuple[int, int], head_width: int
) -> None:
    repetition = _build(part, variant, size, head_width)
    for _ in range(0 if part == "memory" else WARM_UP):
        repetition()
    connection.send((0.0, "warm"))
    while connection.recv():
        start = time.perf_counter()
        answer = repetition()
        connection.send((time.perf_counter() - start, answer))


def _build(part: str, variant: str, size: tuple[int, int], head_width: int) -> Callable[[], object]:
    # imported here: the process that asks needs no torch, and memory is counted from here on
    import rivals
    import stages

    if variant != "torchvision":
        machine.keep_freed_memory()
    if part == "stages":
        return stages.clocked_step(size, head_width, variant)
    makers = {"step": rivals.step, "inference": rivals.inference, "memory": rivals.peak}
    return makers[part](size, head_width, variant)


def in_turn(
    part: str, variants: Sequence[str], arguments: argparse.Namespace
) -> dict[str, list[tuple[float, object]]]:
    """Measure one part, A B C A B C ...

    Args:
        part: what is measured.
        variants: whose detectors, and in which precision.
        arguments: of the command line.

    Returns:
        For each variant its repetitions: seconds, and what a repetition returned.
    """
    size = (arguments.height or SIZES[part][0], arguments.width or SIZES[part][1])
    repetitions = 1 if part == "memory" else arguments.repetitions
    workers = {}
    for variant in variants:
        _say(f"{part} at {size[0]} x {size[1]}: {variant}")
        workers[variant] = Worker(part, variant, size, arguments.head_width)
    answers: dict[str, list[tuple[float, object]]] = {variant: [] for variant in variants}
    for number in range(repetitions):
        for variant, worker in workers.items():
            answers[variant].append(worker.ask())
            _say(f"  {number + 1}/{repetitions} {variant}: {answers[variant][-1][0]:.3f} s")
    for worker in workers.values():
        worker.stop()
    return answers


def speed_rows(part: str, arguments: argparse.Namespace) -> list[str]:
    """Compare seconds: a row of Markdown for each of our precisions."""
    ours = _precisions()
    answers = in_turn(part, ["torchvision", *ours], arguments)
    seconds = {name: [second for second, _ in rows] for name, rows in answers.items()}
    theirs = seconds["torchvision"]
    size = f"{arguments.height or SIZES[part][0]} x {arguments.width or SIZES[part][1]}"
    what = {"step": "training step", "inference": "inference"}[part]
    return [
        f"| {what}, {size} | {name} | {_spread(theirs)} | {_spread(seconds[name])} | "
        f"{statistics.median(theirs) / statistics.median(seconds[name]):.2f} | {len(theirs)} |"
        for name in ours
    ]


def stage_table(arguments: argparse.Namespace) -> list[str]:
    """Divide our training step among its stages: lines of Markdown."""
    (name, *_) = _precisions()
    (rows,) = in_turn("stages", [name], arguments).values()
    table = [answer for _, answer in rows if isinstance(answer, dict)]
    median = {
        key: statistics.median(step.get(key, 0.0) for step in table)
        for key in dict.fromkeys(key for step in table for key in step)
    }
    whole = statistics.median(sum(step.values()) for step in table)
    stages = list(dict.fromkeys(stage for stage, _ in median))
    lines = [f"| stage ({name}) | forward, ms | backward, ms | share |", "|---|---:|---:|---:|"]
    shares = {}
    for stage in stages:
        there, back = (median.get((stage, way), 0.0) for way in ("forward", "backward"))
        shares[stage] = (there + back) / whole
        lines.append(f"| {stage} | {_ms(there)} | {_ms(back)} | {shares[stage]:.1%} |")
    layers = {"backbone", "RPN head", "box head", "optimizer and clipping"}
    rest = sum(share for stage, share in shares.items() if stage not in layers)
    lines.append(f"| all but {', '.join(sorted(layers))} | | | {rest:.1%} |")
    lines.append(f"| the step | {_ms(whole)} in all | | {len(table)} runs |")
    return lines


def memory_rows(arguments: argparse.Namespace) -> list[str]:
    """Compare peak memory: a row of Markdown for each detector."""
    variants = ["torchvision", *_precisions()]
    size = f"{arguments.height or SIZES['memory'][0]} x {arguments.width or SIZES['memory'][1]}"
    lines = []
    for variant in variants:  # one at a time, each in a fresh process
        ((_, peak),) = in_turn("memory", [variant], arguments)[variant]
        lines.append(f"| training step, {size}, {variant} | {peak:.2f} GiB |")
    return lines


def _precisions() -> list[str]:
    names = ["float32"]
    return ["default (bfloat16)", *names] if machine.has_native_bfloat16() else names


def _spread(seconds: Sequence[float]) -> str:
    low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
    return f"{middle:.3f} s ({low:.3f} to {high:.3f})"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parts(text: str) -> list[str]:
    parts = text.split(",")
    if unknown := [part for part in parts if part not in PARTS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(PARTS)}")
    return parts


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repetitions", type=int, default=7, help="of each; the median counts")
    parser.add_argument("--what", type=_parts, default=list(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--height", type=int, help="of the picture; instead of 600")
    parser.add_argument("--width", type=int, help="of the picture; instead of 800 and 1000")
    parser.add_argument("--head-width", type=int, default=4096, help="of fc6 and fc7")
    return parser.parse_args()


def _machine() -> str:
    torch, torchvision = (machine.version_of(name) for name in ("torch", "torchvision"))
    versions = f"torch {torch}, torchvision {torchvision}, frcnn {__version__}"
    bfloat16 = "native" if machine.has_native_bfloat16() else "no"
    return f"{machine.processor_name()}, {machine.cores()} cores, {bfloat16} bfloat16; {versions}"


def main() -> None:
    """Measure what the command line asks for, and print it."""
    arguments = _arguments()
    print(f"Machine: {_machine()}\n\nCommand: `{shlex.join(['python', *sys.argv])}`")
    speed = [part for part in ("step", "inference") if part in arguments.what]
    if speed:
        print("\n| what | precision of frcnn | torchvision, float32 | frcnn | ratio | runs |")
        print("|---|---|---|---|---:|---:|")
    for part in speed:
        print("\n".join(speed_rows(part, arguments)), flush=True)
    if "stages" in arguments.what:
        print("\n" + "\n".join(stage_table(arguments)), flush=True)
    if "memory" in arguments.what:
        print("\n| what | peak above the process after import |\n|---|---:|")
        print("\n".join(memory_rows(arguments)), flush=True)


if __name__ == "__main__":
    main()
