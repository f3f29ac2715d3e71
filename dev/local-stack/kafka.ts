/** One Kafka broker in KRaft mode, small enough for a laptop. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { javaCommand, kafkaClassPath } from './java.ts';
import { probes } from './probes.ts';
import type { LocalServer, Place } from './server.ts';

const jvm = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true'];

export const kafka: LocalServer = {
  name: 'kafka',
  title: 'Kafka',
  ports: { main: 19092, controller: 19093 },
  address: ({ ports }) => `127.0.0.1:${ports.main}`,
  probe: probes.kafka,
  async prepare(place) {
    const folder = join(place.local.path, 'kafka');
    mkdirSync(folder, { recursive: true });
    const settings = join(folder, 'server.properties');
    const logging = join(folder, 'log4j2.properties');
    writeFileSync(settings, serverProperties(place, join(folder, 'data')));
    writeFileSync(logging, log4j2(join(place.local.logs, 'kafka-broker.log')));
    const java = [...jvm, `-Dlog4j2.configurationFile=${logging}`, '-cp', kafkaClassPath(place.local)];
    if (!existsSync(join(folder, 'data', 'meta.properties'))) {
      const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId(place.local.id), '-c', settings];
      await promisify(execFile)(javaCommand(), [...java, ...format]);
    }
    return { command: javaCommand(), args: ['-Xms128m', '-Xmx448m', ...java, 'kafka.Kafka', settings], cwd: folder };
  },
};

/** A KRaft cluster id is 16 bytes in URL-safe base64: here the clone's id, so that no other clone's data is taken for ours. */
function clusterId(cloneId: string): string {
  return Buffer.from(cloneId.padEnd(16, '-').slice(0, 16)).toString('base64url');
}

function serverProperties({ ports }: Place, dataFolder: string): string {
  return properties({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${ports.main},CONTROLLER://127.0.0.1:${ports.controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${ports.main}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': dataFolder,
    'auto.create.topics.enable': false,
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0,
    'num.network.threads': 2,
    'num.io.threads': 4,
    // The cleaner takes its buffer when it starts, 128 MB by default; only the small offsets topic is ever compacted.
    'log.cleaner.dedupe.buffer.size': 4 * 1024 * 1024,
    'log.cleaner.io.buffer.size': 131_072,
  });
}

function log4j2(file: string): string {
  return properties({
    'appender.file.type': 'RollingFile',
    'appender.file.name': 'file',
    'appender.file.fileName': file,
    'appender.file.filePattern': `${file}.%i`,
    'appender.file.layout.type': 'PatternLayout',
    'appender.file.layout.pattern': '%d %p %m (%c)%n',
    'appender.file.policies.type': 'SizeBasedTriggeringPolicy',
    'appender.file.policies.size': '10MB',
    'appender.file.strategy.type': 'DefaultRolloverStrategy',
    'appender.file.strategy.max': 1,
    'appender.console.type': 'Console',
    'appender.console.name': 'console',
    'appender.console.layout.type': 'PatternLayout',
    'appender.console.layout.pattern': '%p %m (%c)%n',
    'appender.console.filter.errors.type': 'ThresholdFilter',
    'appender.console.filter.errors.level': 'error',
    'rootLogger.level': 'warn',
    'rootLogger.appenderRef.file.ref': 'file',
    'rootLogger.appenderRef.console.ref': 'console',
  });
}

function properties(entries: Record<string, string | number | boolean>): string {
  return `${Object.entries(entries)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`;
}
