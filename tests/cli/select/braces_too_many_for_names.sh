#!/bin/sh
# A hundred thousand patterns on long names are refused before they take long. Patterns that the end
# of each name rules out are quick and accepted.
"$PYTHON" - <<'END'
import gguf_writer
tensors = [(f'{"a" * 1017}{n:03}', 'i8', [], b'\0') for n in range(64)]
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([], tensors))
END
count() {
    gguf-dq list --names "$@" m.gguf >got
    echo "exit $?, $(wc -l <got) names"
}
count '*{0..99999}*'
count '*{a,b}*{a,b}*{a,b}*{a,b}*{a,b}*{a,b}*{a,b}*{a,b}*{a,b}*{a,b}*{a,b}*{a,b}*{a,b}*{a,b}*{a,b}*{a,b}*'
count '*{0..99999}x'
count -x '*{0..99999}*'
count '*{10..20}*'
