#!/bin/sh
# A row for each type.
gguf-dq types | sed 's/  cpu.*/  cpu/' # and what GPUs the build has
