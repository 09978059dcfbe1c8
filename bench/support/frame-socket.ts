// The raw frame socket of the load generator, under the name that the benches know it by.

export { openFrameSocket, wireFrame, write } from '../../engine/load/frame-socket.ts';
