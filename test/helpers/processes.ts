// Which processes there are.
import { execFileSync } from 'node:child_process';

/** All processes below one, with it, by what they are. */
export function processTree(root: number): { pid: number; name: string }[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  const all = lines.map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)).filter((match) => match !== null).map((match) => ({ pid: Number(match[1]), parent: Number(match[2]), name: match[3] ?? '' }));
  const found = [root];
  for (const pid of found) found.push(...all.filter((one) => one.parent === pid && !found.includes(one.pid)).map((one) => one.pid));
  return all.filter((one) => found.includes(one.pid));
}
