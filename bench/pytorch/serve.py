"""PyTorch's side of the benchmark: answers one JSON request a line on stdin until it ends (see ../protocol.ts).

It is written for this benchmark from the methods' definitions, with PyTorch as its users know it. "tuned" processes are
given what PyTorch's own tuning guide recommends for float32 on a CPU: a fitting tensor layout, denormals flushed to
zero, inference mode, and memory that stays with the process.
"""

import json
import os
import resource
import sys
import time
import traceback

import torch

import attack
import ceilings
import evaluation
import study
import tensors
import training
import transfer

TUNED = "CARRYOVER_TUNED" in os.environ

# What a line runs, and the layouts that are worth trying when tuned, in the order in which they are tried.
LINES = {
    "cnn-forward": (evaluation.prepare, ("channels_last", "frozen", "mkldnn")),
    "resnet18-64-forward": (evaluation.prepare, ("channels_last", "frozen", "mkldnn")),
    "resnet18-forward": (evaluation.prepare, ("channels_last", "frozen", "mkldnn")),
    "cnn-step": (training.prepare, ("channels_last", "contiguous")),
    "cnn-step-bf16": (training.prepare, ("channels_last", "contiguous")),
    "cnn-jr-step": (training.prepare, ("channels_last", "contiguous")),
    "paper-jr-step": (training.prepare, ("channels_last", "contiguous")),
    "resnet18-step": (training.prepare, ("channels_last", "contiguous")),
    "resnet18-jr-step": (training.prepare, ("channels_last", "contiguous")),
    "resnet18-step-bf16": (training.prepare, ("channels_last", "contiguous")),
    "workers-scaling": (training.prepare, ("contiguous",)),
    "pgd-20": (attack.prepare, ("channels_last", "contiguous")),
    "transfer": (transfer.prepare, ("channels_last",)),
    "study": (study.prepare, ("channels_last",)),
    "ceiling-sgemm": (ceilings.prepare_sgemm, ("contiguous",)),
    "ceiling-convolution": (ceilings.prepare_convolution, ("channels_last", "contiguous", "mkldnn")),
    "ceiling-sgemm-bf16": (ceilings.prepare_sgemm, ("contiguous",)),
    "ceiling-convolution-bf16": (ceilings.prepare_convolution, ("channels_last", "contiguous", "mkldnn")),
}


class Server:
    def __init__(self):
        self.run = None

    def answer(self, request):
        return getattr(self, request["do"])(request)

    def about(self, request):
        return {"versions": {"torch": torch.__version__, "blas": blas(), "python": sys.version.split()[0]}}

    def prepare(self, request):
        self.run = prepared(request, request.get("layout", "contiguous"))
        return {}

    def choose(self, request):
        """The layout whose fastest unit is the fastest; one that this build of torch cannot do is left out."""
        _, layouts = LINES[request["line"]]
        if len(layouts) == 1:
            return {"layout": layouts[0]}
        best = {}
        for layout in layouts:
            try:
                run = prepared(request, layout)
                best[layout] = fastest(run)
            except RuntimeError as error:
                print(f"{layout}: {error}", file=sys.stderr)
        return {"layout": min(best, key=best.get)}

    def repeat(self, request):
        return {"units": [timed(self.run) for _ in range(request["times"])]}

    def peak(self, request):
        return {"peakMb": peak_mb()}


def prepared(request, layout):
    torch.set_num_threads(request["threads"])
    torch.manual_seed(0)
    if TUNED:
        torch.set_flush_denormal(True)
    make, _ = LINES[request["line"]]
    return make(request["settings"], tensors.read(request["inputs"]), layout, TUNED)


def fastest(run):
    """The least time of four units, or of two where they are slow."""
    times = []
    while len(times) < 2 or (len(times) < 4 and sum(times) < 2000):
        times.append(timed(run)["ms"])
    return min(times)


def timed(run):
    """A unit's outcome: a number, a dict with `ms` of its own, or nothing."""
    began = time.perf_counter()
    outcome = run()
    ms = 1000 * (time.perf_counter() - began)
    if isinstance(outcome, dict):
        return {"ms": ms, **outcome}
    return {"ms": ms, "value": outcome}


def peak_mb():
    """The largest resident memory of this process so far, in MB of 10^6 bytes."""
    try:
        with open("/proc/self/status") as status:
            kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
        return kilobytes * 1024 / 1e6
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def blas():
    """Which BLAS is loaded, where that can be seen; its threads decide much of torch's speed."""
    try:
        with open("/proc/self/maps") as maps:
            paths = {line.split()[-1] for line in maps if "blas" in line or "mkl_" in line}
    except OSError:
        paths = set()
    for kind in ("openblas-openmp", "openblas-pthread", "openblas-serial", "mkl_"):
        if any(kind in path for path in paths):
            return kind.rstrip("_")
    return "openblas" if any("openblas" in path for path in paths) else "built in"


def main():
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    # Whatever a library prints goes to stderr instead of between the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    server = Server()
    for line in sys.stdin:
        try:
            reply = server.answer(json.loads(line))
        except Exception:
            reply = {"error": traceback.format_exc()}
        print(json.dumps(reply), file=answers, flush=True)


if __name__ == "__main__":
    main()
