# As docker/targets/admin-tools.Dockerfile in go.temporal.io/server, on another base, with the tools that docker-compose.yml uses.
ARG BASE
FROM ${BASE}
COPY temporal temporal-sql-tool /usr/local/bin/
COPY schema /etc/temporal/schema/postgresql/v12
USER temporal
CMD ["sh", "-c", "trap exit INT HUP TERM; sleep infinity"]
