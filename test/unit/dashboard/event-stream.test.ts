import { expect } from 'chai';
import { readEventStream, type StreamEvent } from '../../../dashboard/src/api/event-stream.ts';

async function read(bytes: Uint8Array, chunkSize: number): Promise<StreamEvent[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += chunkSize) controller.enqueue(bytes.slice(at, at + chunkSize));
      controller.close();
    },
  });
  const events: StreamEvent[] = [];
  for await (const event of readEventStream(body)) events.push(event);
  return events;
}

describe('dashboard/api: event stream', () => {
  const text = ':\n\nevent: next\ndata: {"price":"£1"}\n\r\nevent:next\r\ndata:a\r\ndata: b\r\n\r\nevent: cut off';
  const expected = [{}, { event: 'next', data: '{"price":"£1"}' }, {}, { event: 'next', data: 'a\nb' }];

  for (const chunkSize of [1, 2, 3, 7, 1000]) {
    it(`reads messages, comments and line ends alike, ${chunkSize} bytes at a time`, async () => {
      const events = await read(new TextEncoder().encode(text), chunkSize);
      expect(events.filter((event) => Object.keys(event).length > 0)).to.deep.equal(
        expected.filter((event) => Object.keys(event).length > 0),
      );
    });
  }
});
