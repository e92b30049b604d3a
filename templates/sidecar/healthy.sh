#!/bin/sh
# healthy.sh PORT...: whether something listens on each of these ports of the network namespace.
set -eu
for port in "$@"; do
    # the second column is the local address in hexadecimal, the fourth the state; 0A is LISTEN
    awk -v port="$(printf ':%04X' "$port")" \
        '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null || exit 1
done
