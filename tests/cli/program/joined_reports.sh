#!/bin/sh
# The reports of shares, joined as the manual joins them, are that of one run; and the lines of the digests of
# all shares are those that give the digest of the model.
cp "$DATA/sample.gguf" model.gguf
cat >join.py <<'END'
import json
import sys

reports = [json.load(open(name)) for name in sys.argv[1:]]
tensors = [tensor for report in reports for tensor in report["tensors"]]
reports[0]["tensors"] = sorted(tensors, key=lambda tensor: tensor["name"] or "")
print(json.dumps(reports[0]))
END
compare() { # COMMAND [OPTION...]
    for i in 1 2 3 4; do
        gguf-dq "$@" --json --share "$i/4" model.gguf >"share-$i.json"
    done
    gguf-dq "$@" --json model.gguf >whole.json
    "$PYTHON" join.py share-[1-4].json >joined.json
    "$PYTHON" join.py whole.json >sorted.json
    "$PYTHON" - <<'END'
import hashlib
import json

joined, whole = json.load(open('joined.json')), json.load(open('sorted.json'))
print(joined['tensors'] == [t for t in whole['tensors'] if t['name'] is not None], len(joined['tensors']),
      [key for key in whole if key != 'tensors' and joined.get(key) != whole[key]])
if 'digest' in joined['tensors'][0]:
    lines = [f'{t["name"]}\0{"x".join(map(str, t["shape"]))}\0{t["digest"]}\n' for t in joined['tensors']]
    print(hashlib.sha256(''.join(sorted(lines)).encode()).hexdigest() == whole['tensors'][0]['digest'])
END
}
compare stats
compare hash -a sha256
