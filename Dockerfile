# One image for the three services and for `migrate`: the words after it say which, as they do after ./cafe.
# Debian's and Python's fixes come with a fresh build; the release is named, so that nothing else changes.
ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS build
WORKDIR /app
COPY requirements/image.txt /tmp/image.txt
# Wheels only, each checked against its hash: nothing is compiled, so no compiler is ever here.
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --require-hashes --only-binary :all: --no-cache-dir --no-input \
        --disable-pip-version-check --progress-bar off --requirement /tmp/image.txt \
    && /opt/venv/bin/python -m pip uninstall --yes --quiet pip
COPY apps apps
COPY sql sql
COPY static static
COPY templates templates
# The root file system is read-only when this runs, so what Python would write then is written now.
RUN /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash apps

FROM ${PYTHON_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Café Lumière" \
    org.opencontainers.image.description="A café's orders, live: from the phone to the kitchen to the lobby, by push." \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
# What installs packages is not needed any more, and would help only an intruder.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3*/ensurepip /usr/local/lib/python3*/site-packages/pip*
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV CAFE_HOST=0.0.0.0 \
    CAFE_LOG=json \
    PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1
WORKDIR /app
USER 10001:10001
EXPOSE 5000 5001 5002
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-P", "-m", "apps.kit.server.healthcheck"]
# Python itself is the first process and hears SIGTERM: no shell and no init in between.
ENTRYPOINT ["python", "-P", "-m", "apps"]
CMD ["--help"]
