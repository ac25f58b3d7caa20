#!/usr/bin/env bash
# A study under a real Slurm: two array tasks at once, one of them killed and requeued; every run is made once.
#
# tests/slurm/two_tasks.sh PROGRAM      needs root: apt-get install --no-install-recommends slurm-wlm munge
set -euo pipefail
cd "$(dirname "$0")/../.."
program="$(realpath "${1:-target/release/pointillist}")"
source tests/slurm/cluster.sh

home="$(mktemp -d)"
trap 'cluster_stop "$home"; rm -rf "$home"' EXIT
cluster_start "$home"

cat >"$home/plan.toml" <<'PLAN'
seeds = [0, 1, 2]
[base]
device = "cpu"
[base.model]
base = 4
levels = 3
[base.train]
length = { steps = 400 }
frame = { crop = 64 }
batch = 4
[grid]
train.class_weights = ["none", "inverse"]
PLAN
study="$home/study"
arguments=("$home/plan.toml" --data data/demo --out "$study")
"$program" study slurm "${arguments[@]}" --tasks 2 >"$home/job.sh"
job="$(sbatch --parsable "$home/job.sh")"
echo "job $job"

claims() { find "$study/claims" -name '*.json' 2>/dev/null | wc -l; }
# Waits until a command succeeds.
await() {
    local tries
    for tries in $(seq 600); do
        "$@" && return 0
        sleep 0.5
    done
    echo "after $tries tries: $*" >&2
    squeue >&2
    cat "$study"/slurm-*.log "$home/log/slurmctld" >&2 || true
    return 1
}
both_work() { [[ "$(claims)" == 2 ]]; }
is_over() { [[ -z "$(squeue -h -j "$job" 2>/dev/null)" ]]; }

await both_work
echo "two tasks hold two claims"
# Killed without a chance to give the claim back, then queued again.
claim="$(grep -l "\"${job}_1\\." "$study"/claims/*.json)"
kill -9 "$(sed -E 's/.*"pid":([0-9]+).*/\1/' "$claim" | head -n 1)"
scontrol requeue "${job}_1"
echo "task 1 was killed and requeued"
# It waits some two minutes in the queue; by then the other task may have made all runs.
await is_over

"$program" study status "${arguments[@]}"
fail() { echo "FAILED: $*" >&2; exit 1; }
done_runs="$("$program" study status "${arguments[@]}" --json | grep -c '"state": "done"')"
[[ "$done_runs" == 6 ]] || fail "$done_runs of 6 runs are done"
[[ "$(find "$study/runs" -mindepth 1 -maxdepth 1 | wc -l)" == 6 ]] || fail "there are not 6 run folders"
# The attempt that was killed was gone on with or, if it had no state yet, removed when its run was done. One that was killed before its folder
# said which run it was stays.
[[ "$(find "$study/unfinished" -mindepth 2 -name study.json | wc -l)" == 0 ]] || fail "attempts at runs that are done are left"
[[ "$(claims)" == 0 ]] || fail "claims are left"
echo "every run was made once"
