#!/bin/sh
# One row for each type.
gguf-dq types | sed 's/  cpu.*/  cpu/' # and the GPU drivers of the build
