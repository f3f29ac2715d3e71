import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DevError } from '../../../dev/dev-error.ts';
import { checkDiskSpace, type LocalFolder, openLocalFolder, secret } from '../../../dev/local-stack/folder.ts';
import { lockHolder, tryLock, withLock } from '../../../dev/local-stack/lock.ts';
import { claimPorts, isFree } from '../../../dev/local-stack/ports.ts';
import { daemonPid, logFile, startDaemon, stopDaemon, untilReady } from '../../../dev/local-stack/process.ts';
import { processRecord, stillRuns } from '../../../dev/local-stack/process-record.ts';
import { enterUsers } from '../../../dev/local-stack/users.ts';

const sleeper = { command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] };

describe('the local stack', () => {
  let root: string;
  let local: LocalFolder;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'local-stack-')));
    local = openLocalFolder(root);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  describe('its folder', () => {
    it('keeps its id and its secrets', () => {
      expect(openLocalFolder(root).id).to.equal(local.id);
      expect(secret(local, 'postgres')).to.equal(secret(local, 'postgres')).and.to.have.lengthOf.above(20);
    });

    it('does not take the processes of the original for its own in a copy', async () => {
      await startDaemon(local, 'server', sleeper);
      const copy = `${root}-copy`;
      cpSync(root, copy, { recursive: true });
      const copied = openLocalFolder(copy);
      expect(copied.id).to.not.equal(local.id);
      expect(daemonPid(copied, 'server')).to.equal(undefined);
      expect(daemonPid(local, 'server')).to.be.a('number');
      await stopDaemon(local, 'server');
      rmSync(copy, { recursive: true });
    });

    it('says how much is free when the disk is full', () => {
      expect(() => checkDiskSpace(root, 1_000_000)).to.throw(DevError, /Only .* GB are free .* Free some space/);
      checkDiskSpace(root, 0);
    });
  });

  describe('a process', () => {
    it('is known by pid and start time, so that a reused pid is another process', async () => {
      await startDaemon(local, 'server', sleeper);
      const pid = daemonPid(local, 'server') ?? 0;
      const record = processRecord(pid);
      expect(record && stillRuns(record)).to.equal(true);
      expect(stillRuns({ pid, started: 'another time' })).to.equal(false);
      writeFileSync(
        join(local.run, 'server.json'),
        JSON.stringify({ pid, started: 'another time', stopSignal: 'SIGTERM' }),
      );
      expect(await stopDaemon(local, 'server')).to.equal(false);
      process.kill(pid, 'SIGKILL');
    });

    it('is killed when it does not stop in time', async () => {
      const stubborn = `process.on('SIGTERM', () => {}); ${sleeper.args[1]}; console.log('up')`;
      const child = await startDaemon(local, 'server', { ...sleeper, args: ['-e', stubborn] });
      const ended = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
      const log = logFile(local, 'server');
      await untilReady({ title: 'Server', log, isRunning: () => true, timeoutMs: 5000 }, async () => {
        if (!readFileSync(log, 'utf8').includes('up')) throw new Error('not up yet');
      });
      expect(await stopDaemon(local, 'server', 100)).to.equal(true);
      expect(await ended).to.equal('SIGKILL');
    });

    it('that ends while starting is reported with the end of its log', async () => {
      const broken = await startDaemon(local, 'server', { ...sleeper, args: ['-e', 'throw new Error("no luck")'] });
      await new Promise((resolve) => broken.once('exit', resolve));
      const what = { title: 'Server', log: logFile(local, 'server'), isRunning: () => false };
      const failure = await untilReady(what, () => Promise.reject(new Error('refused'))).catch((error) => error);
      expect(failure).to.be.instanceOf(DevError);
      expect(failure.message).to.match(/Server ended while starting.*no luck.*server\.log/s);
    });
  });

  describe('the lock', () => {
    it('is held by one, and given back', async () => {
      const release = tryLock(local, 'work');
      expect(tryLock(local, 'work')).to.equal(undefined);
      expect(lockHolder(local, 'work')?.pid).to.equal(process.pid);
      const waited = withLock(local, 'work', async () => 'done');
      release?.();
      expect(await waited).to.equal('done');
    });

    it('dies with its holder', async () => {
      const child = spawn(process.execPath, ['-e', '']);
      const record = processRecord(child.pid ?? 0);
      await new Promise((resolve) => child.once('exit', resolve));
      writeFileSync(join(local.run, 'work.lock'), JSON.stringify(record ?? { pid: child.pid, started: 'gone' }));
      expect(lockHolder(local, 'work')).to.equal(undefined);
      const release = tryLock(local, 'work');
      expect(release).to.be.a('function');
      release?.();
    });
  });

  it('counts who uses the servers, and forgets the dead', () => {
    const leave = enterUsers(local);
    writeFileSync(join(local.run, '1.user'), JSON.stringify(processRecord(process.ppid)));
    writeFileSync(join(local.run, '2.user'), JSON.stringify({ pid: process.pid, started: 'another time' }));
    expect(leave()).to.equal(1);
  });

  it('takes another port when the preferred one is taken, and remembers it', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const address = holder.address();
    const taken = typeof address === 'object' && address ? address.port : 0;
    expect(await isFree(taken)).to.equal(false);
    const first = await claimPorts(local, 'server', { main: taken });
    expect(first.main).to.not.equal(taken);
    holder.close();
    expect(await claimPorts(local, 'server', { main: taken })).to.deep.equal(first);
  });
});
