import { expect } from 'chai';
import { Rejections } from '../../../domain/rejections.ts';

function refused(commandId: string, offset: number) {
  return { content: { commandId, code: 'CONFLICT', detail: '' }, offset };
}

describe('rejections', () => {
  it('keep to themselves what was added to a list that they grew from or into', () => {
    const one = Rejections.none.with(refused('a', 1));
    const two = one.with(refused('b', 2));
    const other = one.with(refused('c', 2));
    expect([...one].map(({ offset }) => offset)).to.deep.equal([1]);
    expect([...two].map(({ content }) => content.commandId)).to.deep.equal(['a', 'b']);
    expect([...other].map(({ content }) => content.commandId)).to.deep.equal(['a', 'c']);
    expect([one.find('b'), other.find('b'), two.find('c'), Rejections.none.find('a')]).to.deep.equal(
      Array.from({ length: 4 }),
    );
    expect(two.find('b')?.offset).to.equal(2);
  });

  it('grow by a hundred thousand without copying each time', () => {
    let list = Rejections.none;
    for (let index = 0; index < 100_000; index += 1) list = list.with(refused(`r-${index}`, index));
    expect(list.length).to.equal(100_000);
    expect(list.find('r-99999')?.offset).to.equal(99_999);
  });
});
