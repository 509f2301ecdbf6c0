// A sheet to draw a digit on, and what the service answers to it.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { DigitSheet } from '../../ui/digit-sheet.js';
import { Probabilities } from '../../ui/probabilities.js';

const ASK_AFTER_MS = 60;

export function DigitPad({ runId, labels }: { runId: string; labels: readonly string[] }) {
  const look = useRef<() => number[][] | null>(() => null);
  const asking = useRef({ busy: false, dirty: false, timer: undefined as ReturnType<typeof setTimeout> | undefined });
  const [answer, setAnswer] = useState<readonly number[] | null>(null);
  const [error, setError] = useState<unknown>(undefined);
  useEffect(() => () => clearTimeout(asking.current.timer), []);

  /** One question at a time; a drawing that went on meanwhile is asked about again. */
  async function ask(): Promise<void> {
    const pixels = asking.current.busy ? null : look.current();
    if (pixels === null) return;
    Object.assign(asking.current, { busy: true, dirty: false });
    try {
      const { predictions } = await take(api.POST('/v1/runs/{id}/predict', { params: { path: { id: runId } }, body: { instances: [pixels] } }));
      // Cleared while the answer was on its way.
      if (look.current() !== null) setAnswer(predictions[0]?.probabilities ?? []);
      setError(undefined);
    } catch (failure) {
      setAnswer(null);
      setError(failure);
    }
    asking.current.busy = false;
    if (asking.current.dirty) void ask();
  }

  function onDraw(next: () => number[][] | null): void {
    look.current = next;
    asking.current.dirty = true;
    clearTimeout(asking.current.timer);
    asking.current.timer = setTimeout(() => void ask(), ASK_AFTER_MS);
  }

  function onClear(): void {
    clearTimeout(asking.current.timer);
    asking.current.dirty = false;
    setAnswer(null);
    setError(undefined);
  }

  return (
    <div class="digit-pad">
      <DigitSheet onDraw={onDraw} onClear={onClear} />
      <Probabilities labels={labels} answer={answer} error={error} />
    </div>
  );
}
