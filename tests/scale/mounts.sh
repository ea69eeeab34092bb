#!/bin/bash
# A model on a file system that is far away: how often list, slices and extract wait for it, and that they read
# what is there. Needs fuse3. far_mount.py explains what is counted.
# shellcheck source=tests/scale/common.sh
. "$(dirname "$0")/common.sh"
# 5 GB, with a header of 7.6 MB; nearly all is a hole in the file.
mkdir here far
"$python" "$tests/lib/make_big.py" here/m.gguf --vocab 256000 --tensor-bytes 16M --count 300 --type q8_0
"$program" list --names here/m.gguf >due-names

# far MOST COMMAND [ARGUMENT...]: what it prints goes into the file found. It may take MOST round trips.
far() {
    local most=$1 n
    shift
    timeout 120 "$python" "$tests/scale/far_mount.py" --delay 20 --counts counts here far "$@" >found ||
        fail "exit $? of: ${*:2}"
    n=$("$python" -c 'import json; print(json.load(open("counts"))["round_trips"])')
    echo "$n round trips: ${*:2}"
    [ "$n" -le "$most" ] || fail "that is more than $most"
}

far 24 "$program" list --names far/m.gguf
cmp found due-names
far 24 "$program" list --meta far/m.gguf
"$program" list --meta here/m.gguf | sed 's|^here/|far/|' | cmp - found
while read -r most slice; do
    "$program" extract -q -f raw -o due-values here/m.gguf "big.150.weight$slice" --force
    far "$most" "$program" extract -q -j 1 -f raw -o - far/m.gguf "big.150.weight$slice"
    cmp found due-values
done <<END
25 [7]
32 [:256]
110 [:]
110 [:, :32]
38 [::300, :32]
260 [::-1]
END
"$program" extract -q -f raw -o due-files/ here/m.gguf 'big.1?.weight' -x 'big.1[3-9].*'
far 320 "$program" extract -q -j 2 -f raw -o files/ far/m.gguf 'big.1?.weight' -x 'big.1[3-9].*'
diff -r due-files files
