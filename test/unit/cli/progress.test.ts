import { expect } from 'chai';
import { createProgress, describeSeconds, renderBar } from '../../../cli/progress.ts';

describe('Progress', () => {
  function run(options: { isTTY?: boolean; json?: boolean }) {
    let now = 0;
    const written: string[] = [];
    const output = { isTTY: options.isTTY, columns: 80, write: (text: string) => written.push(text) };
    const progress = createProgress({ label: 'Sending', unit: 'rows', json: options.json, output, now: () => now });
    for (let done = 0; done <= 1000; done += 10) {
      progress.update(done, 1000);
      now += 50;
    }
    progress.stop();
    return written;
  }

  it('is a bar on a terminal, with rate and time left, and leaves nothing behind', () => {
    const written = run({ isTTY: true });
    expect(written[25]).to.contain('Sending  ').and.to.contain('of 1,000 rows, 200/s, 3 s left');
    expect(written.at(-1)).to.equal('\r\u001b[2K');
  });

  it('is a line now and then elsewhere, the last with the end', () => {
    const written = run({});
    expect(written).to.have.length(3);
    expect(written.at(-1)).to.equal('Sending: 1,000 of 1,000 rows, 200/s, 0 s left\n');
  });

  it('is JSON lines on request', () => {
    const last = JSON.parse(run({ json: true }).at(-1) ?? '');
    expect(last).to.deep.equal({
      progress: 'Sending',
      unit: 'rows',
      done: 1000,
      total: 1000,
      perSecond: 200,
      secondsLeft: 0,
    });
  });

  it('fits the terminal', () => {
    const standing = { done: 50, total: 100, perSecond: 5, secondsLeft: 10 };
    for (const columns of [10, 40, 60, 80, 200]) {
      expect(renderBar('Reading', standing, 'rows', columns).length).to.be.below(columns);
    }
    expect(renderBar('Reading', standing, 'rows', 200)).to.contain(`${'█'.repeat(15)}${'░'.repeat(15)}`);
  });

  it('says times as people do', () => {
    expect([0, 59.2, 61, 3599, 3700].map(describeSeconds)).to.deep.equal([
      '0 s',
      '1 min 0 s',
      '1 min 1 s',
      '59 min 59 s',
      '1 h 1 min',
    ]);
  });
});
