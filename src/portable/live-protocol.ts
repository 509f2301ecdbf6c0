// What both ends of the WebSocket say first.

export const LIVE_SUBPROTOCOL = 'trainyard.v1';
