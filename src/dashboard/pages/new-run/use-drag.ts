// Dragging one of a list to another place by its handle: mouse, pen or finger.
import { useRef, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

export interface Drag {
  from: number;
  /** The gap it would be put in: before the one of this index. */
  gap: number;
  /** How far it was pulled, in pixels. */
  by: number;
}

export function useDrag(list: RefObject<HTMLElement | null>, onDrop: (from: number, to: number) => void): { drag: Drag | null; grab(event: PointerEvent, from: number): void } {
  const [drag, setDrag] = useState<Drag | null>(null);
  const latest = useRef(onDrop);
  latest.current = onDrop;
  const grab = (event: PointerEvent, from: number) => {
    if (event.button !== 0 || list.current === null) return;
    const handle = event.currentTarget as HTMLElement;
    const middles = [...list.current.children].map((item) => {
      const { top, height } = item.getBoundingClientRect();
      return top + height / 2 + scrollY;
    });
    const start = event.clientY + scrollY;
    let now: Drag = { from, gap: from, by: 0 };
    const move = ({ clientY }: PointerEvent) => {
      const by = clientY + scrollY - start;
      now = { from, by, gap: middles.filter((middle) => middle < middles[from]! + by).length };
      setDrag(now);
    };
    const finish = ({ type }: Event) => {
      for (const name of ['pointermove', 'pointerup', 'pointercancel'] as const) handle.removeEventListener(name, name === 'pointermove' ? (move as EventListener) : finish);
      setDrag(null);
      const to = now.gap > from ? now.gap - 1 : now.gap;
      if (type === 'pointerup' && to !== from) latest.current(from, to);
    };
    handle.setPointerCapture(event.pointerId);
    handle.addEventListener('pointermove', move as EventListener);
    handle.addEventListener('pointerup', finish);
    handle.addEventListener('pointercancel', finish);
  };
  return { drag, grab };
}
