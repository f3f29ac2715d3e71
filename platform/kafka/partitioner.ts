import { Partitioners } from 'kafkajs';

/** The partition of a key: murmur2(key) mod count, as kafkajs and the Java client place it. */
export function createPartitioner(count: number): (key: string | Buffer) => number {
  const partition = Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 0,
    replicas: [],
    isr: [],
  }));
  return (key) => partition({ topic: '', partitionMetadata, message: { key, value: null } });
}
