// What is said of a box and of its devices, where all is not as usual. Pure.
import type { Box, Device } from '../../api/types.js';
import { several } from '../../lib/format.js';

export interface Notice {
  tone: 'amber' | 'failed';
  text: string;
}

/** Null where it is open and there. */
export function noticeOfBox({ phase, alive, runs }: Pick<Box, 'phase' | 'alive' | 'runs'>): Notice | null {
  if (!alive) return { tone: 'failed', text: `Nothing was heard of it lately. ${runs === 0 ? 'No run has a place there.' : `${several(runs, 'run')} had a place there, and will start again from the latest training state, here or elsewhere.`} Whoever runs the service starts its supervisor again, or removes the box.` };
  if (phase === 'cordoned') return { tone: 'amber', text: `Cordoned: it takes no new runs.${runs > 0 ? ` ${several(runs, 'run')} ${runs === 1 ? 'goes' : 'go'} on to the end.` : ' It is empty.'}` };
  if (phase === 'draining') return { tone: 'amber', text: runs > 0 ? `Draining: ${several(runs, 'run')} ${runs === 1 ? 'keeps its' : 'keep their'} training state and then ${runs === 1 ? 'waits' : 'wait'} again.` : 'Drained: no run is on it, and none will start.' };
  return null;
}

/** Why nothing starts on a device; null where something may. */
export function noticeOfDevice({ slots, backends, unavailable, simulated, kind }: Pick<Device, 'slots' | 'backends' | 'unavailable' | 'simulated' | 'kind'>): string | null {
  if (slots === 0) return 'It takes no runs now: its driver is silent, or a run could not use it.';
  if (backends.length === 0 && kind === 'gpu' && !simulated) return unavailable.length === 0 ? 'It is being tried.' : `Nothing here can train on it: ${unavailable.map(({ backend, reason }) => `${backend}, ${reason}`).join('; ')}`;
  return null;
}
