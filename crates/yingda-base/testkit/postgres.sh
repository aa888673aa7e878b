#!/usr/bin/env bash
# A PostgreSQL server for tests, on a Unix socket in a directory of its own; nothing of it outlives the tests.
#
#   postgres.sh serve        starts one, prints its URL, stops and removes it when standard input closes
#   postgres.sh start DIR    starts one in DIR and prints its URL; for ./test, which exports it as YINGDA_TEST_POSTGRES
#   postgres.sh stop DIR     stops it and removes DIR
#
# fsync is off: these tests kill connections, never the machine; for measuring, YINGDA_POSTGRES_SYNC=on starts one that syncs. The default
# collation is a linguistic one on purpose, so that a column that forgot its {{c}} sorts wrongly here too.
set -euo pipefail

bin=${YINGDA_POSTGRES_BIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)}
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb || echo /nonexistent/initdb)")
[ -x "$bin/initdb" ] || { echo "PostgreSQL is not installed (no initdb)" >&2; exit 3; }

# PostgreSQL refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
  user=postgres
  id "$user" >/dev/null 2>&1 || user=nobody
  as=(setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups)
fi

start() {
  dir=$1
  mkdir -p "$dir"
  chmod 700 "$dir"
  [ ${#as[@]} = 0 ] || chown "$user" "$dir"
  local locale=(--locale-provider=icu --icu-locale=zh-CN)
  "$bin/initdb" --help | grep -q -- --icu-locale || locale=()
  (cd "$dir" && "${as[@]}" "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C "${locale[@]}" --no-sync) >"$dir.log" 2>&1 ||
    { cat "$dir.log" >&2; return 1; }
  cd "$dir"
  "${as[@]}" "$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c fsync="${YINGDA_POSTGRES_SYNC:-off}" \
    -c full_page_writes="${YINGDA_POSTGRES_SYNC:-off}" -c max_connections=300 -c shared_buffers=64MB -c deadlock_timeout=100ms </dev/null >>"$dir.log" 2>&1 &
  server=$!
  cd /
  for _ in $(seq 200); do
    "$bin/pg_isready" -q -h "$dir" && break
    kill -0 "$server" 2>/dev/null || { cat "$dir.log" >&2; return 1; }
    sleep 0.05
  done
  echo "host=$dir user=postgres dbname=postgres"
}

stop() {
  local pid
  pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null || true)
  if [ -n "$pid" ]; then
    # SIGQUIT: at once, nothing here is worth a checkpoint.
    kill -QUIT "$pid" 2>/dev/null || true
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
  fi
  rm -rf "$1" "$1.log"
}

case ${1:-} in
  serve)
    dir=$(mktemp -d /tmp/yingda-pg.XXXXXX)
    trap 'stop "$dir"' EXIT
    start "$dir"
    cat >/dev/null
    ;;
  start) start "$2" ;;
  stop) stop "$2" ;;
  *) sed -n '2,9p' "$0" >&2; exit 2 ;;
esac
