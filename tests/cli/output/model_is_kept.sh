#!/bin/sh
# The model is only read, wherever output goes: standard output, standard error, descriptors, outputs and
# manifests may be one of its files by any name.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
cp "$DATA"/gguf/good/split-0000?-of-00003.gguf .
ln m.gguf hard.raw
ln -s m.gguf soft.raw
ln -s /proc/self/fd/3 three
sha256sum ./*.gguf >before
kept() {
    echo "exit $?"
    sha256sum --quiet -c before
    [ -L soft.raw ] || echo 'the link is gone'
    cat got words 2>"/dev/null"
    rm -f got words
}
echo '== standard output'
for command in list 'list --json' 'list --names' 'list --jsonl' check 'check --json --values' \
    'extract -o -' 'extract -o /dev/stdout' 'extract -f raw -o -' 'extract -n' 'extract -n --json' \
    'extract -o out/ --jsonl' 'verify --device cpu' 'bench --device cpu' 'extract --no-sandbox -o -'; do
    echo "$command"
    # shellcheck disable=SC2086 # a command and its options
    gguf-dq $command m.gguf 1<>m.gguf
    kept
    # shellcheck disable=SC2086
    gguf-dq $command ./soft.raw >>hard.raw 2>words
    kept >"/dev/null"
done
gguf-dq list - <m.gguf >>m.gguf
kept
GGUF_DQ_MODEL=m.gguf gguf-dq list >>m.gguf
kept
echo '== standard error, where there is something to say'
gguf-dq extract -v -o x.npy m.gguf a.weight 2>>m.gguf
kept
gguf-dq list m.gguf nothing 2>>m.gguf
kept
gguf-dq list --nonsense m.gguf 2>>m.gguf
kept
gguf-dq lst m.gguf 2>>m.gguf
kept
gguf-dq list --json m.gguf nothing 2>>m.gguf >got
kept
gguf-dq extract -f raw -o - m.gguf >>m.gguf 2>&1
kept
echo '== another file of a split set'
one=split-00001-of-00003.gguf
three=split-00003-of-00003.gguf
gguf-dq list $one >>$three
kept
gguf-dq list --json $three 1<>$one
kept
gguf-dq extract -f raw -o - $one 1<>$three
kept
gguf-dq check --jsonl $one 2>>$three
kept
gguf-dq extract --force -f raw -o $three $one blk.2.f32
kept
gguf-dq extract --force -o x.npy --manifest $three $one blk.2.f32
kept
echo '== one that is numbered otherwise'
mkdir other
cp $one other/t_1_of_3.gguf
cp $three 'other/t_3_of_3 (1).gguf'
sha256sum ./*.gguf other/*.gguf >before
gguf-dq list other/t_1_of_3.gguf >>'other/t_3_of_3 (1).gguf'
kept
gguf-dq check other/t_1_of_3.gguf >>'other/t_3_of_3 (1).gguf'
kept
rm -r other
echo '== one that is found malformed after much was printed about the first'
"$PYTHON" - <<'END'
import gguf_writer
def keys(i):
    return [('split.no', 'u16', i), ('split.count', 'u16', 2), ('split.tensors.count', 'i32', 1)]
odd = [('Odd%03d' % i, 'u8', 1) for i in range(1000)]
open('s-00001-of-00002.gguf', 'wb').write(gguf_writer.model(keys(0) + odd, [('a', 'i8', [1], b'1')]))
open('s-00002-of-00002.gguf', 'wb').write(gguf_writer.model(keys(1), [])[:60])
END
sha256sum ./*.gguf >before
gguf-dq check s-00001-of-00002.gguf >>s-00002-of-00002.gguf
kept
gguf-dq check --jsonl s-00001-of-00002.gguf 1<>s-00002-of-00002.gguf
kept
echo '== a descriptor'
gguf-dq extract -f raw -o /dev/fd/3 m.gguf 3<>m.gguf
kept
gguf-dq extract -f raw -o three m.gguf 3>>hard.raw
kept
gguf-dq extract --force -f raw -o /proc/self/fd/3 m.gguf a.weight 3<>m.gguf
kept
gguf-dq extract --force -o x.npy --manifest /dev/fd/3 m.gguf a.weight 3<>m.gguf
kept
echo '== links to it'
gguf-dq extract --force -o soft.raw m.gguf a.weight
kept
gguf-dq extract --force -o soft.raw ./soft.raw a.weight
kept
gguf-dq extract --force -o x.npy --manifest soft.raw m.gguf a.weight
kept
gguf-dq extract --skip-existing -o hard.raw m.gguf a.weight
kept
echo '== reading it as standard output, or writing to another file that has contents, is fine'
gguf-dq list --names m.gguf 2>"/dev/null" 1<m.gguf
kept
echo first >log
gguf-dq list --names m.gguf >>log 2>&1
kept
cat log
