/** Sales for benchmarks: composed once as the demo composes them, then sent again and again under new ids. */
import { randomUUID } from 'node:crypto';
import type { CommandJson, RecordSaleJson } from '../dev/command-json.ts';
import { seedCommands } from '../dev/seed/dataset.ts';

const TEMPLATES = 2000;

/** An endless supply of different sales that happen now. */
export function createSales(): () => RecordSaleJson {
  const templates = composeTemplates();
  const run = randomUUID().slice(0, 8);
  let count = 0;
  return () => {
    const template = templates[count % TEMPLATES];
    if (!template) throw new Error('the seed dataset is empty');
    count += 1;
    return { ...template, saleId: `${run}-${count}`, occurredAt: new Date().toISOString() };
  };
}

/**
 * The same as JSON that was written beforehand, so that a load generator costs little: the body of `POST /sales` under
 * an id, or with `typed` a line of `POST /commands`.
 */
export function createSaleTexts({ typed }: { typed: boolean }): (saleId: string) => string {
  const occurredAt = new Date().toISOString();
  const heads = composeTemplates().map(({ type, saleId: _, ...fields }) =>
    JSON.stringify({ ...(typed && { type }), ...fields, occurredAt }).slice(0, -1),
  );
  let count = 0;
  return (saleId) => {
    count += 1;
    return `${heads[count % heads.length]},"saleId":"${saleId}"}`;
  };
}

function composeTemplates(): RecordSaleJson[] {
  const templates: RecordSaleJson[] = [];
  for (const command of seedCommands({ at: Date.now(), timeZone: 'UTC' })) {
    if (isSale(command)) templates.push(command);
    if (templates.length === TEMPLATES) break;
  }
  return templates;
}

function isSale(command: CommandJson): command is RecordSaleJson {
  return command.type === 'RecordSale';
}
