#!/bin/sh
# A run that fails while writing still prints its report: what was written, what failed and why, and
# what was not reached.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf --scale 40000 a:f32:1 large:f32:4 small:f32:1
print() {
    "$PYTHON" -c 'import json, sys
report = json.load(sys.stdin)
print("error:", report["error"])
for output in report["outputs"]:
    print(output["tensor"], output["status"], output["reason"])'
}
gguf-dq extract --strict -d f16 --json -o one/ m.gguf >report.json
echo "exit $?"
print <report.json
gguf-dq extract --strict -d f16 --jsonl -o two/ m.gguf >report.jsonl
echo "exit $?"
grep -o '"tensor": "[a-z]*"\|"status": "[a-z]*"' report.jsonl
tail -n 1 report.jsonl
ls one two
