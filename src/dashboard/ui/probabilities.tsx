// What a model says to a picture: the likeliest label in words, and how likely each is.
import { ErrorNote } from './surfaces.js';
import './digits.css';

export interface ProbabilitiesProps {
  labels: readonly string[];
  /** By label; null before there is an answer. */
  answer: readonly number[] | null;
  error?: unknown;
  /** What is said instead of an answer. */
  invitation?: string;
}

export function Probabilities({ labels, answer, error, invitation = 'Draw a digit.' }: ProbabilitiesProps) {
  const best = answer === null ? -1 : answer.indexOf(Math.max(...answer));
  return (
    <div>
      <p class="verdict" role="status" data-sure={best >= 0 || undefined}>{best >= 0 ? `It says ${labels[best] ?? best}.` : invitation}</p>
      <ErrorNote error={error} />
      <ol class="bars" aria-label="Probability of each label">
        {labels.map((label, at) => {
          const share = answer?.[at];
          return (
            <li key={label} class={at === best ? 'best' : undefined}>
              <b>{label}</b><span class="bar"><i style={{ transform: `scaleX(${share ?? 0})` }} /></span><data class="share" value={share ?? ''}>{share === undefined ? '' : `${(share * 100).toFixed(1)} %`}</data>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
