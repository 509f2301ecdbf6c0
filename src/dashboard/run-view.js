// The selected run. It reads the run and its curves over HTTP, then follows the events after the position
// that the run had before the curves were read; steps that both know count once.
import { readSeries, request } from './api.js';
import { Chart } from './chart.js';
import { Curve, numberOf } from './curves.js';
import { ago, bytes, count, duration, el, percent, plain, sentence, setText, words } from './format.js';
import { DigitPad } from './pad.js';
import { mayChange } from './session.js';

export const ENDED = ['succeeded', 'failed', 'cancelled'];
const $ = (id) => document.getElementById(id);
const isShare = (name) => /accuracy/i.test(name);
const formatOf = (name) => (isShare(name) ? percent : plain);
const axisPercent = (value) => `${Number((value * 100).toFixed(1))} %`;
let datasets = null;

export class RunView {
  #live;
  #on;
  #run = null;
  #curves = null;
  /** Charted beside the loss: a name; null where there is only the loss; undefined until it is known. */
  #metric;
  #loading = null;
  #due = false;
  #refresh = null;
  #clock = null;
  #pads = new Map();
  #charts;
  #sure = null;

  /**
   * @param {import('./live.js').LiveConnection} live
   * @param {{change: (run: object) => void, failure: (failure: {title: string, text: string, final: boolean}|null) => void, deleted: (id: string) => void}} on
   */
  constructor(live, on) {
    this.#live = live;
    this.#on = on;
    const onHover = (step) => Object.values(this.#charts).forEach((chart) => chart.setHover(step));
    this.#charts = {
      loss: new Chart($('chart-loss'), { title: 'Loss', format: plain, limits: [0, Infinity], onHover }),
      metric: new Chart($('chart-metric'), { title: 'Accuracy', format: percent, axis: axisPercent, limits: [0, 1], onHover }),
      rate: new Chart($('chart-rate'), { title: 'Learning rate', format: plain, limits: [0, Infinity], small: true, onHover }),
    };
    $('cancel').addEventListener('click', () => void this.#act($('cancel'), async () => {
      Object.assign(this.#run, await request(`v1/runs/${this.#run.id}/cancel`, { method: 'POST' }));
    }));
    $('delete').addEventListener('click', () => this.#delete());
    $('log').addEventListener('toggle', () => void this.#readLog());
  }

  close() {
    this.#loading?.abort();
    this.#live.unwatch();
    clearInterval(this.#clock);
    clearTimeout(this.#refresh);
    this.#run = null;
  }

  /** @param {string} id */
  async open(id) {
    this.close();
    const loading = new AbortController();
    const { signal } = (this.#loading = loading);
    try {
      const run = await request(`v1/runs/${id}`, { signal });
      const names = (await readSeries(id, [], { signal })).map(({ key }) => key.split('/')).filter(([by]) => by === 'batch').map(([, name]) => name);
      const metric = names.length === 0 ? undefined : metricOf(names);
      const keys = ['batch/learning_rate', ...['loss', metric ?? 'accuracy'].flatMap((name) => [`batch/${name}`, `epoch/${name}`, `epoch/val_${name}`])];
      const series = await readSeries(id, keys, { signal });
      datasets ??= await request('v1/datasets', { signal }).then(({ items }) => items);
      if (signal.aborted) return;
      this.#run = run;
      this.#metric = metric;
      this.#curves = { attempt: run.attempt, by: new Map(series.map((one) => [one.key, Curve.of(one)])) };
    } catch (error) {
      if (!signal.aborted) this.#on.failure(error.code === 'not_found' || error.status === 400
        ? { title: 'There is no such run', text: 'It may have been deleted.', final: true }
        : { title: 'The run could not be read', text: error.message, final: false });
      return;
    }
    this.#on.failure(null);
    this.#live.watch(id, this.#run.head, {
      onEvent: (event) => this.#take(event),
      onGone: () => this.#on.deleted(id),
      onStale: () => void this.open(id),
    });
    this.#clock = setInterval(() => this.#renderFacts(), 1000);
    this.#disarm();
    this.#nameMetric();
    $('log').open = false;
    this.#render();
    void this.#readModel(signal);
    void this.#readFiles();
  }

  #curve(key) {
    const { by } = this.#curves;
    if (!by.has(key)) by.set(key, new Curve());
    return by.get(key);
  }

