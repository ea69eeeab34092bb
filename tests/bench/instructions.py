#!/usr/bin/env python3
"""Counts the instructions per weight of decoders at two levels, each a program of its own, under
qemu-user, and compares them. What a program needs to start does not count: it runs twice, with more
blocks the second time.

Usage: instructions.py [--type TYPE]... LEVEL 'COMMAND' LEVEL 'COMMAND'
    COMMAND   runs decode_often under qemu-user (not its static version), which PLUGIN stands in for:
              'qemu-x86_64 -cpu max PLUGIN build/tests/bench/decode_often'
              'qemu-aarch64 -L ROOT PLUGIN build-arm64/tests/bench/decode_often'
"""
import argparse
import os
import shlex
import subprocess
import sys
import tempfile

COMMON = 'f16 bf16 q4_0 q4_1 q5_0 q5_1 q8_0 q2_k q3_k q4_k q5_k q6_k iq4_nl iq4_xs'.split()
DTYPES = 'f32', 'f16', 'bf16'
TIMES = 2, 12

# The interface of plugins (qemu-plugin.h) as far as it is used; Debian has no package of the header.
PLUGIN = r'''
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
struct info;
struct block;
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t, void (*)(uint64_t, struct block *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct block *, int add, void *, uint64_t);
void qemu_plugin_register_atexit_cb(uint64_t, void (*)(uint64_t, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct block *);
int qemu_plugin_version = 1;
static uint64_t count;
static void add(uint64_t id, struct block *block)
{
    qemu_plugin_register_vcpu_tb_exec_inline(block, 0, &count, qemu_plugin_tb_n_insns(block));
}
static void print(uint64_t id, void *arg)
{
    fprintf(stderr, "%" PRIu64 "\n", count);
}
int qemu_plugin_install(uint64_t id, const struct info *info, int argc, char **argv)
{
    qemu_plugin_register_vcpu_tb_trans_cb(id, add);
    qemu_plugin_register_atexit_cb(id, print, NULL);
    return 0;
}
'''


def per_weight(command, level, name, dtype):
    counts = []
    for times in TIMES:
        result = subprocess.run(command + [level, name, dtype, str(times)], text=True, capture_output=True)
        if result.returncode != 0:
            sys.exit(result.stderr)
        counts.append(int(result.stderr))
        weights = int(result.stdout)
    return (counts[1] - counts[0]) / (TIMES[1] - TIMES[0]) / weights


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split('Usage: ')[1])
    parser.add_argument('--type', action='append', dest='types')
    parser.add_argument('words', nargs=4)
    args = parser.parse_args()
    levels = args.words[0::2]
    with tempfile.TemporaryDirectory() as folder:
        plugin = os.path.join(folder, 'count.so')
        subprocess.run(['cc', '-shared', '-fPIC', '-o', plugin, '-xc', '-'], input=PLUGIN, text=True,
                       check=True)
        commands = [shlex.split(command.replace('PLUGIN', f'-plugin file={plugin}'))
                    for command in args.words[1::2]]
        print('instructions per weight:', *levels, 'ratio')
        print('type  ', *(f'{dtype:^17}' for dtype in DTYPES))
        for name in args.types or COMMON:
            cells = []
            for dtype in DTYPES:
                a, b = (per_weight(command, level, name, dtype)
                        for command, level in zip(commands, levels))
                cells.append(f'{a:5.2f} {b:5.2f} {b / a:5.2f}')
            print(f'{name:6}', *cells, flush=True)


main()
