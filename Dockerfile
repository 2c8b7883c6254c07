# One image per app: docker build --build-arg APP=airtable-connector -t airtable-connector .
# It holds that app, the chassis, the contracts and what they import; no other app, no test, no tool.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS dependencies
WORKDIR /build
RUN pip install --no-cache-dir uv
COPY pyproject.toml uv.lock ./
ARG APP
ENV UV_PROJECT_ENVIRONMENT=/app/.venv UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
# Heavy dependencies of a single app are an extra under its app-id.
RUN extra=$(grep -q "^${APP} = " pyproject.toml && echo "--extra ${APP}" || true) \
 && uv sync --frozen --no-default-groups ${extra}

# The app's files, by name: what is not named here is not in the image. tests/image makes the same tree and starts it.
FROM python:${PYTHON}-slim AS files
WORKDIR /build
COPY apps apps
COPY chassis chassis
COPY contracts contracts
COPY config config
ARG APP
RUN package=$(echo "${APP}" | tr - _) \
 && mkdir -p files/apps \
 && cp -R apps/__init__.py "apps/${package}" files/apps/ \
 && cp -R chassis contracts files/ \
 && if [ "${APP}" = api-gateway ]; then mkdir files/config && cp config/routes.yaml files/config/; fi \
 && python -m compileall -q files

FROM python:${PYTHON}-slim
ARG APP
ENV APP_ID=${APP} APP_HOST=0.0.0.0 PATH=/app/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /app
COPY --from=dependencies /app/.venv .venv
COPY --from=files /build/files ./
# A number, because Kubernetes cannot tell whether a name is root. Nothing is written but below /tmp.
USER 10001:10001
# Through a shell for the sake of the variable; exec, so that the app itself is told to stop.
CMD ["sh", "-c", "exec python -m chassis \"$APP_ID\""]
