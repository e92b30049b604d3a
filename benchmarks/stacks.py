"""Generated compose files: so many services, each like one of the AICOS microservices, each asking its neighbour."""

from __future__ import annotations

SERVICE = """\
  # service {n}
  app-{n}:
    build: ./app-{n}
    restart: unless-stopped
    ports:
      - "{port}:8000"
    environment:
      - LOG_LEVEL=info
      - DATABASE_URL=postgresql://postgres:postgres@app-db:5432/app
      - NEIGHBOUR_URL=http://app-{neighbour}:8000
    depends_on:
      app-db:
        condition: service_healthy
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:8000/health"]
      interval: 30s
    networks:
      - app-network

"""


def stack(services: int) -> str:
    """A compose file of so many services, and a database."""
    body = "".join(SERVICE.format(n=n, port=10000 + n, neighbour=(n + 1) % services) for n in range(services))
    return (
        f"services:\n{body}  app-db:\n    image: postgres:15-alpine\n    networks:\n      - app-network\n\n"
        "networks:\n  app-network:\n    driver: bridge\n"
    )
