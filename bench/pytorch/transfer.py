"""The transfer stage as the paper's released code runs it: epochs of SGD over all parameters, through the features."""

import time

import torch

import models
import training


def epoch(model, optimise, images, labels, batch, layout, tuned):
    """One pass in a random order, whole batches; returns the last loss."""
    order = torch.randperm(len(images))
    loss = None
    for chosen in order.split(batch):
        if len(chosen) < batch:
            break
        x = models.laid_out(images[chosen], layout)
        loss = training.step(model, optimise, training.loss_of(model, x, labels[chosen], "none", 0), tuned)
    return loss


def prepare(settings, inputs, layout, tuned):
    """A unit is an epoch, and its time counts for all of them."""
    images, labels = inputs["images"].flatten(0, 1), inputs["labels"].flatten()

    model = models.laid_out(models.build(settings["model"], inputs), layout).train()
    optimise = training.optimiser(model, settings)

    def run():
        began = time.perf_counter()
        loss = epoch(model, optimise, images, labels, settings["batch"], layout, tuned)
        epoch_ms = 1000 * (time.perf_counter() - began)
        return {"ms": settings["epochs"] * epoch_ms, "value": loss, "parts": {"epochMs": epoch_ms}}

    return run
