// What nvidia-smi writes, in all the forms that were seen of it.
import t from 'tap';
import { parseGpus, parseProcesses, visibleGpus } from '../../../src/devices/nvidia-smi.js';

const A = 'GPU-8d3a9bb4-66e8-22f5-2c1a-5a3b1c9d0e77';
const B = 'GPU-1f0c2d3e-0000-1111-2222-333344445555';
const TWO = `0, ${A}, 81559, 1024, 37, 45, NVIDIA H100 80GB HBM3\n1, ${B}, 24564, 0, 0, 31, NVIDIA GeForce RTX 4090, Founders\n`;

t.test('GPUs', async (t) => {
  t.same(parseGpus(TWO), [
    { index: 0, uuid: A, name: 'NVIDIA H100 80GB HBM3', memoryMiB: 81559, memoryUsedMiB: 1024, utilizationPercent: 37, temperatureCelsius: 45 },
    { index: 1, uuid: B, name: 'NVIDIA GeForce RTX 4090, Founders', memoryMiB: 24564, memoryUsedMiB: 0, utilizationPercent: 0, temperatureCelsius: 31 },
  ]);
  t.same(parseGpus(TWO.replaceAll('\n', '\r\n')), parseGpus(TWO), 'as Windows ends lines');
  t.match(parseGpus(`0, ${A}, 40960, 10, [N/A], [Not Supported], NVIDIA A100-SXM4-40GB`), [{ memoryMiB: 40960, utilizationPercent: null, temperatureCelsius: null }], 'what it does not know, with MIG or on old cards');
  t.match(parseGpus(`0, ${A}, [N/A], [N/A], 3, 40, NVIDIA GB10`), [{ memoryMiB: null, memoryUsedMiB: null, utilizationPercent: 3 }], 'a GPU that shares the memory of the box');
  t.match(parseGpus(`0, ${A}, 40960, [Unknown Error], 0, ERR!, NVIDIA A100`), [{ memoryMiB: 40960, memoryUsedMiB: null, temperatureCelsius: null }], 'one with a broken sensor');
  for (const word of ['[Unknown Error]', '[GPU is lost]', 'ERR!']) t.same(parseGpus(`0, ${A}, ${word}, ${word}, 0, 40, NVIDIA A100`), [], `one that is failing: ${word}`);
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
    'index, uuid, memory.total [MiB], memory.used [MiB], utilization.gpu [%], temperature.gpu, name\n',
    ', , , , , , \n',
    '<html><body>502, Bad, Gateway, 1, 2, 3, 4</body></html>',
  ]) t.same(parseGpus(text), [], text.trim());
});

t.test('a lost GPU beside one that answers', async (t) => {
  t.match(parseGpus(`Unable to determine the device handle for GPU0: 0000:65:00.0: GPU is lost.  Reboot the system to recover this GPU\n1, ${B}, 24564, 0, 0, 31, NVIDIA GeForce RTX 4090\n`), [{ index: 1, uuid: B }]);
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
