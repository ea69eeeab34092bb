#!/bin/bash
# Slurm runs shares: a cluster of four nodes on this machine, with job arrays, tasks that fail or are killed,
# another number of shares afterwards, the job that finishes, and srun. Needs slurm-wlm and munge.
# shellcheck source=tests/scale/common.sh
. "$(dirname "$0")/common.sh"
PATH=$PATH:/usr/sbin # the daemons are there, also for those who have no use for it
cluster=$scratch/cluster
host=$(hostname -s)
user=$(id -un)
mkdir -p "$cluster"/{munge,state,log}
chmod 711 "$scratch" "$cluster" "$cluster/munge"
export SLURM_CONF=$cluster/slurm.conf

ended() { # ends the daemons by the process ids that they wrote, and waits for them
    local file pid
    timeout 20 scancel -u "$user" 2>/dev/null || true
    for file in "$cluster"/slurmd-*.pid "$cluster/slurmctld.pid" "$cluster/munge/pid"; do
        [ -s "$file" ] || continue
        pid=$(cat "$file")
        kill "$pid" 2>/dev/null || true
        for _ in $(seq 50); do
            kill -0 "$pid" 2>/dev/null || continue 2
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null || true
    done
}

# munge: a key and a socket of its own
dd if=/dev/urandom of="$cluster/munge/key" bs=1024 count=1 status=none
chmod 400 "$cluster/munge/key"
munged --force --key-file="$cluster/munge/key" --socket="$cluster/munge/socket" --pid-file="$cluster/munge/pid" \
    --log-file="$cluster/munge/log" --seed-file="$cluster/munge/seed" 2>"$cluster/munge/start" ||
    fail "munged: $(cat "$cluster/munge/start")"
# Ports that are free now; another run on this machine gets others.
mapfile -t ports < <("$python" -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(5)]
print(*(s.getsockname()[1] for s in sockets), sep="\n")')
cat >"$SLURM_CONF" <<END
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$cluster/munge/socket
CredType=cred/munge
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool-%n
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/slurmd-%n.pid
SlurmctldLogFile=$cluster/log/slurmctld.log
SlurmdLogFile=$cluster/log/slurmd-%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=1
ReturnToService=2
KillWait=5
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
END
for node in 1 2 3 4; do
    mkdir "$cluster/spool-n$node"
    echo "NodeName=n$node NodeHostname=$host NodeAddr=127.0.0.1 Port=${ports[node]} CPUs=1 State=UNKNOWN" >>"$SLURM_CONF"
done
echo 'PartitionName=all Nodes=n[1-4] Default=YES MaxTime=20 State=UP OverSubscribe=YES:4' >>"$SLURM_CONF"
slurmctld -c
for node in 1 2 3 4; do
    slurmd -N "n$node"
done
for _ in $(seq 120); do
    [ "$(sinfo -h -o %t%D 2>/dev/null | tr -d ' ')" = idle4 ] && break
    sleep 0.5
done
[ "$(sinfo -h -o %t%D | tr -d ' ')" = idle4 ] ||
    fail "the cluster is not up: $(sinfo) $(tail -n 5 "$cluster"/log/*)"

# In the first array a task is killed, and another fails. The second array has another number of shares.
cat >share.sh <<'END'
#!/bin/bash
share=$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT
case $share in
1/4)
    extract_killed --share "$share"
    exit
    ;;
3/4) exit 6 ;;
esac
exec "$program" extract -q -d f16 -o out/ --share "$share" model.gguf
END
# submit NAME OPTION...
submit() {
    timeout 240 sbatch --parsable -o "$scratch/$1-%a.log" "${@:2}"
}
id=$(submit first --array=1-4 share.sh)
for _ in $(seq 600); do
    [ -n "$(squeue -h -j "$id")" ] || break
    sleep 0.2
done
is_cut_off 'job array'
id=$(submit second --array=1-3 share.sh)
# shellcheck disable=SC2016 # the job expands it
submit finish -W --dependency=afterany:"$id" --wrap \
    'ls out >before; exec "$program" extract -d f16 --skip-existing -o out/ --manifest out.json model.gguf' >/dev/null ||
    fail "the job that finishes failed: $(cat finish-*.log)"
[ "$(wc -l <before)" = "$n_tensors" ] || fail "the second array did not write what was missing: $(cat second-*.log)"
diff -r due out || fail 'job arrays: different'
rm -r out out.json
echo 'array of 4, one is killed and one fails, then 3, and the job that finishes: equal'

# shellcheck disable=SC2016 # the tasks expand it
task='share=$((SLURM_PROCID + 1))/$SLURM_NTASKS
    [ "$1$share" = kill1/4 ] && { extract_killed --share "$share"; exit; }
    exec "$program" extract -q -d f16 -o out/ --share "$share" model.gguf'
timeout 240 srun -Q -n 4 -N 4 bash -c "$task" || fail 'srun failed'
[ "$(n_there)" = "$n_tensors" ] || fail 'the tasks did not write everything'
same 'srun of 4'
timeout 240 srun -Q -n 4 -N 4 bash -c "$task" task kill 2>/dev/null && fail 'srun hides that a task was killed'
is_cut_off 'srun of 4'
timeout 240 srun -Q -n 3 -N 3 bash -c "$task" || fail 'srun failed'
[ "$(n_there)" = "$n_tensors" ] || fail 'the tasks did not write what was missing'
same 'srun of 4, one is killed, then 3'
