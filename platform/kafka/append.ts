/**
 * Appends to partitions with acks from all in-sync replicas, never retried by itself: what to do when it is unknown
 * whether a batch landed is the caller's to decide. While one request is under way what arrives gathers, so that
 * under load one request carries many partitions: requests are what costs, not bytes.
 */
import { type Kafka, type Message, Partitioners } from 'kafkajs';

export interface Appender {
  /**
   * Appends the messages to one partition as one record batch: all or none, contiguous.
   * Resolves to the offset of the first one; rejects when the outcome is an error or unknown.
   */
  append(topic: string, partition: number, messages: Message[]): Promise<number>;
  close(): Promise<void>;
}

interface Pending {
  topic: string;
  partition: number;
  messages: Message[];
  resolve: (baseOffset: number) => void;
  reject: (error: unknown) => void;
}

/** kafkajs groups a request's messages in quadratic time: small requests are faster. */
const MAX_MESSAGES_PER_REQUEST = 2000;

export async function createAppender(kafka: Kafka): Promise<Appender> {
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: { retries: 0 },
  });
  await producer.connect();
  let pending: Pending[] = [];
  let sending: Promise<void> | undefined;

  async function sendAll(): Promise<void> {
    await new Promise(setImmediate);
    while (pending.length > 0) await send(takeRequest());
    sending = undefined;
  }

  /** At most one batch a partition, so that each stays one record batch. */
  function takeRequest(): Pending[] {
    const request: Pending[] = [];
    const taken = new Set<string>();
    let messages = 0;
    for (const batch of pending) {
      const place = `${batch.topic}/${batch.partition}`;
      const full = request.length > 0 && messages + batch.messages.length > MAX_MESSAGES_PER_REQUEST;
      if (full || taken.has(place)) continue;
      taken.add(place);
      request.push(batch);
      messages += batch.messages.length;
    }
    pending = pending.filter((batch) => !request.includes(batch));
    return request;
  }

  async function send(request: Pending[]): Promise<void> {
    try {
      const results = await producer.sendBatch({
        acks: -1,
        topicMessages: request.map(({ topic, partition, messages }) => ({
          topic,
          messages: messages.map((message) => ({ partition, ...message })),
        })),
      });
      for (const { topic, partition, resolve, reject } of request) {
        const landed = results.find((result) => result.topicName === topic && result.partition === partition);
        if (landed?.errorCode === 0) resolve(Number(landed.baseOffset));
        else reject(new Error(`Kafka refused the append to ${topic}/${partition} (error ${landed?.errorCode})`));
      }
    } catch (error) {
      for (const { reject } of request) reject(error);
    }
  }

  return {
    append: (topic, partition, messages) =>
      new Promise((resolve, reject) => {
        pending.push({ topic, partition, messages, resolve, reject });
        sending ??= sendAll();
      }),
    async close() {
      await sending;
      await producer.disconnect();
    },
  };
}
