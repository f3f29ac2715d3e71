import { expect } from 'chai';
import { parseChoices, writeChoices } from '../../../dashboard/src/choices.ts';

describe('dashboard/choices: the address of the page', () => {
  it('says nothing for what is as usual', () => {
    expect(writeChoices(parseChoices(''))).to.equal('');
  });

  it('says everything else, and reads it back', () => {
    const address =
      '?range=custom&from=2024-01-01&to=2024-02-02&currency=EUR&tz=Europe/London&metric=orders&tables=trend%2Clive&paused=1';
    const choices = parseChoices(address);
    expect(choices).to.deep.equal({
      range: 'custom',
      from: '2024-01-01',
      to: '2024-02-02',
      currency: 'EUR',
      timeZone: 'Europe/London',
      metric: 'orders',
      tables: ['trend', 'live'],
      paused: true,
    });
    expect(writeChoices(choices)).to.equal(address);
  });

  it('ignores what it cannot know', () => {
    expect(parseChoices('?range=ever&from=2024-02-30&currency=pounds&tz=Mars/Base&metric=joy')).to.deep.equal(
      parseChoices(''),
    );
  });
});
