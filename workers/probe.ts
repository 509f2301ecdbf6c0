// Says which backends work on this box, over IPC, and exits. Started by the supervisor.
import { probeBackends } from '../src/ml/engines/eager/backends.js';

const probes = await probeBackends();
process.send?.(probes, undefined, undefined, () => process.exit(0));
