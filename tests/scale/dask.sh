#!/bin/bash
# Dask runs shares as it runs any program, with one that is killed at first and another number of shares
# afterwards. On demand only: it installs dask from PyPI, in a folder that is removed.
# shellcheck source=tests/scale/common.sh
. "$(dirname "$0")/common.sh"
python3 -m venv venv
venv/bin/pip install -q distributed
cat >shares.py <<'END'
import os
import subprocess
import sys

from dask.distributed import Client, LocalCluster

COUNT = int(sys.argv[1])
KILLED = sys.argv[2:] == ['kill']


def share(number):
    name = 'extract'
    if KILLED and number == 1 and not os.path.exists('killed'):
        open('killed', 'w').close()
        name = 'extract_killed'
    subprocess.run(['bash', '-c', f'{name} --share {number}/{COUNT}'], check=True)


if __name__ == '__main__':
    with LocalCluster(n_workers=4, threads_per_worker=1, dashboard_address=None, host='127.0.0.1') as cluster:
        with Client(cluster) as client:
            tasks = client.map(share, range(1, COUNT + 1), pure=False)
            done = client.gather(tasks, errors='skip')
            print(len(done), 'of', COUNT, 'shares are done')
            sys.exit(len(done) < COUNT)
END
timeout 600 venv/bin/python shares.py 4 || fail 'a share failed'
[ "$(n_there)" = "$n_tensors" ] || fail 'the shares did not write everything'
same '4 shares'
timeout 600 venv/bin/python shares.py 4 kill 2>log && fail 'dask hides that a share was killed'
is_cut_off '4 shares'
timeout 600 venv/bin/python shares.py 3 || fail 'a share failed'
[ "$(n_there)" = "$n_tensors" ] || fail 'the shares did not write what was missing'
same '4 shares, one is killed, then 3'
