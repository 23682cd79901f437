"""Writes torch-golden.json: small ResNets as PyTorch saves them, with what PyTorch answers.

The networks are written here by hand in the naming of torchvision, kuangliu and akamaster; weights and running statistics
are random. Run with any Python that has torch: python3 torch-golden.py > torch-golden.json
"""
import base64, io, json, struct, sys
import torch
from torch import nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, inputs, width, stride, bottleneck, shortcut):
        super().__init__()
        outputs = width * (4 if bottleneck else 1)
        self.kind, self.stride, self.bottleneck, self.inputs, self.outputs = shortcut, stride, bottleneck, inputs, outputs
        if bottleneck:
            self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(width)
            self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
            self.bn3 = nn.BatchNorm2d(outputs)
        else:
            self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.conv2 = nn.Conv2d(width, outputs, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(outputs)
        self.same = stride == 1 and inputs == outputs
        if not self.same and shortcut != "padding":
            setattr(self, shortcut, nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.bottleneck:
            y = self.bn3(self.conv3(F.relu(y)))
        if self.same:
            return F.relu(y + x)
        if self.kind == "padding":
            more = (self.outputs - self.inputs) // 2
            return F.relu(y + F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, more, more)))
        return F.relu(y + getattr(self, self.kind)(x))


class ResNet(nn.Module):
    def __init__(self, stem, width, blocks, bottleneck, shortcut, head, classes):
        super().__init__()
        self.stem, self.head = stem, head
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False) if stem == "imagenet" else nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for stage, count in enumerate(blocks):
            made = []
            for i in range(count):
                made.append(Block(inputs, width * 2**stage, 2 if stage and not i else 1, bottleneck, shortcut))
                inputs = made[-1].outputs
            setattr(self, f"layer{stage + 1}", nn.Sequential(*made))
        self.stages = len(blocks)
        setattr(self, head, nn.Linear(inputs, classes))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        if self.stem == "imagenet":
            x = F.max_pool2d(x, 3, 2, 1)
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return getattr(self, self.head)(x.mean((2, 3)))


def network(seed, *args):
    torch.manual_seed(seed)
    net = ResNet(*args).eval()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight.data, module.running_var):
                tensor.uniform_(0.5, 1.5)
            for tensor in (module.bias.data, module.running_mean):
                tensor.uniform_(-0.3, 0.3)
    return net


def images(side):
    count = 2 * 3 * side * side
    return ((torch.arange(count, dtype=torch.int64) * 37 % 101).double() / 100).float().reshape(2, 3, side, side)


def answer(net, side, normaliser):
    mean, deviation = (torch.tensor(v).reshape(1, 3, 1, 1) for v in normaliser)
    with torch.no_grad():
        return net((images(side) - mean) / deviation).flatten().tolist()


def saved(value, legacy):
    out = io.BytesIO()
    torch.save(value, out, _use_new_zipfile_serialization=not legacy)
    return out.getvalue()


def safetensors(state):
    types = {torch.float32: "F32", torch.int64: "I64", torch.float16: "F16"}
    header, data = {}, b""
    for name, tensor in state.items():
        raw = tensor.numpy().tobytes()
        header[name] = {"dtype": types[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


imagenet = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
cifar = ([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.201])
own = ([0.5, 0.4, 0.3], [0.25, 0.5, 0.2])


def main():
    cases = []

    def case(title, name, data, net, side, normaliser, **more):
        logits = answer(net, side, normaliser)
        cases.append({"title": title, "file": name, "data": base64.b64encode(data).decode(), "side": side, "logits": logits, **more})

    net = network(1, "imagenet", 2, [1, 1, 1, 1], False, "downsample", "fc", 3)
    case("torchvision", "a.pth", saved(net.state_dict(), False), net, 64, imagenet, options={"side": 64})
    net = network(2, "imagenet", 2, [2, 1], True, "downsample", "fc", 5)
    case("torchvision, bottleneck, data parallel, before 1.6", "b.pth", saved({"state_dict": {f"module.{k}": v for k, v in net.state_dict().items()}, "epoch": 90, "optimizer": {"lr": 0.1}}, True), net, 45, own, options={"side": 45, "normaliser": {"mean": own[0], "deviation": own[1]}})
    net = network(3, "cifar", 2, [1, 1, 1, 1], False, "shortcut", "linear", 10)
    case("kuangliu", "c.pth", saved({"net": {f"module.{k}": v for k, v in net.state_dict().items()}, "acc": 95.5, "epoch": 3}, False), net, 32, cifar)
    net = network(4, "cifar", 2, [1, 1], False, "padding", "linear", 10)
    case("akamaster", "d.th", saved({"state_dict": net.state_dict(), "best_prec1": 91.0}, True), net, 32, imagenet)
    net = network(5, "imagenet", 2, [1, 1], True, "downsample", "fc", 4)
    case("timm, safetensors", "e.safetensors", safetensors(net.state_dict()), net, 32, imagenet, options={"side": 32})
    net = network(6, "cifar", 2, [1, 1], False, "shortcut", "linear", 4)
    state = net.half().state_dict()
    net = net.float()
    case("halves, safetensors", "f.safetensors", safetensors(state), net, 32, cifar)
    net = network(7, "cifar", 2, [1, 1], False, "shortcut", "linear", 4)
    state = {f"module.model.{k}": v for k, v in net.state_dict().items()}
    state.update({f"module.attacker.model.{k}": v for k, v in net.state_dict().items()})
    state.update({"module.normalizer.new_mean": torch.tensor(own[0]).reshape(3, 1, 1), "module.normalizer.new_std": torch.tensor(own[1]).reshape(3, 1, 1)})
    case("MadryLab/robustness, normaliser inside", "g.pt", saved({"model": state, "epoch": 1}, False), net, 32, own)
    json.dump(cases, sys.stdout)
    print()


main()
