const BUCKETS = 1024;

/** A cost over the iterations, as the lowest and highest of each of at most 1,024 stretches: any run fits and spikes show. */
export class Costs {
  constructor() {
    this.clear();
  }

  clear() {
    /** Iterations of a stretch. */
    this.stride = 1;
    this.low = new Float64Array(BUCKETS).fill(Number.NaN);
    this.high = new Float64Array(BUCKETS).fill(Number.NaN);
    this.first = Number.NaN;
    this.last = Number.NaN;
    this.until = 0;
    /** The first iteration whose cost is no number. */
    this.broken = null;
  }

  /** @param {ArrayLike<number>} pairs iteration and cost, in turn */
  add(pairs) {
    for (let k = 0; k + 1 < pairs.length; k += 2) this.#put(pairs[k], pairs[k + 1]);
  }

  #put(iteration, cost) {
    this.until = Math.max(this.until, iteration);
    if (!Number.isFinite(cost)) {
      this.broken ??= iteration;
      return;
    }
    while (iteration / this.stride >= BUCKETS) this.#halve();
    const at = Math.floor(iteration / this.stride);
    // `fmin` and `fmax`: the stretch may have none yet
    if (!(this.low[at] <= cost)) this.low[at] = cost;
    if (!(this.high[at] >= cost)) this.high[at] = cost;
    if (Number.isNaN(this.first)) this.first = cost;
    this.last = cost;
  }

  #halve() {
    for (let k = 0; k < BUCKETS / 2; k++) {
      const [a, b] = [2 * k, 2 * k + 1];
      this.low[k] = this.low[a] <= this.low[b] || Number.isNaN(this.low[b]) ? this.low[a] : this.low[b];
      this.high[k] = this.high[a] >= this.high[b] || Number.isNaN(this.high[b]) ? this.high[a] : this.high[b];
    }
    this.low.fill(Number.NaN, BUCKETS / 2);
    this.high.fill(Number.NaN, BUCKETS / 2);
    this.stride *= 2;
  }

  /** Calls with iteration, lowest and highest of each stretch that has any. */
  each(see) {
    for (let k = 0; k < BUCKETS; k++) {
      if (!Number.isNaN(this.low[k])) see(this.stride * (k + (this.stride > 1 ? 0.5 : 0)), this.low[k], this.high[k]);
    }
  }
}
