# The service on plain CPU cores. Build: docker build -t mien .   Run: docker run -p 8000:8000 mien
FROM python:3.12-slim

WORKDIR /mien
RUN useradd --system --home-dir /mien mien

COPY requirements/cpu.txt requirements/cpu.txt
RUN python -m pip install --no-cache-dir --require-hashes -r requirements/cpu.txt

COPY pyproject.toml README.md LICENSE ./
COPY service service
COPY export export
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation .
COPY weights weights

USER mien
EXPOSE 8000
HEALTHCHECK --start-period=30s --interval=30s --timeout=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
# Keep it behind a gateway: the service has no API keys yet.
CMD ["python", "-m", "mien_service", "serve", "--host", "0.0.0.0", "--port", "8000"]
