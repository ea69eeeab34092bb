#!/bin/sh
# meson: gpu timeout=300
# With --device auto, a GPU may fail at any call: the CPU takes over and the bytes are right. If the
# GPU was requested, the run ends, names the call that failed, and leaves no partial file.
cp "$DATA/gguf/good/all_types.gguf" m.gguf
take='-t blk.0.q* -t blk.0.mxfp4*' # 15 tensors, each of a different type
set -f
# shellcheck disable=SC2086 # several words
extract() { gguf-dq extract -j2 m.gguf $take "$@"; } # the number of lanes depends on that of threads
extract -q --device cpu -o cpu/
extract -q --device cpu -f raw -o - >cpu.raw
export GGUF_DQ_AUTO_MIN=1 DQ_HOST_DEVICES=1
for kind in count describe open make_current kernel alloc alloc! alloc_host alloc_host! stream_new copy_in \
    copy_out launch sync; do
    # One lane, so that the number of calls when it opens does not depend on the number of lanes.
    case $kind in
    copy_in | sync) export DQ_HOST_MEMORY=100000 ;;
    *) unset DQ_HOST_MEMORY ;;
    esac
    for n in 1 2 3 4 5 6 7 8 9 10; do
        export DQ_HOST_FAIL="${kind%!}:$n"
        [ "$kind" = "${kind%!}" ] || DQ_HOST_FAIL=$DQ_HOST_FAIL!
        extract -o auto/ 2>words || echo "$DQ_HOST_FAIL: auto: exit status $?"
        diff -r cpu auto
        grep -c '^gguf-dq: warning: host:0: host.*); continuing on the CPU$' words >>"warned.$kind"
        grep -v -e ': warning: host:0: host.*); continuing on the CPU$' -e '^gguf-dq: 15 tensors, ' words
        extract -q -f raw -o - 2>&1 >auto.raw | grep .
        cmp auto.raw cpu.raw
        extract --device gpu -o gpu/ 2>words
        echo "$? $(sed 's/^gguf-dq: 15 tensors, .*//; s/^.*: \(host[A-Za-z]*\): .*/\1/' words)" \
            >>"asked.$kind"
        mkdir -p gpu
        find gpu -type f >found
        while IFS= read -r file; do cmp "$file" "cpu/${file#gpu/}"; done <found
        rm -rf auto gpu auto.raw
    done
    echo "$kind: warnings $(tr -d '\n' <"warned.$kind"); asked for: $(uniq -c "asked.$kind" |
        tr -s ' \n' ' ')"
done
