# shellcheck shell=sh
# For cases to source: types, built-in weights, and a filter that replaces the totals of a self-test.
N_TYPES=$(grep -c '^DQ_TYPE(' "$TESTS/../src/type/types.def")
N_WEIGHTS=$(($(cat "$DATA"/golden/*.f32 | wc -c) / 4))
export N_TYPES N_WEIGHTS

totals() {
    sed "s/^$((3 * N_TYPES)) checks, $((3 * N_WEIGHTS)) weights/all checks of three dtypes, all weights/
        s/^$N_TYPES checks, $N_WEIGHTS weights/all checks of one dtype, all weights/"
}
