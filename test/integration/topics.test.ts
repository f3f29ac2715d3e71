import { expect } from 'chai';
import kafkajs from 'kafkajs';
import { createTopics } from '../../dev/topics.ts';
import type { Config } from '../../platform/config.ts';
import { checkTopics, parkingSettings, TopicError } from '../../platform/kafka/check-topics.ts';
import { createKafka, withAdmin } from '../../platform/kafka/client.ts';
import { namesOf } from '../../platform/names.ts';
import { dropNamespace, servers } from '../support/servers.ts';

describe('the topics', () => {
  let config: Config;
  const topics = () => namesOf(config.namespace).topics;
  const check = (fields: Partial<Config> = {}) =>
    checkTopics(createKafka(config, 'test'), [topics().commands, topics().events], { ...config, ...fields }).then(
      () => 'right',
      (error) => (error instanceof TopicError ? error.message : Promise.reject(error)),
    );

  before(async () => {
    config = await servers({ partitions: 2 });
    await createTopics(config, topics());
  });

  after(async () => {
    if (config) await dropNamespace(config);
  });

  it('are right as set-up creates them, and stay so when it runs again', async () => {
    await createTopics(config, topics());
    expect(await check()).to.equal('right');
  });

  it('of an older version get the settings that it did not know, and keep their own', async () => {
    const old = { 'retention.ms': '-1', 'retention.bytes': '-1', 'message.timestamp.type': 'LogAppendTime' };
    const settings = { ...old, 'max.message.bytes': '4194304', 'segment.bytes': '1048576' };
    const name = topics().rejected;
    const type = kafkajs.ConfigResourceTypes.TOPIC;
    await withAdmin(createKafka(config, 'test'), async (admin) => {
      const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
      await admin.alterConfigs({ validateOnly: false, resources: [{ type, name, configEntries }] });
      await createTopics(config, topics());
      const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type, name }] });
      const found = new Map(resources[0]?.configEntries.map((one) => [one.configName, one.configValue]));
      expect(found.get('compression.type')).to.equal('uncompressed');
      expect(found.get('segment.bytes')).to.equal('1048576');
    });
  });

  it('are refused with another partition count, saying what to set', async () => {
    expect(await check({ partitions: 3 })).to.match(/has 2 partitions, .* set SALES_PARTITIONS=2/);
  });

  it('are refused in production where one broker could lose what it acknowledged', async () => {
    expect(await check({ mode: 'production' })).to.match(/min.insync.replicas=1; it must be 2/);
  });

  it('are refused when they do not keep everything, with the command that puts it right', async () => {
    await withAdmin(createKafka(config, 'test'), (admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name: topics().events,
            configEntries: [{ name: 'retention.ms', value: '1000' }],
          },
        ],
      }),
    );
    expect(await check()).to.match(/Run: kafka-configs.sh --alter --topic \S+ --add-config \S+=/);
  });

  it('may lose what was parked: nothing is made from it', async () => {
    await deleteFirst(topics().rejected);
    await checkTopics(createKafka(config, 'test'), [topics().rejected], config, parkingSettings);
  });

  it('are refused when their start was deleted', async () => {
    await deleteFirst(topics().commands);
    expect(await check()).to.match(/begins at offset 1: .* copy it from its mirror/);
  });

  async function deleteFirst(topic: string): Promise<void> {
    await withAdmin(createKafka(config, 'test'), async (admin) => {
      const producer = createKafka(config, 'test').producer({
        createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      });
      await producer.connect();
      await producer.send({ topic, messages: [{ partition: 0, value: 'x' }] });
      await producer.disconnect();
      // kafkajs only deletes from topics that it has looked at.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '1' }] });
    });
  }
});
