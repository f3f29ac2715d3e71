import { expect } from 'chai';
import { formatReplyTo, parseReplyTo } from '../../../commands/answer.ts';

describe('replyTo', () => {
  it('leads back to the instance and its request', () => {
    expect(parseReplyTo(formatReplyTo('0a1b-2c', 42))).to.deep.equal({ instance: '0a1b-2c', request: 42 });
  });

  it('leads nowhere when somebody else wrote it', () => {
    for (const text of [null, '', '#', 'a#', '#1', 'a#b', 'a#1#2', 'x:*#1', `${'a'.repeat(65)}#1`]) {
      expect(parseReplyTo(text), String(text)).to.equal(undefined);
    }
  });
});
