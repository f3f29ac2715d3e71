/** The command as people run it: exit codes and messages that say what to do next. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from '../../../dev/local-stack/folder.ts';
import { header, row, scratchFolder } from '../../support/retail-file.ts';

describe('bin/sales', () => {
  const folder = scratchFolder();
  const sales = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(projectRoot, 'bin/sales'), ...args], {
      cwd: folder.path('.'),
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };

  it('helps, with its exit codes', () => {
    const { status, stdout } = sales('--help');
    expect(status).to.equal(0);
    for (const text of ['import', 'seed', 'simulate', 'Exit codes:']) expect(stdout).to.contain(text);
  });

  it('ends with 2 on wrong arguments, and says which', () => {
    for (const args of [['emport'], ['import', 'x.csv', '--format', 'sap'], ['simulate', '--rate', 'fast']]) {
      const { status, stderr } = sales(...args);
      expect(status, args.join(' ')).to.equal(2);
      expect(stderr).to.contain('--help');
    }
  });

  it('ends with 1 when there is no such file', () => {
    const { status, stderr } = sales('import', 'nothing.csv', '--format', 'uci-online-retail', '--dry-run');
    expect(status).to.equal(1);
    expect(stderr).to.equal('sales: Cannot read nothing.csv: there is no such file. Check the path.\n');
  });

  it('ends with 4 when the command API is not there, and says how to start it', () => {
    const url = 'http://127.0.0.1:1';
    const { status, stderr } = sales('simulate', '--commands', url, '--json');
    expect(status).to.equal(4);
    expect(JSON.parse(stderr).error).to.contain(url).and.to.contain('npm start');
  });

  it('ends with 3 when a line could not be taken, and lists it', () => {
    const path = folder.file(
      'bad.csv',
      [header, row(), row({ invoice: '2', price: '"2,55"' }), row({ price: '0' })].join('\n'),
    );
    const report = folder.path('report.csv');
    const { status, stdout } = sales('import', path, '--format', 'uci-online-retail', '--dry-run', '--report', report);
    expect(status).to.equal(3);
    expect(stdout).to.contain('line 3: UnitPrice is "2,55", not a decimal such as 2.55');
    expect(readFileSync(report, 'utf8')).to.equal(
      [
        'line,invoice,reason,detail',
        '3,2,bad_line,"UnitPrice is ""2,55"", not a decimal such as 2.55"',
        '4,536365,no_price,6 x 0 WHITE LANTERN\n',
      ].join('\n'),
    );
  });

  it('gives one line of JSON on request', () => {
    const path = folder.file('good.csv', [header, row(), row({ invoice: 'C2', quantity: '-1' })].join('\n'));
    const { status, stdout } = sales('import', path, '--format', 'uci-online-retail', '--dry-run', '--json');
    expect(status).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ complete: true, dryRun: true, rows: 2, importableRows: 2 });
  });
});
