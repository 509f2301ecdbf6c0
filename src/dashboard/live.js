// The live stream of one run at a time. It remembers the number of the last event that it handed on: after a
// lost connection it asks for what follows, so that nothing is missing and nothing comes twice.

const PROTOCOL = 'trainyard.v1';
const FIRST_DELAY_MS = 300;
const MAX_DELAY_MS = 8000;
/** A connection that has been silent for this long is asked for a sign of life... */
const QUIET_MS = 15_000;
/** ...and given up after this long without one. */
const DEAD_MS = 25_000;

/**
 * @typedef {object} Watcher what becomes of a watched run
 * @property {(event: {seq: number, kind: string, at: string, data: Record<string, unknown>}) => void} onEvent every event once, in order
 * @property {() => void} onGone the run was deleted, or there is none
 * @property {() => void} onStale the log is not the one that was read: read everything afresh
 */

export class LiveConnection {
  #address;
  #onStatus;
  #onRefused;
  #socket = null;
  #watched = null;
  #delayMs = FIRST_DELAY_MS;
  #retry = null;
  #heardAt = 0;
  #pulse = null;
  #again = false;

  /**
   * @param {string} address of the page's own service: `http(s)://…/v1/live`
   * @param {(status: 'connecting'|'live'|'behind'|'reconnecting') => void} onStatus
   * @param {() => void} onRefused the service has let go of it for a reason: it may not be wanted back
   */
  constructor(address, onStatus, onRefused) {
    this.#onRefused = onRefused;
    this.#address = address.replace(/^http/, 'ws');
    this.#onStatus = onStatus;
  }

  open() {
    this.#onStatus(this.#again ? 'reconnecting' : 'connecting');
    clearTimeout(this.#retry);
    const socket = new WebSocket(this.#address, PROTOCOL);
    this.#socket = socket;
    socket.onopen = () => {
      this.#delayMs = FIRST_DELAY_MS;
      this.#again = true;
      this.#heardAt = Date.now();
      this.#pulse = setInterval(() => this.#checkPulse(), 5000);
      this.#onStatus('live');
      this.#subscribe();
    };
    socket.onmessage = ({ data }) => {
      this.#heardAt = Date.now();
      const messages = JSON.parse(data);
      for (const message of Array.isArray(messages) ? messages : [messages]) this.#take(message);
    };
    socket.onclose = ({ code }) => {
      this.#lost(socket);
      // A refused handshake is told as any other failure.
      if (code === 1008 || code === 1006) this.#onRefused();
    };
  }

  /** Tries again now if the connection is lost: the network or the person is back. */
  nudge() {
    if (this.#socket === null) this.open();
  }

  /**
   * Follows a run; the one before is let go.
   * @param {string} runId
   * @param {number} after number of the last event that is known already
   * @param {Watcher} watcher
   */
  watch(runId, after, watcher) {
    this.unwatch();
    this.#watched = { runId, seq: after, watcher, asked: false, behindUntil: 0 };
    this.#subscribe();
  }

  unwatch() {
    if (this.#watched !== null) this.#send({ type: 'unsubscribe', runId: this.#watched.runId });
    this.#watched = null;
  }

  #subscribe() {
    if (this.#watched === null) return;
    this.#watched.asked = true;
    this.#send({ type: 'subscribe', runId: this.#watched.runId, after: this.#watched.seq });
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #take(message) {
    const watched = this.#watched;
    if (watched === null || message.runId !== watched.runId) return;
    if (message.type === 'event') {
      if (message.seq <= watched.seq) return;
      // The stream has no gap, but the last frames of a subscription that was replaced may look like one.
      if (message.seq > watched.seq + 1) {
        if (!watched.asked) this.#subscribe();
        return;
      }
      watched.seq = message.seq;
      watched.watcher.onEvent(message);
      if (watched.behindUntil > 0 && watched.seq >= watched.behindUntil) {
        watched.behindUntil = 0;
        this.#onStatus('live');
      }
    } else if (message.type === 'subscribed') {
      watched.asked = false;
    } else if (message.type === 'lagging') {
      watched.behindUntil = message.head;
      this.#onStatus('behind');
    } else if (message.type === 'deleted' || (message.type === 'error' && message.code === 'not_found')) {
      this.#watched = null;
      watched.watcher.onGone();
    } else if (message.type === 'error' && message.code === 'bad_request') {
      this.#watched = null;
      watched.watcher.onStale();
    } else if (message.type === 'error') {
      this.#socket?.close();
    }
  }

  #checkPulse() {
    const quietMs = Date.now() - this.#heardAt;
    if (quietMs > DEAD_MS) {
      const socket = this.#socket;
      socket?.close();
      this.#lost(socket);
    } else if (quietMs > QUIET_MS) this.#send({ type: 'ping' });
  }

  #lost(socket) {
    if (socket === null || this.#socket !== socket) return;
    socket.onclose = socket.onmessage = socket.onopen = null;
    this.#socket = null;
    this.#again = true;
    clearInterval(this.#pulse);
    this.#onStatus('reconnecting');
    // Spread, so that a hundred pages do not return to a restarted service at the same moment.
    this.#retry = setTimeout(() => this.open(), this.#delayMs * (0.5 + Math.random()));
    this.#delayMs = Math.min(this.#delayMs * 2, MAX_DELAY_MS);
  }
}
