#!/bin/sh
# Stand-ins for the images of docker-compose.yml where no image registry can be reached: made of Debian's packages, the
# wheels of requirements/ and the programs of requirements/tools.txt. For `./cafe release-check`, and for nothing else.
#
#   env $(deploy/offline-images.sh) ./cafe release-check --without grafana
#
# Needs root, debootstrap, a container engine, and .venv as ./cafe check makes it. Prints one NAME=image a line.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
say() { printf '%s\n' "$*" >&2; }

# debian NAME SUITE PACKAGES…: a small Debian as an image of that name, unless there is one
debian() {
    image=$1 suite=$2 packages=$3
    ! docker image inspect "$image" >/dev/null 2>&1 || return 0
    say "making $image from Debian $suite"
    # Debian's own script for the releases that this debootstrap does not know by name
    script=${DEBOOTSTRAP_DIR:-/usr/share/debootstrap}/scripts/$suite
    [ -e "$script" ] || script=${script%/*}/sid
    debootstrap --variant=minbase --include="$packages" "$suite" "$work/$suite" "" "$script" >"$work/log" 2>&1 || {
        tail -n 20 "$work/log" >&2
        exit 1
    }
    rm -rf "$work/$suite"/var/cache/apt/archives/*.deb "$work/$suite"/var/lib/apt/lists/*
    tar -C "$work/$suite" -c . | docker import - "$image" >/dev/null
    rm -rf "${work:?}/$suite"
}

# built NAME FOLDER: the Dockerfile in that folder
built() {
    say "building $1"
    docker build --quiet --tag "$1" "$2" >/dev/null
}

debian cafe-offline/trixie trixie python3,python3-venv,ca-certificates,pgbouncer,prometheus,postgresql-client,wget
debian cafe-offline/bookworm bookworm postgresql-15

# Python: what the Dockerfile installs lies in it as wheels, so that the build needs no package index. pip asks the Python
# it runs on what to leave out, so what 3.13 does not want is left out before.
mkdir -p "$work/python/wheels"
"$root/.venv/bin/python" - "$root/requirements/image.txt" >"$work/image.txt" <<'END'
import pathlib
import re
import sys

from packaging.markers import Marker

python = {"python_version": "3.13", "python_full_version": "3.13.0"}
for requirement in re.findall(r"^\S(?:.*\\\n)*.*\n", pathlib.Path(sys.argv[1]).read_text(), re.MULTILINE):
    pinned, _, rest = requirement.partition(" \\\n")
    name, _, marker = pinned.partition(" ; ")
    if not marker or Marker(marker).evaluate(python):
        print(f"{name} \\\n{rest}", end="")
END
"$root/.venv/bin/python" -m pip download --quiet --require-hashes --only-binary :all: --python-version 3.13 \
    --dest "$work/python/wheels" --requirement "$work/image.txt" 2>"$work/log" >&2 || {
    cat "$work/log" >&2
    exit 1
}
cat >"$work/python/Dockerfile" <<'END'
FROM cafe-offline/trixie
RUN ln -s python3 /usr/bin/python
COPY wheels /wheels
RUN printf '[global]\nno-index = true\nfind-links = /wheels\n' >/etc/pip.conf
END
built cafe-offline/python "$work/python"

mkdir "$work/caddy"
cp "$root/.venv/bin/caddy" "$work/caddy/caddy"
cat >"$work/caddy/Dockerfile" <<'END'
FROM cafe-offline/trixie
COPY caddy /usr/bin/caddy
ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
END
built cafe-offline/caddy "$work/caddy"

# the official image makes the database at the first start, and lets nobody in before it is made
mkdir "$work/postgres"
cat >"$work/postgres/start" <<'END'
#!/bin/sh
set -eu
PATH=/usr/lib/postgresql/15/bin:$PATH
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
    # shellcheck disable=SC2086
    initdb --username="$POSTGRES_USER" --pwfile=/tmp/password $POSTGRES_INITDB_ARGS
    rm /tmp/password
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    pg_ctl -w -o "-c listen_addresses=''" start
    createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
    pg_ctl -w -m fast stop
fi
exec "$@" -c listen_addresses='*'
END
chmod 0755 "$work/postgres/start"
cat >"$work/postgres/Dockerfile" <<'END'
FROM cafe-offline/bookworm
ENV PGDATA=/var/lib/postgresql/data PATH=/usr/lib/postgresql/15/bin:/usr/bin:/bin
COPY start /start
RUN mkdir -p "$PGDATA" && chown postgres: "$PGDATA" && chmod 1777 "$PGDATA" && chmod 3777 /var/run/postgresql
ENTRYPOINT ["/start"]
CMD ["postgres"]
END
built cafe-offline/postgres "$work/postgres"

mkdir "$work/pgbouncer" "$work/prometheus"
cat >"$work/pgbouncer/Dockerfile" <<'END'
FROM cafe-offline/trixie
ENV PATH=/usr/sbin:/usr/bin:/bin
END
built cafe-offline/pgbouncer "$work/pgbouncer"
cat >"$work/prometheus/Dockerfile" <<'END'
FROM cafe-offline/trixie
RUN mkdir /prometheus && chown nobody: /prometheus
USER nobody
ENTRYPOINT ["/usr/bin/prometheus"]
END
built cafe-offline/prometheus "$work/prometheus"

for name in python postgres caddy pgbouncer prometheus; do
    printf '%s_IMAGE=cafe-offline/%s\n' "$(printf '%s' "$name" | tr '[:lower:]' '[:upper:]')" "$name"
done
