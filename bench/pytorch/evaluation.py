"""Evaluation of a batch: logits, mean loss and right answers, without gradients."""

import itertools

import torch
from torch.nn.functional import cross_entropy
from torch.utils import mkldnn

import models


def prepare(settings, inputs, layout, tuned):
    model = models.laid_out(models.build(settings["model"], inputs), layout).eval()
    images = [models.laid_out(batch, layout) for batch in inputs["images"]]
    batches = itertools.cycle(list(zip(images, inputs["labels"])))
    classify = compiled(model, images[0], layout)
    without_gradients = torch.inference_mode if tuned else torch.no_grad

    def run():
        x, y = next(batches)
        with without_gradients():
            logits = classify(x)
            loss = cross_entropy(logits, y)
            (logits.argmax(1) == y).sum().item()
            return loss.item()

    return run


def compiled(model, example, layout):
    if layout == "frozen":
        with torch.no_grad():
            traced = torch.jit.freeze(torch.jit.trace(model, example))
            return torch.jit.optimize_for_inference(traced)
    if layout == "mkldnn":
        # The normaliser stays outside: oneDNN's own tensors know no broadcasts.
        normalise, model.normalise = model.normalise, torch.nn.Identity()
        blocked = mkldnn.to_mkldnn(model)
        return lambda x: dense(blocked(normalise(x).to_mkldnn()))
    return model


def dense(x):
    return x.to_dense() if x.is_mkldnn else x
