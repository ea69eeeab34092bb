#!/bin/sh
# --skip-existing keeps a file that appears during the run only if it is the same array.
"$PYTHON" "$TESTS/lib/make_big.py" many.gguf --tensors 600
gguf-dq extract -q many.gguf -o due
last=$(gguf-dq list --names many.gguf | tail -n 1)
# The run's report fills the pipe while the file appears; it continues when the report is read.
try() {
    rm -rf out
    { gguf-dq extract -q --skip-existing --jsonl many.gguf -o out; echo "exit $?" >&2; } | {
        dd bs=1 count=1 2>"/dev/null" >first
        "$@"
        cat >rest
    }
    cat first rest | grep '"tensor"' | tail -n 1 | sed 's/.*"status": "\([a-z]*\)", "reason": \([^,]*\),.*/\1, \2/'
    find out -name '.gguf-dq-*'
}
garbage() { echo mine >"out/$last.npy"; }
other_header() { tr 4 8 <"due/$last.npy" >"out/$last.npy"; }
folder() { mkdir "out/$last.npy"; }
fifo() { mkfifo "out/$last.npy"; }
nowhere() { ln -s nowhere "out/$last.npy"; }
same() { cp "due/$last.npy" "out/$last.npy"; }
for thing in garbage other_header folder fifo nowhere same; do
    try "$thing"
done
diff -r due out
