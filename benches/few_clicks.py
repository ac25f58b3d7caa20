"""What each part of the training recipe for few clicks brings: U-Net base 16, 5 points a class and training tile, scored on tiles kept aside.

    python3 benches/few_clicks.py --seeds 5 --steps 300 target/release/pointillist DUBAI WORK [-- OPTIONS OF TRAIN]

DUBAI is the Dubai data set of Humans in the Loop; its tiles 7 and 8 are scored, the others are learned from. Prints a table of mean
and standard deviation; WORK keeps the runs, so that an interrupted measurement goes on where it was. "all" is the preset few-clicks.
"""

import argparse
import json
import shutil
import statistics
import subprocess
from pathlib import Path

KEPT_ASIDE = ("Tile 7", "Tile 8")
PARTS = {
    "classes alike": ["--batches", "classes"],
    "three resolutions": ["--scales"],
    "changed colours": ["--jitter", "0.3"],
    "average of weights": ["--ema", "0.99"],
    "encoder with head start": ["--encoder", "lite0"],
    "pseudo-labels": ["--pseudo-labels", "1"],
}


def all_but(part: str | None) -> list[str]:
    """The recipe of the preset few-clicks, without a part."""
    return [word for name, words in PARTS.items() if name != part for word in words]


RECIPES = {
    "plain": [],
    **PARTS,
    "encoder without head start": ["--encoder", "lite0", "--no-head-start"],
    "all": all_but(None),
    **{f"all but {part}": all_but(part) for part in PARTS},
    "all, full masks": [*all_but("pseudo-labels"), "--loss", "ce"],
}


def folders(data: Path, work: Path) -> list[Path]:
    """The tiles to learn from and the tiles to score, in folders of their own."""
    made = [work / "train", work / "val"]
    for folder in made:
        folder.mkdir(parents=True, exist_ok=True)
    for entry in data.iterdir():
        homes = made if entry.is_file() else [made[entry.name in KEPT_ASIDE]]
        for home in homes:
            target = home / entry.name
            if target.exists():
                continue
            if entry.is_dir():
                shutil.copytree(entry, target)
            elif not entry.name.startswith("."):
                shutil.copy(entry, target)
    return made


def score(program: str, recipe: str, seed: int, args) -> tuple[float, float]:
    """Mean IoU on the tiles kept aside, and seconds a step."""
    run = args.work / f"{recipe.replace(' ', '-')}-{seed}"
    if not (run / "score.json").exists():
        shutil.rmtree(run, ignore_errors=True)
        fixed = ["--points", "5", "--base", str(args.base), "--steps", str(args.steps), "--val-ratio", "0", "--device", "cpu"]
        command = [program, "train", "--data", args.train, "--out", run, "--seed", str(seed), "--quiet", *fixed]
        subprocess.run([*command, *RECIPES[recipe], *args.also], check=True)
        command = [program, "evaluate", "--run", run, "--checkpoint", "last", "--data", args.val, "--json"]
        (run / "score.json").write_bytes(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    scores = json.loads((run / "score.json").read_text())
    secs = json.loads((run / "summary.json").read_text())["secs"]
    return scores["miou"], secs / args.steps


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("data", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--base", type=int, default=16)
    parser.add_argument("--only", action="append", choices=RECIPES, help="a recipe to measure beside the plain one; may be repeated (default: all of them)")
    parser.add_argument("also", nargs="*", help="further options of train, after --")
    args = parser.parse_args()
    args.train, args.val = folders(args.data, args.work)
    results = {recipe: [] for recipe in RECIPES if recipe == "plain" or recipe in (args.only or RECIPES)}
    for seed in range(args.seeds):
        for recipe in results:
            results[recipe].append(score(args.program, recipe, seed, args))
            print(seed, recipe, *results[recipe][-1], flush=True)
    plain = [secs for _, secs in results["plain"]]
    print("| recipe | mIoU | against plain, seed by seed | seconds a step / plain |\n|---|---|---|---|")
    for recipe, rows in results.items():
        mious = [miou for miou, _ in rows]
        gains = [miou - other for miou, (other, _) in zip(mious, results["plain"])]
        ratio = statistics.mean(secs / of_plain for (_, secs), of_plain in zip(rows, plain))
        spread = lambda values: f"{statistics.mean(values):.3f} ± {statistics.stdev(values) if len(values) > 1 else 0:.3f}"
        print(f"| {recipe} | {spread(mious)} | {spread(gains)} | {ratio:.2f} |")


main()
