// Ten logits to play with: what softmax makes of them, and what it costs when another digit was right.
import type { ComponentChildren } from 'preact';
import * as codecs from '../../lib/codecs.js';
import { percent, plain } from '../../lib/format.js';
import { useUrlState } from '../../lib/router.js';
import { Button } from '../../ui/button.js';
import { Range } from '../../ui/field.js';
import { Card } from '../../ui/surfaces.js';
import { numbers } from './numbers-codec.js';
import { crossEntropy, entropyBits, lossGradient, softmax } from './softmax.js';

const LIMIT = 6;
const SEVEN = [0.2, -1, 0.4, 0.1, -0.6, -0.4, -2, 4, 0.3, 1.6];
const LOGITS = numbers(SEVEN, { least: -LIMIT, most: LIMIT });
const TEMPERATURE = codecs.number(1, { least: 0.1, most: 5 });
const RIGHT = codecs.number(7, { least: 0, most: 9, whole: true });

const STARTS: readonly [string, readonly number[]][] = [
  ['A seven, surely', SEVEN],
  ['Four or nine?', [-1, -0.6, -0.3, -0.8, 2.6, 0.2, -0.9, 0.8, 0.4, 2.4]],
  ['No idea', Array.from({ length: 10 }, () => 0)],
];

export function SoftmaxPiece() {
  const [logits, setLogits] = useUrlState('logits', LOGITS);
  const [temperature, setTemperature] = useUrlState('temperature', TEMPERATURE);
  const [right, setRight] = useUrlState('right', RIGHT);
  const shares = softmax(logits, temperature);
  const pull = lossGradient(logits, right, temperature);
  const best = shares.indexOf(Math.max(...shares));
  const shift = (by: number) => logits.map((logit) => logit + by);
  const canShift = Math.max(...logits) + 1 <= LIMIT;
  return (
    <Card title="Softmax: ten numbers become ten shares">
      <p class="learn-text">The last layer gives one number for each digit, its <em>logit</em>. Softmax makes all of them positive and divides by their sum: <Formula>p<sub>i</sub> = e<sup>z<sub>i</sub>/T</sup> / Σ<sub>j</sub> e<sup>z<sub>j</sub>/T</sup></Formula>. Pull a slider: every share changes, as they always add up to one.</p>
      <div class="piece-bar">
        <div class="piece-starts" role="group" aria-label="Examples">{STARTS.map(([name, start]) => <Button key={name} onClick={() => setLogits(start)}>{name}</Button>)}</div>
        <Button why={canShift ? null : 'The greatest is at the end of its slider.'} title="Only differences count: no share changes" onClick={() => setLogits(shift(1))}>Add 1 to all</Button>
        <Range label="Temperature T" value={temperature} min={0.1} max={5} step={0.1} onChange={setTemperature} format={(value) => value.toFixed(1)} />
      </div>
      <table class="softmax">
        <caption class="hidden-text">Logit and share of each digit</caption>
        <thead><tr><th scope="col">Right</th><th scope="col">Digit</th><th scope="col">Logit z</th><th scope="col" /><th scope="col">Share p</th><th scope="col" /><th scope="col" title="Its share, less 1 for the right digit: what training takes off each logit">Gradient</th></tr></thead>
        <tbody>
          {logits.map((logit, digit) => (
            <tr key={digit} data-best={digit === best || undefined}>
              <td><input type="radio" name="softmax-right" checked={digit === right} aria-label={`${digit} is right`} onChange={() => setRight(digit)} /></td>
              <th scope="row">{digit}</th>
              <td><input type="range" min={-LIMIT} max={LIMIT} step={0.1} value={logit} aria-label={`Logit of ${digit}`} aria-valuetext={`${logit.toFixed(1)}, share ${percent(shares[digit]!)}`} onInput={({ currentTarget }) => setLogits(logits.with(digit, currentTarget.valueAsNumber))} /></td>
              <td class="number">{signed(logit, 1)}</td>
              <td class="softmax-bar"><span style={{ transform: `scaleX(${shares[digit]!})` }} /></td>
              <td class="number">{percent(shares[digit]!)}</td>
              <td class="number muted">{signed(pull[digit]!, 3)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="learn-text" aria-live="polite">
        It says <b>{best}</b> with {percent(shares[best]!)}. If the digit was a <b>{right}</b>, the loss is <b>{plain(crossEntropy(logits, right, temperature))}</b>, that is −ln p<sub>{right}</sub>. Its doubt is {entropyBits(shares).toFixed(2)} of at most {Math.log2(10).toFixed(2)} bits.
      </p>
      <p class="muted small learn-text">Cold (T below 1) it becomes surer, hot it doubts; the order never changes. Softmax in a network has T = 1. The gradient is p<sub>i</sub>, less 1 for the right digit, over T: once the right share is near one, there is nothing left to learn from the example.</p>
    </Card>
  );
}

export const signed = (value: number, digits: number): string => `${value < 0 && Number(value.toFixed(digits)) !== 0 ? '−' : ''}${Math.abs(value).toFixed(digits)}`;

export const Formula = ({ children }: { children: ComponentChildren }) => <span class="formula">{children}</span>;
