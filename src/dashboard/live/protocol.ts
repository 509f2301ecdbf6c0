// What is said over the WebSocket, as the service declares it. Types only.
export type { ClientMessage, DevicesMessage, LaggingMessage, RunSample, DeviceSample, ServerMessage } from '../../schemas/live.js';
export type { RunEvent } from '../../schemas/event.js';
