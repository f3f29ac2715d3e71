import { expect } from 'chai';
import { parseTyped } from '../../../commands/api/parse.ts';
import { composer } from '../../../dev/simulator/stream.ts';
import { decide, keyOf } from '../../../domain/decide.ts';
import { evolve, initialState, type State } from '../../../domain/state.ts';

describe('The live stream’s commands', () => {
  it('are all accepted: refunds and voids of sales that came before them, about as often as in a shop', () => {
    const start = Date.UTC(2026, 0, 31);
    const compose = composer({ runId: 'run', currency: 'USD', seed: 7 });
    const states = new Map<string, State>();
    const counts: Record<string, number> = { CommandRejected: 0 };
    for (let index = 0; index < 20_000; index += 1) {
      const receivedAt = start + index * 20;
      const command = parseTyped(JSON.stringify(compose(receivedAt)), receivedAt);
      const key = keyOf(command);
      const state = states.get(key) ?? initialState;
      const { event } = decide(state, { command, place: `0:${index}`, receivedAt });
      if (!event) continue;
      states.set(key, evolve(state, event, index));
      counts[event.type] = (counts[event.type] ?? 0) + 1;
    }
    expect(counts.CommandRejected).to.equal(0);
    const share = (type: string) => (counts[type] ?? 0) / (counts.SaleRecorded ?? 0);
    expect(share('SaleRefunded')).to.be.within(0.015, 0.025);
    expect(share('SaleVoided')).to.be.within(0.001, 0.005);
    expect(share('ReturnRecorded')).to.be.within(0.015, 0.025);
  });
});
