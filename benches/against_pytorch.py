#!/usr/bin/env python3
"""Times our training step and inference and PyTorch's in turn on one machine, and prints the ratios of their medians.

usage: against_pytorch.py [--program PATH] [--rounds 3] [--steps 6] [--warm-up 4] [--arch unet unetpp] [--base 16 32 64]
                          [--what train infer] [--device cpu|gpu] [--precision f32|mixed] [--tile 2448]

Training is timed on 4×256² for U-Net and 2×256² for U-Net++, inference on one square tile with a side of --tile pixels.
On a GPU, PyTorch's convolutions in f32 use TF32, as is its default; mixed precision is its autocast to f16 with GradScaler.
PyTorch runs with contiguous tensors and with channels last, and the better of the two counts. Prints one row of a Markdown
table per comparison. Requires `pip install torch numpy` and a `cargo build --release`.
"""
import argparse
import json
import statistics
import subprocess
import sys
import time

CLASSES, LEVELS = 7, 5


def networks():
    """U-Net and U-Net++ of src/model in PyTorch."""
    import torch
    from torch import nn

    def block(inputs, outputs):
        layers = []
        for width in (inputs, outputs):
            layers += [nn.Conv2d(width, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        return nn.Sequential(*layers)

    def upsample(inputs, outputs):
        return nn.ConvTranspose2d(inputs, outputs, 2, stride=2)

    class UNet(nn.Module):
        def __init__(self, base):
            super().__init__()
            widths = [base << level for level in range(LEVELS)]
            up = range(LEVELS - 1, 0, -1)
            self.encoders = nn.ModuleList([block(below, width) for below, width in zip([3] + widths, widths)])
            self.upsamples = nn.ModuleList([upsample(widths[level], widths[level - 1]) for level in up])
            self.decoders = nn.ModuleList([block(widths[level], widths[level - 1]) for level in up])
            self.pool, self.head = nn.MaxPool2d(2), nn.Conv2d(base, CLASSES, 1)

        def forward(self, x):
            x, skips = self.encoders[0](x), []
            for encoder in self.encoders[1:]:
                skips.append(x)
                x = encoder(self.pool(x))
            for upsample_layer, decoder in zip(self.upsamples, self.decoders):
                x = decoder(torch.cat([skips.pop(), upsample_layer(x)], 1))
            return self.head(x)

    class UNetPlusPlus(nn.Module):
        def __init__(self, base):
            super().__init__()
            widths = [base << level for level in range(LEVELS)]
            self.backbone = nn.ModuleList([block(below, width) for below, width in zip([3] + widths, widths)])
            self.upsamples, self.blocks = nn.ModuleDict(), nn.ModuleDict()
            for column in range(1, LEVELS):
                for level in range(LEVELS - column):
                    self.upsamples[f"{level}-{column}"] = upsample(widths[level + 1], widths[level])
                    self.blocks[f"{level}-{column}"] = block((column + 1) * widths[level], widths[level])
            self.pool, self.head = nn.MaxPool2d(2), nn.Conv2d(base, CLASSES, 1)

        def forward(self, x):
            rows = [[self.backbone[0](x)]]
            for part in self.backbone[1:]:
                rows.append([part(self.pool(rows[-1][0]))])
            for column in range(1, LEVELS):
                for level in range(LEVELS - column):
                    below = self.upsamples[f"{level}-{column}"](rows[level + 1][column - 1])
                    rows[level].append(self.blocks[f"{level}-{column}"](torch.cat(rows[level] + [below], 1)))
            return self.head(rows[0][-1])

    return {"unet": UNet, "unetpp": UNetPlusPlus}


def pytorch(case):
    """Median seconds per step of one case. Runs in a child process, so that no case warms up another."""
    import torch
    import torch.nn.functional as functional

    torch.manual_seed(0)
    device = torch.device("cuda" if case["device"] == "gpu" else "cpu")
    layout = torch.channels_last if case["channels_last"] else torch.contiguous_format
    net = networks()[case["arch"]](case["base"]).to(device).to(memory_format=layout)
    size, batch = case["size"], case["batch"]
    images = torch.rand(batch, 3, size, size, device=device).to(memory_format=layout)
    labels = torch.randint(0, CLASSES, (batch, size, size), device=device)
    labels[torch.rand(labels.shape, device=device) > 0.1] = 255
    optimizer = torch.optim.AdamW(net.parameters(), 1e-3)
    is_mixed = case["precision"] == "mixed"
    scaler = torch.amp.GradScaler(device.type, enabled=is_mixed)

    def train():
        with torch.autocast(device.type, torch.float16, enabled=is_mixed):
            loss = functional.cross_entropy(net(images), labels, ignore_index=255)
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        loss.item()

    def infer():
        with torch.no_grad():
            net(images)[0, 0, 0, 0].item()

    if case["what"] == "infer":
        net.eval()
    seconds = []
    for _ in range(case["warm_up"] + case["steps"]):
        began = time.perf_counter()
        (infer if case["what"] == "infer" else train)()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[case["warm_up"]:])


def run(command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def theirs(case, channels_last):
    worker = json.dumps(dict(case, channels_last=channels_last))
    return float(run([sys.executable, __file__, "--worker", worker]))


def ours(program, case):
    command = [program, "bench", "--json", "--infer" if case["what"] == "infer" else "--train"]
    command += ["--arch", {"unet": "unet", "unetpp": "unet++"}[case["arch"]], "--device", case["device"]]
    if case["what"] == "train":
        command += ["--precision", case["precision"]]
    for name in ("base", "size", "batch", "steps"):
        command += [f"--{name}", str(case[name])]
    return json.loads(run(command))["seconds"]


def compare(program, case, rounds):
    times = {"ours": [], "contiguous": [], "channels last": []}
    for _ in range(rounds):
        times["ours"].append(ours(program, case))
        times["contiguous"].append(theirs(case, False))
        times["channels last"].append(theirs(case, True))
    medians = {name: statistics.median(values) for name, values in times.items()}
    better = min("contiguous", "channels last", key=medians.get)
    numbers = f" {case['precision']}" if case["what"] == "train" else ""
    print(
        f"| {case['arch']} {case['what']}{numbers}, {case['batch']}×{case['size']}², base {case['base']} | {medians['ours']:.3f} s "
        f"| {medians[better]:.3f} s ({better}) | {medians['ours'] / medians[better]:.2f} |",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="target/release/pointillist")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--warm-up", type=int, default=4, help="PyTorch's untimed steps")
    parser.add_argument("--arch", nargs="+", choices=["unet", "unetpp"], default=["unet", "unetpp"])
    parser.add_argument("--base", nargs="+", type=int, default=[16, 32, 64])
    parser.add_argument("--what", nargs="+", choices=["train", "infer"], default=["train", "infer"])
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument("--precision", choices=["f32", "mixed"], default="f32", help="of training steps")
    parser.add_argument("--tile", type=int, default=2448)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.precision == "mixed" and args.device == "cpu":
        parser.error("mixed precision is for GPUs: add --device gpu")
    if args.worker:
        print(pytorch(json.loads(args.worker)))
        return
    print("| workload | ours | PyTorch | ratio |\n|---|---|---|---|", flush=True)
    for arch in args.arch:
        for what in args.what:
            for base in args.base:
                batch = 1 if what == "infer" else {"unet": 4, "unetpp": 2}[arch]
                size = args.tile if what == "infer" else 256
                case = dict(arch=arch, what=what, base=base, size=size, batch=batch, device=args.device, steps=args.steps)
                case.update(warm_up=args.warm_up, precision=args.precision)
                compare(args.program, case, args.rounds)


if __name__ == "__main__":
    main()
