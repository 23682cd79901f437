"""Writes onnx-golden.json: small networks as torch.onnx.export writes them, with what PyTorch answers.

Run with any Python that has torch: python3 onnx-golden.py > onnx-golden.json
"""
import base64, io, json, sys, warnings
import torch
from torch import nn
import torch.nn.functional as F

warnings.filterwarnings("ignore")


class Residual(nn.Module):
    """Conv, BatchNorm (folded), Relu, MaxPool with padding, Add, GlobalAveragePool, Flatten, Gemm."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 4, 7, 2, 3, bias=False), nn.BatchNorm2d(4)
        self.conv2, self.bn2 = nn.Conv2d(4, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 5)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = F.relu(x + self.bn2(self.conv2(x)))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class Mixed(nn.Module):
    """BatchNormalization on its own, a grouped and dilated Conv, AveragePool, Clip, LeakyRelu, Concat, view with shapes, MatMul."""

    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm2d(3)
        self.conv = nn.Conv2d(3, 6, 3, padding=2, dilation=2, groups=3)
        self.weight = nn.Parameter(torch.randn(6 * 8 * 8 + 6, 4) / 10)
        self.bias = nn.Parameter(torch.randn(4))

    def forward(self, x):
        x = F.relu6(self.conv(self.bn(x)))
        a = F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)
        b = F.leaky_relu(F.avg_pool2d(x, 3, 2, 1) - 1, 0.1).mean((2, 3))
        x = torch.cat([a.view(a.size(0), -1), b], 1)
        return torch.matmul(x, self.weight) + self.bias


class Strange(nn.Module):
    """Something that cannot be lifted in the midst of it."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 3)

    def forward(self, x):
        return self.fc(torch.erf(self.conv(x)).mean((2, 3)))


class Grey(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(64, 3)

    def forward(self, x):
        return self.fc(torch.flatten(x, 1))


def images(side, channels=3):
    count = 2 * channels * side * side
    return ((torch.arange(count, dtype=torch.int64) * 37 % 101).double() / 100).float().reshape(2, channels, side, side)


def main():
    cases = []
    for seed, (network, side, channels, any_batch) in enumerate(
        [(Residual, 24, 3, True), (Mixed, 16, 3, False), (Mixed, 16, 3, True), (Strange, 8, 3, True), (Grey, 8, 1, False)]
    ):
        torch.manual_seed(seed)
        net = network()
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.uniform_(-0.3, 0.3)
                module.running_var.uniform_(0.5, 1.5)
        net.eval()
        x = images(side, channels)
        out = io.BytesIO()
        axes = {"image": {0: "n"}, "answer": {0: "n"}} if any_batch else None
        torch.onnx.export(net, x, out, input_names=["image"], output_names=["answer"], opset_version=13, dynamic_axes=axes)
        with torch.no_grad():
            logits = net(x).flatten().tolist()
        cases.append({"name": f"{network.__name__}{'' if any_batch else '-two'}", "data": base64.b64encode(out.getvalue()).decode(), "side": side, "logits": logits})
    json.dump(cases, sys.stdout)
    print()


main()
