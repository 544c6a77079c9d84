# Campaign Runner with all that a team needs: workers, and the console.
#   docker build -t campaign-runner .
FROM python:3.12-slim

# The console listens on its own machine alone; in a container that is let out by socat, as far as the compose file says.
# What sends is not the first process: nothing but itself could end that one, not even the timer that keeps a late message from
# leaving. tini is.
RUN apt-get update && apt-get install -y --no-install-recommends socat tini && rm -rf /var/lib/apt/lists/*

WORKDIR /src
COPY requirements-workers.lock requirements-console.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-workers.lock \
 && pip install --no-cache-dir --require-hashes -r requirements-console.lock
COPY pyproject.toml README.md LICENSE ./
COPY runner runner
COPY samples samples
COPY templates templates
RUN pip install --no-cache-dir --no-deps --no-build-isolation . && useradd --create-home --uid 10001 campaign \
 && install -d -o campaign -g campaign /campaigns

# What is said stands in the log at once.
ENV PYTHONUNBUFFERED=1
USER campaign
WORKDIR /campaigns
ENTRYPOINT ["tini", "--", "campaign"]
CMD ["--help"]
