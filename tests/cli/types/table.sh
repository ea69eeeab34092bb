#!/bin/sh
# One row for each type; types that are added later follow.
gguf-dq types | head -n 38 | sed 's/  cpu.*/  cpu/' # and the GPU drivers of the build
