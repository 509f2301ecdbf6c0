# Two images from one build: `service` (API, and workers on CPU), `gpu` (workers on NVIDIA GPUs).
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json prisma.config.ts ./
COPY prisma prisma
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY src src
COPY workers workers
COPY test test
COPY openapi openapi
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim AS service
ENV NODE_ENV=production
WORKDIR /app
RUN mkdir /data && chown node:node /data
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/prisma prisma
COPY --from=build /app/openapi openapi
USER node
EXPOSE 8080
CMD ["node", "dist/src/server.js"]

# TensorFlow's library with its CUDA comes from its Python wheel; the addon is built against it.
FROM node:22-bookworm AS addon
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/tensorflow && /opt/tensorflow/bin/pip install --no-cache-dir 'tensorflow[and-cuda]==2.21.0'
WORKDIR /app
COPY --from=service /app ./
RUN node dist/src/setup/tensorflow.js --python /opt/tensorflow/bin/python3

FROM service AS gpu
# CUDA, and nvidia-smi, by which the worker sees how its GPUs are used.
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER root
RUN apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
COPY --from=addon /opt/tensorflow /opt/tensorflow
COPY --from=addon /app/node_modules/@tensorflow node_modules/@tensorflow
USER node
CMD ["node", "dist/workers/supervisor.js"]
