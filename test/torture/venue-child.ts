// A simulated venue as a process of its own, which can be stopped and let go on like any process.

import { type SimulatorOptions, startSimulator } from '../../engine/simulate/simulator.ts';

const simulator = await startSimulator(JSON.parse(process.argv[2]) as SimulatorOptions);
process.send?.({ url: simulator.url, symbols: simulator.symbols });
process.on('message', () => {
  void simulator.stop().then(() => process.disconnect());
});
process.on('disconnect', () => process.exit(0));
