#!/bin/sh
# meson: threads
# Shards are filled in the order of the tensors; what is larger than a shard gets one of its own. The files
# appear together; --skip-existing writes those that are missing.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf a:f32:10 b:f32:1000 c:f32:10 d:f32:70 e:f32:40 f:f32:1
try() {
    gguf-dq "$@"
    echo "exit $?"
}
try extract --dry-run -f safetensors -o out/ --max-shard 400 m.gguf
try extract -f safetensors -o out/ --max-shard 400 --manifest out.json m.gguf
(cd out && ls && cat model.safetensors.index.json)
sed -n 's/.*"path": "\([^"]*\)", "name": "\([^"]*\)", "offset": \([0-9]*\).*/\1 \2 \3/p' out.json
cp -r out kept
try extract -f safetensors -o out/ --max-shard 400 m.gguf
try extract -f safetensors -o out/ --max-shard 400 --skip-existing m.gguf
for missing in model-00001-of-00003.safetensors model.safetensors.index.json 'model*'; do
    # shellcheck disable=SC2086 # a pattern
    (cd out && rm -- $missing)
    try extract -f safetensors -o out/ --max-shard 400 --skip-existing m.gguf
    diff -r out kept
done
try extract -f safetensors -o out/ --max-shard 400 --skip-existing -d f16 m.gguf
try extract -f safetensors -o out/ --max-shard 400 --skip-existing m.gguf a b c d e
echo x >out/model-00002-of-00003.safetensors
try extract -f safetensors -o out/ --max-shard 400 --force m.gguf
diff -r out kept
# The name of the file begins those of the shards.
try extract -q -o ./named.SAFETENSORS --max-shard 400 m.gguf
try extract -o named.gguf --max-shard 320 m.gguf
try extract -o 'Ä.safetensors' --max-shard 4KB m.gguf b d e
cat Ä.safetensors.index.json
try extract -q -o whole.gguf m.gguf
gguf-dq extract -q -f raw -o - named-00001-of-00005.gguf >a
gguf-dq extract -q -f raw -o - whole.gguf | cmp - a
gguf-dq list --meta named-00002-of-00005.gguf | grep split
gguf-dq check named-00003-of-00005.gguf
ls
