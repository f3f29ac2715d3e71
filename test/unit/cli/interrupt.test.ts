import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { orAfter } from '../../../cli/interrupt.ts';

describe('A signal with a time limit', () => {
  it('fires when the time is up, however often garbage is collected meanwhile', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    const { signal, clear } = orAfter(new AbortController().signal, 0.2);
    for (let round = 0; round < 10; round++) {
      collectGarbage();
      await wait(30);
    }
    expect(signal.aborted).to.equal(true);
    clear();
  });

  it('fires when interrupted first, and only then without a limit', async () => {
    for (const seconds of [60, undefined]) {
      const interrupted = new AbortController();
      const { signal, clear } = orAfter(interrupted.signal, seconds);
      expect(signal.aborted).to.equal(false);
      interrupted.abort();
      expect(signal.aborted).to.equal(true);
      clear();
    }
  });
});
