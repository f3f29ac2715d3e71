import { expect } from 'chai';
import type { LiveWindowWriter } from '../../../platform/live-window/live-window.ts';
import { createLogger } from '../../../platform/logger.ts';
import { LiveFold } from '../../../projections/live.ts';
import { LiveWindowKeeper } from '../../../projections/worker/live-keeper.ts';

/** A Redis with one window, at a fence or without. */
function fakeWriter(fence: number | null) {
  return {
    fence,
    async fences() {
      return [this.fence];
    },
    async replace(_: number, delta: LiveFold) {
      this.fence = delta.to;
      return true;
    },
    async invalidate() {
      this.fence = null;
    },
  };
}

describe('keeper of live windows', () => {
  async function rebuild(lists: (readonly string[] | Error)[]) {
    const writer = fakeWriter(null);
    const left: ReadonlySet<string>[] = [];
    const keeper = new LiveWindowKeeper({
      writer: writer as unknown as LiveWindowWriter,
      async refold(ends, lacking) {
        left.push(lacking);
        return [...ends].map(([partition, end]) => new LiveFold(partition, end));
      },
      async lacking() {
        const list = lists.shift() ?? [];
        if (list instanceof Error) throw list;
        return new Set(list);
      },
      logger: createLogger('test', 'silent'),
      onRebuilt() {},
      now: () => 0,
    });
    keeper.own(0, new Map([[1, 9]]));
    await keeper.check();
    await keeper.settled();
    return { fence: writer.fence, left: left.map((places) => [...places]) };
  }

  it('folds a window anew without the events that it lacks', async () => {
    expect(await rebuild([['0:3'], ['0:3', '0:20']])).to.deep.equal({ fence: 9, left: [['0:3']] });
  });

  it('takes it back when one of them was let in meanwhile, or nobody can tell', async () => {
    expect(await rebuild([['0:3'], []])).to.deep.equal({ fence: null, left: [['0:3']] });
    expect(await rebuild([['0:3'], new Error('Postgres is away')])).to.deep.equal({ fence: null, left: [['0:3']] });
  });
});
