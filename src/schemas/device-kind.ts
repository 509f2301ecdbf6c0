// The kinds of devices. Imports nothing of ours.

export const DEVICE_KINDS = ['gpu', 'cpu'] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];

/** By its id within its box: `cpu`, `gpu:0`, `gpu:0.1`. */
export const kindOfDevice = (id: string): DeviceKind => (id === 'cpu' ? 'cpu' : 'gpu');
