#!/bin/bash
# Slurm runs shares: a cluster of four nodes on this machine, with a job array, a task that fails, the job
# that finishes, and srun. Run on demand, as root; needs slurm-wlm and munge.
# shellcheck source=tests/scale/common.sh
. "$(dirname "$0")/common.sh"
cluster=$scratch/cluster
host=$(hostname -s)
mkdir -p "$cluster"/{munge,state,log}
chmod 711 "$scratch" "$cluster" "$cluster/munge"
export SLURM_CONF=$cluster/slurm.conf

ended() { # ends the daemons by the process ids that they wrote, and waits for them
    local file pid
    scancel -u "$(id -un)" 2>/dev/null || true
    for file in "$cluster"/slurmd-*.pid "$cluster/slurmctld.pid" "$cluster/munge/pid"; do
        [ -s "$file" ] || continue
        pid=$(cat "$file")
        kill "$pid" 2>/dev/null || true
        for _ in $(seq 50); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null || true
    done
}

# munge: a key and a socket of its own
dd if=/dev/urandom of="$cluster/munge/key" bs=1024 count=1 status=none
chmod 400 "$cluster/munge/key"
chown -R munge:munge "$cluster/munge"
setpriv --reuid munge --regid munge --clear-groups munged --force --key-file="$cluster/munge/key" \
    --socket="$cluster/munge/socket" --pid-file="$cluster/munge/pid" --log-file="$cluster/munge/log" \
    --seed-file="$cluster/munge/seed"
cat >"$SLURM_CONF" <<END
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
SlurmdUser=root
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
    echo "NodeName=n$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$((16900 + node)) CPUs=1 State=UNKNOWN" >>"$SLURM_CONF"
done
echo 'PartitionName=all Nodes=n[1-4] Default=YES MaxTime=20 State=UP OverSubscribe=YES:4' >>"$SLURM_CONF"
slurmctld -c
for node in 1 2 3 4; do
    slurmd -N "n$node"
done
for _ in $(seq 60); do
    [ "$(sinfo -h -o %t%D 2>/dev/null | tr -d ' ')" = idle4 ] && break
    sleep 0.5
done
[ "$(sinfo -h -o %t%D | tr -d ' ')" = idle4 ] || fail "the cluster is not up: $(sinfo)"

# The share 3 fails in its first run. That is what the job behind the array is for.
cat >share.sh <<'END'
#!/bin/bash
if [ "$SLURM_ARRAY_TASK_ID" = 3 ]; then
    exit 6
fi
exec "$program" extract -q -d f16 -o out/ \
    --share "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" model.gguf
END
id=$(sbatch --parsable --array=1-8 --export=ALL -o "$scratch/share-%a.log" share.sh)
# shellcheck disable=SC2016 # the job expands it
timeout 240 sbatch -W --parsable --dependency=afterany:"$id" --export=ALL -o "$scratch/finish.log" --wrap \
    'ls out >before; exec "$program" extract -d f16 --skip-existing -o out/ --manifest out.json model.gguf' >/dev/null ||
    fail "the job that finishes failed: $(cat finish.log)"
[ "$(wc -l <before)" -lt "$n_tensors" ] || fail 'the share that failed wrote something'
[ "$(wc -l <before)" -gt 0 ] || fail "no share wrote anything: $(cat share-1.log)"
diff -r due out || fail 'job array: different'
rm -r out out.json
echo 'job array and the job that finishes: equal'

# shellcheck disable=SC2016 # the tasks expand it
timeout 240 srun -Q -n 4 -N 4 bash -c 'exec "$program" extract -q -d f16 -o out/ \
    --share "$((SLURM_PROCID + 1))/$SLURM_NTASKS" model.gguf' || fail 'srun failed'
[ "$(find out -name '*.npy' | wc -l)" = "$n_tensors" ] || fail 'the tasks did not write everything'
same 'srun'
