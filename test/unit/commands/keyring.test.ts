import { expect } from 'chai';
import { type Keyring, KeysAwayError, openKeyring } from '../../../commands/keys/keyring.ts';
import { granted } from '../../../commands/keys/scopes.ts';
import type { ActiveKey } from '../../../commands/keys/store.ts';
import { createLogger } from '../../../platform/logger.ts';

const MINUTE = 60_000;

describe('the keys that a process knows', () => {
  const key = (id: string, expiresAt = Number.POSITIVE_INFINITY): ActiveKey => ({
    id,
    secretHash: Buffer.alloc(32),
    scopes: granted(['sales:write']),
    rate: undefined,
    expiresAt,
  });
  let now: number;
  let active: ActiveKey[];
  let away: boolean;
  let noted: string[];
  let loads: number;
  let keyring: Keyring;

  beforeEach(async () => {
    now = 0;
    active = [key('a')];
    away = false;
    noted = [];
    loads = 0;
    const loadActive = async (used: readonly string[]) => {
      loads += 1;
      if (away) throw new Error('away');
      noted.push(...used);
      return active;
    };
    keyring = await openKeyring({ loadActive }, createLogger('test', 'silent'), () => now);
  });

  afterEach(() => keyring.close());

  it('are found without asking, and a new one by asking once for many who come with it', async () => {
    for (let request = 0; request < 100; request += 1) expect(keyring.get('a')?.id).to.equal('a');
    expect(loads).to.equal(1);
    active = [key('a'), key('b')];
    const found = await Promise.all(Array.from({ length: 100 }, () => keyring.find('b')));
    expect(found.every((one) => one?.id === 'b')).to.equal(true);
    expect(await keyring.find('nobody')).to.equal(undefined);
    expect(loads).to.equal(3);
  });

  it('end when they expire', async () => {
    active = [key('a'), key('b', 1000)];
    expect((await keyring.find('b'))?.id).to.equal('b');
    now = 1000;
    expect(keyring.get('b')).to.equal(undefined);
    expect(keyring.get('a')?.id).to.equal('a');
  });

  it('go on for five minutes without the store; others can not be told then', async () => {
    away = true;
    expect(await keyring.find('b').catch((error) => error)).to.be.instanceOf(KeysAwayError);
    now = 5 * MINUTE;
    expect(keyring.get('a')?.id).to.equal('a');
    now += 1;
    expect(() => keyring.get('a')).to.throw(KeysAwayError);
    away = false;
    expect(await keyring.find('b')).to.equal(undefined);
    expect(keyring.get('a')?.id).to.equal('a');
  });

  it('are noted when they were used, also when that fails at first', async () => {
    keyring.get('a');
    away = true;
    await keyring.find('b').catch(() => {});
    expect(noted).to.deep.equal([]);
    away = false;
    await keyring.find('b');
    expect(noted).to.deep.equal(['a']);
  });
});
