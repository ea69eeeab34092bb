#!/bin/sh
# A path such as /dev/fd/3 names a descriptor that is open already: it is written to where it stands,
# and neither opened anew nor replaced, whatever it belongs to.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf a:f32:4 b:f32:4
gguf-dq extract -f raw -o - m.gguf >due
ln -s /dev/fd/3 link
for place in /dev/fd/3 /proc/self/fd/3 /proc/thread-self/fd/3 link ./link /dev/../dev/fd/3; do
    gguf-dq extract -f raw -o "$place" m.gguf 3>got
    echo "exit $?"
    cmp got due
done
echo '== where it stands'
{ printf 'head' >&3; gguf-dq extract -q -f raw -o /dev/fd/3 m.gguf a; gguf-dq extract -q -f raw -o link m.gguf b; } 3>got
head -c 4 got; echo
tail -c +5 got | cmp - due
printf 'head' >got
gguf-dq extract -q -f raw --force -o /dev/fd/3 m.gguf 3>>got
tail -c +5 got | cmp - due
echo '== pipes'
gguf-dq extract -f raw -o /dev/fd/3 m.gguf 3>&1 | cmp - due
gguf-dq extract -f raw --json -o /dev/fd/3 m.gguf 3>got | grep -c '"written"'
cmp got due
[ -L link ] && echo 'still a link'
echo '== not open, or not for writing'
gguf-dq extract -f raw -o /dev/fd/9 m.gguf 9>&-
echo "exit $?"
gguf-dq extract -f raw -o /dev/fd/3 m.gguf 3<due
echo "exit $?"
echo '== a manifest is a file of its own'
gguf-dq extract -q --force -o x.npy --manifest /dev/fd/3 m.gguf a 3>m.json
echo "exit $?"
gguf-dq extract -q -o x.npy --manifest link m.gguf a 3>&1
echo "exit $?"
ls
