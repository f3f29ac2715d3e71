import { expect } from 'chai';
import { LostOwnershipError, View } from '../../commands/processor/view.ts';
import type { Store } from '../../commands/state/store.ts';
import { createRandom } from '../../dev/seed/random.ts';
import { rejection } from '../../domain/decide.ts';
import { evolve, initialState, type State } from '../../domain/state.ts';
import { MemoryStore } from './store.ts';
import { codecOf, format, thisVersion } from './versions.ts';

const KEYS = 900;
const codec = codecOf(thisVersion, async () => {});

describe('what an owner knows of the log', () => {
  let memory: MemoryStore;
  let store: Store;
  let view: View;

  beforeEach(async () => {
    memory = new MemoryStore();
    store = asynchronous(memory);
    view = await open();
  });

  async function open(): Promise<View> {
    return new View(0, await store.checkpoint(0), store, codec);
  }

  /** Folds a refusal of command `offset` under `key`, and says what the key's state is then. */
  function fold(one: View, key: string, offset: number, before: State): State {
    const event = rejection(`c${offset}`, 'CONFLICT', 'Recorded otherwise.');
    const address = { expectedOffset: offset, commandOffset: offset };
    const bytes = format.encode({ type: 'CommandRejected', data: { ...event.data, ...address } } as never);
    one.fold({ offset, key, bytes }, event, { offset, id: `c${offset}` });
    return evolve(before, event, offset);
  }

  it('is what a fold of the whole log gives, however many keys there are, stored or not', async () => {
    const random = createRandom(7);
    const folded = new Map<string, State>();
    let flushing: Promise<void> | undefined;
    for (let round = 0; round < 150; round += 1) {
      const keys = Array.from({ length: 40 }, () => `k${random.below(KEYS)}`);
      await view.load(keys);
      for (const key of new Set(keys)) {
        const before = folded.get(key) ?? initialState;
        expect(withoutAddresses(view.stateOf(key)), `${key} in round ${round}`).to.deep.equal(withoutAddresses(before));
        if (random.chance(0.5)) folded.set(key, fold(view, key, view.position, before));
      }
      // Now and then nothing is stored for long enough that more keys than are kept wait for it.
      if (round % 50 > 30) flushing ??= view.flush().finally(() => (flushing = undefined));
    }
  });

  it('is given up when another owner has moved the checkpoint', async () => {
    const other = await open();
    await other.load(['a']);
    fold(other, 'a', 0, initialState);
    await other.flush();
    await isLost(view.load(['a']));
  });

  it('is given up when the store does not take it, which then has nothing of it', async () => {
    await view.load(['a', 'b']);
    const other = await open();
    await other.load(['a']);
    fold(other, 'a', 0, initialState);
    await other.flush();
    fold(view, 'b', 0, initialState);
    await isLost(view.flush());
    expect(memory.kept(0).events.map(({ key }) => key)).to.deep.equal(['a']);
  });

  it('is given up when the store was rebuilt', async () => {
    await view.load(['a']);
    fold(view, 'a', 0, initialState);
    await view.flush();
    memory.rebuild(1, () => ({ events: memory.kept(0).events, nextOffset: 1, lastCommand: { offset: 0, id: 'c0' } }));
    await isLost(view.load(['a']));
  });
});

async function isLost(work: Promise<void>): Promise<void> {
  expect(await work.catch((error) => error)).to.be.instanceOf(LostOwnershipError);
}

/** The store with answers that take a while. */
function asynchronous(memory: MemoryStore): Store {
  const now = memory.readAgo(() => 0);
  const later = <T>(answer: T) => new Promise<T>((resolve) => setImmediate(() => resolve(answer)));
  return {
    checkpoint: (...request) => later(now.checkpoint(...request)),
    load: (...request) => later(now.load(...request)),
    flush: (...request) => later(now.flush(...request)),
  };
}

/** Events from the store have their addresses, those just decided have not. */
function withoutAddresses({ rejections }: State) {
  return [...rejections].map(({ content: { commandId }, offset }) => ({ commandId, offset }));
}
