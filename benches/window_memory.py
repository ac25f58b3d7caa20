#!/usr/bin/env python3
"""Measures the window's resident memory while every tile is visited, with or without training.

usage: window_memory.py --data FOLDER [--program PATH] [--tiles 10] [--train] [--picture FILE]

Opens the program at 1600×1000 on $DISPLAY, starts a run with the default settings if --train is given, and steps through all
tiles and back with `D` and `A`. Prints resident memory (`VmRSS`) before and after, and its peak (`VmHWM`). The folder given by
--data gets runs, so pass a copy. Without a desktop:

    xvfb-run -s "-screen 0 1600x1000x24" python benches/window_memory.py --train --data COPY

Requires `pip install python-xlib`; --picture also ImageMagick.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time

from Xlib import X

from window_latency import Screen


def memory(program, what):
    """A field of /proc/PID/status (kB) in megabytes of 10⁶ bytes."""
    with open(f"/proc/{program.pid}/status") as status:
        line = next(line for line in status if line.startswith(what))
    return int(line.split()[1]) * 1024 // 1_000_000


def measure(screen, args, program):
    window = None
    while window is None:
        if program.poll() is not None:
            sys.exit("the program exited before it showed a window")
        time.sleep(0.1)
        window = screen.fill("Pointillist")
    time.sleep(6)
    print(f"opened: {memory(program, 'VmRSS')} MB", flush=True)
    window.set_input_focus(X.RevertToParent, X.CurrentTime)
    if args.train:
        screen.keys("Control_L", "Return")
        time.sleep(args.settle)
        print(f"training: {memory(program, 'VmRSS')} MB", flush=True)
    most = 0
    for key in ["d"] * (args.tiles - 1) + ["a"] * (args.tiles - 1):
        screen.keys(key)
        for _ in range(int(args.look * 10)):
            time.sleep(0.1)
            most = max(most, memory(program, "VmRSS"))
    at_rest = "while training" if args.train else "at rest"
    last, peak = memory(program, "VmRSS"), memory(program, "VmHWM")
    print(f"all {args.tiles} tiles visited, {at_rest}: {last} MB resident, at most {most} MB, {peak} MB since the start")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="target/release/pointillist")
    parser.add_argument("--data", required=True)
    parser.add_argument("--tiles", type=int, default=10)
    parser.add_argument("--train", action="store_true", help="start a run first")
    parser.add_argument("--settle", type=float, default=40, help="seconds to wait until the run has sampled all tiles")
    parser.add_argument("--look", type=float, default=3, help="seconds at each tile")
    parser.add_argument("--picture", help="save a final screenshot to this file")
    args = parser.parse_args()
    screen = Screen()
    with tempfile.TemporaryDirectory() as home:
        places = ("HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
        program = subprocess.Popen([args.program, args.data], env=dict(os.environ, **dict.fromkeys(places, home)))
        try:
            measure(screen, args, program)
            if args.picture:
                subprocess.run(["import", "-window", "root", args.picture], check=True)
        finally:
            program.terminate()
            program.wait(timeout=60)


main()
