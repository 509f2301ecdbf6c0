// The page: the ladder of recipes, the list of runs, and which run is selected (the address's `#/runs/<id>`).
import { addressOf, request } from './api.js';
import { ago, count, el, percent, plain, sentence, setText } from './format.js';
import { LiveConnection } from './live.js';
import { ENDED, RunView } from './run-view.js';
import { checkSession, may, onlyRun, signIn } from './session.js';

const $ = (id) => document.getElementById(id);
const BUSY_POLL_MS = 1500;
const IDLE_POLL_MS = 10_000;
const PAGE = 50;
const MOST = 200;
const LINK = { connecting: 'Connecting', live: 'Live', behind: 'Catching up', reconnecting: 'Reconnecting, nothing is lost' };

const rows = new Map();
const rungs = new Map();
const sought = new Set();
let recipes = null;
let runs = [];
let limit = PAGE;
let polling = null;
let asking = false;

const live = new LiveConnection(addressOf('v1/live'), (status) => {
  $('link').dataset.status = status;
  setText($('link'), LINK[status]);
  // The service is back: what could not be read may be there now.
  if (status === 'live' && !$('failure').hidden) route();
}, () => void checkSession());
const view = new RunView(live, { change: showInList, failure: showFailure, deleted: forget });

function selectedId() {
  return /^#\/runs\/([\w-]+)$/.exec(location.hash)?.[1] ?? null;
}

function route() {
  const id = selectedId();
  $('layout').classList.toggle('selected', id !== null);
  for (const [runId, row] of rows) mark(row.link, runId === id);
  if (id === null) {
    view.close();
    show('welcome');
    document.title = 'Trainyard';
    return;
  }
  $('main').setAttribute('aria-busy', 'true');
  void view.open(id);
  window.scrollTo({ top: 0 });
}

function mark(link, current) {
  if (current) link.setAttribute('aria-current', 'page');
  else link.removeAttribute('aria-current');
}

/** Shows one of the three things that the right side may be. */
function show(which) {
  for (const id of ['welcome', 'failure', 'run']) $(id).hidden = id !== which;
  $('main').removeAttribute('aria-busy');
}

function showFailure(failure) {
  if (failure === null) return show('run');
  $('retry').hidden = failure.final;
  setText($('failure-title'), failure.title);
  setText($('failure-text'), failure.text);
  show('failure');
}

function notice(text) {
  $('notice').hidden = text === null;
  setText($('notice'), text ?? '');
}

function forget(id) {
  runs = runs.filter((run) => run.id !== id);
  renderRuns();
  if (selectedId() === id) location.hash = '#/';
}

async function train(recipe, button) {
  button.disabled = true;
  try {
    const run = await request('v1/runs', { json: { recipe } });
    notice(null);
    runs = [run, ...runs];
    renderRuns();
    location.hash = `#/runs/${run.id}`;
  } catch (error) {
    notice(`The run was not started. ${error.message}`);
  } finally {
    button.disabled = false;
  }
}

const goalOf = (share) => `${Number((share * 100).toFixed(2))} %`;

function renderRecipes() {
  $('recipes').replaceChildren(...recipes.map(({ name, title, idea, description, expected }) => {
    const reached = el('span', { class: 'reached' });
    const goal = expected.atLeast === undefined ? `stays below ${goalOf(expected.atMost)}` : `reaches ${goalOf(expected.atLeast)}`;
    const button = el('button', { type: 'button', ...(may('write') ? {} : { disabled: '', title: 'You may look only' }), 'aria-label': `Train: ${title}`, onclick: () => void train(name, button) }, 'Train');
    const rung = el('li', { 'data-recipe': name },
      el('details', { name: 'recipe' }, el('summary', {}, el('span', {}, title), reached), el('p', {}, idea), el('p', { class: 'fine' }, `${description} It ${goal}.`)),
      button);
    rungs.set(name, { rung, reached, button });
    return rung;
  }));
  renderRungs();
}

/** What each recipe has reached so far, by the runs of the list, and which one comes next. */
function renderRungs() {
  let next = true;
  for (const [name, { rung, reached, button }] of rungs) {
    const results = runs.filter((run) => run.recipe === name && run.state === 'succeeded').map((run) => Number(run.metrics.val_accuracy)).filter(Number.isFinite);
    rung.classList.toggle('done', results.length > 0);
    button.classList.toggle('next', next && results.length === 0);
    next &&= results.length > 0;
    setText(reached, results.length === 0 ? '' : percent(Math.max(...results)));
  }
}

