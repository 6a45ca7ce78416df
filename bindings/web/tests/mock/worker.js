// A worker of JavaScript that keeps the page's contract, for work on the page without a build of the library: a network
// of one hidden layer of tanh by plain descent, on the points of tests/golden.
let run = null;
let [playing, busy, pace, view] = [false, false, null, { grid: 97, units: 28, layer: 0 }];
let many = null;

const COMPLETE = {
  data: 'flower', samples: 400, dataSeed: 1, heldOut: 0, scale: 'auto', hidden: '4', activation: 'tanh', backward: null,
  output: 'auto', optimizer: 'gd', rate: 1.2, batch: 0, l2: 0, seed: 2, start: '0.01', iterations: 10000, device: 'auto', plan: 'auto',
};
const KEYS = {
  flower: 'flower', 'noisy-circles': 'noisy_circles@1', 'noisy-moons': 'noisy_moons@1', blobs: 'blobs@5',
  'gaussian-quantiles': 'gaussian_quantiles@1', xor: 'xor@1', spirals: 'spirals@1',
};

class Network {
  constructor(points, train, { hidden, rate, seed, backward }) {
    Object.assign(this, { points, train, units: Number(hidden), rate, backward, iteration: 0 });
    let state = seed * 7919 + 1;
    const normal = () => {
      let sum = -6;
      for (let k = 0; k < 12; k++) sum += (state = (state * 16807) % 2147483647) / 2147483647;
      return 0.3 * sum;
    };
    this.theta = Float64Array.from({ length: 4 * this.units + 1 }, normal);
  }

  at(x1, x2, see) {
    const { theta, units } = this;
    let z = theta[4 * units];
    for (let u = 0; u < units; u++) {
      const a = Math.tanh(theta[2 * u] * x1 + theta[2 * u + 1] * x2 + theta[2 * units + u]);
      see?.(u, a);
      z += theta[3 * units + u] * a;
    }
    return z;
  }

  score(from, to) {
    let [cost, right] = [0, 0];
    for (let k = from; k < to; k++) {
      const [x1, x2, y] = this.points.subarray(3 * k, 3 * k + 3);
      const z = this.at(x1, x2);
      cost += Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z)));
      right += z > 0 === y > 0;
    }
    return { cost: cost / (to - from), accuracy: right / (to - from) };
  }

  step() {
    const { theta, units, train: m } = this;
    const gradient = new Float64Array(theta.length);
    const a = new Float64Array(units);
    for (let k = 0; k < m; k++) {
      const [x1, x2, y] = this.points.subarray(3 * k, 3 * k + 3);
      const z = this.at(x1, x2, (u, value) => (a[u] = value));
      const d = (1 / (1 + Math.exp(-z)) - y) / m;
      gradient[4 * units] += d;
      for (let u = 0; u < units; u++) {
        gradient[3 * units + u] += d * a[u];
        const d1 = d * theta[3 * units + u] * (1 - a[u] * a[u]);
        gradient[2 * u] += d1 * x1;
        gradient[2 * u + 1] += d1 * x2;
        gradient[2 * units + u] += d1;
      }
    }
    for (let k = 0; k < theta.length; k++) theta[k] -= this.rate * gradient[k];
    this.iteration++;
    if (this.backward && this.iteration > 48) theta.fill(Number.NaN);
  }

  grid(n, [left, right, low, high]) {
    return Float32Array.from({ length: n * n }, (_, k) =>
      this.at(left + ((right - left) * (k % n)) / (n - 1), high - ((high - low) * Math.floor(k / n)) / (n - 1)));
  }

  maps(m, [left, right, low, high]) {
    const maps = new Float32Array(this.units * m * m);
    for (let k = 0; k < m * m; k++) {
      const x1 = left + ((right - left) * (k % m)) / (m - 1);
      this.at(x1, high - ((high - low) * Math.floor(k / m)) / (m - 1), (u, a) => (maps[u * m * m + k] = a));
    }
    return maps;
  }

  get flat() {
    const { theta: t, units: u } = this;
    return Float32Array.of(...t.subarray(0, 3 * u), ...t.subarray(3 * u, 4 * u), t[4 * u]);
  }
}

const say = (message) => postMessage(message);

