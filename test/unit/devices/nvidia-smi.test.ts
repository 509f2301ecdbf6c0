// What nvidia-smi writes, in all the forms that were seen of it.
import t from 'tap';
import { parseGpus, parseProcesses, visibleGpus, withInstances } from '../../../src/devices/nvidia-smi.js';

const A = 'GPU-8d3a9bb4-66e8-22f5-2c1a-5a3b1c9d0e77';
const B = 'GPU-1f0c2d3e-0000-1111-2222-333344445555';
const TWO = `0, ${A}, 81559, 1024, 37, 45, Disabled, NVIDIA H100 80GB HBM3\n1, ${B}, 24564, 0, 0, 31, [N/A], NVIDIA GeForce RTX 4090, Founders\n`;

t.test('GPUs', async (t) => {
  t.same(parseGpus(TWO), [
    { index: 0, uuid: A, instance: null, isDivided: false, name: 'NVIDIA H100 80GB HBM3', memoryMiB: 81559, memoryUsedMiB: 1024, utilizationPercent: 37, temperatureCelsius: 45 },
    { index: 1, uuid: B, instance: null, isDivided: false, name: 'NVIDIA GeForce RTX 4090, Founders', memoryMiB: 24564, memoryUsedMiB: 0, utilizationPercent: 0, temperatureCelsius: 31 },
  ]);
  t.same(parseGpus(TWO.replaceAll('\n', '\r\n')), parseGpus(TWO), 'as Windows ends lines');
  t.match(parseGpus(`0, ${A}, 40960, 10, [N/A], [Not Supported], Enabled, NVIDIA A100-SXM4-40GB`), [{ memoryMiB: 40960, isDivided: true, utilizationPercent: null, temperatureCelsius: null }], 'what it does not know, with MIG or on old cards');
  t.match(parseGpus(`0, ${A}, [N/A], [N/A], 3, 40, [N/A], NVIDIA GB10`), [{ memoryMiB: null, memoryUsedMiB: null, utilizationPercent: 3 }], 'a GPU that shares the memory of the box');
  t.match(parseGpus(`0, ${A}, 40960, [Unknown Error], 0, ERR!, Disabled, NVIDIA A100`), [{ memoryMiB: 40960, memoryUsedMiB: null, temperatureCelsius: null }], 'one with a broken sensor');
  for (const word of ['[Unknown Error]', '[GPU is lost]', 'ERR!']) t.same(parseGpus(`0, ${A}, ${word}, ${word}, 0, 40, Disabled, NVIDIA A100`), [], `one that is failing: ${word}`);
});

t.test('where it does not tell of GPUs there are none', async (t) => {
  for (const text of [
    '',
    'No devices were found\n',
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n\n",
    'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 535.161\n',
    'Failed to initialize NVML: Unknown Error\n',
    'Unable to determine the device handle for GPU 0000:65:00.0: Unknown Error\n',
    'Field "temperature.gpu" is not a valid field to query.\n',
    'index, uuid, memory.total [MiB], memory.used [MiB], utilization.gpu [%], temperature.gpu, mig.mode.current, name\n',
    ', , , , , , , \n',
    '<html><body>502, Bad, Gateway, 1, 2, 3, 4, 5</body></html>',
  ]) t.same(parseGpus(text), [], text.trim());
});

t.test('a lost GPU beside one that answers', async (t) => {
  t.match(parseGpus(`Unable to determine the device handle for GPU0: 0000:65:00.0: GPU is lost.  Reboot the system to recover this GPU\n1, ${B}, 24564, 0, 0, 31, [N/A], NVIDIA GeForce RTX 4090\n`), [{ index: 1, uuid: B }]);
});

