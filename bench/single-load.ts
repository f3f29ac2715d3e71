/**
 * Load on `POST /sales`: one command a request, sent when it is due and not when the one before was answered, over
 * connections that are kept. Latency counts from the moment it was due, so that a stall counts for all that it delays.
 * Speaks HTTP over plain sockets: node's own client would cost as much as half of what it measures.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { now, readAnswer, type Sent } from './sent.ts';

export interface SingleLoad {
  /** Commands a second, at irregular moments as of customers who come independently of each other. */
  rate: number;
  /** The next command's id and the request's body; undefined to end. */
  next(): { saleId: string; line: string } | undefined;
}

/** Resolves to all that was sent when all is answered. */
export async function sendSingle(commandsUrl: string, { rate, next }: SingleLoad): Promise<Sent[]> {
  const { hostname, port } = new URL(commandsUrl);
  const free: Connection[] = [];
  const all: Connection[] = [];
  const answers: Promise<Sent>[] = [];

  async function send(saleId: string, body: string, due: number): Promise<Sent> {
    const connection = free.pop() ?? new Connection(hostname, Number(port));
    if (!all.includes(connection)) all.push(connection);
    const answer = readAnswer(await connection.post('/sales', body));
    free.push(connection);
    return { saleId, at: due, answeredAt: now(), ...answer };
  }

  for (let due = now(); ; due += (-Math.log(1 - Math.random()) * 1000) / rate) {
    while (due > now()) await delay(1);
    const command = next();
    if (!command) break;
    const answer = send(command.saleId, command.line, due);
    answer.catch(() => {});
    answers.push(answer);
  }
  const sent = await Promise.all(answers);
  for (const connection of all) connection.close();
  return sent;
}

/** One connection, one request at a time. */
class Connection {
  readonly #socket: Socket;
  #received = '';
  #resolve: (body: string) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(host: string, port: number) {
    this.#socket = connect(port, host);
    this.#socket.setNoDelay(true);
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (text: string) => this.#take(text));
    this.#socket.on('error', (error) => this.#reject(error));
    this.#socket.on('close', () => this.#reject(new Error('the connection was closed')));
  }

  /** Resolves to the body of the answer. */
  post(path: string, body: string): Promise<string> {
    const head = `POST ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json`;
    this.#socket.write(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Answers are ASCII, so that characters are bytes. */
  #take(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf('\r\n\r\n');
    const length = /^content-length: (\d+)/im.exec(this.#received.slice(0, end + 2))?.[1];
    if (end < 0 || length === undefined || this.#received.length < end + 4 + Number(length)) return;
    const body = this.#received.slice(end + 4);
    this.#received = '';
    this.#resolve(body);
  }
}
