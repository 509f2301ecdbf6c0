// Charts that share a cross-hair and what of the axis they show.
import { signal, type Signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';

export interface ChartGroup {
  /** Where on the axis one points at; null is nowhere. */
  hover: Signal<number | null>;
}

export const useChartGroup = (): ChartGroup => useMemo(() => ({ hover: signal<number | null>(null) }), []);