t.test('processes', async (t) => {
  t.same(parseProcesses(`${A}, 4242, 1536, /usr/bin/python3 train.py, again\r\n${A}, 17, [N/A], [Not Found]\n${B}, 18, 300, [Insufficient Permissions]\n`), [
    { gpuUuid: A, pid: 4242, memoryMiB: 1536, name: '/usr/bin/python3 train.py, again' },
    { gpuUuid: A, pid: 17, memoryMiB: null, name: '[Not Found]' },
    { gpuUuid: B, pid: 18, memoryMiB: 300, name: '[Insufficient Permissions]' },
  ]);
  for (const text of ['', 'No running processes found\n', `${A}, [N/A], 5, x`, 'Failed to initialize NVML: Unknown Error']) t.same(parseProcesses(text), [], text);
});

t.test('those that CUDA would see', async (t) => {
  const gpus = parseGpus(TWO);
  const seen = (visible: string | undefined) => visibleGpus(gpus, visible).map(({ index }) => index);
  t.same(seen(undefined), [0, 1], 'all, where nothing is said');
  for (const [visible, expected] of [['', []], ['-1', []], ['NoDevFiles', []], ['1', [1]], ['1,0', [0, 1]], ['0, 1', [0, 1]], [A, [0]], ['GPU-1f0c', [1]], ['0,7,1', [0]], ['MIG-1', []]] as const) t.same(seen(visible), expected, JSON.stringify(visible));
});

const DIVIDED = `0, ${A}, 81920, 2, [N/A], 31, Enabled, NVIDIA A100-SXM4-80GB\n1, ${B}, 81920, 0, 0, 30, Disabled, NVIDIA A100-SXM4-80GB\n`;
const FIRST = 'MIG-63feeb45-94c6-5ee8-8d38-7cd6ddef4b5a';
const SECOND = 'MIG-a3c1d2e5-4d3a-5d2b-9c11-2f8e6f0f1f11';
const LISTED = `GPU 0: NVIDIA A100-SXM4-80GB (UUID: ${A})
  MIG 3g.40gb     Device  0: (UUID: ${FIRST})
  MIG 1g.10gb+me  Device  1: (UUID: ${SECOND})
GPU 1: NVIDIA A100-SXM4-80GB (UUID: ${B})
`;

t.test('of a GPU that is divided, its instances', async (t) => {
  const found = withInstances(parseGpus(DIVIDED), LISTED);
  t.match(found, [
    { index: 0, uuid: FIRST, instance: { index: 0, gpuUuid: A }, isDivided: false, name: 'NVIDIA A100-SXM4-80GB MIG 3g.40gb', memoryMiB: 40 * 1024, memoryUsedMiB: null, utilizationPercent: null, temperatureCelsius: 31 },
    { index: 0, uuid: SECOND, instance: { index: 1, gpuUuid: A }, name: /1g\.10gb/, memoryMiB: 10 * 1024 },
    { index: 1, uuid: B, instance: null, memoryMiB: 81920 },
  ]);
  t.same(withInstances(parseGpus(DIVIDED), LISTED.replaceAll('\n', '\r\n')), found, 'as Windows ends lines');
  const old = `GPU 0: A100-SXM4-40GB (UUID: ${A})\n  MIG 1c.3g.20gb Device 0: (UUID: MIG-${A}/1/0)\n`;
  t.match(withInstances(parseGpus(DIVIDED), old), [{ uuid: `MIG-${A}/1/0`, memoryMiB: Math.floor((20 * 1024) / 3) }, { uuid: B }], 'by the names of old drivers, and a part of one');
  for (const list of ['', `GPU 0: NVIDIA A100-SXM4-80GB (UUID: ${A})\n`, 'Failed to initialize NVML: Unknown Error\n']) t.match(withInstances(parseGpus(DIVIDED), list), [{ uuid: B }], 'without a word on them there are none');
  t.same(parseProcesses(`${FIRST}, 4242, 9000, python\n`), [{ gpuUuid: FIRST, pid: 4242, memoryMiB: 9000, name: 'python' }], 'with what computes on them');
  const seen = (visible: string) => visibleGpus(found, visible).map(({ uuid }) => uuid);
  for (const [visible, expected] of [[FIRST, [FIRST]], [`${SECOND},${B}`, [SECOND, B]], ['0', [FIRST, SECOND]], [A, [FIRST, SECOND]], ['MIG-0', []]] as const) t.same(seen(visible), expected, visible);
});
