#!/bin/sh
# A row for each type; types that are added follow.
gguf-dq types | head -n 36 | sed 's/  cpu.*/  cpu/' # and what GPUs the build has
