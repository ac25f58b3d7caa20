#!/usr/bin/env python3
"""Makes stand-ins for LandCover.ai's scenes, of full size, and measures `pointillist split` on them.

usage: landcover_scenes.py --out FOLDER [--scenes 1] [--size 9636x9095] [--compression deflate] [--program PATH]

Writes images/*.tif (RGB) and masks/*.tif (values 0 to 4) with the names of map sheets, and train.txt, val.txt and test.txt
with 70, 15 and 15 % of the patches. With --program, cuts them and prints time and peak resident memory (`VmHWM`).
`--scenes 41` is as large as the real set: 33 scenes of the given size and 8 of about half, which give 10,674 patches (7,470, 1,602
and 1,602). Scenes of one size are links to one file.
Requires `pip install numpy pillow`.
"""
import argparse
import math
import pathlib
import random
import subprocess
import time

import numpy
from PIL import Image

SIDE = 512
COARSE = (4230, 4672)
COLOURS = numpy.array([[150, 140, 110], [200, 90, 80], [40, 90, 50], [40, 70, 120], [170, 170, 170]], numpy.uint8)
COMPRESSIONS = {"none": None, "lzw": "tiff_lzw", "deflate": "tiff_adobe_deflate", "jpeg": "jpeg"}


def land(width, height, seed):
    """Classes 0 to 4 in patches of some hundred pixels, with ragged edges."""
    rng = numpy.random.default_rng(seed)
    coarse = rng.integers(0, 5, (height // 96 + 2, width // 96 + 2), numpy.uint8)
    rows = (numpy.arange(height)[:, None] + rng.integers(0, 24, (1, width))) // 96
    columns = (numpy.arange(width)[None, :] + rng.integers(0, 24, (height, 1))) // 96
    return coarse[rows, columns]


def scene(folder, name, size, compression):
    for kind in "images", "masks":
        (folder / kind / f"{name}.tif").unlink(missing_ok=True)  # It may be linked to others.
    classes = land(*size, 0)
    noise = numpy.random.default_rng(0).integers(0, 24, classes.shape, numpy.uint8)
    picture = COLOURS[classes] + noise[:, :, None]
    Image.fromarray(picture).save(folder / "images" / f"{name}.tif", compression=COMPRESSIONS[compression])
    Image.fromarray(classes).save(folder / "masks" / f"{name}.tif", compression="tiff_adobe_deflate")


def link(folder, name, other):
    for kind in "images", "masks":
        (folder / kind / f"{name}.tif").unlink(missing_ok=True)
        (folder / kind / f"{name}.tif").hardlink_to(folder / kind / f"{other}.tif")


def patches(name, size):
    """Names in the order of the official splitter: a patch that sticks out is dropped but uses up its number."""
    across = -(-size[0] // SIDE)
    return [f"{name}_{row * across + column}" for row in range(size[1] // SIDE) for column in range(size[0] // SIDE)]


def write_lists(folder, names):
    random.Random(42).shuffle(names)
    val = math.ceil(len(names) * 0.15)
    for file, part in ("val", names[:val]), ("test", names[val:2 * val]), ("train", names[2 * val:]):
        (folder / f"{file}.txt").write_text("".join(f"{name}\n" for name in part))


def peak(program):
    """Peak resident memory (`VmHWM`) of a running program in megabytes of 10⁶ bytes; 0 once it has ended."""
    with open(f"/proc/{program.pid}/status") as status:
        lines = [line for line in status if line.startswith("VmHWM")]
    return int(lines[0].split()[1]) * 1024 // 1_000_000 if lines else 0


def measure(path, folder):
    start, most = time.monotonic(), 0
    program = subprocess.Popen([path, "split", folder])
    while program.poll() is None:
        most = max(most, peak(program))
        time.sleep(0.02)
    print(f"{time.monotonic() - start:.0f} s, peak resident memory {most} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--scenes", type=int, default=1)
    parser.add_argument("--size", default="9636x9095", help="width x height of a scene, pixels")
    parser.add_argument("--compression", choices=COMPRESSIONS, default="deflate")
    parser.add_argument("--program", help="measures `split` of this program")
    args = parser.parse_args()
    for folder in "images", "masks":
        (args.out / folder).mkdir(parents=True, exist_ok=True)
    full, names, first = tuple(int(side) for side in args.size.split("x")), [], {}
    for number in range(args.scenes):
        name = f"M-33-{number + 1}-A-a-1-1"
        size = COARSE if number >= 33 else full
        if size in first:
            link(args.out, name, first[size])
        else:
            scene(args.out, name, size, args.compression)
        first.setdefault(size, name)
        names += patches(name, size)
    write_lists(args.out, names)
    print(f"{args.scenes} scenes, {len(names)} patches")
    if args.program:
        measure(args.program, args.out)


if __name__ == "__main__":
    main()
