// How the devices are used, for all who watch them: the bus is listened to while there is one.
import type { BoxSamples } from './box-samples.js';
import type { Bus } from './bus.js';

export interface DeviceFeed {
  /** Answers a function that stops it. */
  watch(watcher: (samples: BoxSamples) => void): () => void;
}

export function createDeviceFeed(bus: Pick<Bus, 'onSamples'>): DeviceFeed {
  const watchers = new Set<(samples: BoxSamples) => void>();
  let stop = () => {};
  return {
    watch(watcher) {
      watchers.add(watcher);
      if (watchers.size === 1) stop = bus.onSamples((samples) => [...watchers].forEach((one) => one(samples)));
      return () => {
        if (watchers.delete(watcher) && watchers.size === 0) stop();
      };
    },
  };
}
