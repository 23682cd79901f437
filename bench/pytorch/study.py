"""A whole study the paper's way: one trial after the other, each trained, evaluated, attacked, and transferred by
epochs of SGD through the features. Epochs all do the same work, so some are run and counted for all."""

import time

import torch
from torch.nn.functional import conv2d, interpolate, pad

import attack
import models
import training
import transfer


def crop_and_flip(images):
    """A random crop after padding with 4 zeros, and a flip with probability 1/2, image by image."""
    padded = pad(images, (4, 4, 4, 4))
    shifts = torch.randint(9, (len(images), 2)).tolist()
    out = torch.stack([image[:, y : y + 32, x : x + 32] for image, (y, x) in zip(padded, shifts)])
    flipped = torch.rand(len(images)) < 0.5
    out[flipped] = out[flipped].flip(3)
    return out


def blur(images, width):
    """A Gaussian kernel of this width; its deviation is the one that OpenCV and torchvision take for it."""
    width = int(width)
    deviation = 0.3 * ((width - 1) * 0.5 - 1) + 0.8
    at = torch.arange(width) - (width - 1) / 2
    kernel = torch.exp(-0.5 * (at / deviation) ** 2)
    kernel = (kernel / kernel.sum()).repeat(3, 1)
    half = width // 2
    x = pad(images, (half, half, half, half), mode="reflect")
    return conv2d(conv2d(x, kernel.view(3, 1, 1, -1), groups=3), kernel.view(3, 1, -1, 1), groups=3)


def rescale(images, factor):
    small = interpolate(images, scale_factor=1 / factor, mode="bilinear", antialias=True)
    return interpolate(small, size=images.shape[2:], mode="bilinear")


AUGMENTATIONS = {"blur": blur, "rescale": rescale}


def prepare(settings, inputs, layout, tuned):
    domains = {
        name: (inputs[f"{name}.images"].float() / 255, inputs[f"{name}.labels"])
        for name in ("source", "test", "target")
    }

    def run():
        parts = {"trainMs": 0, "evaluateMs": 0, "attackMs": 0, "transferMs": 0}
        for method in settings["methods"]:
            for name, ms in trial(method, settings, inputs, domains, layout, tuned).items():
                parts[name] += ms
        return {"ms": sum(parts.values()), "parts": parts}

    return run


def trial(method, settings, inputs, domains, layout, tuned):
    """Milliseconds of each stage, those of the epochs that were not run included."""
    kind, _, strength = method.partition(" ")
    strength = float(strength or 0)
    model = models.laid_out(models.build(settings["model"], inputs), layout).train()
    lap = stopwatch()
    optimise = training.optimiser(model, weight_decay(settings, kind, strength))
    for _ in range(settings["trainEpochsRun"]):
        source_epoch(model, optimise, domains["source"], (kind, strength), settings["batch"], layout, tuned)
    train_ms = lap() * settings["epochs"] / settings["trainEpochsRun"]
    model.eval()
    evaluate(model, domains["test"], settings, layout)
    evaluate_ms = lap()
    for x, y in batches(domains["test"], settings["batch"], layout):
        attack.judge(model, attack.pgd(model, x, y, settings), y)
    attack_ms = lap()
    model.train()
    optimise = training.optimiser(model, settings)
    for _ in range(settings["transferEpochsRun"]):
        transfer.epoch(model, optimise, *domains["target"], settings["batch"], layout, tuned)
    transfer_ms = lap() * settings["transferEpochs"] / settings["transferEpochsRun"]
    model.eval()
    evaluate(model, domains["target"], settings, layout)
    return {"trainMs": train_ms, "evaluateMs": evaluate_ms + lap(), "attackMs": attack_ms, "transferMs": transfer_ms}


def weight_decay(settings, kind, strength):
    return {**settings, "weightDecay": strength} if kind == "wd" else settings


def source_epoch(model, optimise, domain, method, batch, layout, tuned):
    images, labels = domain
    kind, strength = method
    for chosen in torch.randperm(len(images)).split(batch):
        x = crop_and_flip(images[chosen])
        if kind in AUGMENTATIONS:
            x = AUGMENTATIONS[kind](x, strength)
        x = models.laid_out(x, layout)
        training.step(model, optimise, training.loss_of(model, x, labels[chosen], kind, strength), tuned)


def evaluate(model, domain, settings, layout):
    for x, y in batches(domain, settings["batch"], layout):
        attack.judge(model, x, y)


def batches(domain, batch, layout):
    images, labels = domain
    for chosen in torch.arange(len(images)).split(batch):
        yield models.laid_out(images[chosen], layout), labels[chosen]


def stopwatch():
    """Milliseconds since the last call."""
    last = [time.perf_counter()]

    def lap():
        now = time.perf_counter()
        ms, last[0] = 1000 * (now - last[0]), now
        return ms

    return lap
