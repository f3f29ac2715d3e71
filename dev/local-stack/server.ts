/** What the four servers of the local stack have in common. */
import type { LocalFolder } from './folder.ts';
import type { Launch } from './process.ts';

export const serverNames = ['kafka', 'registry', 'postgres', 'redis'] as const;
export type ServerName = (typeof serverNames)[number];

export interface Place {
  local: LocalFolder;
  /** By the names in the server's `ports`. */
  ports: Record<string, number>;
}

export interface LocalServer {
  name: ServerName;
  title: string;
  /** Preferred ports by name; `main` is the one that clients use. */
  ports: { main: number } & Record<string, number>;
  /** Writes configuration, formats an empty data folder, and says what to run. */
  prepare(place: Place): Promise<Launch>;
  /** Asks the server something only a working one can answer; throws while it can't. */
  probe(address: string): Promise<void>;
  /** What clients are given: host:port for Kafka, a URL for the others. */
  address(place: Place): string;
  /** Removes data that is not below `.local/`. */
  removeOutsideData?(local: LocalFolder): void;
}

/** The setting (`platform/config.ts`) that carries each server's address. */
export const addressSettings: Record<ServerName, string> = {
  kafka: 'KAFKA_BROKERS',
  registry: 'SCHEMA_REGISTRY_URL',
  postgres: 'DATABASE_URL',
  redis: 'REDIS_URL',
};
