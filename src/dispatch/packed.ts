// Questions and answers on their way to the thread and back, as columns: thousands of objects would hold up both sides
// several times as long.
import { Lines } from '../scheduler/lines.js';
import type { State, WaitingRun } from '../scheduler/state.js';
import type { OutlookAnswer, OutlookQuestion, Standing } from './outlook.js';

const packRuns = (runs: readonly WaitingRun[]) => ({
  id: runs.map(({ id }) => id), priority: runs.map(({ priority }) => priority), since: runs.map(({ since }) => since), place: runs.map(({ place }) => place), expectedMs: runs.map(({ expectedMs }) => expectedMs), guessed: runs.map(({ guessed }) => guessed),
  kind: runs.map(({ request }) => request.kind), devices: runs.map(({ request }) => request.devices), memoryMiB: runs.map(({ request }) => request.memoryMiB), exclusive: runs.map(({ request }) => request.exclusive),
});

const packLines = (lines: State['lines']) => lines.map(({ team, user, runs }) => ({ team, user, runs: packRuns(runs) }));

export const packQuestion = ({ state, ...rest }: OutlookQuestion) => ({ ...rest, state: { ...state, lines: packLines(state.lines), promised: state.promised.map(({ id }) => id) } });

export function unpackQuestion({ state, ...rest }: ReturnType<typeof packQuestion>): OutlookQuestion {
  const lines = new Lines();
  const promised: WaitingRun[] = [];
  const isPromised = new Set(state.promised);
  for (const { team, user, runs } of state.lines) {
    for (const [i, id] of runs.id.entries()) {
      const request = { kind: runs.kind[i]!, devices: runs.devices[i]!, memoryMiB: runs.memoryMiB[i]!, exclusive: runs.exclusive[i]! };
      const run: WaitingRun = { id, team, user, priority: runs.priority[i]!, since: runs.since[i]!, place: runs.place[i]!, expectedMs: runs.expectedMs[i]!, guessed: runs.guessed[i]!, request };
      lines.add(run);
      if (isPromised.has(id)) promised.push(run);
    }
  }
  return { ...rest, state: { ...state, lines: lines.all(), promised } };
}

const packStandings = (all: readonly Standing[]) => ({
  runId: all.map(({ runId }) => runId), position: all.map(({ position }) => position), positionInTeam: all.map(({ positionInTeam }) => positionInTeam),
  code: all.map(({ reason }) => reason.code), message: all.map(({ reason }) => reason.message),
  likely: all.map(({ likely }) => likely), earliest: all.map(({ earliest }) => earliest), latest: all.map(({ latest }) => latest),
});

export const packAnswer = ({ standings, changes }: OutlookAnswer) => ({ changes, standings: packStandings(standings) });

export function unpackAnswer({ changes, standings: { code, message, ...of } }: ReturnType<typeof packAnswer>): OutlookAnswer {
  const standings = of.runId.map((runId, i): Standing => ({
    runId, position: of.position[i]!, positionInTeam: of.positionInTeam[i]!, reason: { code: code[i]!, message: message[i]! }, likely: of.likely[i]!, earliest: of.earliest[i]!, latest: of.latest[i]!,
  }));
  return { standings, changes };
}