  /** The curves without what is void after `step` and `epoch`. */
  #curvesUpTo(step, epoch) {
    const { by } = this.#curves;
    for (const [key, curve] of by) curve.cut(key.startsWith('epoch/') ? epoch : step);
    return by;
  }

  /** Every event once, in order. */
  #take({ kind, at, data }) {
    const run = this.#run;
    if (data.attempt > this.#curves.attempt) {
      // A new attempt goes on from a step, or trains from the start, and its events all follow.
      const { step = 0, epoch = 0 } = data;
      this.#curves = { attempt: data.attempt, by: step === 0 ? new Map() : this.#curvesUpTo(step, epoch) };
      Object.assign(run, { attempt: data.attempt, metrics: {}, progress: { ...run.progress, epoch, step, examplesPerSecond: null } });
    } else if (data.attempt < this.#curves.attempt) return;
    if (kind === 'state') {
      Object.assign(run, { state: data.state, reason: data.reason ?? null, message: data.message ?? null });
      if (ENDED.includes(data.state)) run.endedAt = at;
      if (data.state === 'starting') run.startedAt = at;
      this.#refreshSoon();
    } else if (kind === 'metrics') this.#takeSteps(data);
    else if (kind === 'epoch') {
      for (const [name, value] of Object.entries(data.metrics)) this.#curve(`epoch/${name}`).add(data.epoch, numberOf(value));
      Object.assign(run.metrics, data.metrics);
      Object.assign(run.progress, { epoch: data.epoch, step: data.step, examplesPerSecond: data.examplesPerSecond });
    } else if (kind === 'artifact') this.#refreshSoon();
    else if ((kind === 'log' || kind === 'warning') && $('log').open) void this.#readLog();
    this.#render();
  }

  #takeSteps({ epoch, steps, series, examplesPerSecond }) {
    if (this.#metric === undefined) {
      this.#metric = metricOf(Object.keys(series));
      this.#nameMetric();
    }
    for (const [name, values] of Object.entries(series)) {
      const curve = this.#curve(`batch/${name}`);
      values.forEach((value, index) => curve.add(steps[index], numberOf(value)));
    }
    Object.assign(this.#run.progress, { epoch, step: steps.at(-1), examplesPerSecond });
  }

  #nameMetric() {
    $('chart-metric').hidden = this.#metric === null;
    const name = this.#metric ?? 'accuracy';
    const share = isShare(name);
    this.#charts.metric.configure({ title: sentence(words(name)), format: formatOf(name), axis: share ? axisPercent : undefined, limits: share ? [0, 1] : [-Infinity, Infinity] });
  }

  /** The row knows what no event tells: the device, the kept epoch's numbers, the files. */
  #refreshSoon() {
    clearTimeout(this.#refresh);
    this.#refresh = setTimeout(async () => {
      const { id } = this.#run;
      const fresh = await request(`v1/runs/${id}`).catch(() => null);
      if (fresh === null || this.#run?.id !== id) return;
      const { name, tags, spec, extendedAfter, engine, backend, device, bestEpoch, startedAt, endedAt } = fresh;
      const { epochs, totalSteps } = fresh.progress;
      Object.assign(this.#run, { name, tags, spec, extendedAfter, engine, backend, device, bestEpoch, startedAt, endedAt });
      Object.assign(this.#run.progress, { epochs, totalSteps });
      if (ENDED.includes(fresh.state)) Object.assign(this.#run, { metrics: fresh.metrics });
      this.#render();
      void this.#readFiles();
    }, 150);
  }

  #render() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      if (this.#run === null) return;
      this.#renderHead();
      this.#renderFacts();
      this.#renderCharts();
      this.#on.change(this.#run);
    });
  }

  #renderHead() {
    const { name, state, reason, message, spec, recipe, metrics, createdAt } = this.#run;
    $('run-state').dataset.state = state;
    setText($('run-state').lastElementChild, sentence(state));
    setText($('run-name'), name);
    const { optimizer, fit, dataset } = spec;
    setText($('run-spec'), [recipe === name ? null : recipe, dataset.name, `${optimizer.type}${optimizer.learningRate === undefined ? '' : ` ${plain(optimizer.learningRate)}`}`, `batches of ${count(fit.batchSize)}`, `${count(fit.epochs)} epoch${fit.epochs === 1 ? '' : 's'}`, ago(createdAt)].filter(Boolean).join(' · '));
    const measured = this.#metric ?? 'accuracy';
    const hero = [`val_${measured}`, measured, 'val_loss', 'loss'].find((key) => metrics[key] !== undefined);
    setText($('hero'), hero === undefined ? '' : formatOf(hero)(numberOf(metrics[hero])));
    setText($('hero-name'), hero === undefined ? '' : words(hero.replace(/^val_/, dataset.validation === 'test' ? 'test_' : 'validation_')));
    const why = sentence([reason === null || reason === 'user_cancel' ? null : words(reason), message].filter(Boolean).join(': '));
    $('reason').hidden = why === '';
    $('reason').dataset.state = state;
    setText($('reason'), why);
    const ended = ENDED.includes(state);
    const mine = mayChange(this.#run);
    $('cancel').hidden = ended || !mine;
    $('cancel').disabled = state === 'cancelling';
    $('delete').hidden = !ended || !mine;
  }

  #renderFacts() {
    const { progress, spec, state, device, backend, startedAt, endedAt, bestEpoch } = this.#run;
    const { epoch, epochs, step, totalSteps, examplesPerSecond } = progress;
    const active = startedAt !== null && endedAt === null;
    const leftMs = examplesPerSecond > 0 ? (((totalSteps - step) * spec.fit.batchSize) / examplesPerSecond) * 1000 : null;
    const done = Math.min(100, (step / totalSteps) * 100);
    $('progress').dataset.state = state;
    $('progress').setAttribute('aria-valuenow', done.toFixed(0));
    $('progress').setAttribute('aria-valuetext', `step ${count(step)} of ${count(totalSteps)}`);
    $('progress').firstElementChild.style.transform = `scaleX(${done / 100})`;
    const facts = {
      Epoch: `${count(epoch)} of ${count(epochs)}${bestEpoch !== null && endedAt !== null ? `, best ${count(bestEpoch)}` : ''}`,
      Step: `${count(step)} of ${count(totalSteps)}`,
      Speed: examplesPerSecond === null ? '–' : `${count(examplesPerSecond)} examples/s`,
      Time: startedAt === null ? '–' : `${duration((endedAt === null ? Date.now() : Date.parse(endedAt)) - Date.parse(startedAt))}${active && state === 'running' && leftMs !== null && step < totalSteps ? `, about ${duration(leftMs)} left` : ''}`,
      Device: device === null ? '–' : `${device.replace(/\((R|TM)\)/g, '')}${backend === null || backend === device ? '' : ` (${backend})`}`,
    };
    const list = $('facts');
    if (list.childElementCount === 0) list.append(...Object.keys(facts).map((name) => el('div', {}, el('dt', {}, name), el('dd'))));
    Object.values(facts).forEach((fact, index) => setText(list.children[index].lastElementChild, fact));
    list.lastElementChild.title = facts.Device;
  }

  #renderCharts() {
    const { progress, state } = this.#run;
    const axis = { endStep: Math.max(1, ENDED.includes(state) ? progress.step || progress.totalSteps : progress.totalSteps), stepsPerEpoch: progress.totalSteps / progress.epochs };
    const by = (key) => this.#curves.by.get(key) ?? null;
    const three = (name) => ({ batch: by(`batch/${name}`), train: by(`epoch/${name}`), validation: by(`epoch/val_${name}`) });
    this.#charts.loss.update({ ...axis, ...three('loss') });
    this.#charts.metric.update({ ...axis, ...three(this.#metric ?? 'accuracy') });
    this.#charts.rate.update({ ...axis, batch: by('batch/learning_rate'), train: null, validation: null });
  }

  async #readModel(signal) {
    const table = $('model');
    table.replaceChildren();
    const model = await request(`v1/runs/${this.#run.id}/model`, { signal }).catch(() => null);
    if (signal.aborted || model === null) return;
    const shape = (axes) => (axes === null ? 'unknown' : axes.join(' × '));
    const row = ({ name, type, outputShape, parameterCount }) => el('tr', {}, el('th', { scope: 'row' }, name), el('td', {}, type), el('td', {}, shape(outputShape)), el('td', { class: 'number' }, count(parameterCount)));
    table.append(
      el('thead', {}, el('tr', {}, ...['Layer', 'Type', 'Output', 'Weights'].map((name, at) => el('th', { scope: 'col', class: at === 3 ? 'number' : null }, name)))),
      el('tbody', {}, ...model.layers.map(row)),
      el('tfoot', {}, el('tr', {}, el('th', { scope: 'row', colspan: '3' }, 'In all'), el('td', { class: 'number' }, count(model.parameterCount)))),
    );
  }

  async #readFiles() {
    const { id, spec } = this.#run;
    const files = await request(`v1/runs/${id}/artifacts`).then(({ items }) => items, () => null);
    if (files === null || this.#run?.id !== id) return;
    $('files').replaceChildren(...files.map(({ path, url, bytes: size }) => el('li', {}, el('a', { href: url, download: path.split('/').at(-1) }, path), el('span', {}, bytes(size)))));
    if (files.length === 0) $('files').append(el('li', { class: 'wait' }, ENDED.includes(this.#run.state) ? 'The run left no files.' : 'They come with the end of the run.'));
    const dataset = datasets.find(({ name }) => name === spec.dataset.name);
    const draws = dataset !== undefined && dataset.inputShape.join() === '28,28,1';
    $('ask').hidden = !draws;
    if (draws) this.#padFor(dataset).setRun(files.some(({ path }) => path === 'model/model.json') ? id : null);
  }

  #padFor({ name, labels }) {
    if (!this.#pads.has(name)) {
      this.#pads.clear();
      this.#pads.set(name, new DigitPad($('pad'), labels));
    }
    return this.#pads.get(name);
  }

  async #readLog() {
    if (!$('log').open || this.#run === null) return;
    const text = await request(`v1/runs/${this.#run.id}/logs`, { accept: 'text/plain' }).catch((error) => error.message);
    setText($('log').lastElementChild, text === '' ? 'Nothing was said.' : text);
  }

  async #act(button, action) {
    button.disabled = true;
    try {
      await action();
    } catch (error) {
      this.#run.message = error.message;
    }
    button.disabled = false;
    if (this.#run !== null) this.#render();
  }

  /** Twice, because it cannot be undone. */
  #delete() {
    const { id } = this.#run;
    if (this.#sure === null) {
      setText($('delete'), 'Delete it for good?');
      this.#sure = setTimeout(() => this.#disarm(), 5000);
      return;
    }
    this.#disarm();
    void this.#act($('delete'), async () => {
      await request(`v1/runs/${id}`, { method: 'DELETE' });
      this.#on.deleted(id);
    });
  }

  #disarm() {
    clearTimeout(this.#sure);
    this.#sure = null;
    setText($('delete'), 'Delete run');
  }
}

/** The metric that is charted beside the loss; null when there is only the loss. */
function metricOf(names) {
  const measured = names.filter((name) => name !== 'loss' && name !== 'learning_rate');
  return measured.includes('accuracy') ? 'accuracy' : (measured[0] ?? null);
}
