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
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY . .
COPY --from=dashboard /app/dashboard/dist ./dashboard/dist
USER node
EXPOSE 4000 4001
# As dev/runtime.ts has it.
ENTRYPOINT ["node", "--max-old-space-size=256", "--heap-growing-percent=200", "--v8-pool-size=1", "--import", "./platform/typescript.mjs"]
CMD ["read-api/main.ts"]
