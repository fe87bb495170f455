# As the Dockerfile of github.com/temporalio/ui-server, on another base.
ARG BASE
FROM ${BASE}
WORKDIR /home/ui-server
COPY --chown=temporal:temporal ui-server start-ui-server.sh ./
COPY --chown=temporal:temporal docker.yaml ./config/docker.yaml
USER temporal
EXPOSE 8080
ENV TEMPORAL_CLOUD_UI=false
ENTRYPOINT ["./start-ui-server.sh"]
