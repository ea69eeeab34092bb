#!/bin/sh
# meson: valgrind
# The figures that are shown, in which order and form, and what is refused.
cp "$DATA/sample.gguf" m.gguf
"$PYTHON" - <<'PYTHON'
import struct

import gguf_writer

with open('names.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [(name, 'f32', [2, 2], struct.pack('<4f', 1, 2, 3, value))
                                   for name, value in (('a,"b"\t\x1b', 1e-9), ('a\u00e9', float('nan')))]))
PYTHON
gguf-dq stats --percentiles=99.50,100 --columns name,mean,octaves,p99.5,entropy m.gguf 'output*'
LC_ALL=en_US.utf8 gguf-dq stats --columns octaves,name m.gguf output | od -c | head -4
gguf-dq stats --percentiles --fit --sort crest --top 2 m.gguf
gguf-dq stats --fit -f csv names.gguf --columns name,slice,shape,max_at,max,octaves
gguf-dq stats --by row -f csv names.gguf
gguf-dq stats --by row -f tsv names.gguf --columns name,slice,shape,max,f16_exact --fit
gguf-dq stats --by matrix -f csv --jsonl m.gguf
gguf-dq stats --by row --jsonl --columns slice,min --sort -min --top 2 m.gguf output.weight blk.0.attn_q.bias
cp "$DATA/gguf/bad/trunc_in_second_tensor_data.gguf" t.gguf
gguf-dq stats t.gguf -f csv --columns name,std,crest
echo "$?"
gguf-dq stats t.gguf --jsonl --columns name,std,crest
echo "$?"
gguf-dq stats --by block m.gguf 'output.weight[:, 1:]'
echo "$?"
for words in '--by x' '--sort stdd' '--sort octaves' '--sort p99' '--percentiles --sort p98' '--columns' '--columns=' \
    '--columns mean,mean' '--columns f16_exact' '--sort outliers_3' '--top 3' '--sort std --top 0' '--by row --sort std' \
    '--percentiles=101' '--percentiles=' '--percentiles=1,' '--percentiles=1,1.0' '--percentiles=-1' \
    '--percentiles=1.0000001' '--percentiles=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17' '-f hex' '--columns percentiles'; do
    # shellcheck disable=SC2086
    gguf-dq stats $words m.gguf
    echo "$?" >&2
done 2>&1 | grep -v '^Try'
