/**
 * How services are run. Without a limit V8 leaves garbage lying about: after an import of 540,000 rows all processes
 * together took 2.1 GB, with it 1.8 GB, and a rebuild took 360 to 460 MB instead of 240 to 260. Below 512 MB, though, V8
 * collects whenever the heap has grown by a third; three times what is alive costs little memory and spares a quarter of
 * a command's CPU. One thread collects and compiles beside each service's own: four of each would crowd the others out.
 * glibc's arenas, one a thread, hold on to memory too.
 */
export const runtime = {
  args: [
    '--max-old-space-size=256',
    '--heap-growing-percent=200',
    '--v8-pool-size=1',
    '--import',
    './platform/typescript.mjs',
  ],
  env: { MALLOC_ARENA_MAX: '2' },
};
