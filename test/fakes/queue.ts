// The run queue and the bus in memory, for services that only put things in.
import { ServiceError } from '../../src/errors.js';
import type { Bus, Command, EventNotice } from '../../src/live/bus.js';
import type { BoxSamples } from '../../src/live/box-samples.js';
import type { RunJob, RunQueue } from '../../src/queue/queue.js';

export class FakeQueue implements RunQueue {
  readonly waiting: RunJob[] = [];
  down = false;

  async enqueue(job: RunJob): Promise<void> {
    await this.ping();
    if (!this.waiting.some((other) => other.runId === job.runId && other.attempt === job.attempt)) this.waiting.push(job);
  }

  async counts(): Promise<{ waiting: number; active: number }> {
    await this.ping();
    return { waiting: this.waiting.length, active: 0 };
  }

  async ping(): Promise<void> {
    if (this.down) throw new ServiceError('queue_unavailable');
  }

  async close(): Promise<void> {}
}

/** Remembers what was said; nobody listens. */
export class SilentBus implements Bus {
  readonly notices: EventNotice[] = [];
  readonly commands: Command[] = [];
  readonly samples: BoxSamples[] = [];
  down = false;

  async publishEvents(notice: EventNotice): Promise<void> {
    await this.ping();
    this.notices.push(notice);
  }

  async sendCommand(command: Command): Promise<void> {
    await this.ping();
    this.commands.push(command);
  }

  async publishSamples(samples: BoxSamples): Promise<void> {
    await this.ping();
    this.samples.push(samples);
  }

  async ping(): Promise<void> {
    if (this.down) throw new Error('the bus is away');
  }

  onEvents = () => () => {};
  subscribe = () => () => {};
  onCommand = () => () => {};
  onSamples = () => () => {};
  onGap = () => () => {};
  async listening(): Promise<void> {}
  async close(): Promise<void> {}
}
