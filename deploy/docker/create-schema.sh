#!/bin/sh
# Creates Temporal's two databases, or brings them up to date; changes nothing where they are.
# Address, user and password come from the SQL_* variables in docker-compose.yml.
set -eu

prepare() {
  # PostgreSQL may not answer yet.
  until temporal-sql-tool --db "$1" create; do sleep 1; done
  temporal-sql-tool --db "$1" setup-schema -v 0.0
  temporal-sql-tool --db "$1" update-schema -d "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility
