"""Makes the runs of both evidence plans that are not done, and writes their tables into docs/studies.md.

    python3 benches/evidence.py target/release/pointillist --dubai DUBAI --deepglobe DEEPGLOBE --out WORK

DUBAI is the Dubai data set of Humans in the Loop (tiles 1, 2, 5, 7, 8), DEEPGLOBE a folder in DeepGlobe's layout with the tiles 172307 and
794214. WORK keeps the runs: the same command goes on where it was stopped, and with all runs done it only redraws the tables. On two cores
the 50 and 18 runs take about 110 minutes.
"""

import argparse
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "studies.md"
PLANS = ["evidence-dubai", "evidence-deepglobe"]


def study(program, verb, plan, data, out):
    """Runs a verb of `study` on a plan, and returns what it prints."""
    file = ROOT / "data" / "studies" / f"{plan}.toml"
    command = [program, "study", verb, file, "--data", data, "--out", out / plan]
    if verb == "run":
        subprocess.run([*command, "--device", "cpu"], check=True)
        return ""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def table(report):
    """The first table of a report."""
    return re.search(r"(?:^\|.*\n)+", report, re.MULTILINE).group(0)


def written(page, plan, text):
    """The page with the table between the marks of a plan."""
    marks = f"<!-- {plan} -->\n", f"<!-- /{plan} -->"
    before, rest = page.split(marks[0])
    _, after = rest.split(marks[1])
    return f"{before}{marks[0]}\n{text}\n{marks[1]}{after}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--dubai", type=pathlib.Path, required=True)
    parser.add_argument("--deepglobe", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--tables-only", action="store_true", help="make no runs; draw the tables of those that are done")
    given = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    for plan, data in zip(PLANS, [given.dubai, given.deepglobe]):
        if not given.tables_only:
            study(given.program, "run", plan, data, given.out)
        page = written(page, plan, table(study(given.program, "report", plan, data, given.out)))
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
