"""A training step: forward, backward, SGD with momentum, with a penalty on the Jacobian where the line has one."""

import itertools

import torch
from torch.nn.functional import cross_entropy

import models


def optimiser(model, settings):
    return torch.optim.SGD(
        model.parameters(),
        lr=settings["learningRate"],
        momentum=settings["momentum"],
        weight_decay=settings["weightDecay"],
    )


def jacobian(features, images, directions):
    """Mean over the batch of ||J||_F^2 by one random projection an example: d / B * ||v' J||^2."""
    (gradient,) = torch.autograd.grad((features * directions).sum(), images, create_graph=True)
    return features.shape[1] * gradient.pow(2).sum() / len(images)


def paper_jacobian(features, images, directions):
    """The released code's form, mean_b || d/dx_b mean_b' ||f(x_b')||_2 ||_2, with the inner mean's 1/B held at 1/128."""
    (gradient,) = torch.autograd.grad(features.norm(dim=1).sum() / 128, images, create_graph=True)
    return gradient.flatten(1).norm(dim=1).mean()


PENALTIES = {"jr": jacobian, "jr-code": paper_jacobian}


def unit_vectors(rows, size):
    return torch.nn.functional.normalize(torch.randn(rows, size), dim=1)


def loss_of(model, images, labels, penalty, strength, directions=None):
    """Mean cross-entropy, and strength times the penalty of that kind."""
    if penalty not in PENALTIES:
        return cross_entropy(model(images), labels)
    images.requires_grad_()
    features = model.features(images)
    if penalty == "jr" and directions is None:
        directions = unit_vectors(*features.shape)
    term = PENALTIES[penalty](features, images, directions)
    return cross_entropy(model.head(features), labels) + strength * term


def step(model, optimise, loss, tuned):
    optimise.zero_grad(set_to_none=tuned)
    loss.backward()
    optimise.step()
    return loss.item()


def prepare(settings, inputs, layout, tuned):
    """A unit is a step; the batches are gone through again and again. `directions`, where given, replace random ones."""
    model = models.laid_out(models.build(settings["model"], inputs), layout).train()
    optimise = optimiser(model, settings)
    images = [models.laid_out(batch, layout) for batch in inputs["images"]]
    directions = inputs.get("directions", [None] * len(images))
    batches = itertools.cycle(list(zip(images, inputs["labels"], directions)))

    bf16 = tuned and settings.get("precision") == "bf16"

    def run():
        x, y, v = next(batches)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            loss = loss_of(model, x.detach(), y, settings["penalty"], settings["strength"], v)
        return step(model, optimise, loss, tuned)

    return run
