# A Slurm of one node on the loopback interface, in a temporary folder. Sourced; needs root, and Debian's packages slurm-wlm and munge.

# cluster_start FOLDER: starts munged, slurmctld and slurmd, and waits for the node.
cluster_start() {
    local home="$1" host
    host="$(hostname -s)"
    mkdir -p "$home"/{state,spool,log} /run/munge
    export SLURM_CONF="$home/slurm.conf"
    cat >"$SLURM_CONF" <<CONF
ClusterName=loopback
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
AuthInfo=socket=$home/munge.socket
CredType=cred/munge
StateSaveLocation=$home/state
SlurmdSpoolDir=$home/spool
SlurmctldPidFile=$home/slurmctld.pid
SlurmdPidFile=$home/slurmd.pid
SlurmctldLogFile=$home/log/slurmctld
SlurmdLogFile=$home/log/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_min_interval=0
KillWait=5
JobRequeue=1
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
CONF
    dd if=/dev/urandom of="$home/munge.key" bs=128 count=1 status=none
    chmod 400 "$home/munge.key"
    munged --force --key-file="$home/munge.key" --socket="$home/munge.socket" --pid-file="$home/munge.pid" \
        --log-file="$home/log/munged" --seed-file="$home/munge.seed"
    slurmctld -c
    slurmd -c
    local tries
    for tries in $(seq 60); do
        sinfo -h -o %t 2>/dev/null | grep -q '^idle$' && return 0
        sleep 1
    done
    echo "the node does not come up after $tries s" >&2
    tail -n 20 "$home"/log/* >&2
    return 1
}

# cluster_stop FOLDER: ends the three daemons by their ids.
cluster_stop() {
    local name process
    for name in slurmd slurmctld munge; do
        [[ -f "$1/$name.pid" ]] || continue
        process="$(<"$1/$name.pid")"
        kill "$process" 2>/dev/null || continue
        while kill -0 "$process" 2>/dev/null; do sleep 0.1; done
    done
}
