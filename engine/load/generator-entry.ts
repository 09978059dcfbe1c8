// The entry of a generator, as a thread or as a process: prepares, says `ready`, runs when told, tells its counts, stops.

import { Generator } from './generator.ts';
import { type HelperPort, openHelperPort } from './helper-port.ts';
import { type GeneratorMessage, type GeneratorPlan, REPORT_MS, type RunnerMessage } from './protocol.ts';

type RunnerPort = HelperPort<GeneratorPlan, RunnerMessage, GeneratorMessage>;

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

class GeneratorTask {
  private readonly port: RunnerPort;
  private readonly generator: Generator;
  private reports: NodeJS.Timeout | null = null;

  constructor(port: RunnerPort) {
    this.port = port;
    this.generator = new Generator(port.plan);
  }

  async begin(): Promise<void> {
    this.port.onMessage((message) => {
      if (message.op === 'tell') {
        this.tell();
        return;
      }
      const work = message.op === 'start' ? this.run(message.startNs) : this.stop();
      work.catch((error: unknown) => this.fail(error));
    });
    await this.generator.connect();
    this.port.post({ op: 'ready', markets: this.generator.markets });
  }

  private tell(): void {
    this.port.post({ op: 'counts', counts: this.generator.counts() });
  }

  private async run(startNs: number): Promise<void> {
    this.reports = setInterval(() => this.tell(), REPORT_MS);
    await this.generator.run(startNs);
    this.port.post({ op: 'done', counts: this.generator.counts() });
  }

  private async stop(): Promise<void> {
    if (this.reports !== null) clearInterval(this.reports);
    await this.generator.stop();
    // Where it is stopped before it was done, these are its last counts.
    this.tell();
    this.port.close();
  }

  fail(error: unknown): void {
    if (this.reports !== null) clearInterval(this.reports);
    this.port.post({ op: 'failed', reason: reasonOf(error) });
  }
}

function begin(port: RunnerPort): void {
  let task: GeneratorTask;
  try {
    task = new GeneratorTask(port);
  } catch (error) {
    port.onMessage(({ op }) => {
      if (op === 'stop') port.close();
    });
    port.post({ op: 'failed', reason: reasonOf(error) });
    return;
  }
  task.begin().catch((error: unknown) => task.fail(error));
}

begin(await openHelperPort<GeneratorPlan, RunnerMessage, GeneratorMessage>());
