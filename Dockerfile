# Millrace in a container (docs/deployment.md): no build tools, no development packages, not root.
# The version is one that the tests run on; the build of uWebSockets.js for Node 20 loads on this Debian.
ARG NODE_IMAGE=node:20.20.2-bookworm-slim

# What runs needs: the packages of the lock file without those for development. They have no install scripts to run.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm install --omit=dev --ignore-scripts --no-audit --no-fund

# Compiles, and takes what a package of npm would hold.
FROM ${NODE_IMAGE} AS build
WORKDIR /source
COPY package.json package-lock.json ./
RUN npm install --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm pack --pack-destination /tmp && tar -xzf /tmp/millrace-*.tgz -C /tmp

FROM ${NODE_IMAGE} AS run
LABEL org.opencontainers.image.title="Millrace" \
  org.opencontainers.image.description="Real-time market-data engine" \
  org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production \
  MILLRACE_HOST=0.0.0.0
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /tmp/package ./
# For a journal (MILLRACE_JOURNAL=/var/lib/millrace); nothing else is ever written.
RUN install -d -o node -g node -m 0750 /var/lib/millrace
VOLUME ["/var/lib/millrace"]
USER node
EXPOSE 9001 9002
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["node", "/app/deploy/health.mjs"]
# Ends itself in order on SIGTERM, so it can be process 1; `docker run --init` does no harm.
ENTRYPOINT ["node", "/app/dist/engine/cli.js"]
CMD ["start"]
