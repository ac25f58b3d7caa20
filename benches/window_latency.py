#!/usr/bin/env python3
"""Measures the latency from an input to the changed pixels on the X server.

usage: window_latency.py [--program PATH] [--data FOLDER] [--tries 100] [--train] [--map] [--picture FILE]

Opens the program at 1600×1000 on $DISPLAY. Repeatedly drags the picture by some pixels, or paints a brush dab, and reads a
patch of the screen every 2 ms until it differs. --train starts a run with the default settings first. The folder given by
--data gets labels and runs, so pass a copy. --map instead labels points of two classes in turn in the left view and waits until
the quick map in the middle of the right view differs, first with the whole tile in view, then at 100 %. Nothing else may cover the
window. Without a desktop:

    xvfb-run -s "-screen 0 1600x1000x24" python benches/window_latency.py --train

Prints per kind of input the median, the 95th percentile, the maximum and how many took longer than 33 ms; then the same
without the tries during which a hypervisor gave the cores to others (steal time in /proc/stat). Requires
`pip install python-xlib`; --picture also ImageMagick.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

from Xlib import X, XK, display
from Xlib.ext import xtest

WIDTH, HEIGHT, PATCH, MAP = 1600, 1000, 48, 120
LEFT, MIDDLE = 1, 2
PATIENCE, REST = 1.0, 0.12


def stolen():
    """Steal time since boot in hundredths of a second; 0 where the system does not count it."""
    try:
        with open("/proc/stat") as stat:
            return int(stat.readline().split()[8])
    except (OSError, IndexError):
        return 0


class Screen:
    def __init__(self):
        self.display = display.Display()
        self.root = self.display.screen().root

    def point(self, x, y):
        xtest.fake_input(self.display, X.MotionNotify, x=x, y=y)
        self.display.sync()

    def button(self, button, down):
        xtest.fake_input(self.display, X.ButtonPress if down else X.ButtonRelease, button)
        self.display.sync()

    def keys(self, *names):
        codes = [self.display.keysym_to_keycode(XK.string_to_keysym(name)) for name in names]
        for kind, order in ((X.KeyPress, codes), (X.KeyRelease, reversed(codes))):
            for code in order:
                xtest.fake_input(self.display, kind, code)
        self.display.sync()

    def patch(self, x, y, side):
        return self.root.get_image(x - side // 2, y - side // 2, side, side, X.ZPixmap, 0xFFFFFFFF).data

    def until_changed(self, x, y, act, side=PATCH, patience=PATIENCE):
        """Milliseconds from `act` until the patch around (x, y) differs, or None; and whether no core was stolen meanwhile."""
        before, stolen_before = self.patch(x, y, side), stolen()
        began = time.perf_counter()
        act()
        while time.perf_counter() - began < patience:
            if self.patch(x, y, side) != before:
                return (time.perf_counter() - began) * 1e3, stolen() == stolen_before
            time.sleep(0.002 if side == PATCH else 0.008)  # Reading a large patch takes time from what is measured.
        return None, True

    def fill(self, title):
        """Makes the window called `title` fill the screen. Returns None while there is no such window."""
        for window in self.root.query_tree().children:
            if title in (window.get_wm_name() or ""):
                window.configure(x=0, y=0, width=WIDTH, height=HEIGHT)
                self.display.sync()
                return window
        return None


def rested(times):
    for tried in times:
        yield tried
        time.sleep(REST)


def dragging(screen, tries):
    x, y = 560, 400
    screen.point(x, y)
    screen.button(MIDDLE, True)
    for turn in rested(range(tries)):
        to = x + (24 if turn % 2 == 0 else 0)
        yield screen.until_changed(x, y, lambda: screen.point(to, y + turn % 5))
    screen.button(MIDDLE, False)


def dabbing(screen, tries):
    for turn in rested(range(tries)):
        x, y = 320 + 47 * (turn % 8), 240 + 22 * (turn // 8 % 14)
        screen.point(x, y)
        time.sleep(REST)  # Let the brush outline arrive first: it changes pixels too.
        yield screen.until_changed(x, y, lambda: screen.button(LEFT, True))
        screen.button(LEFT, False)


def mapping(screen, tries):
    """Points above what is watched, so that their marks do not count."""
    for turn in rested(range(tries)):
        screen.keys(str(1 + turn % 2))
        screen.point(240 + 43 * (turn % 11), 300 + 9 * (turn // 11 % 8))
        time.sleep(1.0)  # Let the map of the click before arrive, and what judges it.
        yield screen.until_changed(1000, 560, lambda: screen.button(LEFT, True) or screen.button(LEFT, False), MAP, 3.0)


def table(name, tries):
    yield row(name, [value for value, _ in tries])
    own = [value for value, is_own in tries if is_own]
    if len(own) < len(tries):
        yield row("… no core stolen", own)


def row(name, values):
    seen = sorted(value for value in values if value is not None)
    missed = "" if len(seen) == len(values) else f", {len(values) - len(seen)} without a change"
    if not seen:
        return f"| {name} | no change seen |"
    late = sum(value > 33 for value in seen)
    tail = seen[int(0.95 * (len(seen) - 1))]
    return f"| {name} | {statistics.median(seen):.0f} ms | {tail:.0f} ms | {seen[-1]:.0f} ms | {late} of {len(seen)}{missed} |"


def measure(screen, args, program):
    window = None
    while window is None:
        if program.poll() is not None:
            sys.exit("the program exited before it showed a window")
        time.sleep(0.1)
        window = screen.fill("Pointillist")
    time.sleep(6)
    if args.train:
        window.set_input_focus(X.RevertToParent, X.CurrentTime)
        screen.keys("Control_L", "Return")
        time.sleep(args.settle)
    state = "while training" if args.train else "at rest"
    if args.map:
        return measure_map(screen, args.tries, window, state)
    for what, tries in ("dragging the picture", dragging), ("a brush dab", dabbing):
        print(*table(f"{what}, {state}", list(tries(screen, args.tries))), sep="\n", flush=True)


def measure_map(screen, tries, window, state):
    window.set_input_focus(X.RevertToParent, X.CurrentTime)
    list(mapping(screen, 2))  # Two classes are there.
    print(*table(f"a quick map, whole tile in view, {state}", list(mapping(screen, tries))), sep="\n", flush=True)
    screen.point(1000, 560)
    screen.keys("Control_L", "0")
    time.sleep(2)
    print(*table(f"a quick map, 100 %, {state}", list(mapping(screen, tries))), sep="\n", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="target/release/pointillist")
    parser.add_argument("--data", default="data/demo")
    parser.add_argument("--tries", type=int, default=100)
    parser.add_argument("--train", action="store_true", help="start a run first")
    parser.add_argument("--map", action="store_true", help="measure the quick map")
    parser.add_argument("--settle", type=float, default=20, help="seconds to wait for the run to start")
    parser.add_argument("--picture", help="save a final screenshot to this file")
    args = parser.parse_args()
    screen = Screen()
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ, HOME=home, XDG_RUNTIME_DIR=home, XDG_DATA_HOME=home, XDG_CONFIG_HOME=home)
        program = subprocess.Popen([args.program, args.data], env=environment)
        try:
            measure(screen, args, program)
            if args.picture:
                subprocess.run(["import", "-window", "root", args.picture], check=True)
        finally:
            program.terminate()
            program.wait(timeout=60)


if __name__ == "__main__":
    main()
