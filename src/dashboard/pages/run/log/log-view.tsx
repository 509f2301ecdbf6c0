// Lines of a log, of which only those near the window exist. While one follows, the newest stays in sight; scrolling up
// stops that, and coming back to the end takes it up again.
import type { TargetedEvent } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { windowOf } from '../../../ui/window.js';
import { piecesOf, type LogLine } from './log-lines.js';
import './log.css';

const LINE = 20;
const NEAR = LINE;

export function LogView({ lines, query, follow, onFollow }: { lines: readonly LogLine[]; query: string; follow: boolean; onFollow(follow: boolean): void }) {
  const ref = useRef<HTMLDivElement>(null);
  const [[first, last], setWindow] = useState<readonly [number, number]>([0, 0]);
  /** Where it was scrolled to last: whoever goes up from there wants to read. */
  const top = useRef(0);
  const look = () => {
    // What the observer tells may come after the list has gone.
    if (ref.current === null) return;
    const { scrollTop, clientHeight } = ref.current;
    const next = windowOf({ top: scrollTop, height: clientHeight, rowHeight: LINE, count: lines.length });
    setWindow((before) => (before[0] === next[0] && before[1] === next[1] ? before : next));
  };
  const onScroll = ({ currentTarget: { scrollTop, scrollHeight, clientHeight } }: TargetedEvent<HTMLElement>) => {
    const atEnd = scrollHeight - scrollTop - clientHeight <= NEAR;
    if (atEnd && !follow) onFollow(true);
    else if (!atEnd && follow && scrollTop < top.current - 1) onFollow(false);
    top.current = scrollTop;
    look();
  };
  useLayoutEffect(() => {
    const element = ref.current!;
    if (follow) element.scrollTop = element.scrollHeight;
    top.current = element.scrollTop;
    look();
  }, [lines, follow]);
  useEffect(() => {
    const observer = new ResizeObserver(look);
    observer.observe(ref.current!);
    return () => observer.disconnect();
  }, [lines.length]);
  return (
    <div ref={ref} class="log-view" tabIndex={0} role="log" aria-live="off" aria-label="Lines of the log" onScroll={onScroll}>
      <div class="log-lines" style={{ height: `${lines.length * LINE}px`, paddingTop: `${first * LINE}px` }}>
        {lines.slice(first, last).map(({ key, time, level, text }) => (
          <div key={key} class="log-line" data-level={level}>
            <time>{time}</time>
            <span>{piecesOf(text, query).map((piece, index) => (index % 2 === 1 ? <mark key={index}>{piece}</mark> : piece))}</span>
          </div>
        ))}
      </div>
    </div>
  );
}
