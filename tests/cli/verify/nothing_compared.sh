#!/bin/sh
# Without a weight to compare there is no speed to report.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf e:f32:0x4
gguf-dq verify --device cpu m.gguf | tail -n 1
gguf-dq verify --device cpu --json m.gguf | grep '"speed"'
