import { expect } from 'chai';
import { generateKey, isSecret, parseKey } from '../../../commands/keys/key.ts';
import { granted, scopeOf, scopes } from '../../../commands/keys/scopes.ts';

describe('API keys', () => {
  it('are told apart by an id and proven by a secret of 256 random bits, of which only a hash is kept', () => {
    const [one, other] = [generateKey(), generateKey()];
    const parsed = parseKey(one.text);
    expect(parsed?.id).to.equal(one.id);
    expect(Buffer.from(parsed?.secret ?? '', 'hex')).to.have.length(32);
    expect(isSecret(parsed?.secret ?? '', one.hash)).to.equal(true);
    expect(isSecret(parsed?.secret ?? '', other.hash)).to.equal(false);
    expect(isSecret('', one.hash)).to.equal(false);
    expect(one.hash.toString('hex')).to.not.include(parsed?.secret);
  });

  for (const text of ['', 'sales_', 'sales_abc_def', `${generateKey().text}x`, generateKey().text.toUpperCase()]) {
    it(`are not ${JSON.stringify(text.slice(0, 24))}`, () => expect(parseKey(text)).to.equal(undefined));
  }

  it('may do what was granted: commands:write stands for every type of command, and not for reading', () => {
    expect([...granted(['refunds:write'])]).to.deep.equal(['refunds:write']);
    expect([...granted(['commands:write'])]).to.have.members(scopes.filter((scope) => scope.endsWith(':write')));
    expect([...granted(['commands:write'])]).to.include.members(Object.values(scopeOf));
    expect([...granted(['root', '*'])]).to.deep.equal([]);
  });
});
