/** Every name that an installation uses on its servers, derived from its one namespace. */
export interface Names {
  topics: { commands: string; events: string; rejected: string };
  groups: { processor: string; projections: string };
  /** Postgres schemas: the command side's own state, the read models, and API keys, which nothing can bring back. */
  postgres: { write: string; read: string; keys: string };
  /** Postgres NOTIFY channel on which projections announce new positions. */
  notifyChannel: string;
  /** Prefix of every Redis key and channel, with its colon. */
  redisPrefix: string;
}

export function namesOf(namespace: string): Names {
  return {
    topics: {
      commands: `${namespace}.commands`,
      events: `${namespace}.events`,
      rejected: `${namespace}.commands.rejected`,
    },
    groups: { processor: `${namespace}.command-processor`, projections: `${namespace}.projections` },
    postgres: { write: `${namespace}_write`, read: namespace, keys: `${namespace}_keys` },
    notifyChannel: `${namespace}_projections`,
    redisPrefix: `${namespace}:`,
  };
}

/** Whether figures can be kept under this name: with the longest namespace it ends at Postgres' 63 characters. */
export function isLabel(text: string): boolean {
  return /^[a-z][a-z0-9_]{0,27}$/.test(text);
}

/** The Postgres schema of the read models as they stood, kept under a label. */
export function asOfSchema({ postgres }: Names, label: string): string {
  return `${postgres.read}_at_${label}`;
}
