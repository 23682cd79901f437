"""How fast this machine can multiply: one large matrix product, one convolution of a size that suits every library."""

import torch
from torch.nn.functional import conv2d

import models


def prepare_sgemm(settings, inputs, layout, tuned):
    x, weight = inputs["x"], inputs["weight"]
    out = torch.empty(len(x), weight.shape[1])

    def run():
        torch.mm(x, weight, out=out)

    return run


def prepare_convolution(settings, inputs, layout, tuned):
    if layout == "mkldnn":
        convolution = torch.nn.Conv2d(64, 64, 3, padding=1, bias=False)
        convolution.weight.data = inputs["weight"]
        blocked = torch.utils.mkldnn.to_mkldnn(convolution)
        x = inputs["x"].to_mkldnn()
        return without_gradients(lambda: blocked(x))
    x, weight = models.laid_out(inputs["x"], layout), models.laid_out(inputs["weight"], layout)
    return without_gradients(lambda: conv2d(x, weight, padding=1))


def without_gradients(compute):
    def run():
        with torch.no_grad():
            compute()

    return run