async function open(message) {
  const settings = { ...COMPLETE, ...message.settings };
  if (!/^\d+$/.test(settings.hidden)) throw new Error('The mock trains one hidden layer.');
  if (settings.activation === 'nonsense') throw new Error('The activation must be tanh, sigmoid or relu, not ‘nonsense’.');
  if (message.table && !new TextDecoder().decode(message.table.bytes).includes(',')) {
    throw new Error(`${message.table.name} is no table: its first line has one cell.`);
  }
  let points = message.points;
  if (message.table) {
    const rows = new TextDecoder().decode(message.table.bytes).trim().split('\n').slice(1);
    points = Float32Array.from(rows.flatMap((row) => row.split(',').map(Number)));
  } else if (settings.data !== 'own') {
    const all = await (await fetch('/golden/datasets.json')).json();
    const { points: places, labels } = all[KEYS[settings.data]];
    points = Float32Array.from(places.flatMap(([x1, x2], k) => [x1, x2, labels[k]]));
  }
  const samples = points.length / 3;
  const train = Math.round(samples * (1 - settings.heldOut));
  const side = (k) => {
    const all = Array.from(points).filter((_, at) => at % 3 === k);
    return [Math.min(...all) - 1, Math.max(...all) + 1];
  };
  const bounds = message.bounds ?? [...side(0), ...side(1)];
  run = { settings: { ...settings, samples }, points, train, bounds, costs: [], heldOutCosts: [] };
  run.network = new Network(points, train, settings);
  return {
    settings: run.settings, device: { kind: 'cpu', name: 'mock engine' }, fallback: 'This browser offers no GPU, so the CPU trains.',
    plan: 'cpu', adapters: [], samples, features: 2, outputs: 1, output: 'logistic', classes: ['y = 0', 'y = 1'],
    names: ['x1', 'x2'], points, train, bounds, notices: [], parameters: run.network.theta.length,
  };
}

function frame() {
  if (!run || busy) return;
  busy = true;
  const { network, train, points, bounds, settings } = run;
  const { cost, accuracy } = network.score(0, train);
  const held = train < points.length / 3 ? network.score(train, points.length / 3) : {};
  if (held.cost) run.heldOutCosts.push(network.iteration, held.cost);
  const ended = network.iteration >= settings.iterations;
  const status = Number.isNaN(cost) ? 'diverged' : ended ? 'finished' : playing ? 'training' : 'paused';
  say({
    is: 'frame', status, iteration: network.iteration, cost, accuracy, heldOutCost: held.cost ?? null,
    heldOutAccuracy: held.accuracy ?? null, costs: Float64Array.from(run.costs), heldOutCosts: Float64Array.from(run.heldOutCosts),
    perSecond: pace ?? 5000, grid: network.grid(view.grid, bounds), units: view.units ? network.maps(view.units, bounds) : new Float32Array(),
    widths: [2, network.units, 1], weights: network.flat, layer: 0,
    said: status === 'diverged' ? 'The cost is no number at iteration 49.' : undefined,
    many: many?.map(({ value, network }) => ({ value, ...network.score(0, train), status, grid: network.grid(48, bounds) })),
  });
  run.costs = [];
  run.heldOutCosts = [];
  if (status === 'finished' || status === 'diverged') playing = false;
}

function advance(steps) {
  for (let k = 0; k < steps; k++) {
    for (const { network } of many ?? []) network.step();
    run.costs.push(run.network.iteration, run.network.score(0, run.train).cost);
    run.network.step();
  }
}

const ANSWERS = {
  async open(message) {
    many = null;
    playing = false;
    return { is: 'opened', ...(await open(message)) };
  },
  async many({ vary, count }) {
    many = Array.from({ length: count }, (_, k) => {
      const value = vary === 'seed' ? k + 1 : 0.05 * (k + 1);
      return { value, network: new Network(run.points, run.train, { ...run.settings, [vary]: value }) };
    });
    return { is: 'opened', ...(await open(run)) };
  },
  play: () => ((playing = true), { is: 'done' }),
  pause: () => ((playing = false), { is: 'done' }),
  step: ({ iterations }) => (advance(iterations), { is: 'done' }),
  reset: () => ((run.network = new Network(run.points, run.train, run.settings)), (run.costs = []), { is: 'done' }),
  pace: ({ perSecond }) => ((pace = perSecond), { is: 'done' }),
  view: (message) => ((view = message), { is: 'done' }),
  why: () => ({ is: 'why', verdict: { verdict: 'the backward pass uses tanh’s derivative', trials: [] }, said: ['the backward pass uses tanh’s derivative'] }),
  compare: () => ({ is: 'compared', verdict: true, said: 'One step agrees to 1e-6.', rows: [{ what: 'dW1', gpu: 0.1, cpu: 0.1, difference: 1e-8, bound: 1e-6 }] }),
  save: () => ({ is: 'saved', name: 'planar.safetensors', bytes: new ArrayBuffer(8) }),
  costs: () => ({ is: 'costs', name: 'costs.csv', csv: 'iteration,cost\n0,0.693\n' }),
};

/** Begins to answer the page. */
export function serve() {
  onmessage = async ({ data }) => {
    if (data.do === 'drawn') {
      busy = false;
      return;
    }
    try {
      say({ id: data.id, ...(await ANSWERS[data.do](data)) });
      busy = false;
      frame();
    } catch (error) {
      say({ id: data.id, is: 'failed', said: error.message });
    }
  };
  setInterval(() => {
    if (!run || !playing) return;
    const left = run.settings.iterations - run.network.iteration;
    advance(Math.max(0, Math.min(left, Math.round((pace ?? 2000) / 60) || 1)));
    frame();
  }, 16);
  say({ is: 'ready' });
}
