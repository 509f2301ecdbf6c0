// The thread behind a trainer's pulse.
import { writeSync } from 'node:fs';
import { PULSE_EVERY_MS, PULSE_FD } from './pulse.js';

function beat(): void {
  try {
    writeSync(PULSE_FD, '.');
  } catch (error) {
    // A full pipe is a busy supervisor. Otherwise it has gone, and the main thread may be too deep in a step to hear of it.
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') process.kill(process.pid, 'SIGKILL');
  }
}

beat();
setInterval(beat, PULSE_EVERY_MS);
