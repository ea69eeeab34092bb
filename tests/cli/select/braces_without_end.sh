#!/bin/sh
# Thousands of nested braces are refused at once and in little memory, as arguments and in files.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
# many TEXT N: the text N times.
many() {
    "$PYTHON" -c 'import sys; print(sys.argv[1] * int(sys.argv[2]), end="")' "$@"
}
measured() {
    "$PYTHON" "$TESTS/cli/tools/measure.py" gguf-dq list --names m.gguf "$@" 2>&1 | cut -c 1-60
}
for text in '{a,b}' '{,}' '{a,' '{a}' '{' '{1..9}' 'a{0..1}*'; do
    many "$text" 8000 >names
    measured -T names
    measured -t "$(many "$text" 8000)"
    measured -x "$(many "$text" 8000)"
done
many '{a,b}' 1000000 >names
measured -T names
