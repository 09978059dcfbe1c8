// Given as `--import`: the wall clock of every thread jumps an hour ahead and back each second, and drifts between.

const HOUR_MS = 3_600_000;
const DRIFT = 500e-6;
const trueNow = Date.now;
const began = performance.timeOrigin;

/** A second as it is, one an hour ahead, one an hour behind, and so on, from three seconds after the process began. */
function jumped() {
  const now = trueNow();
  const phase = Math.floor((now - began) / 1_000);
  const jump = phase < 3 ? 0 : [0, 1, -1][phase % 3];
  return Math.floor(now + jump * HOUR_MS + (now - began) * DRIFT);
}

const TrueDate = Date;
class JumpingDate extends TrueDate {
  constructor(...parts) {
    if (parts.length === 0) super(jumped());
    else super(...parts);
  }

  static now() {
    return jumped();
  }
}
globalThis.Date = JumpingDate;
