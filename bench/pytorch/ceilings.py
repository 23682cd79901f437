"""How fast this machine can multiply: one large matrix product, one convolution of a size that suits every library."""

import torch
from torch.nn.functional import conv2d

import models


def precision(settings, tuned):
    """PyTorch as it comes computes in float32 whatever the line."""
    return torch.bfloat16 if tuned and settings["precision"] == "bf16" else torch.float32


def prepare_sgemm(settings, inputs, layout, tuned):
    kind = precision(settings, tuned)
    x, weight = inputs["x"].to(kind), inputs["weight"].to(kind)
    out = torch.empty(len(x), weight.shape[1], dtype=kind)

    def run():
        torch.mm(x, weight, out=out)

    return run


def prepare_convolution(settings, inputs, layout, tuned):
    kind = precision(settings, tuned)
    if layout == "mkldnn":
        convolution = torch.nn.Conv2d(64, 64, 3, padding=1, bias=False)
        convolution.weight.data = inputs["weight"]
        blocked = torch.utils.mkldnn.to_mkldnn(convolution, kind)
        x = inputs["x"].to_mkldnn(kind)
        return without_gradients(lambda: blocked(x))
    x, weight = (models.laid_out(inputs[name].to(kind), layout) for name in ("x", "weight"))
    return without_gradients(lambda: conv2d(x, weight, padding=1))


def without_gradients(compute):
    def run():
        with torch.no_grad():
            compute()

    return run
