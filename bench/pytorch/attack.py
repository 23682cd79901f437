"""PGD in an l2 ball (Madry et al. 2018), pixels in [0, 1]: a random start, `steps` steps, the last iterate judged."""

import itertools

import torch
from torch.nn.functional import cross_entropy

import models


def norms(x):
    return x.flatten(1).norm(dim=1).clamp_min(1e-12).view(-1, 1, 1, 1)


def random_start(images, eps):
    """Uniform in the ball around each image, then clipped to [0, 1]."""
    offset = torch.randn_like(images)
    radius = eps * torch.rand(len(images), 1, 1, 1) ** (1 / images[0].numel())
    return (images + radius * offset / norms(offset)).clamp(0, 1)


def pgd(model, images, labels, settings, start=None):
    adversarial = random_start(images, settings["eps"]) if start is None else start
    for _ in range(settings["steps"]):
        adversarial = adversarial.detach().requires_grad_()
        loss = cross_entropy(model(adversarial), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, adversarial)
        offset = adversarial.detach() + settings["stepSize"] * gradient / norms(gradient) - images
        offset = offset * (settings["eps"] / norms(offset)).clamp_max(1)
        adversarial = (images + offset).clamp(0, 1)
    return adversarial.detach()


def judge(model, images, labels):
    with torch.no_grad():
        logits = model(images)
        return cross_entropy(logits, labels).item(), (logits.argmax(1) == labels).sum().item()


def prepare(settings, inputs, layout, tuned):
    """A unit is a batch: clean images judged, attacked, the last iterate judged. `start` replaces the random start."""
    model = models.laid_out(models.build(settings["model"], inputs), layout).eval()
    if tuned:
        model.requires_grad_(False)
    images = [models.laid_out(batch, layout) for batch in inputs["images"]]
    starts = inputs.get("start", [None] * len(images))
    batches = itertools.cycle(list(zip(images, inputs["labels"], starts)))

    def run():
        x, y, start = next(batches)
        judge(model, x, y)
        return judge(model, pgd(model, x, y, settings, start), y)[0]

    return run
