"""Reads a safetensors file without a library: 8 bytes of header length, a JSON header, the data."""

import json

import numpy
import torch

TYPES = {"F32": numpy.float32, "I32": numpy.int32, "U8": numpy.uint8}


def read(path):
    """All tensors by name. int32 becomes int64, as PyTorch wants its labels."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        data = file.read()
    found = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = numpy.frombuffer(data[begin:end], TYPES[entry["dtype"]]).reshape(entry["shape"]).copy()
        found[name] = torch.from_numpy(values)
        if entry["dtype"] == "I32":
            found[name] = found[name].long()
    return found
