// Two fingers on a chart stretch its axis: what lies under each stays there.

type Span = readonly [number, number];

/** Where a finger is, in pixels from the left, and the place of the axis that it holds. */
export interface Finger {
  x: number;
  place: number;
}

/** Pixels that two fingers are apart at least. */
const LEAST = 24;

/** What of the axis is seen then; the whole of it where it would be more. */
export function spanUnder([one, other]: readonly [Finger, Finger], { width, domain }: { width: number; domain: Span }): Span {
  const [left, right] = one.place <= other.place ? [one, other] : [other, one];
  const perPixel = (right.place - left.place) / Math.max(LEAST, right.x - left.x);
  const length = perPixel * width;
  if (!(length > 0) || length >= domain[1] - domain[0]) return domain;
  const from = Math.min(Math.max(domain[0], left.place - left.x * perPixel), domain[1] - length);
  return [from, from + length];
}

export interface FingersOn {
  placeAt(x: number): number;
  domain(): Span;
  /** While they move; null when they are lifted. */
  onStretch(span: Span | null): void;
  onZoom(span: Span | null): void;
}

export function followFingers(over: HTMLElement, { placeAt, domain, onStretch, onZoom }: FingersOn): void {
  const fingers = new Map<number, Finger>();
  let span: Span | null = null;
  const xOf = ({ clientX }: PointerEvent) => clientX - over.getBoundingClientRect().left;
  const lift = ({ pointerId }: PointerEvent) => {
    if (!fingers.delete(pointerId) || span === null) return;
    const [from, to] = domain();
    const zoom = span[0] <= from && span[1] >= to ? null : span;
    span = null;
    onStretch(null);
    onZoom(zoom);
  };
  over.addEventListener('pointerdown', (event) => {
    if (event.pointerType !== 'touch' || fingers.size === 2) return;
    const x = xOf(event);
    fingers.set(event.pointerId, { x, place: placeAt(x) });
    over.setPointerCapture(event.pointerId);
  });
  over.addEventListener('pointermove', (event) => {
    const finger = fingers.get(event.pointerId);
    if (finger === undefined) return;
    finger.x = xOf(event);
    const [one, other] = [...fingers.values()];
    if (one === undefined || other === undefined) finger.place = placeAt(finger.x);
    else onStretch((span = spanUnder([one, other], { width: over.clientWidth, domain: domain() })));
  });
  over.addEventListener('pointerup', lift);
  over.addEventListener('pointercancel', lift);
}
