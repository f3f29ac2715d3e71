# One image for every service; docker-compose.yml says which one a container runs.
FROM node:20.19.5-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM packages AS dashboard
RUN npm ci --include=dev --no-audit --no-fund
COPY . .
RUN node node_modules/vite/bin/vite.js build dashboard

FROM node:20.19.5-bookworm-slim
# As dev/runtime.ts has it.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY . .
COPY --from=dashboard /app/dashboard/dist ./dashboard/dist
USER node
EXPOSE 4000 4001
CMD ["node", "--import", "./platform/typescript.mjs", "read-api/main.ts"]
