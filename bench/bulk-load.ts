/** Load on `POST /commands`: several streams, each with as many commands in flight as it may have. */
import { openExchange } from '../dev/ndjson-exchange.ts';
import { now, readAnswer, type Sent } from './sent.ts';

export interface BulkLoad {
  streams: number;
  /** Commands of one stream that have no answer yet. */
  inFlight: number;
  /** The next command's id and its line; undefined to end. */
  next(): { saleId: string; line: string } | undefined;
}

const LINES_PER_WRITE = 100;

/** Resolves to all that was sent when all is answered. */
export async function sendBulk(commandsUrl: string, load: BulkLoad): Promise<Sent[]> {
  const streams = await Promise.all(Array.from({ length: load.streams }, () => sendStream(commandsUrl, load)));
  return streams.flat();
}

function sendStream(commandsUrl: string, { inFlight, next }: BulkLoad): Promise<Sent[]> {
  const sent: Sent[] = [];
  let answered = 0;
  let ended = false;
  let writable = true;
  return new Promise((resolve, reject) => {
    const exchange = openExchange(`${commandsUrl}/commands`, {
      onLine(text) {
        const one = sent[answered];
        if (!one) throw new Error(`an answer to nothing: ${text}`);
        Object.assign(one, readAnswer(text), { answeredAt: now() });
        answered += 1;
        write();
      },
      onDrain() {
        writable = true;
        write();
      },
      onSilence: () => true,
      onEnd(ending) {
        if (ending.kind === 'finished' && ended && answered === sent.length) resolve(sent);
        else reject(new Error(`a stream broke: ${ending.kind}`, { cause: 'error' in ending ? ending.error : ending }));
      },
    });

    function write(): void {
      while (!ended && writable && sent.length - answered <= inFlight - LINES_PER_WRITE) {
        let lines = '';
        for (let count = 0; count < LINES_PER_WRITE && !ended; count += 1) {
          const command = next();
          if (command) {
            sent.push({ saleId: command.saleId, at: now(), answeredAt: 0, partition: 0, offset: 0 });
            lines += `${command.line}\n`;
          } else ended = true;
        }
        if (lines !== '') writable = exchange.write(lines);
        if (ended) exchange.end();
      }
    }

    write();
  });
}
