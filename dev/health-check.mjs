/** Exit code 0 when the URL given answers 200: the health check of a container that has no curl. */
const url = process.argv[2] ?? '';
const healthy = await fetch(url, { signal: AbortSignal.timeout(4000) }).then(
  (response) => response.ok,
  () => false,
);
process.exit(healthy ? 0 : 1);
