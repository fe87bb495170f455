# What docker-compose.yml uses of the image `postgres`: its program, user, folders and variables.
ARG BASE
FROM ${BASE}
COPY postgresql /usr/local
COPY docker-entrypoint.sh /usr/local/bin/
COPY --chown=postgres:postgres run /var/run/postgresql
COPY --chown=postgres:postgres data /var/lib/postgresql/data
ENV PGDATA=/var/lib/postgresql/data
VOLUME ["/var/lib/postgresql/data"]
EXPOSE 5432
# Ends the sessions of clients, instead of waiting for them.
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
