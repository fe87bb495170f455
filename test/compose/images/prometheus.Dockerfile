# As the Dockerfile of github.com/prometheus/prometheus, on another base.
ARG BASE
FROM ${BASE}
COPY prometheus /bin/prometheus
COPY --chown=nobody:nobody data /prometheus
WORKDIR /prometheus
USER nobody
EXPOSE 9090
VOLUME ["/prometheus"]
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
