/** Compare-and-append as a model: the real owners, decisions and states, with everything around them simulated. */
import { histories } from './histories.ts';

const HISTORIES = 300;

describe('the command side in random histories', () => {
  histories(HISTORIES);
});
