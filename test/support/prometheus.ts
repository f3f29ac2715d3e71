/** The sum of a metric in Prometheus' text format over all labels that contain `labels`; undefined when there is none. */
export function metricIn(text: string, name: string, labels = ''): number | undefined {
  const lines = text.split('\n').filter((line) => /^[^{ ]+/.exec(line)?.[0] === name && line.includes(labels));
  if (lines.length === 0) return undefined;
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
