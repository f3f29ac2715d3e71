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

  it('limit the rate of API keys in production, unless told otherwise', () => {
    const addresses = { KAFKA_BROKERS: 'k:1', SCHEMA_REGISTRY_URL: 'r', DATABASE_URL: 'p', REDIS_URL: 'r' };
    const production = { ...addresses, SALES_MODE: 'production' };
    expect(readConfig(production).ratePerKey).to.be.greaterThan(0);
    expect(readConfig({ ...production, SALES_RATE_PER_KEY: '0' }).ratePerKey).to.equal(0);
    expect(readConfig({}).ratePerKey).to.equal(0);
  });

  for (const [name, value] of [
    ['SALES_MODE', 'staging'],
    ['SALES_NAMESPACE', 'a; drop schema'],
    ['SALES_HTTP_PORT', '70000'],
    ['SALES_PARTITIONS', '0'],
    ['SALES_RATE_PER_KEY', '-1'],
    ['SALES_MAX_UNDECIDED', '0'],
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
