#!/bin/sh
# --check is like that of sha256sum: one line for each digest, exit 1 if one is wrong.
cp "$DATA/sample.gguf" m.gguf
gguf-dq hash m.gguf >sums
gguf-dq hash -c sums m.gguf | sed -n '1p;$p'
gguf-dq hash --check - -q m.gguf <sums
echo "quiet: $?"
# A part of the model, in another order, in capitals, as in sha256sum's binary mode, with a CR.
gguf-dq hash m.gguf output blk.0.attn_q.weight | sort -r | tr a-f A-F | sed 's/  / */; s/$/\r/' |
    tr 'A-F' 'a-f' >part
gguf-dq hash -c part m.gguf
echo "$?"
# Another value, another name, and a model with one more tensor than the list.
sed '1s/^[0-9a-f]\{4\}/0000/; 2s/$/x/' sums >wrong
gguf-dq hash -c wrong m.gguf | grep -v ': OK'
gguf-dq hash -c wrong m.gguf >/dev/null 2>&1
echo "$?"
gguf-dq hash -q -c wrong --json m.gguf | "$PYTHON" -c 'if True:
    import json, sys
    rows = json.load(sys.stdin)["tensors"]
    print([(r["name"], r["verdict"]) for r in rows if r["verdict"] != "equal"], len(rows))'
gguf-dq hash -x output.bias m.gguf >few
gguf-dq hash m.gguf | tail -n 1 >>few
gguf-dq hash -c few m.gguf | tail -n 1
sed -i '$s/^..../0000/' few
gguf-dq hash -c few m.gguf | tail -n 1
# The digests of another algorithm or dtype are others.
gguf-dq hash -a sha256 -c sums -q m.gguf | wc -l
gguf-dq hash -d f16 -c sums -q m.gguf | grep -c FAILED
# A tensor can be named like what stands for the model.
cat >named.py <<'END'
import gguf_writer
with open('named.gguf', 'wb') as file:
    file.write(gguf_writer.model([('general.architecture', 'str', 'x')],
                                 [('(model)', 'f32', [4], bytes(16)), ('\\x28model)', 'f32', [4], bytes(16))]))
END
"$PYTHON" named.py
gguf-dq hash named.gguf | tee named | cut -c67-
gguf-dq hash -c named named.gguf
sed -n 1p named | gguf-dq hash -c - named.gguf
gguf-dq hash --jsonl named.gguf | cut -c1-30
