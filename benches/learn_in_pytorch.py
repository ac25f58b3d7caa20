#!/usr/bin/env python3
"""Trains our U-Net with PyTorch on the tiles of a study in small, and scores it on the tiles that the study holds out.

    python3 benches/learn_in_pytorch.py dubai DUBAI --seeds 5
    python3 benches/learn_in_pytorch.py deepglobe DEEPGLOBE --seeds 3

One run a seed, with the settings of `pce-10` in data/studies/evidence-*.toml: base 16, 200 steps of four 256² crops with flips and quarter
turns, 10 % of each class of a tile, AdamW 1e-3 with a weight decay of 1e-4, cosine. Prints each mIoU, and mean ± standard deviation.
Requires `pip install torch numpy pillow`.
"""
import argparse
import math
import pathlib
import statistics

import numpy as np
import torch
from PIL import Image

from against_pytorch import networks

UNLABELLED = 255
SIDE, BATCH, STEPS, KEPT, RATE = 256, 4, 200, 0.1, 1e-3
MEAN, DEVIATION = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
# The colours of each class in the masks. Other colours belong to none.
PALETTES = {
    "dubai": [(226, 169, 41), (132, 41, 246), (110, 193, 228), (60, 16, 152), (254, 221, 58)],
    "deepglobe": [(0, 255, 255), (255, 255, 0), (255, 0, 255), (0, 255, 0), (0, 0, 255), (255, 255, 255)],
}
HELD_OUT = {"dubai": ("Tile 7", "Tile 8"), "deepglobe": ("172307", "794214")}


def pairs(kind, folder):
    """Images and their masks."""
    if kind == "dubai":
        for image in sorted(folder.glob("Tile */images/*.jpg")):
            yield image, image.parent.parent / "masks" / f"{image.stem}.png"
    else:
        for image in sorted(folder.rglob("*_sat.jpg")):
            mask = image.with_name(image.name.replace("_sat.jpg", "_mask.png"))
            if mask.exists():
                yield image, mask


def tiles(kind, folder):
    """(colours, classes) of the tiles to learn from, and of those that are held out."""
    learned, held_out = [], []
    for image, mask in pairs(kind, folder):
        colours, painted = (np.asarray(Image.open(file).convert("RGB")) for file in (image, mask))
        classes = np.full(painted.shape[:2], UNLABELLED, np.uint8)
        for number, colour in enumerate(PALETTES[kind]):
            classes[(painted == colour).all(-1)] = number
        is_held_out = any(name in str(image.relative_to(folder)) for name in HELD_OUT[kind])
        (held_out if is_held_out else learned).append((colours, classes))
    return learned, held_out


def sampled(classes, random):
    """A mask that keeps a share of the pixels of each class."""
    kept = np.full_like(classes, UNLABELLED)
    for number in np.unique(classes[classes != UNLABELLED]):
        there = np.flatnonzero(classes == number)
        kept.flat[random.choice(there, max(1, round(KEPT * len(there))), replace=False)] = number
    return kept


def crop(tile, random):
    """A random square of a tile, turned and mirrored at random; what lies outside is 0 and unlabelled."""
    colours, classes = tile
    top, left = (random.integers(0, max(0, side - SIDE) + 1) for side in classes.shape)
    colours, classes = (plane[top : top + SIDE, left : left + SIDE] for plane in (colours, classes))
    missing = [(0, SIDE - side) for side in classes.shape]
    classes = np.pad(classes, missing, constant_values=UNLABELLED)
    colours = np.pad((colours / np.float32(255) - MEAN) / DEVIATION, [*missing, (0, 0)])
    turns, is_mirrored = random.integers(4), random.integers(2)
    colours, classes = (np.rot90(plane, turns) for plane in (colours, classes))
    return (colours[:, ::-1], classes[:, ::-1]) if is_mirrored else (colours, classes)


def batch(learned, areas, random, device):
    crops = [crop(learned[random.choice(len(learned), p=areas)], random) for _ in range(BATCH)]
    colours, classes = (np.stack(planes) for planes in zip(*crops))
    images = torch.from_numpy(np.ascontiguousarray(colours.transpose(0, 3, 1, 2)))
    return images.to(device), torch.from_numpy(classes.astype(np.int64)).to(device)


def trained(kind, learned, random, device):
    network = networks()["unet"](16)
    network.head = torch.nn.Conv2d(16, len(PALETTES[kind]), 1)
    network.to(device)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-4)
    areas = np.array([classes.size for _, classes in learned], float)
    areas /= areas.sum()
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 + math.cos(math.pi * step / STEPS)) / 2
        images, classes = batch(learned, areas, random, device)
        loss = torch.nn.functional.cross_entropy(network(images), classes, ignore_index=UNLABELLED)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


@torch.no_grad()
def miou(network, held_out, count, device):
    """Over all pixels of all tiles, each in one pass."""
    confusion = np.zeros((count, count), np.int64)
    for colours, classes in held_out:
        height, width = classes.shape
        padding = (0, -height % 16), (0, -width % 16), (0, 0)
        image = np.pad((colours / np.float32(255) - MEAN) / DEVIATION, padding, mode="reflect").transpose(2, 0, 1)
        logits = network(torch.from_numpy(np.ascontiguousarray(image))[None].to(device))
        predicted = logits[0, :, :height, :width].argmax(0).cpu().numpy()
        scored = classes != UNLABELLED
        confusion += np.bincount(
            classes[scored].astype(np.int64) * count + predicted[scored], minlength=count**2
        ).reshape(count, count)
    both, either = np.diag(confusion), confusion.sum(0) + confusion.sum(1) - np.diag(confusion)
    return float(np.mean(both[either > 0] / either[either > 0]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=PALETTES)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    torch.backends.cudnn.allow_tf32 = False
    tiles_of_both = tiles(given.kind, given.folder)
    scores = []
    for seed in range(given.seeds):
        torch.manual_seed(seed)
        random = np.random.default_rng(seed)
        learned = [(colours, sampled(classes, random)) for colours, classes in tiles_of_both[0]]
        network = trained(given.kind, learned, random, given.device)
        scores.append(miou(network, tiles_of_both[1], len(PALETTES[given.kind]), given.device))
        print(f"{given.kind}, seed {seed}: {scores[-1]:.4f}", flush=True)
    spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
    print(f"{given.kind}: {statistics.mean(scores):.4f} ± {spread:.4f}")


if __name__ == "__main__":
    main()