function createRow(id) {
  const name = el('span', { class: 'name' });
  const value = el('span', { class: 'value' });
  const state = el('span', { class: 'state' }, el('i', { class: 'dot', 'aria-hidden': 'true' }), el('span'));
  const about = el('span', { class: 'about' });
  const bar = el('span', { class: 'progress', 'aria-hidden': 'true' }, el('i'));
  const link = el('a', { href: `#/runs/${id}` }, name, value, state, about, bar);
  mark(link, id === selectedId());
  return { item: el('li', {}, link), link, name, value, state, about, bar };
}

function updateRow({ name, value, state, about, bar }, run) {
  const { progress, metrics } = run;
  const accuracy = metrics.val_accuracy ?? metrics.accuracy;
  const result = accuracy ?? metrics.val_loss ?? metrics.loss;
  setText(name, run.name);
  setText(value, result === undefined ? '' : (accuracy === undefined ? plain : percent)(Number(result)));
  state.dataset.state = bar.dataset.state = run.state;
  setText(state.lastElementChild, sentence(run.state));
  const ended = ENDED.includes(run.state);
  setText(about, ended || progress.step === 0 ? ago(run.createdAt) : `epoch ${count(progress.epoch)} of ${count(progress.epochs)}`);
  bar.hidden = ended;
  bar.firstElementChild.style.transform = `scaleX(${progress.step / progress.totalSteps})`;
}

function renderRuns() {
  const list = $('runs');
  for (const id of [...rows.keys()]) if (!runs.some((run) => run.id === id)) rows.delete(id);
  const items = runs.map((run) => {
    if (!rows.has(run.id)) rows.set(run.id, createRow(run.id));
    updateRow(rows.get(run.id), run);
    return rows.get(run.id).item;
  });
  if (items.length === 0) items.push(el('li', { class: 'wait' }, 'None yet. Press Train above.'));
  // Moved only where the order differs, so that focus stays where it is.
  items.forEach((item, index) => {
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
  while (list.childElementCount > items.length) list.lastElementChild.remove();
  renderRungs();
}

/** The selected run is followed live: its row need not wait for the list. */
function showInList(run) {
  const row = rows.get(run.id);
  if (row !== undefined) updateRow(row, run);
  else if (!sought.has(run.id)) {
    sought.add(run.id);
    void poll();
  }
  document.title = ENDED.includes(run.state) ? `${run.name}: ${run.state}` : `${Math.floor((run.progress.step / run.progress.totalSteps) * 100)} % · ${run.name}`;
  if (row !== undefined && ENDED.includes(run.state) && !ENDED.includes(runs.find(({ id }) => id === run.id)?.state)) void poll();
}

async function poll() {
  if (asking || !may('read')) return;
  asking = true;
  clearTimeout(polling);
  let waitMs = IDLE_POLL_MS;
  try {
    if (recipes === null) {
      recipes = (await request('v1/recipes')).items;
      renderRecipes();
    }
    const page = await request(`v1/runs?limit=${limit}`);
    runs = page.items;
    $('more').hidden = page.nextCursor === null || limit >= MOST;
    renderRuns();
    notice(null);
    if (runs.some((run) => !ENDED.includes(run.state))) waitMs = BUSY_POLL_MS;
  } catch (error) {
    notice(`${error.message} What you see may be old; trying again.`);
    waitMs = BUSY_POLL_MS;
  }
  asking = false;
  if (!document.hidden) polling = setTimeout(() => void poll(), waitMs);
}

$('more').addEventListener('click', () => {
  limit = Math.min(MOST, limit + PAGE);
  void poll();
});
$('retry').addEventListener('click', route);
setText($('curl'), `curl ${addressOf('v1/runs')} \\\n  --header "Authorization: Bearer $TRAINYARD_KEY" \\\n  --json '{"recipe": "mnist-softmax"}'`);
window.addEventListener('hashchange', () => (/^#link=/.test(location.hash) ? location.reload() : route()));
window.addEventListener('online', () => live.nudge());
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  live.nudge();
  void poll();
});

await signIn();
if (onlyRun() !== null) location.hash = `#/runs/${onlyRun()}`;
live.open();
route();
void poll();
