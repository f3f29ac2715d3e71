import { expect } from 'chai';
import { ConfigError, readConfig } from '../../../platform/config.ts';
import { namesOf } from '../../../platform/names.ts';

describe('settings', () => {
  it('have defaults in development, where everything listens on loopback only', () => {
    expect(readConfig({})).to.include({ mode: 'development', host: '127.0.0.1', namespace: 'sales', partitions: 8 });
  });

  it('have no default address in production', () => {
    expect(() => readConfig({ SALES_MODE: 'production' })).to.throw(ConfigError, 'KAFKA_BROKERS');
  });

  for (const [name, value] of [
    ['SALES_MODE', 'staging'],
    ['SALES_NAMESPACE', 'a; drop schema'],
    ['SALES_HTTP_PORT', '70000'],
    ['SALES_PARTITIONS', '0'],
    ['SALES_STORE_TIME_ZONE', 'Mars/Olympus'],
    ['SALES_LOG_LEVEL', 'loud'],
  ] as const) {
    it(`refuse ${name}=${value} by name`, () => {
      expect(() => readConfig({ [name]: value })).to.throw(ConfigError, name);
    });
  }

  it('keep installations apart by their namespace', () => {
    const [one, other] = [JSON.stringify(namesOf('one')), JSON.stringify(namesOf('other'))];
    expect(one.replaceAll('one', 'other')).to.equal(other);
  });
});
