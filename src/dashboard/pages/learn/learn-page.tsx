// The ladder: one idea a rung, each beside the one before, and two small pieces to play with where they explain one.
import type { ComponentType } from 'preact';
import { api, take } from '../../api/client.js';
import { useAction, useResource } from '../../api/resource.js';
import { identity, whyNot } from '../../api/session.js';
import type { Recipe, Run } from '../../api/types.js';
import { useChartGroup, type ChartGroup } from '../../charts/group.js';
import * as codecs from '../../lib/codecs.js';
import { go, hrefOf, useUrlState } from '../../lib/router.js';
import { headlineOf } from '../../lib/run-words.js';
import { noteRun, runsError, useRuns } from '../../live/run-list.js';
import { Button } from '../../ui/button.js';
import { ErrorNote, Loading, StateBadge } from '../../ui/surfaces.js';
import { GradientPiece } from './gradient-piece.js';
import { RungChart } from './rung-charts.js';
import { latestRuns, wordsOf } from './rungs.js';
import { SoftmaxPiece } from './softmax-piece.js';
import './learn.css';
import './pieces.css';

const ZOOM = codecs.range();
/** A piece comes after the rung that it explains. */
const PIECES: Readonly<Record<string, ComponentType>> = { 'mnist-softmax': SoftmaxPiece, 'mnist-sigmoid-sgd': GradientPiece };

export function LearnPage() {
  const recipes = useResource('recipes', async (signal) => (await take(api.GET('/v1/recipes', { signal }))).items);
  const runs = useRuns().value;
  const latest = latestRuns(runs ?? [], identity.value?.team ?? null);
  const [zoom, setZoom] = useUrlState('zoom', ZOOM);
  const group = useChartGroup();
  const train = useAction(async (recipe: string) => {
    const run = (await take(api.POST('/v1/runs', { body: { recipe } as never }))) as Run;
    noteRun(run);
    go(hrefOf('run', { params: { id: run.id } }));
  });
  return (
    <div class="learn">
      <div class="page-head"><h1>Learn</h1></div>
      <p class="learn-lead">A ladder of networks reads handwritten digits, each a little better than the one before, save one that fails so that you see why. Every rung changes one idea. Train it, and watch its curve beside the last one; it takes seconds to minutes.</p>
      <ErrorNote error={train.error} title="The run was not started." />
      <ErrorNote error={recipes.error} title="The recipes could not be read." onRetry={recipes.reload} />
      <ErrorNote error={runsError.value} title="What you see may be old." />
      {recipes.data === undefined ? <Loading lines={4} height={220} label="Loading the ladder" /> : (
        <ol class="rungs">
          {recipes.data.map((recipe, at) => {
            const before = recipes.data![at - 1];
            const Piece = PIECES[recipe.name];
            return (
              <li key={recipe.name}>
                <Rung at={at} recipe={recipe} run={latest.get(recipe.name) ?? null} known={runs !== null} before={before === undefined ? null : (latest.get(before.name) ?? null)} busy={train.busy} onTrain={() => train.run(recipe.name)} group={group} zoom={zoom} onZoom={setZoom} />
                {Piece !== undefined && <Piece />}
              </li>
            );
          })}
        </ol>
      )}
    </div>
  );
}

interface RungProps {
  at: number;
  recipe: Recipe;
  run: Run | null;
  /** Whether the runs were read. */
  known: boolean;
  before: Run | null;
  busy: boolean;
  onTrain(): void;
  group: ChartGroup;
  zoom: readonly [number, number] | null;
  onZoom(zoom: readonly [number, number] | null): void;
}

function Rung({ at, recipe, run, known, before, busy, onTrain, group, zoom, onZoom }: RungProps) {
  const { name, title, expected } = recipe;
  const { idea, look } = wordsOf(recipe);
  const goal = expected.atLeast === undefined ? `stays below ${share(expected.atMost)}` : `reaches ${share(expected.atLeast)}`;
  const train = run === null ? 'Train it' : 'Train again';
  const result = run === null ? null : headlineOf(run);
  return (
    <section class="rung" data-recipe={name} aria-labelledby={`rung-${name}`}>
      <div class="rung-words">
        <p class="rung-step muted">Rung {at + 1}</p>
        <h2 id={`rung-${name}`}>{title}</h2>
        <p>{idea}</p>
        <p class="rung-look"><b>Look for:</b> {look}</p>
        <p class="muted small">It {goal} on the 10,000 test digits.</p>
        {run !== null && <p class="small rung-latest">Latest: <a href={hrefOf('run', { params: { id: run.id } })}>{run.name}</a> <StateBadge state={run.state} /> {result !== null && <b>{result.text}</b>}</p>}
        <div class="rung-buttons">
          <Button primary={run === null} busy={busy} why={whyNot('write')} onClick={onTrain} label={`${train}: ${title}`}>{train}</Button>
          <a class="button" href={hrefOf('newRun', { query: { recipe: name } })}>Change it first</a>
        </div>
      </div>
      {run !== null ? <RungChart key={`${run.id} ${before?.id}`} recipe={name} id={run.id} beforeId={before?.id ?? null} group={group} zoom={zoom} onZoom={onZoom} />
        : <div class="rung-none">{known ? <p>Nobody of your team has trained this rung yet. Its curve will grow here{before === null ? '' : ', beside that of the rung before'}.</p> : <Loading height={330} label="Looking for runs" />}</div>}
    </section>
  );
}

const share = (value = 0) => `${Number((value * 100).toFixed(2))} %`;
