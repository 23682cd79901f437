"""The models of the benchmark in PyTorch: features, then a linear head; the normaliser is inside."""

import torch
from torch import nn

MEAN = (0.4914, 0.4822, 0.4465)
DEVIATION = (0.2023, 0.1994, 0.2010)
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


class Normalise(nn.Module):
    def __init__(self, mean=MEAN, deviation=DEVIATION):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1))

    def forward(self, x):
        return (x - self.mean) / self.deviation


class CifarCnn(nn.Module):
    """conv 3-32-32-pool-64-64-pool, fully connected 4096-256-256, linear head; relu after all but the head."""

    def __init__(self, classes=10):
        super().__init__()
        self.normalise = Normalise()
        self.conv1 = nn.Conv2d(3, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 64, 3, padding=1)
        self.conv4 = nn.Conv2d(64, 64, 3, padding=1)
        self.fc1 = nn.Linear(4096, 256)
        self.fc2 = nn.Linear(256, 256)
        self.head = nn.Linear(256, classes)

    def features(self, x):
        x = self.normalise(x)
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        x = nn.functional.max_pool2d(x, 2)
        x = torch.relu(self.conv4(torch.relu(self.conv3(x))))
        x = nn.functional.max_pool2d(x, 2)
        x = torch.flatten(x, 1)
        return torch.relu(self.fc2(torch.relu(self.fc1(x))))

    def forward(self, x):
        return self.head(self.features(x))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        out = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(out)) + self.shortcut(x))


class ResNet18(nn.Module):
    """The CIFAR form: 3x3 stem, four stages of two blocks, 64-128-256-512, global mean, linear head."""

    def __init__(self, classes=10):
        super().__init__()
        self.normalise = Normalise()
        self.conv = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(64)
        blocks = []
        inputs = 64
        for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
            blocks += [Block(inputs, outputs, stride), Block(outputs, outputs, 1)]
            inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(512, classes)

    def features(self, x):
        x = torch.relu(self.bn(self.conv(self.normalise(x))))
        return self.blocks(x).mean((2, 3))

    def forward(self, x):
        return self.head(self.features(x))


class ResNet18At64(ResNet18):
    """ImageNet's form: 7x7 stem of stride 2 with 3x3 max pooling, ImageNet's normaliser."""

    def __init__(self, classes=10):
        super().__init__(classes)
        self.normalise = Normalise(*IMAGENET)
        self.conv = nn.Conv2d(3, 64, 7, 2, 3, bias=False)

    def features(self, x):
        x = torch.relu(self.bn(self.conv(self.normalise(x))))
        return self.blocks(nn.functional.max_pool2d(x, 3, 2, 1)).mean((2, 3))


def build(name, inputs):
    """The model of that name with our initial parameters, all of them."""
    make, renamed = {
        "cifar-cnn": (CifarCnn, lambda path: path),
        "resnet18": (ResNet18, resnet_name),
        "resnet18-64": (ResNet18At64, resnet_name),
    }[name]
    model = make(len(inputs["g.bias"]))
    state = {f"head.{kind}": inputs[f"g.{kind}"] for kind in ("weight", "bias")}
    state.update({renamed(path[2:]): value for path, value in inputs.items() if path.startswith("f.")})
    kept = {path: value for path, value in model.state_dict().items() if is_constant(path)}
    model.load_state_dict({**kept, **state})
    return model


def is_constant(path):
    """What a PyTorch model's state holds and ours does not: the normaliser's numbers and a count of batches."""
    return path.startswith("normalise.") or path.endswith("num_batches_tracked")


def resnet_name(path):
    """Our name of a ResNet's tensor to PyTorch's: stage2_block1_shortcut_norm.mean to blocks.2.shortcut.1.running_mean."""
    layer, kind = path.split(".")
    *place, sort = layer.split("_")
    kind = {"mean": "running_mean", "variance": "running_var"}.get(kind, kind)
    short = "conv" if sort == "conv" else "bn"
    if place == ["stem"]:
        return f"{short}.{kind}"
    stage, block, unit = place
    block = 2 * (int(stage[len("stage") :]) - 1) + int(block[len("block") :]) - 1
    unit = f"shortcut.{int(sort == 'norm')}" if unit == "shortcut" else f"{short}{unit}"
    return f"blocks.{block}.{unit}.{kind}"


def laid_out(value, layout):
    """A model or a batch of images with its tensors as the layout says."""
    return value.to(memory_format=torch.channels_last) if layout == "channels_last" else value
