#!/bin/sh
# A row for each type.
gguf-dq formats
