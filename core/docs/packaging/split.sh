#!/bin/sh
# Splits a binary into what is shipped and its debug symbols. Usage: split.sh BINARY FOLDER
#
# FOLDER/throng is stripped and names FOLDER/throng.debug, which a debugger or perf finds beside it
# or in /usr/lib/debug.
set -eu
[ $# = 2 ] || { echo "usage: $0 BINARY FOLDER" >&2; exit 2; }
binary=$1 folder=$2 name=$(basename "$1")
mkdir -p "$folder"
objcopy --only-keep-debug "$binary" "$folder/$name.debug"
objcopy --strip-unneeded "$binary" "$folder/$name"
(cd "$folder" && objcopy --add-gnu-debuglink="$name.debug" "$name")
ls -l "$folder/$name" "$folder/$name.debug"
