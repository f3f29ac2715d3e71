import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';

const built = new URL('../../../dashboard/dist/', import.meta.url);
/** Bytes of JavaScript, gzipped, in total. */
const BUDGET = 250_000;

describe('dashboard: what a browser has to load', () => {
  it('is at most 250 KB of JavaScript, gzipped', () => {
    const assets = new URL('assets/', built);
    const scripts = readdirSync(assets).filter((name) => name.endsWith('.js'));
    const bytes = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(new URL(name, assets))).length, 0);
    expect(bytes).to.be.within(1, BUDGET);
  });

  it('comes from this server alone', () => {
    const page = readFileSync(new URL('index.html', built), 'utf8');
    expect(page).not.to.match(/(src|href)="(https?:)?\/\//);
  });
});
