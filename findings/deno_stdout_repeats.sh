#!/bin/sh
# Deno: Deno.stdout.write may fail although it has written.
#
# Version:    Deno 2.6.8 and 2.9.6 from npm, Linux x64.
# Behaviour:  Standard output is a pipe with O_NONBLOCK, which any program that shares it may have set. When the pipe gets
#             full, Deno.stdout.write rejects with WouldBlock (EAGAIN) although it has written a part: it writes to a
#             buffer of lines, and its error is that of flushing the rest. A program that writes again what was not
#             written, as EAGAIN asks for, repeats that part. write(2) returns how much it has written, and fails only if
#             that is nothing. On a disk that gets full it is the same.
# Seen:       2.6.8: 300000 bytes written, more than that read
#             2.9.6: 300000 bytes written, more than that read
# Matters to: lib/ui/output.ts: ExactWriter.
#
# Exit status 0: still so. 1: it changed. Needs npm and its registry, and GNU dd.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >write.ts <<'EOF'
const bytes = new TextEncoder().encode("123456789\n".repeat(30000));
for (let written = 0; written < bytes.length;) {
  try {
    written += await Deno.stdout.write(bytes.subarray(written));
  } catch (error) {
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
EOF
for version in 2.6.8 2.9.6; do
  npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error --prefix "$version" "deno@$version" >/dev/null
  deno=$(echo "$folder/$version"/node_modules/@deno/*/deno)
  # dd sets O_NONBLOCK of the pipe; the reader takes 1000 bytes at a time.
  read=$( (dd oflag=nonblock count=0 2>/dev/null </dev/null; "$deno" run -q write.ts) | dd bs=1000 2>/dev/null | wc -c)
  if [ "$read" -gt 300000 ]; then echo "$version: 300000 bytes written, more than that read"; else
    echo "$version: 300000 bytes written, $read read"
    exit 1
  fi
done
