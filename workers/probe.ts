// Says which backends work on this box, as the last line that it prints, and exits. Started by the supervisor.
import { probeBackends } from '../src/ml/engines/eager/backends.js';

const probes = await probeBackends();
process.stdout.write(`\n${JSON.stringify(probes)}\n`, () => process.exit(0));
