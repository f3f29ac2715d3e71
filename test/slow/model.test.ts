/** Compare-and-append as a model, by the ten thousand. */
import { histories } from '../model/histories.ts';

const HISTORIES = 10_000;

describe('the command side in very many random histories', () => {
  histories(HISTORIES);
});
