/** Decides commands one after the other, as if each event stood at the next offset. */
import { type Decision, decide } from '../../../domain/decide.ts';
import type { Command } from '../../../domain/messages.generated.ts';
import { evolve, initialState, type NewEvent, type State } from '../../../domain/state.ts';
import { NOW } from './arbitrary.ts';

export class History {
  state: State = initialState;
  readonly events: NewEvent[] = [];

  send(command: Command) {
    const decision = this.ask(command, `0:${900 + this.events.length}`);
    if (!decision.event) return { outcome: decision.outcome, data: undefined };
    this.state = evolve(this.state, decision.event, this.events.length);
    this.events.push(decision.event);
    return { event: decision.event, data: decision.event.data };
  }

  /** What would be decided if the command came now, at `place`. */
  ask(command: Command, place: string): Decision {
    return decide(this.state, { command, place, receivedAt: NOW });
  }
}
