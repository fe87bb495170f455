#!/bin/sh
# What docker-compose.yml uses of the entry point of the image `postgres`: at the first start, a superuser POSTGRES_USER with
# POSTGRES_PASSWORD and a database of that name; passwords are asked of all who come over the network.
set -eu

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  : "${POSTGRES_PASSWORD:?a password for the superuser}"
  password=$(mktemp)
  echo "$POSTGRES_PASSWORD" >"$password"
  initdb --username="$POSTGRES_USER" --pwfile="$password"
  rm "$password"
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  printf "%s\n" "listen_addresses = '*'" "unix_socket_directories = '/var/run/postgresql'" >>"$PGDATA/postgresql.conf"
  echo "CREATE DATABASE \"$POSTGRES_USER\"" | postgres --single -j postgres
fi

exec "$@"
